"""kenmen-prompt alone: the test is the runner at the other end of its socket.

With the scripted pinentry: every answer and every way in which either side
may go or misbehave. With the real ones: what Enter and Escape do where a
yes is asked for, which is why window.c treats them differently, and that a
terminal is left as it was found.
"""

import contextlib
import fcntl
import os
import pathlib
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import termios
import time

import pytest

import rig
from rig import BUILD, TOP, LIMIT, SLOW, children, deadline, left, wait_gone

PIN, YES, NO, TIMEOUT, UNAVAILABLE = range(5)
ASK, LAST_TRY, CONSENT, PINPAD, CLOSE, BLOCKED = range(6)
JA, EN = range(2)
# What is asked for, as (PIN, bits of kinds).
LOGIN, LOGIN_CERTIFICATE = (0, 1 << 5), (0, 1 << 4)
SIGNATURE, SIGN_CERTIFICATE = (1, 1 << 6), (1, 1 << 4)
ATTRIBUTES, MY_NUMBER, BOTH = (2, 1 << 1), (2, 1 << 2), (2, 3 << 1)
FACE_B, FACE_A = (3, 1 << 3), (4, 1 << 3)
CURSES, TTY = "/usr/bin/pinentry-curses", "/usr/bin/pinentry-tty"


def request(kind=ASK, lang=JA, note=0, origin="https://drone.example",
            name="ドローン登録デモ", purpose="", tries=3, seconds=LIMIT,
            about=None, documents=None, titles="", more=0, max_tries=3,
            token=0, step=(1, 1)):
    """A struct prompt_request as daemon/prompt-wire.c encodes it."""
    def text(value):
        return struct.pack(">I", len(value.encode())) + value.encode()
    if kind == CLOSE:
        return bytes([CLOSE])
    pin, kinds = about or (LOGIN_CERTIFICATE if kind == CONSENT
                           else ATTRIBUTES)
    if documents is None:
        documents = 3 if kinds & 1 << 6 else 0
    return (struct.pack(">BBBBI", kind, lang, pin, note, kinds) +
            text(origin) + text(name) + text("taro") + text(purpose) +
            bytes([documents]) + text(titles) + bytes([more]) +
            struct.pack(">BBBBBI", tries, max_tries, token, *step,
                        int(seconds * 1000)))


class Voice:
    def __init__(self, pinentry, tty=None, **env):
        self.socket, theirs = socket.socketpair(
            socket.AF_UNIX, socket.SOCK_SEQPACKET)
        keep = ("HOME", "PATH", "XDG_RUNTIME_DIR")
        with theirs:
            self.process = subprocess.Popen(
                [BUILD / "daemon" / "kenmen-prompt", "--once",
                 "--pinentry", str(pinentry), *(["--tty", tty] if tty else [])],
                env={k: os.environ[k] for k in keep if k in os.environ} | {
                    "DBUS_SESSION_BUS_ADDRESS": "disabled:"} | env,
                stderr=subprocess.PIPE, pass_fds=(3,),
                preexec_fn=lambda: os.dup2(theirs.fileno(), 3))
        self.socket.settimeout(LIMIT)
        self.name = str(pinentry)

    def ask(self, *args, **kw):
        self.socket.send(request(*args, **kw))

    def answer(self):
        """(answer, PIN as bytes), or None when the voice hung up."""
        try:
            got = self.socket.recv(4096)
        except ConnectionResetError:
            return None
        return (got[0], got[1:]) if got else None

    def pinentry(self):
        """Its process id, once it runs."""
        end = deadline()
        while not (found := children(self.process.pid)):
            assert left(end), "no pinentry"
            time.sleep(0.01)
        return found[0]

    def ended(self):
        """Its exit status, once nothing of it is left."""
        return self.process.wait(LIMIT)

    def stop(self):
        self.socket.close()
        try:
            status = self.ended()
            log = self.process.stderr.read().decode()
            assert "1234" not in log.replace(self.name, "")
            assert "Sanitizer" not in log, log
            return status, log
        finally:
            self.process.kill()
            self.process.stderr.close()


