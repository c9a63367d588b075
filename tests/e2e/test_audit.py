"""What is left of a read in the log: who, which site, what for, how it ended.
And of a refusal: what an administrator can do about it."""

import os
import re
import socket

import pytest

import rig as rig_module
from desktop import Logind
from rig import DRONE, TWO, Trouble

LINE = r"kenmend: read: user (\d+), (\S+|local program), (\S+): (\w+), (\d+) ms"


def audits(rig):
    return [(m[2], m[3], m[4]) for m in re.finditer(LINE, rig.log())]


@pytest.mark.shows("read:pin_cancelled")
def test_each_end(rig):
    """One line for each read, whatever became of it."""
    page = rig.session()
    rig.windows.answer("pin 1234", "cancel", "hang", "hang")
    page.read().to_end("done")
    page.read().failed("pin_cancelled")
    read = page.read()
    rig.windows.wait_shown(3)
    read.cancel()
    read = page.read(reader="r9")
    read.failed("no_reader")
    tool = rig.session(None)
    tool.read(["card_info"]).to_end("done")
    page.read()
    rig.windows.wait_shown(4)
    said = len(rig.kenmend.lines)
    page.end()
    rig.kenmend.wait_line("attributes: cancelled", start=said)
    assert audits(rig) == [
        (DRONE, "attributes", "done"), (DRONE, "attributes", "pin_cancelled"),
        (DRONE, "attributes", "cancelled"), (DRONE, "attributes", "no_reader"),
        ("local program", "card_info", "done"),
        (DRONE, "attributes", "cancelled")]
    assert {m[1] for m in re.finditer(LINE, rig.log())} == {str(os.getuid())}


@pytest.fixture
def journal(make_rig, site, tmp_path):
    """make_rig with a journal: /run/systemd/journal/socket is the test's."""
    logind = Logind(tmp_path, bus=False)
    (logind.dir / "journal").mkdir()
    received = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    received.settimeout(rig_module.LIMIT)
    # The path of a test is too long for a socket's.
    here = os.open(logind.dir / "journal", os.O_DIRECTORY)
    received.bind(f"/proc/self/fd/{here}/socket")
    os.close(here)

    def make(**arguments):
        rig = make_rig(wrap=lambda argv: logind.wrap([
            "sh", "-c", "JOURNAL_STREAM=$(stat -Lc %d:%i /proc/self/fd/2) && "
            'export JOURNAL_STREAM && exec "$0" "$@"', *argv]), start=False,
            **arguments)
        rig.start_kenmend(wait=False)
        found = rig.kenmend.wait_line(
            r"<6>ready on https://127\.0\.0\.1:(\d+)")
        rig.is_ready(int(found[1]))
        return rig

    make.next = lambda: dict(
        line.split("=", 1) for line in received.recv(65536).decode()
        .splitlines())
    yield make
    received.close()


def test_journal_fields(journal):
    """Fields of their own, and none that was read."""
    rig = journal()
    page = rig.session()
    rig.windows.answer("pin 1234")
    read = page.read().to_end("done")
    fields = journal.next()
    assert set(fields) == {
        "MESSAGE", "PRIORITY", "SYSLOG_IDENTIFIER", "MESSAGE_ID", "KENMEN_UID",
        "KENMEN_ORIGIN", "KENMEN_KINDS", "KENMEN_OUTCOME",
        "KENMEN_DURATION_MS"}
    assert fields["KENMEN_UID"] == str(os.getuid())
    assert fields["KENMEN_ORIGIN"] == DRONE
    assert fields["KENMEN_KINDS"] == "attributes"
    assert fields["KENMEN_OUTCOME"] == "done"
    assert 0 < int(fields["KENMEN_DURATION_MS"]) < rig_module.LIMIT * 1000
    for value in read.results["attributes"].values():
        assert str(value) not in fields["MESSAGE"] or len(str(value)) < 3
    assert "read: user" not in rig.log()
    tool = rig.session(None)
    tool.read(["card_info"]).to_end("done")
    fields = journal.next()
    assert "KENMEN_ORIGIN" not in fields
    assert fields["KENMEN_KINDS"] == "card_info"


# ---- refusals -----------------------------------------------------------

@pytest.mark.shows("http:origin_not_allowed")
def test_remedies(rig):
    """One line for many; it names what was perhaps meant, and no other site
    that a person goes to."""
    for origin in ("https://elsewhere.example", "https://elsewhere.example"):
        rig.client(origin).get("/v1/health").expect(403, "origin_not_allowed")
    rig.wait_log("refused: a page of a site that is not listed")
    assert rig.log().count("refused:") == 1
    assert "elsewhere" not in rig.log()


@pytest.mark.shows("http:origin_not_allowed")
@pytest.mark.parametrize("origin", [
    "http://drone.example", "https://DRONE.example", "https://drone.example:444",
    "https://drone.example/"])
def test_remedy_for_a_near_miss(rig, origin):
    rig.client(origin).get("/v1/health").expect(403, "origin_not_allowed")
    rig.wait_log(f"refused: a page of {re.escape(origin)}; listed is {DRONE}")


@pytest.mark.shows("http:wrong_host", "http:origin_not_allowed")
@pytest.mark.rig(config={"local-tools": {"allow": "no"}})
def test_remedies_of_other_kinds(rig):
    rig.client(None).get("/v1/health").expect(403, "origin_not_allowed")
    rig.wait_log("allow = yes in .local-tools.")
    rig.client().get("/v1/health", headers={"Host": "card.example"}).expect(
        421, "wrong_host")
    rig.wait_log("refused: another Host")
