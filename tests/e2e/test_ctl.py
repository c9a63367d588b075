"""kenmenctl on the rig: a real pcscd, simulated cards, scripted windows, the
real pinentry-tty and our own prompt on a pseudo terminal. kenmend takes part
only where it says so.
"""

import base64
import fcntl
import hashlib
import json
import os
import pty
import select
import signal
import subprocess
import termios
import time

import pytest

import rig as rig_module
from ctl import (CTL, ERROR, NO_CARD, NOT_GENUINE, OK, PIN, REFUSED, TRUST,
                 UNTRUSTED, USAGE, Ctl, ctl)
from people import PEOPLE

pytestmark = pytest.mark.rig(start=False)
HANAKO = PEOPLE["hanako"]
ORIGIN = "https://login.example"
CHALLENGE = base64.b64encode(bytes(range(32))).decode()
OTHER_CHALLENGE = base64.b64encode(bytes(range(1, 33))).decode()
FOR = ("--origin", ORIGIN, "--challenge", CHALLENGE)


def digest(text, hash_name="sha256"):
    return base64.b64encode(hashlib.new(hash_name, text.encode()).digest())\
        .decode()


# ---- readers, card ------------------------------------------------------

def test_readers(ctl, rig):
    done = ctl.run("readers")
    names = [rig.reader(0), rig.reader(1)]
    assert done.status == OK
    assert done.out.splitlines() == [f"+ {names[0]}", f"- {names[1]}"]
    done = ctl.run("readers", "--json")
    assert done.json == [{"name": names[0], "card_present": True,
                          "pinpad": False},
                         {"name": names[1], "card_present": False,
                          "pinpad": False}]


def test_no_readers(make_rig):
    rig = make_rig(pcscd=False, people=(), start=False)
    rig.start_pcscd(readers=False)
    done = Ctl(rig).run("readers")
    assert done.status == NO_CARD and done.out == ""
    assert Ctl(rig).run("readers", "--json").json == []


def test_no_pcscd(make_rig):
    rig = make_rig(pcscd=False, people=(), start=False)
    for command in ("readers", "card"):
        done = Ctl(rig).run(command, "--json")
        assert done.status == NO_CARD
        assert done.json == {"error": {"code": "pcsc_unavailable"}}
        assert "pcscd" in done.err


def test_card(ctl, rig):
    rig.card[0].set_tries("sign", 0)
    done = ctl.run("card", "--json")
    assert done.status == OK
    info = done.json["results"]["card_info"]
    assert info["pins"]["sign"] == {"tries_left": 0, "blocked": True}
    assert info["pins"]["auth"] == {"tries_left": 3, "blocked": False}
    assert info["certificates"]["auth"] is True
    assert rig.card[0].verifies() == []
    words = ctl.run("card", "--lang", "ja").out
    assert "暗証番号:" in words and "残り回数: 3" in words
    assert rig.windows.shown() == []


def test_card_by_its_reader(ctl, rig):
    rig.card[1].insert("taro")
    assert ctl.run("card").status == NO_CARD      # several_cards
    assert ctl.run("card", "--reader", rig.reader(1)).status == OK
    done = ctl.run("card", "--reader", "No such 00 00", "--json",
                   "--timeout", "1")
    assert done.status == NO_CARD
    assert done.json == {"error": {"code": "no_reader"}}


def test_no_card(ctl, rig):
    rig.card[0].remove()
    done = ctl.run("card", "--timeout", "1", "--json")
    assert done.status == NO_CARD
    assert done.json == {"error": {"code": "no_card"}}
    assert "put the My Number Card on the reader" in done.err
    rig.card[0].insert("foreign")
    assert ctl.run("card", "--timeout", "1", "--json", "--reader",
                   rig.reader(0)).json == {
        "error": {"code": "not_my_number_card"}}


# ---- read ---------------------------------------------------------------

def test_attributes(ctl, rig):
    found = ctl.read("attributes", windows=["pin 1234"])["attributes"]
    authenticity = found.pop("authenticity")
    assert found == HANAKO
    assert authenticity["verdict"] == "verified"
    window, = rig.windows.shown()
    assert "A program on this computer" in window.text
    assert len(rig.card[0].verifies()) == 1
    assert not rig.card[0].verified()


