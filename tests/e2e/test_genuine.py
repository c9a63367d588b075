"""What is genuine: verdicts by what is configured and what is on the card;
every kind of forgery; each part of each signed record turned over in turn:
refused, never handed out."""

import base64
import re
import shutil

import pytest

from people import PEOPLE
from whole import (ALL_KINDS, CHALLENGE, CODES, SIM, ask, b64, clean, openssl,
                   result, story, trust, unb64, words)

pytestmark = pytest.mark.rig(config=ALL_KINDS)
REFUSED = {"authenticity_failed", "card_data_invalid"}


def verdict(result):
    """The verdict and {check: ok}."""
    authenticity = result["authenticity"]
    return authenticity["verdict"], {
        c["name"]: c["ok"] for c in authenticity["checks"]}


def refused(rig, kinds, **how):
    """A read that ends in one of the two codes, with nothing of the card in
    any answer; which."""
    read = ask(rig, kinds, **how).to_end()
    assert read.state == "failed", read.now
    assert read.results is None and read.error["code"] in REFUSED, read.error
    clean(rig)
    return read.error["code"]


# ---- roots --------------------------------------------------------------

TEXT_ROOT, VISUAL_ROOT = "3630303030333*.cvroot", "3630303030323*.cvroot"


@pytest.mark.parametrize("roots, text, face", [
    ([], "consistent", "consistent"),
    (["*.pem"], "consistent", "consistent"),
    ([TEXT_ROOT], "verified", "consistent"),
    ([VISUAL_ROOT], "consistent", "verified"),
    (["*"], "verified", "verified"),
])
def test_verified_only_with_the_root(rig, roots, text, face):
    if roots:
        trust(rig, *roots)
    read = ask(rig, ["attributes", "face"]).to_end("done")
    for kind, want in (("attributes", text), ("face", face)):
        got, checks = verdict(read.results[kind])
        assert got == want
        rooted = want == "verified" or None
        assert checks["issuer_root"] is rooted
        assert checks["issuer_certificate"] is rooted
        assert checks["record_signature"] is True
        assert checks["chip"] is True
        assert checks["agreement"] is True
        assert checks["revocation"] is None


def test_without_a_trust_directory(rig):
    """It counts as empty."""
    shutil.rmtree(rig.dir / "trust")
    read = ask(rig, ["attributes", "certificate"]).to_end("done")
    assert verdict(read.results["attributes"])[0] == "consistent"
    assert read.results["certificate"]["trusted"] is None


def test_a_root_of_another_name_is_another_root(rig):
    """Under the key id of this card's issuer, but not its key."""
    trust(rig)
    text, = (rig.dir / "trust").glob(TEXT_ROOT)
    visual, = (rig.dir / "trust").glob(VISUAL_ROOT)
    shutil.copy(visual, text)
    assert refused(rig, "attributes") == "authenticity_failed"
    assert verdict(result(rig, "face"))[0] == "verified"


def test_files_that_are_no_roots(rig):
    """They are left out, and the rest counts."""
    trust(rig)
    (rig.dir / "trust/README").write_text("nothing of that name is read")
    (rig.dir / "trust/broken.pem").write_text("-----BEGIN CERTIFICATE-----\n")
    (rig.dir / ("trust/" + "ab" * 16 + ".cvroot")).write_text("nothing")
    assert verdict(result(rig, "attributes"))[0] == "verified"


@pytest.mark.parametrize("missing, kind, without", [
    ("text/03", "attributes", {"record_digest", "record_signature"}),
    ("text/04", "attributes", {"issuer_certificate", "record_signature"}),
    ("text/07", "attributes", {"chip"}),
    ("text/13", "attributes", {"chip"}),
    ("visual/04", "face", {"issuer_certificate", "record_signature"}),
    ("visual/1A", "face", {"chip"}),
])
def test_unchecked(rig, missing, kind, without):
    """Something that the check needs is not on the card: the data comes, and
    says so."""
    trust(rig)
    rig.card[0].switch("missing", missing)
    got, checks = verdict(result(rig, kind))
    assert got == "unchecked"
    for name in without:
        assert checks[name] is None, checks
    assert False not in checks.values()


