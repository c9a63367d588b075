"""kenmend as a service: what it tells the service manager, a reload, and
leaving when there is nothing to do. The test is the manager."""

import os
import signal
import socket
import time

import pytest

import rig as rig_module
from attacker import Waiting
from rig import DRONE, TWO, LIMIT, Trouble, wait_gone

THREE = "https://three.example"
ACTIVATE = """
import os, socket, sys
s = socket.socket(fileno=int(os.environ.pop("HELD")))
os.dup2(s.fileno(), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[1], sys.argv[1:])
"""


class Manager:
    """The other end of NOTIFY_SOCKET: messages as dictionaries, in order."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.path = path

    def next(self, seconds=LIMIT):
        self.socket.settimeout(seconds)
        lines = self.socket.recv(4096).decode().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def until(self, **wanted):
        """The first message from here on that has all of these."""
        end = rig_module.deadline()
        while left := rig_module.left(end):
            try:
                got = self.next(left)
            except TimeoutError:
                break
            if wanted.items() <= got.items():
                return got
        raise Trouble(f"the manager was never told {wanted}")


@pytest.fixture
def manager(tmp_path_factory, site):
    manager = Manager(site.dir / f"notify{time.monotonic_ns() % 10**9}")
    yield manager
    manager.socket.close()
    manager.path.unlink()


@pytest.fixture
def managed(make_rig, manager):
    """make_rig, for a kenmend that has a manager."""
    def make(env=None, **arguments):
        return make_rig(env={"NOTIFY_SOCKET": str(manager.path),
                             **(env or {})}, **arguments)
    return make


def reload(rig, manager, change=lambda text: text):
    """Changes the configuration, sends SIGHUP, returns when it was read."""
    rig.config.write_text(change(rig.config.read_text()))
    rig.kenmend.send(signal.SIGHUP)
    assert "MONOTONIC_USEC" in manager.until(RELOADING="1")
    manager.until(READY="1")


# ---- what is told -------------------------------------------------------

def test_notifications(managed, manager):
    rig = managed()
    manager.until(READY="1")
    at = f"Ready on https://127.0.0.1:{rig.port}"
    manager.until(STATUS=f"{at}: 0 sessions, 0 reads.")
    page = rig.session()
    manager.until(STATUS=f"{at}: 1 session, 0 reads.")
    rig.windows.answer("hold pin 1234")
    read = page.read()
    manager.until(STATUS=f"{at}: 1 session, 1 read.")
    rig.windows.release()
    read.to_end("done")
    manager.until(STATUS=f"{at}: 1 session, 0 reads.")
    assert rig.stop_kenmend() == 0
    manager.until(STOPPING="1")


def test_watchdog(managed, manager):
    """Pings while it waits for a person, none once it hangs."""
    rig = managed(env={"WATCHDOG_USEC": "400000"})
    rig.windows.answer("hang")
    rig.session().read().until("waiting_for_pin")
    for _ in range(3):
        manager.until(WATCHDOG="1")
    rig.kenmend.send(signal.SIGSTOP)
    with pytest.raises(TimeoutError):
        while True:
            manager.next(1)
    rig.kenmend.send(signal.SIGCONT)
    manager.until(WATCHDOG="1")


# ---- a reload -----------------------------------------------------------

def add_three(text):
    return text + f'[origin "{THREE}"]\nkinds = card_info\n'


def drop(origin):
    """Without the section of that origin."""
    def change(text):
        first, _, rest = text.partition(f'[origin "{origin}"]\n')
        keys, mark, others = rest.partition("\n[")
        return first + mark.strip("\n") + others
    return change


@pytest.mark.shows("http:origin_not_allowed", "http:session_unknown")
def test_reload(managed, manager):
    """Sites come and go; the sessions of those that go end, with their
    window, and nobody else's."""
    rig = managed()
    new = rig.client(THREE)
    new.get("/v1/health").expect(403, "origin_not_allowed")
    going, staying = rig.session(), rig.session(TWO)
    rig.windows.answer("hang")
    read = going.read()
    rig.windows.wait_shown()
    read.until("waiting_for_pin")
    poll = Waiting(going, f"/v1/reads/{read.id}?wait=30&after={read.now['seq']}")
    stream = Waiting(going, "/v1/events")
    while b"event: snapshot" not in stream.tls.recv(4096):
        pass
    reload(rig, manager, lambda text: add_three(drop(DRONE)(text)))
    reply = poll.reply().expect(401, "session_unknown")
    assert reply.headers["Access-Control-Allow-Origin"] == DRONE
    while got := stream.tls.recv(4096):
        assert b'"expires_in":0' in got or b"0\r\n" in got
    stream.tls.close()
    rig.windows.wait_closed()
    going.get("/v1/session").expect(403, "origin_not_allowed")
    new.post("/v1/sessions").expect(201)
    rig.windows.answer("pin 1234")
    staying.read().to_end("done")
    # It comes back, and its token is not known any more.
    rig.config.write_text(
        rig.config.read_text() + f'[origin "{DRONE}"]\nkinds = card_info\n')
    reload(rig, manager)
    going.get("/v1/session").expect(401, "session_unknown")
    rig.session()


