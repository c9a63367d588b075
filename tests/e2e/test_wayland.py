"""Real windows under Wayland: pinentry-qt on sway, a compositor without a
screen, with no X server at all. What is in front before is foot, a terminal,
whose program keeps the one line that is typed to it. What the windows do
otherwise is shown under X, by test_windows.py.

KENMEN_PICTURES=DIR keeps a picture of the window in DIR.
"""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

import rig as rig_module
from desktop import DeskRig
from rig import LIMIT, Process, Trouble, deadline, left, wait_gone

PINENTRY = "pinentry-qt"
NOBODY = 65534


class Compositor:
    """sway and foot. sway refuses to run as root: as the user nobody then."""

    def __init__(self, site, directory):
        self.typed = directory / "typed"
        run = directory / "run"
        run.mkdir(mode=0o700)
        (directory / "sway.conf").write_text(
            "output HEADLESS-1 resolution 1280x800\nexec echo sway: ready\n")
        drop = []
        if os.geteuid() == 0:
            os.chown(run, NOBODY, NOBODY)
            directory.chmod(0o755)
            drop = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}",
                    "--clear-groups", "--inh-caps=-all", "--"]
        self.env = {
            **{k: v for k, v in os.environ.items() if k != "DISPLAY"},
            "XDG_RUNTIME_DIR": str(run), "SWAYSOCK": str(run / "ipc"),
            "LANG": "C.UTF-8"}
        self.sway = Process("sway", [
            *drop, "sway", "--config", directory / "sway.conf"], env={
                **self.env, "WLR_BACKENDS": "headless",
                "WLR_LIBINPUT_NO_DEVICES": "1", "WLR_RENDERER": "pixman"})
        self.sway.wait_line("^sway: ready$")
        # The first name that is free, in a directory where all are.
        self.display = str(run / "wayland-1")
        self.env["WAYLAND_DISPLAY"] = self.display
        # wtype is a keyboard that is plugged in and out with each use. One is
        # always there, as on any computer: or the first key would be lost on
        # a program that sees a keyboard for the first time.
        self.keyboard = Process("wtype", ["wtype", "-s", 10 ** 9],
                                env=self.env)
        site.own |= {self.sway.pid, self.keyboard.pid}
        self.wait_keyboard()
        self.foot = Process("foot", [
            "foot", "sh", "-c", 'read -r line; printf %s "$line" >"$0"',
            self.typed], env=self.env)
        site.own.add(self.foot.pid)
        self.wait_windows("foot", focused="foot")

    def tool(self, *args):
        return subprocess.run(args, env=self.env, check=True, text=True,
                              capture_output=True, timeout=LIMIT).stdout

    def wait_keyboard(self):
        end = deadline()
        while '"keyboard"' not in self.tool("swaymsg", "-t", "get_inputs"):
            if not left(end):
                raise Trouble("no keyboard came")

    def windows(self):
        """{program: (it has the keyboard, its process)}"""
        found, nodes = {}, [json.loads(self.tool("swaymsg", "-t", "get_tree"))]
        while nodes:
            node = nodes.pop()
            nodes += node["nodes"] + node["floating_nodes"]
            if node.get("app_id"):
                found[node["app_id"]] = node["focused"], node["pid"]
        return found

    def wait_windows(self, *names, focused):
        """Until these are there, no others, and that one has the keyboard;
        its process."""
        end = deadline()
        while left(end):
            now = self.windows()
            if {n: has for n, (has, _) in now.items()} == {
                    n: n == focused for n in names}:
                return now[focused][1]
        raise Trouble(f"{names} never came to be; there is {now}; "
                      f"sway said:\n{self.sway.text()}")

    def type(self, text):
        """Enter, to whoever has the keyboard."""
        self.tool("wtype", text, "-k", "Return")

    def stop(self):
        for process in (self.foot, self.keyboard, self.sway):
            process.stop()


class WaylandDesk(DeskRig):
    def agent(self, *args, **kw):
        self.logind.session("1", TYPE="wayland")
        return super().agent(*args, **kw)


@pytest.fixture
def compositor(site):
    directory = pathlib.Path(tempfile.mkdtemp(prefix="kenmen-wayland-"))
    made = Compositor(site, directory)
    yield made
    made.stop()
    shutil.rmtree(directory)


@pytest.fixture(params=["pinentry", "agent"])
def rig(compositor, make_rig, request, monkeypatch):
    """In each mode; the agent's session is one of type wayland."""
    if request.param == "agent":
        monkeypatch.setattr(rig_module, "Rig", WaylandDesk)
    return make_rig(pinentry=f"/usr/bin/{PINENTRY}", env={
        "WAYLAND_DISPLAY": compositor.display,
        "DBUS_SESSION_BUS_ADDRESS": "disabled:"})


def in_front(compositor):
    """The window has come before the terminal; its process."""
    return compositor.wait_windows("foot", PINENTRY, focused=PINENTRY)


def back_as_before(compositor, pid):
    """The window is gone, and keys go where they went before it came; none
    of those that it was given did."""
    assert wait_gone(pid, 1)
    compositor.wait_windows("foot", focused="foot")
    compositor.type("as before")
    assert wait_gone(compositor.foot.pid)
    assert compositor.typed.read_text() == "as before"


def keep_picture(compositor):
    if directory := os.environ.get("KENMEN_PICTURES"):
        compositor.tool("grim", str(pathlib.Path(directory, "wayland.png")))


def test_right(rig, compositor):
    read = rig.session(lang="ja").read(["attributes"])
    pid = in_front(compositor)
    keep_picture(compositor)
    compositor.type("1234")
    assert read.to_end("done").results["attributes"]["name"] == "見本　花子"
    back_as_before(compositor, pid)
    assert [e.sw for e in rig.card[0].verifies()] == [0x9000]


@pytest.mark.shows("read:pin_cancelled")
def test_cancelled(rig, compositor):
    read = rig.session(lang="en").read(["attributes"])
    pid = in_front(compositor)
    compositor.tool("wtype", "1234", "-k", "Escape")
    read.failed("pin_cancelled")
    back_as_before(compositor, pid)
    assert rig.card[0].verifies() == []