@pytest.mark.parametrize("missing, kind", [
    ("text/02", "attributes"), ("text/01", "my_number"),
    ("visual/02", "face")])
@pytest.mark.shows("read:card_data_invalid")
def test_what_was_asked_for_is_missing(rig, missing, kind):
    rig.card[0].switch("missing", missing)
    assert refused(rig, kind) == "card_data_invalid"


def test_a_missing_photo_is_signed_like_one(make_rig):
    """An absent DF27, an empty one."""
    rig = make_rig(config=ALL_KINDS, people=("no-photo", None))
    trust(rig)
    for person in ("no-photo", "empty-photo"):
        rig.card[0].remove()
        rig.card[0].insert(person)
        assert verdict(result(rig, "face", person=person))[0] == "verified"


# ---- forgeries ----------------------------------------------------------

F = "authenticity_failed"


@pytest.mark.parametrize("forge, roots, outcome", [
    # what is wrong, is a root configured, and what comes of attributes, my
    # number, face, both applications together, login and signature
    ("record", False, (F, F, F, F, None, None)),
    ("record", True, (F, F, F, F, None, None)),
    ("root", False, ("consistent",) * 4 + (None, None)),
    ("root", True, (F, F, F, F, None, None)),
    ("unknown-root", True, ("consistent",) * 4 + (None, None)),
    ("chip", False, (F, F, F, F, None, None)),
    ("chip", True, (F, F, F, F, None, None)),
    ("digests", False, (F, F, "consistent", F, None, None)),
    ("digests", True, (F, F, "verified", F, None, None)),
    # a genuine record of somebody else: only both together show it
    ("person", True, ("verified", "verified", "verified", F, None, None)),
    ("jpki", True, ("verified",) * 4 + (F, F)),
    ("record,chip", False, (F, F, F, F, None, None)),
])
def test_forged(rig, forge, roots, outcome):
    if roots:
        trust(rig)
    rig.card[0].switch("forge", forge)
    kinds = (["attributes"], ["my_number"], ["face"], ["attributes", "face"],
             ["authenticate"], ["sign"])
    for kind, want in zip(kinds, outcome):
        if want == F:
            assert refused(rig, kind) == F, kind
            continue
        read = ask(rig, kind).to_end("done")
        for one in kind:
            if want:
                assert verdict(read.results[one])[0] == want, kind


@pytest.mark.shows("read:authenticity_failed")
def test_failed_evidence_is_no_evidence(rig):
    """With a challenge as without."""
    rig.card[0].switch("forge", "chip")
    assert refused(rig, "face", challenge=b64(CHALLENGE)) == F


# ---- each part of each record turned over -------------------------------

def tlv(data, at, end):
    """(tag, where it starts, where its value starts, where it ends)."""
    while at < end:
        start, tag = at, data[at]
        at += 1
        if tag & 0x1F == 0x1F:
            tag = tag << 8 | data[at]
            at += 1
        size = data[at]
        at += 1
        if size & 0x80:
            n = size & 0x7F
            size = int.from_bytes(data[at:at + n], "big")
            at += n
        yield tag, start, at, at + size
        at += size


def spots(data):
    """{byte: part} of a file: tag, length, and value's first, middle and last
    byte, of the outer object and of each in it."""
    (outer, _, first, last), = tlv(data, 0, 1)
    parts = [] if outer == MY_NUMBER else list(tlv(data, first, last))
    found = {0: f"{outer:04X}", 1: f"{outer:04X}", first - 1: f"{outer:04X}"}
    for tag, start, value, end in parts or [(outer, 0, first, last)]:
        for at in (start, start + 1, value - 1, value, (value + end) // 2,
                   end - 1):
            found[at] = f"{tag:04X}"
    if outer == MY_NUMBER:      # its filler is in the digest
        found.update({last: "filler", last + 1: "filler"})
    return found


