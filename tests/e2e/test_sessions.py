"""kenmenctl sessions: which pages are connected, and ending them; each person
their own, root everybody's."""

import json
import os
import socket
import subprocess

import pytest

import rig as rig_module
from ctl import OK, Ctl
from desktop import NOBODY, DeskRig
from rig import DRONE, TWO
from test_agent import AS_ROOT, OtherUser

ERROR, USAGE = 1, 2


@pytest.fixture
def make_rig(make_rig, monkeypatch):
    monkeypatch.setattr(rig_module, "Rig", DeskRig)
    return make_rig


@pytest.fixture
def sessions(rig):
    """kenmenctl sessions; its JSON, or with a status what it said."""
    ctl = Ctl(rig)

    def run(*args, status=OK):
        done = ctl.run("sessions", "--config", rig.config, "--lang", "en",
                       *args)
        assert done.status == status, done
        return done
    return run


def listed(sessions):
    return json.loads(sessions("--json").out)


@pytest.mark.shows("http:session_unknown")
def test_list_and_end(rig, sessions):
    assert listed(sessions) == []
    assert "there are no sessions" in sessions().err
    page, tool = rig.session(), rig.session(None)
    rig.windows.answer("hang")
    read = page.read()
    rig.windows.wait_shown()
    rows = {row["origin"]: row for row in listed(sessions)}
    assert set(rows) == {DRONE, None}
    assert rows[DRONE]["reads"] == 1 and rows[None]["reads"] == 0
    assert rows[DRONE]["uid"] == os.getuid()
    assert 3590 < rows[DRONE]["expires_in"] <= 3600
    # Nothing in it is of use to anybody else.
    assert page.token not in sessions("--json").out
    said = sessions().out
    assert f"{DRONE}  60 minutes left, 1 reads under way" in said
    assert "a program on this computer" in said
    sessions("end", rows[DRONE]["number"])
    rig.windows.wait_closed()
    page.get(f"/v1/reads/{read.id}").expect(401, "session_unknown")
    tool.get("/v1/session").expect(200)
    assert "no such session" in sessions(
        "end", rows[DRONE]["number"], status=ERROR).err
    two = rig.session(TWO)
    sessions("end", "all")
    for gone in (tool, two):
        gone.get("/v1/session").expect(401, "session_unknown")
    assert listed(sessions) == []


@pytest.mark.parametrize("argv", [
    ["end"], ["end", "0"], ["end", "x"], ["end", "01"], ["list"],
    ["end", "1", "2"], ["end", "99999999999"]])
@pytest.mark.rig(pcscd=False, people=(), agent=False)
def test_usage(rig, sessions, argv):
    assert "sessions end NUMBER" in sessions(*argv, status=USAGE).err


@pytest.mark.rig(start=False, agent=False, pcscd=False, people=())
def test_no_daemon(rig, sessions):
    """None runs while nothing is connected, and asking starts none."""
    assert listed(sessions) == []
    assert "does not run" in sessions().err


@pytest.mark.rig(pcscd=False, people=(), agent=False)
def test_the_log_has_an_end(rig, sessions):
    """A line for sessions that were ended; asking for none writes none, and
    nobody pushes other lines out of the journal."""
    for _ in range(3):
        sessions("end", "all")
    assert "ended sessions" not in rig.log()
    for _ in range(12):
        rig.session()
        sessions("end", "all")
    assert rig.log().count("ended sessions by kenmenctl") == 10


@pytest.mark.rig(agent=False, people=(), config={
    "prompt": {"mode": "pinentry"}})
def test_one_without_agents(rig, sessions):
    """It serves one person and has no door to ask at: that is said, and not
    that it has no sessions."""
    page = rig.session()
    assert "mode = pinentry" in sessions(status=ERROR).err
    assert sessions("end", "all", status=ERROR).out == ""
    page.get("/v1/session").expect(200)


@AS_ROOT
def test_another_user(rig, sessions):
    """Sees and ends nothing of anybody else's; root does."""
    rig.dir.chmod(0o755)
    rig.site.dir.chmod(0o755)
    rig.config.chmod(0o644)
    page, them = rig.session(), OtherUser(rig)

    def as_nobody(*args):
        done = subprocess.run(
            ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}",
             "--clear-groups", rig_module.BUILD / "daemon/kenmenctl",
             "sessions", "--config", rig.config, "--json", *args],
            capture_output=True, text=True, cwd="/",
            timeout=rig_module.LIMIT)
        return done.returncode, done.stdout

    mine, = [r for r in listed(sessions) if r["uid"] == 0]
    theirs, = [r for r in listed(sessions) if r["uid"] == NOBODY]
    assert json.loads(as_nobody()[1]) == [theirs]
    assert as_nobody("end", str(mine["number"]))[0] == ERROR
    assert as_nobody("end", "all")[0] == OK
    page.get("/v1/session").expect(200)
    assert them.ask("GET /v1/session").status == 401
    them.token = None
    them.token = them.ask("POST /v1/sessions").json["token"]
    sessions("end", "all")
    assert them.ask("GET /v1/session").status == 401


@pytest.mark.rig(pcscd=False, people=(), agent=False)
@pytest.mark.parametrize("said", [
    b"", b"\0", b"\2\0\0\0\0", b"\0\0\0\0\0x", b"x" * 5000])
def test_nonsense(rig, sessions, said):
    """Hung up on without a word; and who says nothing is in nobody's way."""
    page = rig.session()
    path = str(rig.socket.parent / "control.sock")
    silent = []
    for _ in range(40):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        s.connect(path)
        silent.append(s)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        s.settimeout(rig_module.LIMIT)
        s.connect(path)
        s.send(said) if said else s.shutdown(socket.SHUT_WR)
        assert s.recv(10) == b""
    assert len(listed(sessions)) == 1
    for s in silent:
        s.close()
    page.get("/v1/session").expect(200)