def test_attributes_in_words(ctl, rig):
    rig.windows.answer("pin 1234")
    done = ctl.run("read", "attributes", "--lang", "ja")
    assert done.status == OK
    assert f"氏名: {HANAKO['name']}" in done.out
    assert "真正性:" in done.out
    assert "このパソコンのプログラム" in rig.windows.shown()[0].text
    # what is said meanwhile holds nothing of the card
    assert HANAKO["name"] not in done.err


def test_texts_that_play_tricks(make_rig):
    """A name that is a control sequence stays harmless on a terminal."""
    ctl = Ctl(make_rig(people=("long", None), start=False, switches={
        "missing": "text/0003", "flip": "text/0002:21^8f,text/0002:22^d2"}))
    found = ctl.read("attributes", windows=["pin 4567"])["attributes"]
    assert found["name"].startswith("\ufffdHONSKAYA")
    ctl.rig.windows.answer("pin 4567")
    done = ctl.run("read", "attributes")
    assert done.status == OK
    assert "name: \ufffdHONSKAYA" in done.out and "\x9b" not in done.out


def test_my_number_and_attributes(ctl, rig):
    found = ctl.read("my_number", "attributes", windows=["pin 1234"])
    assert found["my_number"]["my_number"] == "123456789018"
    assert found["attributes"]["name"] == HANAKO["name"]
    assert len(rig.card[0].verifies()) == 1


def test_face(ctl, rig):
    found = ctl.read("face", windows=["pin 02040120354821"])["face"]
    assert found["birth_date"] == "1990-04-01"
    assert base64.b64decode(found["images"]["photo"]["png"])[1:4] == b"PNG"
    assert "evidence" not in found
    found = ctl.read("face", "--with", "a",
                     windows=["pin 123456789018"])["face"]
    assert found["birth_date"] == "1990-04-01"


def test_certificates(ctl, rig):
    for which, windows in [("auth", ["yes"]), ("sign", ["pin SAMPLE1234"]),
                           ("auth_ca", []), ("sign_ca", [])]:
        found = ctl.read("certificate", "--which", which,
                         windows=windows)["certificate"]
        assert found["trusted"] is True, which
        der = base64.b64decode(found["certificate"])
        subject = subprocess.run(
            ["openssl", "x509", "-inform", "DER", "-noout", "-enddate"],
            input=der, capture_output=True, check=True).stdout
        assert subject.startswith(b"notAfter=")
    assert found.get("attributes") is None


def test_sign(ctl, rig):
    digests = [digest("one", "sha512"), digest("two", "sha512")]
    found = ctl.read("sign", "--hash", "sha512", "--digest", digests[0],
                     "--digest", digests[1],
                     windows=["pin sample1234"])["sign"]
    assert len(found["signatures"]) == 2
    assert found["attributes"]["name"] == HANAKO["name"]
    assert "2 documents" in rig.windows.shown()[0].text


def test_all_at_once(ctl, rig):
    found = ctl.read("card_info", "attributes", "my_number", "face",
                     "certificate", "authenticate", "sign", "--which", "sign",
                     "--digest", digest("one"), *FOR,
                     windows=["pin 1234", "pin 1234", "pin SAMPLE1234",
                              "pin 02040120354821"])
    assert set(found) == {"card_info", "attributes", "my_number", "face",
                          "certificate", "authenticate", "sign"}
    rig.windows.answer("pin 1234", "pin 1234", "pin SAMPLE1234",
                       "pin 02040120354821")
    done = ctl.run("read", "card_info", "attributes", "my_number", "face",
                   "certificate", "authenticate", "sign", "--which", "sign",
                   "--digest", digest("one"), *FOR)
    assert done.status == OK
    assert "characters; --json prints them" in done.out
    assert max(map(len, done.out.splitlines())) < 400