def file_of(rig, kind, where, **how):
    """A file as the card gave it, by its log: read in one piece."""
    rig.card[0].clear_log()
    ask(rig, kind, **how).to_end("done")
    step, = [s for s in story(rig.card[0]) if str(s) == "READ " + where]
    return step.exchange.response[:-2]


# What no signature covers, and what is said of it: tables of offsets, of which
# nothing is read; the expiry date and the security code.
UNSIGNED = {"DF21", "DF29", "DF2A"}
MY_NUMBER = 0xFF10


@pytest.mark.parametrize("kind, where", [
    ("attributes", "text/02"), ("my_number", "text/01"),
    ("attributes", "text/03"), ("my_number", "text/03"),
    ("attributes", "text/04"), ("attributes", "text/07"),
    ("face", "visual/02"), ("face", "visual/04")])
@pytest.mark.shows("read:authenticity_failed")
def test_each_part_turned_over(rig, kind, where):
    """With the root configured. Of EF 0003 there are two digests: that of what
    was not read is covered by its signature all the same."""
    trust(rig)
    data = file_of(rig, kind, where)
    rig.stop_kenmend()      # nothing is known but what is read now
    rig.start_kenmend()
    seen = {}
    for at, name in spots(data).items():
        for mask in ("01", "80"):
            rig.card[0].switch("flip", f"{where}:{at}^{mask}")
            read = ask(rig, kind).to_end()
            if name in UNSIGNED and read.state == "done":
                seen[name] = "done"
                continue
            # another key id names another root, which is not configured
            if where.endswith("/04") and name == "5F4E" and at < 40 and \
                    read.state == "done":
                assert verdict(read.results[kind])[0] == "consistent"
                seen[name] = "consistent"
                continue
            assert read.state == "failed" and read.results is None, (name, at)
            assert read.error["code"] in REFUSED, (name, at, read.error)
            seen.setdefault(name, read.error["code"])
            assert not any(card.verified() for card in rig.card)
    assert len(seen) >= 2
    rig.card[0].switch("flip", "off")
    assert verdict(result(rig, kind))[0] == "verified"


def test_an_expiry_that_nobody_signed(rig):
    """It comes as it stands, or as null; no verdict covers it."""
    trust(rig)
    data = file_of(rig, "face", "visual/02")
    at = next(value for tag, _, value, _ in tlv(data, 5, len(data))
              if tag == 0xDF29)
    rig.card[0].switch("flip", f"visual/02:{at + 3}")
    got = result(rig, "face")
    assert got["expires"] == "2034-04-01"
    rig.card[0].switch("flip", f"visual/02:{at}^40")
    assert result(rig, "face")["expires"] is None


@pytest.mark.parametrize("kind, where", [
    ("attributes", "text/03"), ("attributes", "text/04"),
    ("attributes", "text/07"), ("face", "visual/04"), ("face", "visual/02")])
def test_cut_short(rig, kind, where):
    """Half a proof is none."""
    for size in (1, 4, 40, 300):
        rig.card[0].switch("cut", f"{where}:{size}")
        refused(rig, kind)


# ---- the digest record stays inside -------------------------------------

def encodings(secret):
    """Bytes that would give it away: plain, hexadecimal, base64 wherever it
    stands in a longer text."""
    found = {secret, secret.hex().encode(), secret.hex().upper().encode()}
    for before in range(3):
        text = base64.b64encode(b"\0" * before + secret)
        # whole characters of it alone
        core = text[4 if before else 0:-4]
        found |= {core, core.translate(bytes.maketrans(b"+/", b"-_"))}
    return found


def memory(pid):
    """All that a process may write to, piece by piece; only root may look."""
    pieces = []
    with open(f"/proc/{pid}/maps") as maps, \
            open(f"/proc/{pid}/mem", "rb", buffering=0) as mem:
        for line in maps:
            start, end, how = re.match(
                r"([0-9a-f]+)-([0-9a-f]+) (\S+)", line).groups()
            if not how.startswith("rw"):
                continue
            try:
                mem.seek(int(start, 16))
                pieces.append(mem.read(int(end, 16) - int(start, 16)))
            except (OSError, ValueError, OverflowError):
                pass
    return b"\0".join(pieces)