class Script:
    """The scripted pinentry, in a directory of its own."""

    def __init__(self, path):
        self.dir = path
        self.program = path / "pinentry"
        self.program.write_text(
            "#!/bin/sh\nexec /usr/bin/python3 "
            f"'{TOP}/tests/e2e/pinentry-script' '{path}'\n")
        self.program.chmod(0o755)

    def answers(self, *lines):
        (self.dir / "answers").write_text("".join(l + "\n" for l in lines))

    def log(self):
        with contextlib.suppress(FileNotFoundError):
            return (self.dir / "log").read_text(errors="surrogateescape")
        return ""

    def wait_shown(self, n=1):
        end = deadline()
        while self.log().count("window ") < n:
            assert left(end), "no window came"
            time.sleep(0.01)


@pytest.fixture
def script(tmp_path):
    return Script(tmp_path)


@pytest.fixture
def voice(script):
    voice = Voice(script.program)
    yield voice
    voice.stop()


@pytest.mark.parametrize("kind, says, wanted", [
    (ASK, "pin 1234", (PIN, b"1234")),
    (ASK, "pin １２３４", (PIN, "１２３４".encode())),
    (ASK, "pin 12%34", (PIN, b"12%34")),
    (ASK, "pin", (PIN, b"")),
    (ASK, "pin " + "9" * 300, (PIN, b"9" * 128)),  # still no PIN's form
    (ASK, "cancel", (NO, b"")),
    (ASK, "close", (NO, b"")),
    (ASK, "error 83886278", (NO, b"")),     # fully cancelled
    (ASK, "timeout", (TIMEOUT, b"")),
    (ASK, "error 83886340", (UNAVAILABLE, b"")),
    (ASK, "crash", (UNAVAILABLE, b"")),
    (ASK, "garbage", (UNAVAILABLE, b"")),
    (ASK, "pin " + "%" * 400, (UNAVAILABLE, b"")),  # a line past 1000 bytes
    (LAST_TRY, "ok", (YES, b"")),
    (LAST_TRY, "cancel", (NO, b"")),
    (LAST_TRY, "notok", (NO, b"")),
    (LAST_TRY, "timeout", (TIMEOUT, b"")),
    (LAST_TRY, "pin 1234", (UNAVAILABLE, b"")),  # data nobody asked for
    (BLOCKED, "ok", (NO, b"")),
    (BLOCKED, "close", (NO, b"")),
    (CONSENT, "ok", (YES, b"")),
    (CONSENT, "cancel", (NO, b"")),
    (CONSENT, "close", (NO, b"")),
    (CONSENT, "notok", (NO, b"")),
    (CONSENT, "timeout", (TIMEOUT, b"")),
    (CONSENT, "crash", (UNAVAILABLE, b"")),
    (CONSENT, "pin 1", (UNAVAILABLE, b"")),  # data nobody asked for
    # The one button of a pinpad's window cancels.
    (PINPAD, "ok", (NO, b"")),
    (PINPAD, "cancel", (NO, b"")),
    (PINPAD, "close", (NO, b"")),
    (PINPAD, "error 83886278", (NO, b"")),  # fully cancelled
    (PINPAD, "error 83886340", (UNAVAILABLE, b"")),
    (PINPAD, "crash", (UNAVAILABLE, b"")),
    (PINPAD, "garbage", (UNAVAILABLE, b"")),
    (PINPAD, "pin 1234", (UNAVAILABLE, b"")),
])
def test_answers(script, voice, kind, says, wanted):
    script.answers(says)
    voice.ask(kind)
    assert voice.answer() == wanted
    assert not children(voice.process.pid)


def test_requests_on_one_socket(script, voice):
    script.answers("pin 9999", "pin 1234", "cancel")
    for wanted in ((PIN, b"9999"), (PIN, b"1234"), (NO, b"")):
        voice.ask()
        assert voice.answer() == wanted


