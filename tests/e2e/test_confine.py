"""The helpers' confinement, by the kernel's word. What it refuses is shown by
tests/unit/test-confine.c, which tries everything; that each read still works,
by all other tests, which run confined."""

import contextlib
import http.client
import pathlib
import re

import pytest

from people import PEOPLE, attributes, prompted
from rig import LIMIT

pytestmark = pytest.mark.plain("a sanitizer's kenmen-read is not confined")


def status(rig, name):
    """Of /proc/PID/status: {"Seccomp": 2, "NoNewPrivs": 1, ...}."""
    pid, = rig.pids(name)
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return {key: int(value) for key, value in
            re.findall(r"^(Seccomp|Seccomp_filters|NoNewPrivs):\s+(\d+)$",
                       text, re.MULTILINE)}


@pytest.mark.rig(people=(None, None))
def test_while_a_card_is_waited_for(rig):
    """From pcscd's socket on; a second filter before a card's files."""
    rig.windows.answer("hold pin 1234")
    read = rig.session().read()
    read.until("waiting_for_card")
    assert status(rig, "kenmen-read") == {
        "Seccomp": 2, "Seccomp_filters": 1, "NoNewPrivs": 1}
    rig.card[0].insert()
    read.until("waiting_for_pin")
    assert status(rig, "kenmen-read")["Seccomp_filters"] == 2
    rig.windows.release()
    assert attributes(read) == PEOPLE["hanako"]


def test_while_a_window_waits(rig):
    read = prompted(rig)
    assert status(rig, "kenmen-read") == {
        "Seccomp": 2, "Seccomp_filters": 2, "NoNewPrivs": 1}
    # It starts pinentry, and nothing with more rights than it has.
    assert status(rig, "kenmen-prompt")["NoNewPrivs"] == 1
    rig.windows.release()
    assert attributes(read) == PEOPLE["hanako"]
    assert "confine" not in rig.kenmend.text()
    assert "Landlock" not in rig.kenmend.text()


def test_while_the_readers_are_watched(rig):
    """A runner that meets no card's files needs no socket either."""
    page = rig.session()
    events = http.client.HTTPSConnection("127.0.0.1", rig.port,
                                         context=rig.trust, timeout=LIMIT)
    with contextlib.closing(events):
        events.request("GET", "/v1/events", headers={
            "Origin": page.origin, "Authorization": f"Bearer {page.token}"})
        reply = events.getresponse()
        while not reply.readline().startswith(b"event: snapshot"):
            pass
        assert status(rig, "kenmen-read") == {
            "Seccomp": 2, "Seccomp_filters": 2, "NoNewPrivs": 1}
