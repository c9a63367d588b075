"""mode = agent: windows on the desktop of the page's user, and on no other.

The desktops' agents are real; logind's part is played (desktop.py).
"""

import concurrent.futures
import contextlib
import os
import pathlib
import re
import signal
import socket
import struct
import time

import pytest

import rig as rig_module
import test_voice
from attacker import as_other_user, parse
from desktop import NOBODY, DeskRig
from rig import DRONE, Trouble, children, deadline, left
from test_service import ACTIVATE

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs a second user")
VERSION = 1
HELLO, WELCOME, REFUSED, OUTDATED, SERVE, TAKEN = range(6)


@pytest.fixture
def make_rig(make_rig, monkeypatch):
    monkeypatch.setattr(rig_module, "Rig", DeskRig)
    return make_rig


def prompted(page, n=1, **extra):
    """A read whose window is up."""
    read = page.read(**extra)
    page.rig.windows.wait_shown(n)
    read.until("waiting_for_pin")
    return read


def reads_as_ever(rig, page=None):
    rig.windows.answer("pin 1234")
    (page or rig.session()).read().to_end("done")
    rig.windows.wait_closed()


def unavailable(page, **extra):
    """No window for this one; nothing reached the card but questions."""
    page.read(**extra).failed("prompt_unavailable")
    assert page.rig.card[0].verifies() == []


def held_by(pid):
    """What its descriptors are."""
    found = set()
    for fd in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):
            found.add(os.readlink(f"/proc/{pid}/fd/{fd}"))
    return found


def voice_of(rig):
    """The voice of the read under way, a child of the agent's."""
    voice, = children(rig.agents[0].pid)
    return voice


# ---- a read -------------------------------------------------------------

def test_a_read(rig):
    """One VERIFY; and by then neither the door nor the agent holds an end of
    the sockets that the PIN goes through."""
    page = rig.session()
    assert page.health()["prompt"] == "ok"
    rig.windows.answer("hold pin 1234")
    read = prompted(page)
    runner, = rig.pids("kenmen-read")
    ends = {os.readlink(f"/proc/{voice_of(rig)}/fd/3"),
            os.readlink(f"/proc/{runner}/fd/4")}
    assert all(end.startswith("socket:") for end in ends)
    for pid in (rig.kenmend.pid, rig.agents[0].pid):
        assert not ends & held_by(pid)
    rig.windows.release()
    read.to_end("done")
    assert read.results["attributes"]["name"]
    assert len(rig.card[0].verifies()) == 1
    rig.windows.wait_closed()


# ---- who sits where -----------------------------------------------------

NOT_HERE = {
    "nobody": None,
    "another user's is on the screen": {"active": 0},
    "remote": {"REMOTE": 1, "SEAT": None},
    "remote on a seat": {"REMOTE": 1},
    "no seat": {"SEAT": None},
    "a terminal": {"TYPE": "tty"},
    "the greeter": {"CLASS": "greeter"},
    "the lock screen's own": {"CLASS": "lock-screen"},
    "in the background": {"CLASS": "background", "TYPE": "unspecified"},
}


@pytest.mark.shows("read:prompt_unavailable")
@pytest.mark.rig(here=False)
@pytest.mark.parametrize("session", NOT_HERE.values(), ids=NOT_HERE)
def test_a_user_who_is_not_here(rig, session):
    """The agent may stay, and gets no window; when its user comes, it does."""
    if session is not None:
        rig.logind.session("7", **session)
    page = rig.session()
    assert page.health()["prompt"] == "unavailable"
    unavailable(page)
    assert rig.windows.shown() == []
    # The card on the reader is not theirs either.
    page.read(["card_info"]).failed("prompt_unavailable")
    rig.logind.session("7")
    reads_as_ever(rig, page)


@pytest.mark.rig(here=False)
def test_one_good_session_of_several(rig):
    rig.logind.session("3", TYPE="tty", active=0)
    rig.logind.session("4", REMOTE=1, SEAT=None)
    rig.logind.session("5", TYPE="wayland")
    reads_as_ever(rig)