@pytest.mark.shows("http:kind_not_allowed")
def test_reload_of_kinds(managed, manager):
    """They count from the next read on; the session goes on."""
    rig = managed()
    page = rig.session()
    assert "attributes" in page.get("/v1/session").json["kinds"]
    reload(rig, manager, lambda text: text.replace(
        "kinds = card_info, attributes", "kinds = card_info"))
    assert page.get("/v1/session").json["kinds"] == ["card_info"]
    page.post("/v1/reads", {"kinds": ["attributes"]}).expect(
        403, "kind_not_allowed")
    page.read(["card_info"]).to_end("done")


@pytest.mark.shows("http:gone")
def test_reload_of_the_kinds_of_a_read(managed, manager):
    """What a site may ask for no more it is not given either: the window
    closes, and what was read is gone."""
    rig = managed()
    page = rig.session()
    rig.windows.answer("pin 1234", "hang")
    done = page.read(["attributes"]).to_end("done")
    read = page.read(["attributes"])
    read.until("waiting_for_pin")
    rig.windows.wait_shown(2)
    reload(rig, manager, lambda text: text.replace(
        "kinds = card_info, attributes", "kinds = card_info"))
    read.to_end("cancelled")
    rig.windows.wait_closed()
    page.get(f"/v1/reads/{done.id}").expect(410, "gone")
    assert len(rig.card[0].verifies()) == 1


@pytest.mark.shows("http:session_expired", "http:session_unknown")
def test_reload_remembers_what_ran_out(managed, manager):
    rig = managed(clock=True)
    gone, kept = rig.session(), rig.session(TWO)
    rig.jump(3600)
    reload(rig, manager, drop(DRONE))
    kept.get("/v1/session").expect(401, "session_expired")
    reload(rig, manager, lambda text:
           text + f'[origin "{DRONE}"]\nkinds = card_info\n')
    gone.get("/v1/session").expect(401, "session_unknown")


def test_reload_of_local_tools(managed, manager):
    rig = managed()
    tool = rig.session(None)
    reload(rig, manager, lambda text: text.replace("allow = yes", "allow = no"))
    tool.get("/v1/session").expect(403, "origin_not_allowed")
    reload(rig, manager, lambda text: text.replace("allow = no", "allow = yes"))
    tool.get("/v1/session").expect(401, "session_unknown")


def test_reload_of_a_mistake(managed, manager):
    """The old configuration stays, and the line with the mistake is said."""
    rig = managed()
    page = rig.session()
    reload(rig, manager, lambda text:
           drop(DRONE)(text) + "[server]\nlisten = everywhere\n")
    rig.wait_log(r"kenmen\.conf:\d+: 127\.0\.0\.1:PORT or \[::1\]:PORT")
    rig.wait_log("the old one stays in force")
    page.get("/v1/session").expect(200)


def test_reload_of_what_needs_a_restart(managed, manager):
    rig = managed()
    reload(rig, manager, lambda text: text.replace(
        "[session]\n", "[session]\nidle_timeout = 7\n").replace(
        f"timeout = {int(LIMIT)}\n", "timeout = 9\n", 1))
    rig.wait_log(r"\[session\] idle_timeout has changed: restart kenmend")
    rig.wait_log(r"\[prompt\] timeout has changed: restart kenmend")
    assert rig.log().count("has changed") == 2
    assert rig.session().get("/v1/session").json["expires_in"] > 3000