def test_never_said(script, voice):
    script.answers("pin 1234", "ok", "ok", "ok", "ok")
    for kind in (ASK, LAST_TRY, CONSENT, PINPAD, BLOCKED):
        voice.ask(kind)
        voice.answer()
    said = script.log()
    assert said.count("window ") == 5
    for word in ("SETKEYINFO", "SETQUALITYBAR", "external-password-cache"):
        assert word not in said


@pytest.mark.parametrize("kind, yes, no", [
    (LAST_TRY, "Use it", "Stop"), (CONSENT, "Give it", "Refuse")])
@pytest.mark.parametrize("flavour, says, wanted", [
    ("qt", "ok", YES), ("gtk2", "cancel", NO), ("tty", "notok", NO),
    # Enter is OK: the buttons are turned.
    ("curses", "ok", NO), ("curses", "notok", YES), ("curses", "cancel", NO),
    ("gtk2:curses", "ok", NO), ("qt:curses", "notok", YES),
    # Enter or Escape is OK, no third button: the yes is typed.
    ("gnome3", "ok", NO), ("gnome3", "pin 1", YES), ("gnome3", "pin 1234", NO),
    ("gnome3", "pin 11", NO), ("gnome3", "cancel", NO), ("fltk", "ok", NO),
])
def test_yes_by_flavour(script, voice, kind, yes, no, flavour, says, wanted):
    (script.dir / "flavour").write_text(flavour)
    script.answers(says)
    voice.ask(kind, EN)
    assert voice.answer() == (wanted, b"")
    said = script.log()
    assert (f"SETOK {no}\nSETNOTOK {yes}\nSETCANCEL Cancel\n" in said) == \
        flavour.endswith("curses")
    typed = flavour in ("gnome3", "fltk")
    assert ("GETPIN" in said) == typed
    assert ("type 1 below" in said) == typed


def test_purpose_apart(script, voice):
    """Longer than any configuration allows, so that it does not fit."""
    script.answers("ok", "pin 1234")
    voice.ask(name="%" * 120, purpose="%" * 80)
    assert voice.answer() == (PIN, b"1234")
    first, second = script.log().split("window ")[1:]
    assert "「" + "%25" * 80 + "」" in first and "CONFIRM" in first
    assert "%25" * 80 + "」" not in second.replace("%25" * 120, "")
    script.answers("cancel")
    voice.ask(name="%" * 120, purpose="%" * 80)
    assert voice.answer() == (NO, b"")


def test_titles_apart(script, voice):
    """A signature's worst: what the site says itself comes first."""
    titles = "書" * 26
    script.answers("ok", "pin 1234")
    voice.ask(about=SIGNATURE, name="長" * 40, origin="https://" + "w" * 92,
              purpose="説" * 26, titles=titles, documents=9, more=8)
    assert voice.answer() == (PIN, b"1234")
    first, second = script.log().split("window ")[1:]
    assert "説" * 26 in first and f"「{titles}」ほか8件" in first
    assert "書類9件への電子署名" in second and titles not in second


@pytest.mark.parametrize("flavour, breaks", [
    ("qt", True), ("gtk2", False), ("qt:curses", False)])
def test_lines_are_broken_where_nobody_else_does(
        script, voice, flavour, breaks):
    (script.dir / "flavour").write_text(flavour)
    script.answers("cancel", "cancel")
    for kind in (ASK, PINPAD):
        voice.ask(kind, about=BOTH)
        assert voice.answer() == (NO, b"")
    entry, message = (
        max(map(len, re.search("SETDESC (.*)", window)[1].split("%0A")))
        for window in script.log().split("window ")[1:])
    assert (entry < 54) == breaks
    assert message > 54     # a message's are broken everywhere