def digests_of(rig):
    """DF31 and DF32, by the card's log."""
    step, = [s for s in story(rig.card[0]) if str(s) == "READ text/03"]
    data = step.exchange.response
    values = {tag: data[value:end]
              for tag, _, value, end in tlv(data, 5, len(data) - 2)}
    assert len(values[0xDF31]) == len(values[0xDF32]) == 32
    return [values[0xDF31], values[0xDF32], values[0xDF33]]


class Everything:
    """Every answer that the daemon gave to a page."""

    def __init__(self, rig):
        self.bodies = []
        saw = rig.saw

        def keep(reply):
            self.bodies.append(reply.body)
            return saw(reply)
        rig.saw = keep


def test_the_digest_record_never_leaves_the_runner(rig):
    """Its DF31 is a guessable hash of the My Number: in no answer, no log."""
    heard = Everything(rig)
    trust(rig)
    for forge in ("off", "digests", "record"):
        rig.card[0].clear_log()
        rig.card[0].switch("forge", forge)
        read = ask(rig, ["attributes", "my_number", "face"],
                   challenge=b64(CHALLENGE)).to_end()
        assert read.state == ("done" if forge == "off" else "failed")
        told = b"\0".join(heard.bodies) + rig.log().encode()
        for secret in digests_of(rig):
            assert not any(form in told for form in encodings(secret))
    assert PEOPLE["hanako"]["name"].encode() in b"".join(heard.bodies)


@pytest.mark.plain("a sanitizer's free keeps what it was given: ours "
                   "overwrites it")
def test_what_the_door_remembers(rig):
    """Its memory, while it has the results and after they were deleted: never
    a digest of the record, never a code that was typed; names until then, and
    a My Number no longer than it takes to send it."""
    read = ask(rig, ["attributes", "sign", "face"]).to_end("done")
    try:
        now = memory(rig.kenmend.pid)
    except PermissionError:
        pytest.skip("only root may read the memory of an undumpable process")
    name = PEOPLE["hanako"]["name"].encode()
    assert name in now      # else the search finds nothing anywhere
    photo = (SIM / "images/photo.jp2").read_bytes()[4000:4100]
    assert photo in now
    codes = [CODES["hanako"][pin].encode() for pin in ("sign", "face_b")]
    for secret in digests_of(rig):
        assert not any(form in now for form in encodings(secret))
    assert not any(code in now for code in codes)
    read.cancel()
    rig.card[0].clear_log()
    ask(rig, ["attributes", "my_number"], page=read.page).to_end("done")
    after = memory(rig.kenmend.pid)
    number = CODES["hanako"]["face_a"].encode()
    for gone in (name, photo, number, *codes):
        assert gone not in after
    for secret in digests_of(rig):
        assert not any(form in after for form in encodings(secret))


# ---- certificates -------------------------------------------------------

TRUSTED = [
    # three generations with one name, told apart by their keys
    ("hanako", ["*"], True, True), ("taro", ["*"], True, True),
    ("hanako", ["*-2023.pem"], True, True),
    ("taro", ["*-2023.pem"], False, False),
    ("hanako", ["*-2015.pem", "*-2019.pem"], False, False),
    # one purpose's does not speak for the other
    ("hanako", ["auth-*.pem"], True, None),
    ("hanako", ["sign-*.pem"], None, True),
    # run out; of a CA that has only the name; nothing to trust
    ("expired", ["*"], False, False), ("other-ca", ["*"], False, False),
    ("ec", ["*"], True, None), ("hanako", [], None, None),
    ("hanako", ["*.cvroot"], None, None),
]


@pytest.mark.parametrize("person, patterns, auth, sign", TRUSTED,
                         ids=[f"{p}-{'+'.join(t) or '-'}"
                              for p, t, *_ in TRUSTED])