@AS_ROOT
@pytest.mark.shows("read:prompt_unavailable")
def test_two_users(rig):
    """Each gets the windows of their own pages, and only while their own
    desktop is on the screen."""
    rig.dir.chmod(0o755)
    rig.site.dir.chmod(0o755)
    theirs = rig.other_windows()
    rig.logind.session("2", NOBODY, active=0)
    rig.agent(NOBODY, pinentry=theirs.program)
    them = OtherUser(rig)
    page = rig.session()
    rig.windows.answer("pin 1234")
    page.read().to_end("done")
    assert them.read()["error"]["code"] == "prompt_unavailable"
    assert (len(rig.windows.shown()), len(theirs.shown())) == (1, 0)
    rig.logind.session("1", active=0)
    rig.logind.session("2", NOBODY)
    theirs.answer("pin 1234")
    page.read().failed("prompt_unavailable")
    assert them.read()["state"] == "done"
    assert (len(rig.windows.shown()), len(theirs.shown())) == (1, 1)


class OtherUser:
    """A page of the user nobody, by requests one after the other."""

    HEAD = ("Host: 127.0.0.1:{port}", f"Origin: {DRONE}",
            "Sec-Fetch-Mode: cors", "Sec-Fetch-Dest: empty",
            "Sec-Fetch-Site: cross-site")

    def __init__(self, rig):
        self.rig = rig
        self.token = None
        self.token = self.ask("POST /v1/sessions").json["token"]

    def ask(self, line, body=""):
        head = [h.format(port=self.rig.port) for h in self.HEAD]
        if self.token:
            head.append(f"Authorization: Bearer {self.token}")
        if body:
            head += ["Content-Type: application/json",
                     f"Content-Length: {len(body)}"]
        head.append("Connection: close")
        raw = f"{line} HTTP/1.1\r\n" + "\r\n".join(head) + f"\r\n\r\n{body}"
        reply, = parse(as_other_user(self.rig, raw.encode()))
        return self.rig.saw(reply)

    def read(self):
        read = self.ask("POST /v1/reads", '{"kinds":["attributes"]}').json
        while True:
            read = self.ask(f"GET /v1/reads/{read['id']}?wait=10"
                            f"&after={read['seq']}").json
            if read["state"] in rig_module.FINAL:
                return read


# ---- coming and going ---------------------------------------------------

@pytest.mark.rig(agent=False)
def test_an_agent_that_comes_in_time(rig):
    rig.windows.answer("pin 1234")
    page = rig.session()
    assert page.health()["prompt"] == "unavailable"
    read = page.read()
    rig.agent()
    read.to_end("done")
    assert page.health()["prompt"] == "ok"


@pytest.mark.shows("read:prompt_unavailable")
@pytest.mark.rig(agent=False)
def test_no_agent_in_time(rig):
    """Two seconds, and words that say what to do, in both languages."""
    page = rig.session()
    began = time.monotonic()
    error = page.read().failed("prompt_unavailable")
    assert 1.9 <= time.monotonic() - began <= 2 + 2 * rig_module.SLOW
    assert error["retriable"]
    assert "log in at this computer" in error["detail"]
    assert "ログイン" in error["detail_ja"]
    rig.wait_log("no agent for user")
    rig.agent()
    reads_as_ever(rig, page)


def test_a_second_agent(rig):
    """The first stays; the second is told so, and ends quietly."""
    second = rig.agent(wait="there is a kenmen-prompt for this user already")
    assert second.child.wait(rig_module.LIMIT) == 0
    rig.wait_log(f"a second agent .* is refused: pid {rig.agents[0].pid} ")
    reads_as_ever(rig)


def test_an_agent_outlives_the_daemon(rig):
    """Which stops when it is idle, and takes its socket's directory along."""
    for remove in (False, True):
        rig.stop_kenmend()
        if remove:
            rig.socket.parent.rmdir()
            rig.socket.parent.mkdir()
        n = rig.agents[0].text().count("connected to kenmend")
        rig.start_kenmend()
        wait_connected(rig, n + 1)
        reads_as_ever(rig)


def wait_connected(rig, n):
    """The agent's nth connection."""
    end = rig_module.deadline()
    agent = rig.agents[0]
    with agent.news:
        while sum("connected to" in line for line in agent.lines) < n:
            if not agent.news.wait(rig_module.left(end)):
                raise Trouble("the agent did not connect:\n" + agent.text())


@pytest.fixture
def on_demand(make_rig):
    """A kenmend whose socket the test holds, and its next start, which a
    request for health has caused: what that is told of the prompt."""
    held = socket.socket()
    held.bind(("127.0.0.1", 0))
    held.listen()
    os.set_inheritable(held.fileno(), True)
    rig = make_rig(env={"HELD": str(held.fileno())})
    wrap = rig.wrap
    rig.wrap = lambda argv: wrap(
        ["/usr/bin/python3", "-c", ACTIVATE, *argv])
    rig.inherit = True

    def start():
        rig.stop_kenmend()
        rig.port = held.getsockname()[1]
        with concurrent.futures.ThreadPoolExecutor() as pool:
            health = pool.submit(rig.client().health)
            rig.start_kenmend()
            return health.result(rig_module.LIMIT)["prompt"]

    yield rig, start
    held.close()