@pytest.mark.parametrize("windows, status, error", [
    (["cancel"], REFUSED, {"code": "pin_cancelled"}),
    (["timeout"], REFUSED, {"code": "prompt_timeout"}),
    (["pin 9999", "pin 9999"], PIN, {"code": "pin_wrong", "tries_left": 1}),
    (["pin 12", "pin 12", "pin 12"], PIN, {"code": "pin_format"}),
])
def test_refused(ctl, rig, windows, status, error):
    assert ctl.read("attributes", windows=windows, status=status) == error


def test_blocked_and_last_try(ctl, rig):
    rig.card[0].set_tries("attributes", 0)
    assert ctl.read("attributes", windows=["ok"], status=PIN) == {
        "code": "pin_blocked"}
    rig.card[0].set_tries("attributes", 1)
    assert ctl.read("attributes", windows=["cancel"], status=REFUSED) == {
        "code": "last_try_refused"}
    assert rig.card[0].tries() == 1


def test_consent_refused(ctl):
    assert ctl.read("certificate", "--which", "auth", windows=["cancel"],
                    status=REFUSED) == {"code": "consent_refused"}


def test_no_certificate(make_rig):
    ctl = Ctl(make_rig(people=("child", None), start=False))
    assert ctl.read("authenticate", *FOR, status=NO_CARD) == {
        "code": "no_certificate"}


def test_forged(make_rig):
    ctl = Ctl(make_rig(start=False, switches={"forge": "record"}))
    assert ctl.read("attributes", windows=["pin 1234"],
                    status=NOT_GENUINE) == {"code": "authenticity_failed"}


def test_no_pinentry(ctl):
    done = ctl.run("read", "attributes", "--json", "--pinentry",
                   "/nonexistent/pinentry")
    assert done.status == ERROR
    assert done.json == {"error": {"code": "prompt_unavailable"}}


def test_a_waiting_card(ctl, rig):
    rig.card[0].remove()
    rig.windows.answer("pin 1234")
    child = ctl.start("read", "attributes", "--json")
    line = child.stderr.readline()
    assert "put the My Number Card on the reader" in line
    rig.card[0].insert()
    out, err = child.communicate(timeout=rig_module.LIMIT)
    assert child.returncode == OK, err
    assert json.loads(out)["results"]["attributes"]["name"] == HANAKO["name"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM,
                                    signal.SIGHUP, signal.SIGKILL])
def test_interrupted(ctl, rig, number):
    """The window goes with it, whatever ends it."""
    rig.windows.answer("hang")
    child = ctl.start("read", "attributes")
    rig.windows.wait_shown()
    child.send_signal(number)
    child.communicate(timeout=rig_module.LIMIT)
    assert child.returncode == \
        (-signal.SIGKILL if number == signal.SIGKILL else REFUSED)
    rig.windows.wait_closed()
    assert rig.card[0].verifies() == []