@pytest.mark.parametrize("env, platform", [
    ({"WAYLAND_DISPLAY": "w"}, "wayland"),
    ({"WAYLAND_DISPLAY": "w", "DISPLAY": ""}, "wayland"),
    ({"WAYLAND_DISPLAY": "w", "DISPLAY": ":9"}, None),
    ({"DISPLAY": ":9"}, None), ({}, None)])
def test_qt_is_told_of_wayland_where_there_is_no_x(script, env, platform):
    script.answers("hang")
    voice = Voice(script.program, **env)
    try:
        voice.ask()
        script.wait_shown()
        told = pathlib.Path(
            f"/proc/{voice.pinentry()}/environ").read_text().split("\0")
        assert [v for v in told if v.startswith("QT_")] == (
            [f"QT_QPA_PLATFORM={platform}"] if platform else [])
    finally:
        voice.stop()


def test_own_timeout(script, voice):
    script.answers("hang")
    started = time.monotonic()
    voice.ask(seconds=0.5)
    assert voice.answer() == (TIMEOUT, b"")
    assert 0.5 <= time.monotonic() - started < 0.5 + LIMIT / 4
    assert "SETTIMEOUT 1\n" in script.log()


def test_one_time_for_both_windows(script, voice):
    script.answers("ok", "hang")
    started = time.monotonic()
    voice.ask(name="%" * 120, purpose="%" * 80, seconds=1)
    assert voice.answer() == (TIMEOUT, b"")
    assert 1 <= time.monotonic() - started < 1 + LIMIT / 4


# ---- typed on a reader --------------------------------------------------

def test_pinpad(script, voice):
    """Stays until the runner has done with it, and gets no answer."""
    script.answers("hang", "hang", "pin 1234")
    for n, note in enumerate((0, 1), 1):
        voice.ask(PINPAD, note=note, about=LOGIN, tries=3 - note)
        script.wait_shown(n)
        pid = voice.pinentry()
        voice.ask(CLOSE)
        assert wait_gone(pid, 1 * SLOW)
    voice.ask()
    assert voice.answer() == (PIN, b"1234")     # and nothing before
    first, second, _ = script.log().split("window ")[1:]
    assert "MESSAGE" in first and "SETCANCEL" not in first
    assert "SETOK キャンセル\n" in first
    assert "SETDESC 暗証番号が違います。残り2回です。%0A%0A" in second


def test_pinpad_with_words_apart(script, voice):
    """The reader may be done before both windows were seen."""
    for shown in (["hang"], ["ok", "hang"]):
        script.answers(*shown)
        before = script.log().count("window ")
        voice.ask(PINPAD, about=BOTH, name="%" * 60, purpose="%" * 80)
        script.wait_shown(before + len(shown))
        pid = voice.pinentry()
        voice.ask(CLOSE)
        assert wait_gone(pid, 1 * SLOW)
    script.answers("cancel")
    voice.ask(PINPAD, about=BOTH, name="%" * 60, purpose="%" * 80)
    assert voice.answer() == (NO, b"")


@pytest.mark.parametrize("says", ["hang", "timeout"])
def test_pinpad_timeout(script, voice, says):
    """The reader's own time-out decides: no answer, but no window either."""
    script.answers(says, "cancel")
    voice.ask(PINPAD, seconds=0.5)
    end = deadline()
    while not script.log():
        assert left(end)
        time.sleep(0.01)
    while children(voice.process.pid):
        assert left(end), "the window stays"
        time.sleep(0.01)
    voice.ask(CLOSE)
    voice.ask()
    assert voice.answer() == (NO, b"")
    assert script.log().count("window ") == 2


def test_close_without_a_window(script, voice):
    """Crossed with the person's Cancel, or with the time-out."""
    script.answers("ok", "pin 1234")
    voice.ask(CLOSE)
    voice.ask(PINPAD)
    assert voice.answer() == (NO, b"")
    voice.ask(CLOSE)
    voice.ask(CLOSE)
    voice.ask()
    assert voice.answer() == (PIN, b"1234")