def test_the_request_that_starts_the_daemon(on_demand):
    """It is not told that no window can be shown, because the agent has only
    just seen the socket."""
    _, start = on_demand
    assert [start() for _ in range(8)] == ["ok"] * 8


def test_the_request_that_starts_the_daemon_where_no_agent_runs(on_demand):
    rig, start = on_demand
    rig.agents[0].stop()
    assert start() == "unavailable"
    assert rig.stop_kenmend() == 0


@pytest.mark.rig(start=False, agent=False)
def test_an_agent_that_is_there_first(rig):
    """Before the daemon, and before the directory."""
    rig.socket.parent.rmdir()
    agent = rig.agent(wait=None)
    waits_for_files(agent.pid)
    rig.socket.parent.mkdir()
    rig.start_kenmend()
    agent.wait_line("connected to kenmend")
    reads_as_ever(rig)


def waits_for_files(pid):
    """Until the process sleeps in epoll_wait and holds an inotify."""
    end = rig_module.deadline()
    while rig_module.left(end):
        if any("inotify" in held for held in held_by(pid)):
            return
        time.sleep(0.005)       # nothing tells that a process has come so far
    raise Trouble("no inotify")


def test_it_goes_with_the_session(rig):
    rig.logind.session("2", TYPE="tty")
    rig.logind.end("1")
    assert rig.agents[0].child.wait(rig_module.LIMIT) == 0


def test_told_to_end_mid_prompt(rig):
    """As by systemd when the desktop stops: its window goes with it."""
    rig.windows.answer("hang")
    read = prompted(rig.session())
    assert rig.agents[0].stop() == 0
    rig.windows.wait_closed()
    read.failed("prompt_unavailable")


def test_idle_costs_nothing(rig):
    """Neither side wakes up for the connection."""
    def switches():
        return [int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)",
                pathlib.Path(f"/proc/{pid}/status").read_text(), re.M)[1])
                for pid in (rig.kenmend.pid, rig.agents[0].pid)]

    rig.client().health()
    time.sleep(0.5)             # what is under way comes to rest
    before = switches()
    time.sleep(2)               # the measure itself
    assert switches() == before


# ---- a window that must go ----------------------------------------------

def lock(rig):
    rig.logind.lock("1")


def switch_user(rig):
    rig.logind.session("2", NOBODY)
    rig.logind.session("1", active=0)


@pytest.mark.shows("read:prompt_unavailable")
@pytest.mark.parametrize("leave, come_back", [
    (lock, lambda rig: rig.logind.lock("1", False)),
    (switch_user, lambda rig: rig.logind.session("1")),
], ids=["locked", "switched"])
def test_the_person_leaves(rig, leave, come_back):
    """The window goes at once; one that would come up meanwhile does not."""
    rig.windows.answer("hang")
    page = rig.session()
    read = prompted(page)
    leave(rig)
    rig.windows.wait_closed()
    read.failed("prompt_unavailable", seconds=1)
    assert page.health()["prompt"] == "unavailable"
    unavailable(page)
    assert len(rig.windows.shown()) == 1
    come_back(rig)
    reads_as_ever(rig, page)
    assert len(rig.card[0].verifies()) == 1


@pytest.mark.rig(people=(None, None))
def test_locked_while_it_waits_for_a_card(rig):
    """Nothing is on the screen that anybody could see: it goes on, but no
    window opens behind the lock."""
    page = rig.session()
    read = page.read()
    read.until("waiting_for_card")
    rig.logind.lock("1")
    rig.logind.lock("1", False)
    rig.windows.answer("pin 1234")
    rig.card[0].insert("hanako")
    read.to_end("done")
    rig.card[0].remove()
    read = page.read()
    read.until("waiting_for_card")
    rig.logind.lock("1")
    page.health()
    rig.card[0].insert("hanako")
    read.failed("prompt_unavailable")


def test_locked_while_the_card_is_read(rig):
    """The PIN was typed before: the read is finished."""
    rig.windows.answer("hold pin 1234")
    read = prompted(rig.session())
    rig.card[0].switch("slow", 100)
    rig.windows.release()
    read.until("reading")
    rig.logind.lock("1")
    read.to_end("done")