def test_output_that_cannot_be_written(ctl):
    with open("/dev/full", "w") as full:
        done = subprocess.run(ctl.argv("readers", "--json"), env=ctl.env,
                              stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == ERROR


# ---- usage --------------------------------------------------------------

@pytest.mark.parametrize("args", [
    [], ["nonsense"], ["read"], ["read", "pin"],
    ["read", "attributes", "attributes"], ["readers", "more"],
    ["card", "more"], ["verify"], ["verify", "a", "b"], ["doctor", "more"],
    ["curl-example", "more"], ["--nonsense"], ["readers", "--timeout", "5"],
    ["card", "--timeout", "0"], ["card", "--timeout", "5x"],
    ["card", "--lang", "fr"], ["card", "--reader", ""],
    ["card", "--reader", "x" * 128], ["read", "attributes", "--which", "auth"],
    ["read", "certificate"], ["read", "certificate", "--which", "ca"],
    ["read", "face", "--with", "c"], ["read", "face", "--origin", ORIGIN],
    ["read", "face", "--challenge", CHALLENGE],
    ["read", "authenticate", "--origin", ORIGIN],
    ["read", "authenticate", "--challenge", CHALLENGE],
    ["read", "authenticate", "--challenge", "AAAA", "--origin", ORIGIN],
    ["read", "authenticate", "--challenge", CHALLENGE, "--origin", "x"],
    ["read", "authenticate", "--challenge", CHALLENGE, "--origin",
     "https://<b>"],
    ["read", "sign"], ["read", "sign", "--digest", "AAAA"],
    ["read", "sign", "--digest", digest("x"), "--hash", "sha512"],
    ["read", "sign", "--hash", "md5", "--digest", digest("x")],
    ["read", "sign", *["--digest", digest("x")] * 33],
    ["read", "attributes", "--digest", digest("x")],
    ["read", "attributes", "--config", "/nonexistent"],
    ["read", "attributes", "--trust", "/" + "x" * 300],
    ["read", "attributes", "--tty"],
    ["verify", "/nonexistent"], ["verify", "/etc/passwd"],
    ["verify", "-", "--origin", ORIGIN], ["curl-example", "--port", "65536"],
])
def test_usage(ctl, rig, args):
    done = subprocess.run([CTL, *args], env=ctl.env, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True)
    assert done.returncode == USAGE, done
    assert done.stderr and not done.stdout
    assert rig.windows.shown() == []
    if args == ["nonsense"]:
        assert "there is no command nonsense" in done.stderr


def test_help(ctl):
    for lang, word in [("C", "usage:"), ("ja_JP.UTF-8", "使い方:")]:
        done = subprocess.run([CTL, "--help"], env={**ctl.env, "LANG": lang},
                              capture_output=True, text=True)
        assert done.returncode == OK and done.stdout.startswith(word)
    done = subprocess.run([CTL, "--version"], capture_output=True, text=True)
    assert done.stdout.startswith("kenmenctl 0.")


# ---- a terminal ---------------------------------------------------------

class Terminal:
    """A program on a pseudo terminal, and what it shows."""

    def __init__(self, argv, env):
        self.shown = b""
        # The slave is kept open: its modes can be looked at when nobody is
        # left on it.
        self.fd, self.slave = pty.openpty()
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)
            for fd in range(3):
                os.dup2(self.slave, fd)
            os.execve(str(argv[0]), [str(a) for a in argv], env)

    def wait(self, *texts):
        """Until one of these was shown; new since the last wait."""
        end = rig_module.deadline()
        while not any(t.encode() in self.shown for t in texts):
            if not select.select([self.fd], [], [], rig_module.left(end))[0]:
                raise rig_module.Trouble(f"never showed {texts}: {self.shown}")
            try:
                self.shown += os.read(self.fd, 65536)
            except OSError:
                raise rig_module.Trouble(f"ended before {texts}: {self.shown}")
        seen, self.shown = self.shown, b""
        return seen.decode(errors="replace")

    def type(self, text):
        os.write(self.fd, text.encode())

    def wait_quiet(self):
        """Until it waits for input: nothing is shown for a while."""
        while select.select([self.fd], [], [], 0.3 * rig_module.SLOW)[0]:
            self.shown += os.read(self.fd, 65536)

    def echoes(self):
        return bool(termios.tcgetattr(self.slave)[3] & termios.ECHO)

    def end(self, close=True):
        """The exit status, and what else was shown."""
        end = rig_module.deadline()
        while not (status := os.waitpid(self.pid, os.WNOHANG))[0]:
            if select.select([self.fd], [], [], 0.01)[0]:
                self.shown += os.read(self.fd, 65536)
            assert rig_module.left(end), self.shown
        while select.select([self.fd], [], [], 0)[0]:
            self.shown += os.read(self.fd, 65536)
        if close:
            self.close()
        _, status = status
        return os.waitstatus_to_exitcode(status), self.shown.decode(
            errors="replace")

    def close(self):
        os.close(self.slave)
        os.close(self.fd)


def on_terminal(ctl, *args, pinentry=None, env=None):
    args += ("--trust", TRUST)
    if pinentry:
        args += ("--pinentry", pinentry)
    return Terminal([CTL, *args], {**ctl.env, "TERM": "xterm", **(env or {})})


OURS = rig_module.BUILD / "daemon/kenmen-terminal"
FLAVOURS = pytest.mark.parametrize(
    "pinentry", ["/usr/bin/pinentry-tty", OURS],
    ids=["pinentry-tty", "ours"])


