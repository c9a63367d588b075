"""A desk where one person comes after another ([session] end_on_card_removal):
what was the last one's is gone with the card."""

import os
import signal

import pytest

from attacker import Waiting
from people import PEOPLE
from rig import TWO, deadline, left
from test_ends import memory_holds
from whole import CODES

DESK = {"session": {"end_on_card_removal": "yes"}}
pytestmark = pytest.mark.rig(config=DESK)


def held(rig, person):
    """What of a person the daemon's memory holds."""
    return memory_holds(rig.kenmend.pid, PEOPLE[person]["name"].encode(),
                        PEOPLE[person]["address"].encode())


def wait_end(page):
    """Waits on the stream that the page has had open."""
    reply = page.stream.reply().expect(200)
    assert reply.body.decode().strip().split("\n\n")[-1].count(
        '"expires_in":0') == 1


def serve(rig, person):
    """One person at the desk, from the card to what the page shows."""
    rig.card[0].insert(person)
    page = rig.session()
    assert page.get("/v1/session").json["end_on_card_removal"] is True
    page.stream = Waiting(page, "/v1/events")
    rig.windows.answer(f"pin {CODES[person]['attributes']}")
    read = page.read().to_end("done")
    assert read.results["attributes"]["name"] == PEOPLE[person]["name"]
    return page, read


@pytest.mark.plain("a sanitizer keeps what was freed, to find its users")
@pytest.mark.skipif(os.geteuid() != 0, reason="looks into the daemon's memory")
@pytest.mark.shows("http:session_unknown")
@pytest.mark.rig(config=DESK, people=(None, None))
def test_two_people_at_a_desk(rig):
    """The second finds nothing of the first: no session, no result, no name in
    the daemon's memory; and a new page can begin at once."""
    page, read = serve(rig, "hanako")
    assert held(rig, "hanako")
    rig.card[0].remove()
    wait_end(page)
    page.get(f"/v1/reads/{read.id}").expect(401, "session_unknown")
    assert not held(rig, "hanako")
    other, read = serve(rig, "taro")
    assert other.get("/v1/reads").json == [
        {"id": read.id, "kinds": ["attributes"], "seq": read.now["seq"],
         "state": "done"}]
    assert not held(rig, "hanako")
    rig.card[0].remove()
    wait_end(other)
    assert not held(rig, "taro")


@pytest.mark.shows("http:session_unknown")
def test_taken_before_anybody_looked(rig):
    """A page without a stream, a card that goes as soon as it was read."""
    page = rig.session()
    rig.windows.answer("pin 1234")
    read = page.read()
    rig.windows.wait_shown()
    read.to_end("done")
    rig.card[0].remove()
    poll_until_unknown(page)
    # Nobody watches the readers once there is nothing to end.
    rig.session()
    assert rig.pids("kenmen-read") == []


def poll_until_unknown(page):
    """The card's going is noticed by pcscd, then by kenmend."""
    end = deadline()
    while (reply := page.get("/v1/session")).code is None:
        assert left(end), "the session goes on"
    reply.expect(401, "session_unknown")


def test_the_reader_is_pulled(rig):
    """With the card in it; pcscd goes with it here."""
    page = rig.session()
    page.stream = Waiting(page, "/v1/events")
    rig.windows.answer("pin 1234")
    page.read().to_end("done")
    rig.stop_pcscd(signal.SIGKILL)
    wait_end(page)


def test_what_has_read_nothing_stays(rig):
    """Somebody who has only come to the page, and another site's session."""
    waiting, page = rig.session(TWO), rig.session()
    page.stream = Waiting(page, "/v1/events")
    rig.windows.answer("pin 1234")
    page.read().to_end("done")
    rig.card[0].remove()
    wait_end(page)
    waiting.get("/v1/session").expect(200)


@pytest.mark.rig(config={})
def test_elsewhere_a_card_may_go(rig):
    """Without the setting nothing changes, and nothing of it is said."""
    page = rig.session()
    assert "end_on_card_removal" not in page.get("/v1/session").json
    stream = Waiting(page, "/v1/events")
    while b"event: snapshot" not in stream.tls.recv(4096):
        pass
    rig.windows.answer("pin 1234")
    read = page.read().to_end("done")
    rig.card[0].remove()
    while b'"present":false' not in stream.tls.recv(4096):
        pass
    stream.tls.close()
    assert read.poll()["state"] == "done"