def test_a_screen_that_was_locked_before(rig):
    """A daemon that starts asks for it."""
    rig.stop_kenmend()
    rig.logind.lock("1")
    rig.start_kenmend()
    wait_connected(rig, 2)
    unavailable(rig.session())
    rig.logind.lock("1", False)
    reads_as_ever(rig, rig.session(takeover=True))


@pytest.mark.rig(bus=False)
def test_without_a_bus(rig):
    """Locks are not seen then, which is said; all else is as ever."""
    rig.wait_log("cannot be asked whether a screen is locked")
    reads_as_ever(rig)


# ---- agents and voices that hang or die ---------------------------------

@pytest.mark.shows("read:prompt_unavailable")
@pytest.mark.parametrize("who", ["agent", "voice", "pinentry"])
def test_killed_mid_prompt(rig, who):
    rig.windows.answer("hang")
    page = rig.session()
    read = prompted(page)
    rig.agents[0].killed = True
    os.kill({"agent": rig.agents[0].pid, "voice": voice_of(rig),
             "pinentry": rig.windows.pids()[-1]}[who], signal.SIGKILL)
    read.failed("prompt_unavailable", seconds=1)
    rig.windows.wait_closed()
    assert rig.card[0].verifies() == []
    if who == "agent":
        rig.agent()
    reads_as_ever(rig, page)


@pytest.mark.shows("read:prompt_unavailable")
def test_a_voice_that_hangs_mid_prompt(rig):
    """Noticed within a second, though its socket is open."""
    rig.windows.answer("hang")
    page = rig.session()
    read = prompted(page)
    voice = voice_of(rig)
    time.sleep(0.5)             # it has said that it is alive
    os.kill(voice, signal.SIGSTOP)
    began = time.monotonic()
    read.failed("prompt_unavailable")
    assert time.monotonic() - began < 1.2 * rig_module.SLOW
    os.kill(voice, signal.SIGCONT)
    rig.windows.wait_closed()
    reads_as_ever(rig, page)


def test_an_agent_that_hangs_mid_prompt(rig):
    """Its window is served by another process, and is not lost."""
    rig.windows.answer("hold pin 1234")
    read = prompted(rig.session())
    rig.agents[0].send(signal.SIGSTOP)
    rig.windows.release()
    read.to_end("done")


@pytest.mark.shows("read:prompt_unavailable")
def test_an_agent_that_hangs_before(rig):
    """Given up after two seconds; when it wakes it comes again."""
    page = rig.session()
    rig.agents[0].send(signal.SIGSTOP)
    began = time.monotonic()
    unavailable(page)
    assert time.monotonic() - began <= 2 + 2 * rig_module.SLOW
    rig.wait_log("does not answer and is given up")
    rig.agents[0].send(signal.SIGCONT)
    wait_connected(rig, 2)
    reads_as_ever(rig, page)


# ---- strangers on the socket --------------------------------------------

def call(rig):
    """A connection as an agent's."""
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.settimeout(rig_module.LIMIT)
    s.connect(str(rig.socket))
    return s


def word(*words, version=VERSION):
    return bytes([version, *words])


@pytest.mark.rig(agent=False)
@pytest.mark.parametrize("said, answer", [
    (word(HELLO, version=VERSION + 1), word(OUTDATED)),
    (word(TAKEN), b""), (word(WELCOME), b""), (word(SERVE), b""),
    (b"\1", b""), (word(HELLO, 0), b""), (b"x" * 4096, b""),
    (word(99), b"")])
def test_no_agents_words(rig, said, answer):
    """Hung up on; the next agent is welcome."""
    with call(rig) as s:
        s.send(said)
        got = s.recv(10)
        assert got == answer
        assert got == b"" or s.recv(10) == b""
    rig.agent()
    reads_as_ever(rig)


@pytest.mark.rig(agent=False)
def test_descriptors_that_nobody_wants(rig):
    """A stranger fills no table of the door's with its own."""
    with call(rig) as s:
        s.send(word(HELLO))
        assert s.recv(10) == word(WELCOME)
        before = len(os.listdir(f"/proc/{rig.kenmend.pid}/fd"))
        socket.send_fds(s, [word(TAKEN)], [0, 1, 2])
        assert s.recv(10) == b""
    # Theirs, and the connection's own, are closed once it is seen to be gone;
    # one of these look-ins may be open just then.
    end = deadline()
    while len(os.listdir(f"/proc/{rig.kenmend.pid}/fd")) >= before:
        assert left(end), "descriptors are left open"
        rig.client().health()