@FLAVOURS
def test_pin_on_a_terminal(ctl, rig, pinentry):
    """Without a desktop it asks where it was started, and echoes nothing."""
    terminal = on_terminal(ctl, "read", "attributes", "--json",
                           pinentry=pinentry)
    seen = terminal.wait("PIN:")
    assert not terminal.echoes()
    terminal.type("9876\n")
    seen += terminal.wait("Wrong PIN")
    terminal.wait_quiet()
    terminal.type("1234\n")
    status, shown = terminal.end()
    assert status == OK, shown
    assert "9876" not in seen + shown and "1234\r" not in seen + shown
    assert HANAKO["name"] in shown
    assert len(rig.card[0].verifies()) == 2


@FLAVOURS
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM,
                                    signal.SIGKILL])
def test_terminal_left_in_order(ctl, rig, pinentry, number):
    terminal = on_terminal(ctl, "read", "attributes", pinentry=pinentry)
    terminal.wait("PIN:")
    assert not terminal.echoes()
    os.kill(terminal.pid, number)
    status, _ = terminal.end(close=False)
    assert status == (-number if number == signal.SIGKILL else REFUSED)
    end = rig_module.deadline()
    while not terminal.echoes() and rig_module.left(end):
        time.sleep(0.01)    # a killed one is tidied up after by its pinentry
    assert terminal.echoes()
    terminal.close()


@FLAVOURS
def test_interrupt_key(ctl, rig, pinentry):
    """Ctrl-C reaches every program on the terminal: it is no error of any."""
    terminal = on_terminal(ctl, "read", "attributes", pinentry=pinentry)
    terminal.wait("PIN:")
    terminal.type("\x03")
    status, shown = terminal.end()
    assert status == REFUSED, shown
    assert rig.card[0].verifies() == []


def test_our_terminal(ctl, rig):
    """Enter alone gives nothing away; y does; too long is no PIN."""
    rig.card[0].set_tries("attributes", 1)
    terminal = on_terminal(ctl, "read", "attributes", pinentry=OURS)
    assert "y = Use it, Enter = Stop" in terminal.wait("[y/N]")
    terminal.type("\n")
    status, shown = terminal.end()
    assert status == REFUSED and "last_try_refused" in shown

    terminal = on_terminal(ctl, "read", "attributes", pinentry=OURS)
    terminal.wait("[y/N]")
    terminal.type("y\n")
    terminal.wait("PIN:")
    terminal.type("1" * 300 + "\n")
    terminal.wait("PIN:")
    terminal.type("1234\n")
    assert terminal.end()[0] == OK
    assert len(rig.card[0].verifies()) == 1

    terminal = on_terminal(ctl, "read", "attributes", "--lang", "ja",
                           pinentry=OURS)
    assert "数字4桁の暗証番号" in terminal.wait("PIN:", "暗証番号:")
    terminal.type("\n")
    assert terminal.end()[0] == REFUSED

    rig.card[0].set_tries("attributes", 0)
    terminal = on_terminal(ctl, "read", "attributes", pinentry=OURS)
    terminal.wait("[Enter]")
    terminal.type("\n")
    status, shown = terminal.end()
    assert status == PIN and "pin_blocked" in shown


def test_no_pinentry_installed(ctl, rig, tmp_path):
    """Then it asks by its own means, on the terminal it was started on."""
    hide = " && ".join(
        f"if [ -e {p} ]; then mount --bind /dev/null {p}; fi" for p in (
            f"/usr/bin/pinentry{suffix}" for suffix in (
                "-curses", "-tty", "-gnome3", "-qt", "-gtk-2", "-x11", "")))
    how = [] if os.geteuid() == 0 else ["--map-root-user"]
    terminal = Terminal(
        ["/usr/bin/unshare", *how, "--mount", "sh", "-c",
         hide + ' && exec "$@"', "sh", CTL, "read", "attributes"],
        {**ctl.env, "TERM": "xterm", "DISPLAY": ":99"})
    terminal.wait("PIN:")
    terminal.type("1234\n")
    status, shown = terminal.end()
    assert status == OK and HANAKO["name"] in shown


