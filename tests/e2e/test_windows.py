"""Real windows: pinentry-gtk-2 on a screen, with keys and clicks that come
through the X server. Judged by what stands on the screen and by what reached
the card. What the windows say is held word for word by tests/unit/test-texts.

KENMEN_PICTURES=DIR keeps a picture of each in DIR; docs/images/ has some.
"""

import os
import pathlib
import subprocess

import pytest

from rig import SLOW, Trouble, deadline, left, wait_gone

TITLE = {"ja": "^マイナンバーカードの読み取り$", "en": "^My Number Card$"}
# Long enough to be seen by xdotool, short enough to be waited for.
SHORT = max(2, int(SLOW))


class Desk:
    """A page in one language, and the screen that its windows come to."""

    def __init__(self, rig, lang):
        self.rig, self.lang = rig, lang
        self.card, self.screen = rig.card[0], rig.screen
        self.page = rig.session(lang=lang)
        self.pid = None     # of the pinentry that shows window
        self.window = None

    def read(self, name=None, **extra):
        """Starts a read and waits for its first window."""
        read = self.page.read(**extra)
        self.next(name)
        return read

    def next(self, name=None):
        """The window that comes when the one before has gone. Each is a
        process of its own: two are never there at once."""
        if self.pid is not None:
            assert wait_gone(self.pid)
        self.window = self.screen.wait_window(TITLE[self.lang])
        self.pid = int(*self.screen.tool("getwindowpid", self.window))
        assert self.screen.pinentries() == [self.window]
        if name:
            self.keep_picture(name)

    def type(self, text):
        self.screen.type(self.window, text)

    def key(self, *keys):
        self.screen.key(self.window, *keys)

    def size(self):
        told = dict(line.split("=") for line in self.screen.tool(
            "getwindowgeometry", "--shell", self.window))
        return int(told["WIDTH"]), int(told["HEIGHT"])

    def point(self, x, y):
        """Moves the pointer to a point of the window; where on the screen
        it came to lie (xdotool's own answer leaves the frame out)."""
        self.screen.tool("mousemove", "--window", self.window, "--", x, y)
        told = dict(line.split("=") for line in self.screen.tool(
            "getmouselocation", "--shell"))
        return int(told["X"]), int(told["Y"])

    def click_cancel(self):
        """Left of OK, which stands in the lower right corner."""
        width, height = self.size()
        self.point(width - 150, height - 30)
        self.screen.tool("click", 1)

    def gone(self):
        """Window and process, within a second."""
        assert wait_gone(self.pid, 1)
        assert self.screen.leftovers() == []

    def keep_picture(self, name):
        if directory := os.environ.get("KENMEN_PICTURES"):
            path = pathlib.Path(directory, f"{name}-{self.lang}.png")
            before, end = b"", deadline()
            # A window is there before its letters are.
            while left(end):
                self.screen.picture(path, self.window)
                if path.read_bytes() == before and colours(path) > 100:
                    return
                before = path.read_bytes()
            raise Trouble(f"{path.name} was never painted")


def colours(path):
    done = subprocess.run(["identify", "-format", "%k", path], check=True,
                          capture_output=True)
    return int(done.stdout)


@pytest.fixture(params=["ja", "en"])
def lang(request):
    return request.param


def in_only(lang):
    """For tests that the language has no part in."""
    return pytest.mark.parametrize("lang", [lang])


@pytest.fixture
def make_desk(make_rig, lang):
    def make(tries=None, **config):
        rig = make_rig(pinentry="gtk", config=config)
        if tries is not None:
            rig.card[0].set_tries("attributes", tries)
        return Desk(rig, lang)
    return make


@pytest.fixture
def desk(make_desk):
    return make_desk()


def test_right(desk):
    read = desk.read("attributes")
    desk.type("1234")
    assert read.to_end("done").results["attributes"]["name"] == "見本　花子"
    desk.gone()
    assert [e.sw for e in desk.card.verifies()] == [0x9000]
    assert desk.card.verified() == set()


def test_wrong_then_right(desk):
    read = desk.read()
    desk.type("9999")
    desk.next("wrong-pin")
    desk.type("1234")
    read.to_end("done")
    desk.gone()
    assert [e.sw for e in desk.card.verifies()] == [0x63C2, 0x9000]


@pytest.mark.shows("read:pin_wrong")
@in_only("en")
def test_wrong_until_one_is_left(desk):
    read = desk.read()
    desk.type("9999")
    desk.next()
    desk.type("8888")
    assert read.failed("pin_wrong")["tries_left"] == 1
    desk.gone()
    assert [e.sw for e in desk.card.verifies()] == [0x63C2, 0x63C1]


