"""Keyboard and screen reader only: what a real accessibility bus is told of the
windows, and where the keyboard's focus is before and after."""

import json
import os
import shlex
import signal
import subprocess
import time

import pytest

from rig import LIMIT, TOP, Process, Trouble, deadline, left
from test_voice import CONSENT, EN, NO, PIN, Voice

TITLE = "^My Number Card$"
PINENTRIES = ["gtk-2", "qt"]


class Reader:
    """A screen reader's ears (tests/e2e/screen-reader) on a session of its
    own: session bus, accessibility bus, a home that wants both."""

    def __init__(self, directory, display):
        self.env = {"HOME": str(directory), "XDG_RUNTIME_DIR": str(directory),
                    "PATH": os.environ["PATH"], "LANG": "C.UTF-8",
                    "DISPLAY": display}
        # What a desktop's settings daemon tells GTK 2.
        (directory / ".gtkrc-2.0").write_text(
            'gtk-modules = "gail:atk-bridge"\n')
        self.bus = Process("dbus-daemon", [
            "dbus-daemon", "--session", "--nofork", "--print-address"],
            env=self.env)
        address = self.bus.wait_line("^unix:.*")[0]
        self.env["DBUS_SESSION_BUS_ADDRESS"] = address
        self.launcher = Process("at-spi-bus-launcher", [
            "/usr/libexec/at-spi-bus-launcher", "--launch-immediately",
            "--a11y=1", "--screen-reader=1"], env=self.env)
        self.ears = subprocess.Popen(
            [TOP / "tests/e2e/screen-reader"], env=self.env, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.heard = []
        self._until("ready")

    def _until(self, last):
        lines = []
        for line in self.ears.stdout:
            if line == last + "\n":
                return lines
            lines.append(line.rstrip("\n"))
        raise Trouble("the screen reader ended")

    def look(self):
        """What stands in all windows: (role, name, text, states)."""
        self.ears.stdin.write("look\n")
        self.ears.stdin.flush()
        lines = self._until("end")
        self.heard += [l for l in lines if l.startswith("event")]
        decode = json.JSONDecoder().raw_decode
        items = []
        for line in lines:
            if not line.startswith("item"):
                continue
            rest, words = line[5:], []
            while rest.startswith('"'):
                word, end = decode(rest)
                words.append(word)
                rest = rest[end:].lstrip()
            role, name, about, text = words
            items.append((role, name or text, text, rest.split()))
        return items

    def wait_for(self, role):
        """The items, once there is one of that role."""
        end = deadline()
        while left(end):
            items = self.look()
            if any(item[0] == role and "SHOWING" in item[3]
                   for item in items):
                return items
        raise Trouble(f"no {role} among {items}")

    def stop(self):
        self.ears.stdin.close()
        self.ears.wait(LIMIT)
        self.ears.stdout.close()
        self.launcher.send(signal.SIGTERM)
        self.bus.stop()
        self.launcher.child.wait(LIMIT)


@pytest.fixture
def reader(site, tmp_path):
    reader = Reader(tmp_path, site.screen().display)
    yield reader
    reader.stop()


@pytest.fixture
def voice(reader, request):
    voice = Voice(f"/usr/bin/pinentry-{request.param}", **reader.env)
    yield voice
    voice.stop()


# ---- what is spoken -----------------------------------------------------

@pytest.mark.parametrize("voice", ["gtk-2"], indirect=True)
def test_labels_are_told(site, reader, voice):
    """All that the window says, what the entry is for, and the buttons' names;
    the entry has the focus from the start."""
    voice.ask(lang=EN, name="Drone demo")
    window = site.screen().wait_window(TITLE)
    items = reader.wait_for("password text")
    names = {role: [i[1] for i in items if i[0] == role] for role, *_ in items}
    assert names["frame"] == ["My Number Card"]
    said = "\n".join(names["label"])
    assert "Drone demo" in said and "https://drone.example" in said
    assert "Type the 4-digit PIN" in said
    assert "3 more wrong entries will lock it" in said
    assert any("PIN" in name and len(name) < 40 for name in names["label"])
    assert {"OK", "Cancel"} <= set(names["push button"])
    entry, = [i for i in items if i[0] == "password text"]
    assert "FOCUSED" in entry[3]
    site.screen().type(window, "1234")
    assert voice.answer() == (PIN, b"1234")


@pytest.mark.parametrize("voice", PINENTRIES, indirect=True)
def test_digits_are_not_told(site, reader, voice):
    """By no event and in no text, while they are typed and after. (Qt would
    tell them: it is kept from the bus, labels and all.)"""
    voice.ask(lang=EN, name="Drone demo", tries=3)
    window = site.screen().wait_window(TITLE)
    if voice.name.endswith("gtk-2"):
        reader.wait_for("password text")
    site.screen().type(window, "79", enter=False)
    before = reader.look()
    site.screen().type(window, "68")
    assert voice.answer() == (PIN, b"7968")
    reader.look()
    told = [word for line in reader.heard for word in shlex.split(line)[3:]]
    told += [text for role, _, text, _ in before if role == "password text"]
    assert not [word for word in told if any(d in word for d in "7968")]
    if voice.name.endswith("gtk-2"):
        assert "●" in told          # it was listened to
    else:
        assert before == []


@pytest.mark.parametrize("voice", ["gtk-2"], indirect=True)
def test_a_yes_is_told(site, reader, voice):
    """Whom the certificate goes to, and both buttons by their names."""
    voice.ask(CONSENT, lang=EN, name="Drone demo")
    window = site.screen().wait_window(TITLE)
    items = reader.wait_for("push button")
    said = "\n".join(i[1] for i in items if i[0] == "label")
    assert "Drone demo" in said
    assert len({i[1] for i in items if i[0] == "push button"} - {""}) >= 2
    site.screen().key(window, "Escape")
    assert voice.answer() == (NO, b"")


# ---- where the focus is -------------------------------------------------

@pytest.fixture
def page(site):
    """Some other window that the person was in."""
    screen = site.screen()
    process = Process("xev", ["xev", "-name", "some page"], env=screen.env)
    window = screen.wait_window("^some page$")
    screen.tool("windowactivate", "--sync", window)
    yield window
    process.stop(signal.SIGKILL)


def wait_active(screen, window):
    """Until the window manager says so (_NET_ACTIVE_WINDOW)."""
    end = deadline()
    while (found := screen.tool("getactivewindow", check=False)) != [window]:
        assert left(end), f"{found} is active, not {window}"
        time.sleep(0.02)        # X tells of it, xdotool does not


@pytest.mark.parametrize("keys, wanted", [
    ("1234", (PIN, b"1234")), (None, (NO, b""))], ids=["typed", "cancelled"])
@pytest.mark.parametrize("pinentry", PINENTRIES)
def test_focus_comes_and_goes_back(site, page, pinentry, keys, wanted):
    """The window comes up in front with the keyboard in it, without a click;
    afterwards the page has it again."""
    screen = site.screen()
    voice = Voice(f"/usr/bin/pinentry-{pinentry}", DISPLAY=screen.display)
    try:
        wait_active(screen, page)
        voice.ask(lang=EN)
        wait_active(screen, screen.wait_window(TITLE))
        if keys:
            screen.tool("type", "--delay", 5, keys)
        screen.tool("key", "Return" if keys else "Escape")
        assert voice.answer() == wanted
        wait_active(screen, page)
    finally:
        voice.stop()