@AS_ROOT
def test_a_strangers_program_gets_no_window(rig):
    """It may connect, as everybody, and waits for ever."""
    code = ("import os, socket, sys\n"
            f"os.setgid({NOBODY}); os.setuid({NOBODY})\n"
            "s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)\n"
            f"s.connect({str(rig.socket)!r})\n"
            f"s.send({word(HELLO)!r})\n"
            "print(s.recv(10), flush=True)\n"
            "print(s.recv(10), flush=True)\n")
    rig.dir.chmod(0o755)
    rig.site.dir.chmod(0o755)
    stranger = rig_module.Process("stranger", ["/usr/bin/python3", "-c", code])
    stranger.wait_line(re.escape(repr(word(WELCOME))))
    rig.wait_log(f"user {NOBODY} .* has no session at this computer")
    reads_as_ever(rig)
    assert stranger.text().count("\n") == 0
    rig.stop_kenmend()
    stranger.wait_line(re.escape(repr(b"")))
    assert stranger.child.wait(rig_module.LIMIT) == 0
    rig.start_kenmend()


# ---- whoever takes the daemon's place -----------------------------------

class Door:
    """Listens in the daemon's place: as one that was taken over (our own
    user), or as a stranger (uid)."""

    def __init__(self, rig):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(rig_module.LIMIT)
        self.path = str(rig.socket)

    def listen(self, uid=None):
        if uid:
            os.setresuid(-1, uid, -1)
        try:
            self.socket.bind(self.path)
            self.socket.listen()
        finally:
            if uid:
                os.setresuid(-1, 0, -1)
        return self

    def agent(self):
        agent, _ = self.socket.accept()
        agent.settimeout(rig_module.LIMIT)
        assert agent.recv(10) == word(HELLO)
        agent.send(word(WELCOME))
        return agent


@pytest.mark.rig(start=False, agent=False, pcscd=False, people=())
def test_a_daemon_that_was_taken_over(rig):
    """It can ask. What the window says it cannot choose: its request has no
    place for a sentence, and what is none is not shown."""
    door = Door(rig).listen()
    rig.agent(wait=None)
    agent = door.agent()
    for said in (b"", b"\0" * 200, b"SETDESC Your bank asks for your PIN\n",
                 test_voice.request(name="x‮y")):
        ours, theirs = socket.socketpair(socket.AF_UNIX,
                                         socket.SOCK_SEQPACKET)
        with ours, theirs:
            socket.send_fds(agent, [word(SERVE)], [theirs.fileno()])
            assert agent.recv(10) == word(TAKEN)
            theirs.close()
            ours.settimeout(rig_module.LIMIT)
            ours.send(said) if said else ours.shutdown(socket.SHUT_RDWR)
            assert ours.recv(10) == b""
    assert rig.windows.shown() == []
    rig.windows.answer("pin 1234")
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        socket.send_fds(agent, [word(SERVE)], [theirs.fileno()])
        theirs.close()
        ours.settimeout(rig_module.LIMIT)
        ours.send(test_voice.request(name="あなたの銀行"))
        assert ours.recv(100) == bytes([test_voice.PIN]) + b"1234"
    shown, = rig.windows.shown()
    assert shown.text.startswith("「あなたの銀行」\nhttps://drone.example\n")
    assert "このサイトが、カードの氏名" in shown.text
    agent.close()
    door.socket.close()


@pytest.mark.rig(start=False, agent=False, pcscd=False, people=())
@pytest.mark.parametrize("said", [
    word(SERVE), word(TAKEN), word(HELLO), b"x", word(99),
    word(WELCOME, version=2)])
def test_no_daemons_words(rig, said):
    """An agent that does not understand ends; systemd starts the new one."""
    door = Door(rig).listen()
    agent = rig.agent(wait=None)
    agent.killed = True
    with door.agent() as s:
        s.send(said)
        assert agent.child.wait(rig_module.LIMIT) == 1
    agent.wait_line("another version")
    door.socket.close()


@AS_ROOT
@pytest.mark.rig(start=False, agent=False, pcscd=False, people=())
def test_a_stranger_in_the_daemons_place(rig):
    """Another user's socket on that path is not spoken to."""
    rig.dir.chmod(0o755)
    rig.site.dir.chmod(0o755)
    rig.socket.parent.chmod(0o777)
    door = Door(rig).listen(NOBODY)
    rig.agent(wait="belongs neither to the user kenmen nor to root")
    with door.socket.accept()[0] as s:
        s.settimeout(rig_module.LIMIT)
        assert s.recv(10) == b""
    door.socket.close()
    rig.socket.unlink()
    rig.start_kenmend()
    wait_connected(rig, 1)