def test_malformed_then_right(desk):
    """Letters, or nothing, never reach the card."""
    read = desk.read()
    desk.type("abcd")
    desk.next("malformed")
    desk.type("")
    desk.next()
    desk.type("1234")
    read.to_end("done")
    desk.gone()
    assert [e.sw for e in desk.card.verifies()] == [0x9000]


# No way by the window manager: while it asks for a PIN keyboard and pointer
# are pinentry's alone, so that no other program gets to see a key.
WAYS_OUT = {"escape": lambda desk: desk.key("Escape"),
            "tab": lambda desk: desk.key("Tab", "Tab", "Return"),
            "click": Desk.click_cancel}


@pytest.mark.parametrize("way", WAYS_OUT)
@pytest.mark.shows("read:pin_cancelled")
@in_only("ja")
def test_cancelled(desk, way):
    read = desk.read()
    desk.screen.type(desk.window, "1234", enter=False)
    WAYS_OUT[way](desk)
    read.failed("pin_cancelled")
    desk.gone()
    assert desk.card.verifies() == []


@pytest.mark.shows("read:prompt_timeout")
@in_only("en")
def test_nobody_comes(make_desk):
    """What was typed and not sent off is not tried."""
    desk = make_desk(prompt={"timeout": SHORT})
    read = desk.read()
    desk.screen.type(desk.window, "1234", enter=False)
    read.failed("prompt_timeout")
    desk.gone()
    assert desk.card.verifies() == []


def test_last_try_used(make_desk):
    desk = make_desk(tries=1)
    read = desk.read("last-try")
    desk.key("Tab", "Return")       # from Stop to Use it
    desk.next("last-pin")
    desk.type("1234")
    read.to_end("done")
    desk.gone()
    assert [e.sw for e in desk.card.verifies()] == [0x9000]


# Enter and space are what a hasty hand presses.
@pytest.mark.parametrize("key", ["Return", "KP_Enter", "space", "Escape",
                                 "alt+F4"])
@pytest.mark.shows("read:last_try_refused")
@in_only("ja")
def test_last_try_refused(make_desk, key):
    desk = make_desk(tries=1)
    read = desk.read()
    desk.key(key)
    read.failed("last_try_refused")
    desk.gone()
    assert desk.card.verifies() == []
    assert desk.card.tries() == 1


@pytest.mark.shows("read:pin_blocked")
def test_blocked(make_desk):
    desk = make_desk(tries=0)
    read = desk.read("blocked")
    desk.key("Return")
    assert read.failed("pin_blocked")["unblock"] == "municipal_office"
    desk.gone()
    assert desk.card.verifies() == []


@pytest.mark.shows("read:pin_blocked")
@in_only("en")
def test_blocked_and_left_alone(make_desk):
    desk = make_desk(tries=0, prompt={"timeout": SHORT})
    read = desk.read()
    read.failed("pin_blocked")
    desk.gone()


@in_only("ja")
def test_the_session_is_ended(desk):
    desk.read()
    desk.page.end()
    desk.gone()
    assert desk.card.verifies() == []


@pytest.mark.shows("http:session_expired")
@in_only("en")
def test_the_session_runs_out(make_desk):
    """What is typed and not sent off does not prolong it."""
    desk = make_desk(session={"idle_timeout": SHORT})
    read = desk.read()
    desk.screen.type(desk.window, "12", enter=False)
    got = desk.page.get(f"/v1/reads/{read.id}?wait=30&after=99")
    got.expect(401, "session_expired")
    desk.gone()
    assert desk.card.verifies() == []


def test_the_longest_of_everything(make_desk):
    """Nothing of it is pushed off the screen."""
    origin = "https://" + "w" * 60 + "." + "w" * 23 + ".example"
    assert len(origin) == 100
    desk = make_desk(**{f'origin "{origin}"': {"name": "長" * 40,
                                               "kinds": "attributes"}})
    desk.page = desk.rig.session(origin=origin, lang=desk.lang)
    read = desk.read(purpose="説" * 26)
    desk.type("")
    desk.next("long")
    # A pointer stops at the screen's edge.
    width, height = desk.size()
    x, y = desk.point(0, 0)
    assert desk.point(width, height) == (x + width, y + height)
    desk.type("1234")
    read.to_end("done")
    desk.gone()


def test_a_local_program(desk):
    desk.page = desk.rig.session(origin=None, lang=desk.lang)
    read = desk.read("local")
    desk.type("1234")
    read.to_end("done")
    desk.gone()