def test_trusted(make_rig, person, patterns, auth, sign):
    rig = make_rig(config=ALL_KINDS, people=(person, None))
    if patterns:
        trust(rig, *patterns)
    got = result(rig, "certificate", person=person)
    assert got["trusted"] is auth
    if person == "ec":
        return
    assert result(rig, "sign", person=person)["trusted"] is sign
    got = result(rig, "certificate", which="sign",
                 answers=["pin " + CODES[person]["sign"]])
    assert got["trusted"] is sign


@pytest.mark.parametrize("which", ["auth_ca", "sign_ca"])
@pytest.mark.parametrize("person, patterns, want", [
    ("hanako", ["*"], True), ("taro", ["*"], True), ("expired", ["*"], False),
    ("other-ca", ["*"], False), ("hanako", [], None)])
def test_a_cas_certificate(make_rig, which, person, patterns, want):
    """That it is on the card makes it nobody's anchor."""
    rig = make_rig(config=ALL_KINDS, people=(person, None))
    if patterns:
        trust(rig, *patterns)
    got = result(rig, "certificate", person=person, which=which, answers=[])
    assert got["trusted"] is want


CA_EF = {"auth_ca": "jpki/0b", "sign_ca": "jpki/02"}
CA_PARTS = 4        # of 256 bytes


def ca_read(rig, which, person):
    """(the certificate, trusted), and the READs that it took."""
    rig.card[0].clear_log()
    got = result(rig, "certificate", person=person, which=which, answers=[])
    reads = [w for w in words(rig.card[0]) if w.startswith("READ")]
    assert set(reads) == {"READ " + CA_EF[which]}
    return (unb64(got["certificate"]), got["trusted"]), len(reads)


@pytest.mark.parametrize("which", ["auth_ca", "sign_ca"])
@pytest.mark.parametrize("person, generation", [
    ("hanako", "2023"), ("taro", "2019"), ("expired", "2015")])
@pytest.mark.parametrize("no_extended", ["off", "on"])
def test_a_trusted_copy_of_a_ca(make_rig, which, person, generation,
                                no_extended):
    """Its key tells the generation; the rest is not read, where that one is
    trusted. Where only others are, the card's own is read as well."""
    rig = make_rig(config=ALL_KINDS, people=(person, None))
    rig.card[0].switch("no-extended", no_extended)
    purpose = which[:4]
    der = openssl("x509", "-in", SIM / f"trust/{purpose}-{generation}.pem",
                  "-outform", "DER")
    good = generation != "2015"
    trust(rig, *(f"{purpose}-{g}.pem" for g in ("2015", "2019", "2023")
                 if g != generation))
    got, reads = ca_read(rig, which, person)
    assert got == (der, False)
    # without: the first read of the daemon learns that it is refused
    assert reads == (2 if no_extended == "off" else 2 + CA_PARTS)
    trust(rig, f"{purpose}-{generation}.pem")
    got, reads = ca_read(rig, which, person)
    assert got == (der, good)
    assert reads == 1


@pytest.mark.parametrize("at, is_copy", [(15, True), (450, False), (600, True)])
def test_a_ca_file_that_is_not_whole(make_rig, at, is_copy):
    """A bit of the key: another certificate, which nobody trusts. A bit of
    what was not read: the copy is returned, and it is whole."""
    rig = make_rig(config=ALL_KINDS, people=("hanako", None))
    der = openssl("x509", "-in", SIM / "trust/auth-2023.pem", "-outform",
                  "DER")
    trust(rig)
    rig.card[0].switch("flip", f"jpki/0B:{at}")
    got, _ = ca_read(rig, "auth_ca", "hanako")
    assert got[1] is is_copy
    assert (got[0] == der) is is_copy


def test_everything_of_an_expired_card(make_rig):
    """Read and said: not refused."""
    rig = make_rig(config=ALL_KINDS, people=("expired", None))
    trust(rig)
    read = ask(rig, ["attributes", "authenticate", "sign", "face"],
               person="expired").to_end("done")
    assert read.results["sign"]["trusted"] is False
    assert read.results["sign"]["not_after"] == "2020-02-16T14:59:59Z"
    assert read.results["face"]["expires"] == "2020-02-17"
    assert verdict(read.results["attributes"])[0] == "verified"