@pytest.mark.parametrize("kind", [ASK, LAST_TRY, CONSENT, BLOCKED])
def test_close_takes_any_window(script, voice, kind):
    script.answers("hang", "cancel")
    voice.ask(kind)
    script.wait_shown()
    pid = voice.pinentry()
    voice.ask(CLOSE)
    assert wait_gone(pid, 1 * SLOW)
    voice.ask()
    assert voice.answer() == (NO, b"")


def test_no_letters_on_a_reader(script, voice):
    voice.ask(PINPAD, about=SIGNATURE)
    assert voice.answer() == (UNAVAILABLE, b"")
    assert script.log() == ""


# ---- troubles -----------------------------------------------------------

@pytest.mark.parametrize("program", [
    "/nonexistent", "/etc/passwd", "/bin/true", "/bin/cat", "/usr/bin/yes"])
def test_no_pinentry(program):
    voice = Voice(program)
    voice.ask(seconds=1)
    assert voice.answer() in ((UNAVAILABLE, b""), (TIMEOUT, b""))
    assert not children(voice.process.pid)
    status, log = voice.stop()
    assert status == 0
    assert "no window" in log or program == "/bin/cat"  # it never greets


@pytest.mark.parametrize("kind", [ASK, PINPAD])
@pytest.mark.parametrize("act", [
    lambda voice, pid: voice.socket.close(),
    lambda voice, pid: voice.ask(),
    lambda voice, pid: voice.socket.send(bytes([CLOSE, 0])),
    lambda voice, pid: voice.process.terminate(),
    lambda voice, pid: voice.process.send_signal(signal.SIGINT),
    lambda voice, pid: voice.process.send_signal(signal.SIGHUP),
    lambda voice, pid: voice.process.kill(),
], ids=["hang-up", "second request", "lie", "TERM", "INT", "HUP", "KILL"])
def test_window_goes(script, voice, act, kind):
    script.answers("hang")
    voice.ask(kind)
    script.wait_shown()
    pid = voice.pinentry()
    act(voice, pid)
    assert wait_gone(pid, 1 * SLOW)
    assert voice.ended() in (0, -signal.SIGKILL)


def test_parent_dies(script, tmp_path):
    """The door is killed while the runner lives: nothing hangs up."""
    mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    script.answers("hang")
    rig.become_reaper()
    door = subprocess.Popen(
        ["/bin/sh", "-c", f"'{BUILD}/daemon/kenmen-prompt' --once "
         f"--pinentry '{script.program}' & wait"], pass_fds=(3,),
        preexec_fn=lambda: os.dup2(theirs.fileno(), 3))
    mine.send(request())
    script.wait_shown()
    prompt, = children(door.pid)
    pinentry, = children(prompt)
    door.kill()
    door.wait()
    assert wait_gone(pinentry, 1 * SLOW) and wait_gone(prompt, 1 * SLOW)
    os.waitpid(prompt, 0)
    mine.close()
    theirs.close()


@pytest.mark.parametrize("lie", [
    b"x", request() + b"\0", request()[:-1], b"\x09" + request()[1:],
    request(name="a\nb"), request(name="a\u202eb"), b"\0" * 5000,
    request(CLOSE) + b"\0", request(documents=1), request(titles="a"),
    request(about=SIGNATURE, documents=0),
    request(about=SIGNATURE, titles="a<b"),
    request(about=SIGNATURE, titles="a", more=3)])
def test_lies(voice, lie):
    voice.socket.send(lie)
    assert voice.answer() is None
    assert voice.ended() == 1


@pytest.mark.parametrize("argv", [
    ["--once"], ["--what"], ["more"], ["--tty", "/dev/null"],
    ["--once", "--pinentry", "/bin/true", "more"],
    ["--once", "--pinentry", "/bin/true", "--socket", "/nowhere"]])
