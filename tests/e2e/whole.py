"""For tests of the whole card: everybody's codes, an origin that may ask for
everything, the card's log in words, and the openssl tool as a judge."""

import base64
import hashlib
import re
import shutil
import subprocess

import rig as rig_module

SIM = rig_module.TOP / "tests/sim"
KINDS = ("card_info", "attributes", "my_number", "face", "certificate",
         "authenticate", "sign")
# What a rig is told: the first site may ask for everything.
ALL_KINDS = {f'origin "{rig_module.DRONE}"': {"kinds": ", ".join(KINDS)}}

# As in tests/sim/people.c, written down a second time. taro's all differ.
CODES = {
    "hanako": {"auth": "1234", "sign": "SAMPLE1234", "attributes": "1234",
               "face_b": "02040120354821", "face_a": "123456789018"},
    "taro": {"auth": "3456", "sign": "TARO00MIHON11", "attributes": "2345",
             "face_b": "50123120310007", "face_a": "900012345675"},
    "gaiji": {"auth": "2109", "sign": "GAIJI9999", "attributes": "1098",
              "face_b": "22050320284242", "face_a": "900061728350"},
    "child": {"auth": "1357", "sign": "CHILD2019", "attributes": "2468",
              "face_b": "01100120291001", "face_a": "900123456700"},
    "expired": {"auth": "2020", "sign": "EXPIRED2020", "attributes": "2021",
                "face_b": "55021720202022", "face_a": "900135802400"},
    "phone": {"auth": "5151", "sign": "PHONE5151", "attributes": "5252",
              "face_b": "07061520305353", "face_a": "900148148180"},
    "ec": {"auth": "3840", "sign": "CURVE384", "attributes": "3841",
           "face_b": "12022920363842", "face_a": "900160493756"},
    "other-ca": {"auth": "7070", "sign": "OTHERCA77", "attributes": "7171",
                 "face_b": "52070720337272", "face_a": "900172839437"},
    "long": {"auth": "5678", "sign": "LONG2NAME", "attributes": "4567"},
    "far": {"auth": "7890", "sign": "FARAWAY256", "attributes": "6789"},
    "former": {"auth": "9012", "sign": "FORMER2NAME", "attributes": "8901"},
    "nine": {"auth": "6543", "sign": "NINE99999", "attributes": "9999"},
    "unknown-day": {"auth": "8765", "sign": "NODAY0400",
                    "attributes": "0400"},
    "broken": {"auth": "4321", "sign": "BROKEN4321", "attributes": "3210"},
    "no-photo": {"face_b": "08010520310107", "attributes": "0106"},
    "empty-photo": {"face_b": "07020320300205", "attributes": "0204"},
    "big-photo": {"face_b": "26060620290608", "attributes": "0607"},
    "too-big": {"face_b": "25070720280709", "attributes": "0708"},
}

CHALLENGE = bytes(range(7, 7 + 32))


def b64(data):
    return base64.b64encode(data).decode()


def unb64(text):
    return base64.b64decode(text, validate=True)


def unb64url(text):
    assert re.fullmatch(r"[A-Za-z0-9_-]*", text)
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def trust(rig, *patterns):
    """Fills the trust directory that the configuration names: by default all
    that belongs to the simulated cards."""
    for pattern in patterns or ("*",):
        for path in (SIM / "trust").glob(pattern):
            shutil.copy(path, rig.dir / "trust")


# ---- a read -------------------------------------------------------------

# What each kind wants to be told, and what its PIN is.
EXTRA = {
    "authenticate": {"challenge": b64(CHALLENGE)},
    "sign": {"hash": "sha256",
             "digests": [b64(hashlib.sha256(b"one").digest())]},
    "certificate": {"which": "auth"},
    "face": {"with": "b"},
}
PIN_OF = {"attributes": "attributes", "my_number": "attributes",
          "face": "face_b", "authenticate": "auth", "sign": "sign"}
ORDER = ("auth", "attributes", "sign", "face_b")


def extra(kinds, over=None):
    """The members that these kinds need, with others instead."""
    members = {}
    for kind in kinds:
        members.update(EXTRA.get(kind, {}))
    return {**members, **(over or {})}


def ask(rig, kinds, page=None, answers=None, person="hanako", hold=False,
        **over):
    """Starts a read of these kinds, with the answers for its windows: all
    right, unless they are given. hold: the first is held."""
    kinds = [kinds] if isinstance(kinds, str) else list(kinds)
    if answers is None:
        pins = {PIN_OF[k] for k in kinds if k in PIN_OF}
        answers = ["pin " + CODES[person][p] for p in ORDER if p in pins]
        if "certificate" in kinds:
            answers.insert(0, "yes")
    answers = list(answers)
    if hold:
        answers[0] = "hold " + answers[0]
    rig.windows.answer(*answers)
    page = page or rig.session(takeover=True)
    return page.read(kinds, **extra(kinds, over))


