"""A reader with a keypad: pcscd, runner and card are the real ones, and a
fake driver has the keys (tests/sim/keypad.c), since no virtual reader does."""

import pytest

from people import ELEVEN, PEOPLE, attributes
from whole import ALL_KINDS, ask, clean, typed

pytestmark = pytest.mark.rig(keypad=True, config=ALL_KINDS)


def begun(rig, kinds=("attributes",), **extra):
    """A read whose window says to type on the reader."""
    rig.windows.answer("hang")
    read = rig.session(takeover=True).read(list(kinds), **extra)
    assert read.until("waiting_for_pin")["prompt"]["pin"]
    return read


def test_typed_on_the_reader(rig):
    """The PIN goes from the keys to the card: no window has an entry for it;
    the window goes when it is typed."""
    read = begun(rig)
    rig.windows.wait_shown()
    assert rig.keypad.type("1234") == (4, 4)
    assert attributes(read) == PEOPLE["hanako"]
    assert rig.card[0].names() == ELEVEN
    assert typed(rig.card[0]) == {"text/11": ["1234"]}
    window, = rig.windows.shown()
    assert window.verb != "GETPIN"
    assert "カードリーダーで" in window.text
    clean_of_window(rig)


def clean_of_window(rig):
    assert not any(card.verified() for card in rig.card)
    rig.windows.wait_closed()


@pytest.mark.shows("read:pin_wrong")
def test_wrong_on_the_reader(rig):
    rig.windows.answer("hang")      # the second window
    read = begun(rig)
    rig.keypad.type("9999")
    rig.keypad.type("8888")
    assert read.failed("pin_wrong")["tries_left"] == 1
    assert typed(rig.card[0]) == {"text/11": ["9999", "8888"]}
    clean_of_window(rig)


@pytest.mark.shows("read:pin_cancelled")
def test_the_readers_own_cancel(rig):
    """What the window names as the way to stop: nothing stays behind."""
    read = begun(rig)
    rig.windows.wait_shown()
    assert "取消キー" in rig.windows.shown()[0].text
    rig.keypad.type("cancel")
    read.failed("pin_cancelled")
    assert rig.card[0].verifies() == []
    clean_of_window(rig)
    read = begun(rig)
    rig.keypad.type("1234")
    read.to_end("done")


@pytest.mark.shows("read:pin_cancelled", "read:reader_busy")
def test_cancel_in_the_window(rig):
    """Ends the read at once, while the reader goes on waiting for a PIN: nobody
    can call it back. What is typed there after all reaches the card, which
    pcscd then resets, so that nothing is verified; nothing is read."""
    rig.windows.answer("hold cancel")
    read = rig.session().read(["attributes"])
    read.until("waiting_for_pin")
    rig.windows.wait_shown()
    rig.keypad.wait()
    rig.windows.release()
    read.failed("pin_cancelled")
    rig.windows.wait_closed()
    rig.session(takeover=True).read(["attributes"]).failed("reader_busy")
    rig.keypad.keys.sendall(b"1234\n")
    rig.card[0].wait_forgotten()
    assert "READ" not in rig.card[0].names()
    rig.card[0].clear_log()
    read = begun(rig)
    rig.keypad.type("1234")
    read.to_end("done")
    clean_of_window(rig)


@pytest.mark.shows("read:prompt_timeout")
@pytest.mark.rig(keypad=True, config={**ALL_KINDS, "prompt": {"timeout": 1}})
def test_the_reader_stops_waiting_with_the_window(rig):
    """It is told how long; the reader is free again then."""
    rig.windows.answer("hang")
    read = rig.session().read(["attributes"])
    rig.keypad.wait()
    read.failed("prompt_timeout")
    assert rig.card[0].verifies() == []
    clean_of_window(rig)


def test_a_password_is_typed_in_a_window(rig):
    """Letters are on no keypad."""
    read = ask(rig, "sign").to_end("done")
    assert read.results["sign"]["signatures"]
    assert typed(rig.card[0]) == {"jpki/1b": ["SAMPLE1234"]}
    clean(rig)


# ---- GET /v1/readers ----------------------------------------------------

def pinpads(page):
    return [reader["pinpad"] for reader in page.get("/v1/readers").json]


@pytest.mark.rig(keypad=True, people=(None, None))
def test_the_readers_say_so(rig):
    """With a card in it and without; the card is sent nothing."""
    page = rig.session()
    assert pinpads(page) == [True, False]
    rig.card[0].insert()
    rig.card[1].insert("taro")
    assert pinpads(page) == [True, False]
    assert rig.card[0].exchanges() == rig.card[1].exchanges() == []


@pytest.mark.parametrize("mode", ["shared", "exclusive"])
def test_a_reader_that_another_program_holds(rig, mode):
    """The answer does not wait for that program: what was known before is
    said, and where nothing was, that none is known."""
    page = rig.session()
    pcsc = rig.pcsc
    how = getattr(pcsc, mode.upper())
    with pcsc.connect(rig.reader(0), how) as card:
        card.begin()
        assert pinpads(page) == [False, False]
        card.end()
    assert pinpads(page) == [True, False]
    with pcsc.connect(rig.reader(0), how) as card:
        card.begin()
        assert pinpads(page) == [True, False]
        card.end()


@pytest.mark.shows("read:pin_cancelled")
def test_a_read_tells_too(rig):
    """Found out when the card is connected, and remembered."""
    read = begun(rig)
    rig.keypad.type("cancel")
    read.failed("pin_cancelled")
    with rig.pcsc.connect(rig.reader(0)) as card:
        card.begin()
        assert pinpads(rig.session(takeover=True)) == [True, False]
        card.end()