def test_usage(argv):
    done = subprocess.run([BUILD / "daemon" / "kenmen-prompt", *argv],
                          capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 2
    assert "usage: kenmen-prompt" in done.stderr


# ---- on a terminal ------------------------------------------------------

class Terminal:
    def __init__(self, rows=40, columns=100):
        self.ours, self.theirs = pty.openpty()
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, columns, 0, 0))
        self.before = self.modes()
        self.text = b""

    def name(self):
        return os.ttyname(self.theirs)

    def modes(self):
        return termios.tcgetattr(self.theirs)

    def read_until(self, text):
        """Reads what is shown until this is there, and then is quiet."""
        end = deadline()
        while text.encode() not in self.text or \
                select.select([self.ours], [], [], 0.2 * SLOW)[0]:
            assert left(end), self.text.decode(errors="replace")
            if select.select([self.ours], [], [], left(end))[0]:
                self.text += os.read(self.ours, 65536)

    def type(self, text):
        os.write(self.ours, text.encode())

    def close(self):
        for fd in (self.ours, self.theirs):
            with contextlib.suppress(OSError):
                os.close(fd)


@pytest.fixture
def terminal():
    terminal = Terminal()
    yield terminal
    terminal.close()


@contextlib.contextmanager
def on_terminal(pinentry, terminal, wait_for, *args, **kw):
    voice = Voice(pinentry, terminal.name(), TERM="xterm", LANG="C")
    try:
        voice.ask(*args, **kw)
        terminal.read_until(wait_for)
        assert terminal.modes() != terminal.before
        yield voice
    finally:
        voice.stop()


@pytest.mark.parametrize("pinentry", [CURSES, TTY])
def test_terminal_pin(terminal, pinentry):
    with on_terminal(pinentry, terminal, "暗証番号:") as voice:
        assert "https://drone.example".encode() in terminal.text
        terminal.type("１２34\r")
        assert voice.answer() == (PIN, "１２34".encode())
    assert terminal.modes() == terminal.before


@pytest.mark.parametrize("kind, no, keys", [
    (LAST_TRY, "Stop", "us"), (CONSENT, "Refuse", "gr")])
@pytest.mark.parametrize("pinentry, key, wanted", [
    (CURSES, "\r", NO), (CURSES, "\t\r", YES), (CURSES, "\t\t\r", NO),
    (TTY, "\r", None), (TTY, "yes", YES), (TTY, "no", NO), (TTY, "\x03", NO),
])
def test_terminal_yes(terminal, kind, no, keys, pinentry, key, wanted):
    """On a terminal without a screen a letter of each button is asked for."""
    key = {"yes": keys[0], "no": keys[1]}.get(key, key)
    with on_terminal(pinentry, terminal, no, kind, EN,
                     seconds=LIMIT if wanted is not None else 2) as voice:
        terminal.type(key)
        assert voice.answer() == (TIMEOUT if wanted is None else wanted, b"")
    assert terminal.modes() == terminal.before


@pytest.mark.parametrize("pinentry, key", [
    (CURSES, "\r"), (CURSES, None), (TTY, "c"), (TTY, "s"), (TTY, "\x03"),
    (TTY, None)])
def test_terminal_pinpad(terminal, pinentry, key):
    with on_terminal(pinentry, terminal, "Cancel", PINPAD, EN) as voice:
        pid = voice.pinentry()
        if pinentry == TTY:
            # A PIN typed here by mistake goes nowhere and ends nothing.
            terminal.type("1234\r")
            terminal.read_until("[cs]? ")
        if key:
            terminal.type(key)
            assert voice.answer() == (NO, b"")
        else:
            voice.ask(CLOSE)
        assert wait_gone(pid, 1 * SLOW)
    assert b"1234" not in terminal.text
    assert terminal.modes() == terminal.before