def test_terminal_helper_by_hand(tmp_path):
    """Assuan it does not know, and no terminal."""
    done = subprocess.run(
        [OURS], text=True, capture_output=True,
        input="OPTION ttyname=/dev/null/none\nGETPIN\nGETINFO pid\n"
              "GETINFO flavor\nWHAT\n" + "X" * 5000 + "\nBYE\nGETPIN\n")
    lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert lines[0].startswith("OK ") and lines[1] == "OK"
    assert lines[2].startswith("ERR 83886081 ")
    assert lines[3].startswith("ERR 83886360 ")
    assert lines[4:6] == ["D kenmen", "OK"]
    assert lines[-1] == "OK"


def test_progress(make_rig):
    """What takes long says so, where somebody looks on, and leaves no line."""
    ctl = Ctl(make_rig(start=False, switches={"no-extended": "on"}))
    ctl.rig.windows.answer("pin 02040120354821")
    terminal = on_terminal(ctl, "read", "face",
                           pinentry=ctl.rig.windows.program)
    seen = terminal.wait("%")
    status, shown = terminal.end()
    assert status == OK
    assert "100%" in seen + shown and "\x1b[K" in shown
    ctl.rig.windows.answer("pin 02040120354821")
    assert "%" not in ctl.run("read", "face").err


# ---- verify -------------------------------------------------------------

@pytest.fixture
def proofs(ctl, tmp_path):
    """A file with a login, a signature and evidence, as read --json wrote."""
    found = ctl.read("authenticate", "sign", "face", *FOR, "--digest",
                     digest("one"), "--digest", digest("two"),
                     windows=["pin 1234", "pin SAMPLE1234",
                              "pin 02040120354821"])
    path = tmp_path / "proofs.json"
    path.write_text(json.dumps({"results": found}))
    return path


DIGESTS = ("--digest", digest("one"), "--digest", digest("two"))


def test_verify(ctl, proofs):
    done = ctl.run("verify", proofs, *FOR, *DIGESTS, "--json")
    assert done.status == OK, done
    found = done.json
    assert set(found) == {"authenticate", "sign", "face"}
    for kind in found.values():
        assert kind["ok"] is True and kind["trusted"] is True
        assert kind["revocation"] == "not_checked"
    assert found["sign"]["name"] == HANAKO["name"]
    assert found["face"]["birth_date"] == HANAKO["birth_date"]
    assert found["authenticate"]["serial"]
    words = ctl.run("verify", proofs, *FOR, *DIGESTS)
    assert words.out.splitlines() == [
        "authenticate: good", "sign: good", "face: good",
        "revocation was not checked"]
    assert HANAKO["name"] not in words.out
    stdin = ctl.run("verify", "-", *FOR, *DIGESTS, text=proofs.read_text())
    assert stdin.status == OK


def test_verify_without_a_root(ctl, proofs, tmp_path):
    """Right in itself is not good: anybody can make that."""
    (tmp_path / "empty").mkdir()
    done = ctl.run("verify", proofs, *FOR, *DIGESTS, "--json", "--trust",
                   tmp_path / "empty")
    assert done.status == UNTRUSTED, done
    for kind in done.json.values():
        assert kind["ok"] is False and kind["trusted"] is None


def test_verify_wrong_questions(ctl, proofs, tmp_path):
    def status(*args):
        return ctl.run("verify", proofs, *args).status

    assert status(*FOR) == USAGE                  # no digests
    assert status(*DIGESTS) == USAGE              # no challenge
    assert status(*FOR, *DIGESTS[:2]) == NOT_GENUINE
    assert status(*FOR, *DIGESTS[2:], *DIGESTS[:2]) == NOT_GENUINE
    assert status("--origin", "https://other.example", "--challenge",
                  CHALLENGE, *DIGESTS) == NOT_GENUINE
    assert status("--origin", ORIGIN, "--challenge", OTHER_CHALLENGE,
                  *DIGESTS) == NOT_GENUINE