def result(rig, kind, **how):
    """The result of one kind, read alone."""
    read = ask(rig, kind, **how).to_end("done")
    assert list(read.results) == [kind]
    clean(rig)
    return read.results[kind]


def clean(rig):
    """What holds after every end of a read."""
    assert not any(card.verified() for card in rig.card)
    rig.windows.wait_closed()
    assert rig.windows.answered().count("nothing: DIR/answers is used up") == 0


# ---- the card's log in words --------------------------------------------

APPS = {"d392f000260100000001": "jpki", "d3921000310001010408": "text",
        "d3921000310001010402": "visual", "a0000001510000": "manager"}
VERBS = {0x20: "TRIES", 0xB0: "READ", 0x2A: "SIGN", 0xC0: "GET RESPONSE"}


class Step:
    """One exchange: verb (SELECT, TRIES, VERIFY, READ, SIGN), where
    ("text/02": application and file or key; "text/00" the key that is the
    application's own), its data and the exchange."""

    def __init__(self, verb, where, data, exchange):
        self.verb, self.where, self.data = verb, where, data
        self.exchange, self.sw = exchange, exchange.sw

    def __str__(self):
        return f"{self.verb} {self.where}"


def story(card):
    """The card's log as Steps."""
    app, ef, steps = "manager", "", []
    for e in card.exchanges():
        command = e.command
        ins, p1, p2 = command[1:4]
        lc = command[4] if len(command) > 5 else 0
        data = command[5:5 + lc]
        verb = VERBS.get(ins, f"{ins:02X}")
        if ins == 0xA4 and p1 == 0x04:
            verb, app = "SELECT", APPS.get(data.hex(), data.hex())
            steps.append(Step(verb, app, data, e))
            continue
        if ins == 0xA4:
            verb, ef = "SELECT", f"{data[-1]:02x}"
        elif ins == 0x20 and p2 & 0x1F:
            ef = f"{p2 & 0x1F:02x}" if p2 & 0x80 and p2 != 0x80 else ef
        elif ins == 0xB0 and p1 & 0x80:
            ef = f"{p1 & 0x1F:02x}"
        elif ins == 0x2A and p2 != 0x80:
            ef = f"{p2 & 0x1F:02x}"
        if ins == 0x20 and data:
            verb = "VERIFY"
        steps.append(Step(verb, f"{app}/{ef}", data, e))
    return steps


def words(card):
    return [str(step) for step in story(card)]


def typed(card):
    """Every code that reached the card, by the key that it was given to."""
    found = {}
    for step in story(card):
        if step.verb == "VERIFY":
            found.setdefault(step.where, []).append(step.data.decode())
    return found


# What only shows that data is genuine.
EVIDENCE = {"READ text/03", "READ text/04", "READ text/07", "SIGN text/00",
            "READ visual/04", "SIGN visual/00"}


def costs(rig, kinds, **how):
    """The exchanges of a read, counted apart: before its first window, after
    it, and those of them that are evidence. All that was needed comes before
    and after together; evidence is on top."""
    rig.card[0].clear_log()
    read = ask(rig, kinds, hold=True, **how)
    read.until("waiting_for_pin", "waiting_for_consent")
    rig.windows.wait_shown()
    before = len(words(rig.card[0]))
    rig.windows.release()
    read.to_end("done")
    clean(rig)
    told = words(rig.card[0])
    evidence = sum(word in EVIDENCE for word in told)
    return before, len(told) - before - evidence, evidence


# ---- the openssl tool ---------------------------------------------------

def openssl(*arguments, data=None, check=True):
    done = subprocess.run(["openssl", *map(str, arguments)], input=data,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=rig_module.LIMIT)
    if check and done.returncode:
        raise rig_module.Trouble(f"openssl {arguments}: {done.stderr}")
    return done.stdout if check else done


def certificate_file(name):
    """DER of a certificate that tests/sim/keys/make made."""
    return openssl("x509", "-in", SIM / f"keys/{name}.crt", "-outform", "DER")


def public_key(directory, der):
    """Writes the public key of a certificate; its path."""
    path = directory / "judge.pub"
    path.write_bytes(openssl("x509", "-inform", "DER", "-noout", "-pubkey",
                             data=der))
    return path


def signed(directory, der, hash_name, digest, signature):
    """Does the openssl tool take this for a PKCS#1 v1.5 signature over that
    digest, by the key in the certificate?"""
    key = public_key(directory, der)
    (directory / "judge.digest").write_bytes(digest)
    (directory / "judge.sig").write_bytes(signature)
    done = openssl("pkeyutl", "-verify", "-pubin", "-inkey", key, "-in",
                   directory / "judge.digest", "-sigfile",
                   directory / "judge.sig", "-pkeyopt",
                   "rsa_padding_mode:pkcs1", "-pkeyopt",
                   f"digest:{hash_name}", check=False)
    return done.returncode == 0 and b"Verified Successfully" in done.stdout