@pytest.mark.parametrize("pinentry", [CURSES, TTY])
@pytest.mark.parametrize("act", [
    lambda voice: voice.socket.close(),
    lambda voice: voice.process.send_signal(signal.SIGINT),
    lambda voice: voice.process.send_signal(signal.SIGHUP),
    lambda voice: voice.process.kill(),
    lambda voice: os.kill(voice.pinentry(), signal.SIGKILL),
    # Does not heed the gentle signal.
    lambda voice: (os.kill(voice.pinentry(), signal.SIGSTOP),
                   voice.socket.close()),
], ids=["hang-up", "INT", "HUP", "KILL", "KILL pinentry", "STOP pinentry"])
def test_terminal_is_left_in_order(terminal, pinentry, act):
    with on_terminal(pinentry, terminal, "PIN:", ASK, EN) as voice:
        pid = voice.pinentry()
        act(voice)
        assert wait_gone(pid, 1 * SLOW)
    # Killed itself, the voice cannot put it right; pinentry does.
    end = deadline(1 * SLOW)
    while terminal.modes() != terminal.before:
        assert left(end), "the terminal was left without echo"


@pytest.mark.parametrize("pinentry", [CURSES, TTY])
def test_terminal_hangs_up(terminal, pinentry):
    with on_terminal(pinentry, terminal, "PIN:", ASK, EN) as voice:
        pid = voice.pinentry()
        terminal.close()
        assert wait_gone(pid, 1 * SLOW)
        assert voice.answer() == (UNAVAILABLE, b"")


# ---- on a screen --------------------------------------------------------

@pytest.mark.parametrize("kind", [LAST_TRY, CONSENT])
@pytest.mark.parametrize("pinentry", ["gtk-2", "qt"])
@pytest.mark.parametrize("keys, wanted", [
    (["Return"], NO), (["space"], NO), (["Escape"], NO),
    (["Tab", "Return"], YES)])
def test_screen_yes(site, kind, pinentry, keys, wanted):
    screen = site.screen()
    voice = Voice(f"/usr/bin/pinentry-{pinentry}", DISPLAY=screen.display)
    try:
        voice.ask(kind, EN)
        window = screen.wait_window("^My Number Card$")
        time.sleep(0.3 * SLOW)  # its buttons have no event of their own
        screen.key(window, *keys)
        assert voice.answer() == (wanted, b"")
    finally:
        voice.stop()
    assert not screen.leftovers()


@pytest.mark.parametrize("pinentry, key", [
    ("gtk-2", "Return"), ("gtk-2", "alt+F4"), ("gtk-2", None),
    # Escape does nothing in a message of pinentry-gtk-2.
    ("qt", "Return"), ("qt", "alt+F4"), ("qt", None), ("qt", "Escape")])
def test_screen_pinpad(site, pinentry, key):
    screen = site.screen()
    voice = Voice(f"/usr/bin/pinentry-{pinentry}", DISPLAY=screen.display)
    try:
        voice.ask(PINPAD, EN)
        window = screen.wait_window("^My Number Card$")
        time.sleep(0.3 * SLOW)
        if key:
            # What is typed here by mistake ends nothing by itself.
            screen.key(window, "1", "2", "3", "4")
            screen.key(window, key)
            assert voice.answer() == (NO, b"")
        else:
            voice.ask(CLOSE)
        assert not screen.leftovers()
    finally:
        voice.stop()


@pytest.mark.parametrize("lang", [JA, EN])
@pytest.mark.parametrize("about", [LOGIN, SIGNATURE, BOTH, FACE_B])
@pytest.mark.parametrize("pinentry", ["gtk-2", "qt"])
def test_screen_is_wide_enough(site, pinentry, about, lang):
    """pinentry-qt breaks no line of its own."""
    screen = site.screen()
    voice = Voice(f"/usr/bin/pinentry-{pinentry}", DISPLAY=screen.display,
                  LANG="C.UTF-8")
    try:
        voice.ask(ASK, lang, about=about)
        window = screen.wait_window(
            ["^マイナンバーカードの読み取り$", "^My Number Card$"][lang])
        told = dict(line.split("=") for line in screen.tool(
            "getwindowgeometry", "--shell", window))
        assert int(told["WIDTH"]) < 800
    finally:
        voice.stop()
    assert not screen.leftovers()