# ---- leaving ------------------------------------------------------------

@pytest.fixture
def activated(managed, manager):
    """A kenmend whose socket the test holds, as systemd does; time passes by
    pass_time."""
    held = socket.socket()
    held.bind(("127.0.0.1", 0))
    held.listen()
    # Its number is the same in the child: it has to be inherited.
    os.set_inheritable(held.fileno(), True)

    def make(**arguments):
        return managed(
            env={"HELD": str(held.fileno())}, clock=True,
            wrap=lambda argv: ["/usr/bin/python3", "-c", ACTIVATE, *argv],
            inherit=True, **arguments)

    yield make
    held.close()


def turn(rig, manager):
    """The loop has seen all that happened before."""
    for _ in range(2):
        rig.kenmend.send(signal.SIGHUP)
        manager.until(RELOADING="1")
        manager.until(READY="1")


def pass_time(rig, seconds):
    """And kenmend looks at its clock, without anybody connecting."""
    rig.ahead_us += int(seconds * 1e6)
    rig._set_clock()
    rig.kenmend.send(signal.SIGHUP)


def has_left(rig):
    """It ended by itself, and well."""
    assert rig.kenmend.child.wait(LIMIT) == 0
    rig.kenmend.wait_line("nothing to do: leaving")


def test_leaves_when_idle(activated, manager):
    """After a minute without a connection; the next request starts it."""
    rig = activated()
    rig.client().health()
    turn(rig, manager)
    pass_time(rig, 58)
    turn(rig, manager)
    rig.client().health()
    turn(rig, manager)
    pass_time(rig, 58)
    turn(rig, manager)
    assert rig.kenmend.child.poll() is None
    pass_time(rig, 3)
    has_left(rig)
    rig.stop_kenmend()
    # What knocks meanwhile waits in the socket that is held.
    with socket.create_connection(("127.0.0.1", rig.port)):
        rig.start_kenmend()
        rig.session()


def test_leaves_though_nobody_ever_came(activated, manager):
    rig = activated()
    turn(rig, manager)
    pass_time(rig, 61)
    has_left(rig)


def test_stays_for_a_session(activated, manager):
    rig = activated()
    page = rig.session()
    turn(rig, manager)
    pass_time(rig, 3000)
    turn(rig, manager)
    page.get("/v1/session").expect(200)
    turn(rig, manager)
    pass_time(rig, 598)
    turn(rig, manager)
    assert rig.kenmend.child.poll() is None
    pass_time(rig, 61)
    has_left(rig)


def test_stays_for_a_connection(activated, manager):
    rig = activated()
    with rig.tls():
        turn(rig, manager)
        # Absolute deadlines end it after 10 s; time is not told to them here
        # but by the loop, which sees both at once.
        pass_time(rig, 5)
        turn(rig, manager)
        assert rig.kenmend.child.poll() is None
    turn(rig, manager)
    pass_time(rig, 61)
    has_left(rig)


@pytest.mark.shows("http:prompt_limited")
def test_stays_for_a_limit(activated, manager):
    """Or it would forget how often the person was asked in vain."""
    rig = activated()
    page = rig.session()
    for _ in range(3):
        rig.windows.answer("cancel")
        page.read().failed("pin_cancelled")
    page.end()
    turn(rig, manager)
    pass_time(rig, 400)
    turn(rig, manager)
    rig.session().post("/v1/reads", {"kinds": ["attributes"]}).expect(
        429, "prompt_limited")
    rig.session(takeover=True).end()
    turn(rig, manager)
    pass_time(rig, 201)
    has_left(rig)


def test_a_daemon_with_sockets_of_its_own_stays(managed, manager):
    rig = managed(clock=True)
    rig.client().health()
    turn(rig, manager)
    pass_time(rig, 3600)
    turn(rig, manager)
    assert rig.kenmend.child.poll() is None
    rig.client().health()