def test_verify_too_old(ctl, proofs):
    time.sleep(2.1)     # the one thing here that time itself decides
    done = ctl.run("verify", proofs, *FOR, *DIGESTS, "--max-age", "1",
                   "--json")
    assert done.status == NOT_GENUINE
    assert done.json["authenticate"]["ok"] is False
    assert done.json["face"]["ok"] is False
    assert done.json["sign"]["ok"] is True


def flipped(text):
    """The same length, one character in the middle another."""
    i = len(text) // 2
    while not text[i].isalnum():
        i += 1
    return text[:i] + ("A" if text[i] != "A" else "B") + text[i + 1:]


@pytest.mark.parametrize("kind, path", [
    ("authenticate", ["jws"]),
    ("sign", ["signatures", 0]), ("sign", ["signatures", 1]),
    ("sign", ["certificate"]),
    ("face", ["evidence", "record"]),
    ("face", ["evidence", "issuer_certificate"]),
    ("face", ["evidence", "jws"]),
])
def test_verify_tampered(ctl, proofs, kind, path):
    tree = json.loads(proofs.read_text())
    at = tree["results"][kind]
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = flipped(at[path[-1]])
    proofs.write_text(json.dumps(tree))
    done = ctl.run("verify", proofs, *FOR, *DIGESTS, "--json")
    assert done.status == NOT_GENUINE, done
    for name, verdict in done.json.items():
        assert verdict["ok"] is (name != kind), name
    assert not {"name", "serial", "birth_date"} & set(done.json[kind])


def test_verify_a_bare_login(ctl, proofs, tmp_path):
    jws = json.loads(proofs.read_text())["results"]["authenticate"]["jws"]
    bare = tmp_path / "login.jws"
    bare.write_text(jws + "\n")
    assert ctl.run("verify", bare, *FOR).status == OK
    bare.write_text(flipped(jws))
    assert ctl.run("verify", bare, *FOR).status == NOT_GENUINE


@pytest.mark.parametrize("text", [
    "", "{}", "[]", "null", "{", '{"results":{}}', '{"sign":1}',
    '{"authenticate":null}', "\x00", '{"a":1}{"b":2}',
])
def test_verify_nonsense(ctl, tmp_path, text):
    path = tmp_path / "nonsense"
    path.write_text(text)
    done = ctl.run("verify", path, *FOR)
    assert done.status in (USAGE, NOT_GENUINE), done


def test_verify_of_another_authority(make_rig, tmp_path):
    """Certificates by somebody who only has the name."""
    ctl = Ctl(make_rig(people=("other-ca", None), start=False))
    found = ctl.read("authenticate", *FOR, windows=["pin 7070"])
    path = tmp_path / "login.json"
    path.write_text(json.dumps(found))
    done = ctl.run("verify", path, *FOR, "--json")
    assert done.status == NOT_GENUINE
    assert done.json["authenticate"]["trusted"] is False


# ---- curl-example -------------------------------------------------------

@pytest.mark.rig()
def test_curl_example(ctl, rig):
    """The lines do what they say, as they are printed."""
    rig.windows.answer("pin 1234")
    printed = ctl.run("curl-example", "--port", rig.port, "--state-dir",
                      rig.dir / "state")
    assert printed.status == OK
    done = subprocess.run(["sh"], input=printed.out, env=ctl.env, text=True,
                          capture_output=True, timeout=rig_module.LIMIT + 30)
    assert done.returncode == 0 and not done.stderr, done
    assert '"service":"kenmend"' in done.stdout
    assert '"state":"done"' in done.stdout and HANAKO["name"] in done.stdout
    again = ctl.run("curl-example", "--port", rig.port, "--state-dir",
                    rig.dir / "state").out
    rig.windows.answer("cancel")
    done = subprocess.run(["bash"], input=again, env=ctl.env, text=True,
                          capture_output=True, timeout=rig_module.LIMIT + 30)
    assert '"pin_cancelled"' in done.stdout


@pytest.mark.rig()
def test_curl_example_by_the_configuration(ctl, rig):
    done = ctl.run("curl-example", "--config", rig.config)
    assert f"CA='{rig.dir}/state'/ca.pem" in done.out
