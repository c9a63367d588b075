"""Everything that ends a read from outside: its page, its session, the time,
signals to each process, a pinentry that is none; and what may not begin while
something else is under way. Whatever it was: no window and no helper is left a
second later, whoever waits is told, and the next read works.

Malformed answers of a pinentry are in test_voice.py, ends by the card in
test_card.py, windows on a screen in test_windows.py.
"""

import contextlib
import http.client
import os
import pathlib
import resource
import signal
import ssl

import pytest

from rig import (DRONE, SANITIZED, SLOW, TWO, Reply, command_line,
                 wait_gone)

# The longest that a configuration takes: only jump() makes these pass.
HOUR = {"prompt": {"timeout": 3600}, "reader": {"card_timeout": 3600,
                                                "read_timeout": 3600}}
SHORT = max(1, int(SLOW))   # for those that have to be waited for
HELPERS = ("kenmen-read", "kenmen-prompt")


def pid_of(rig, name):
    if name == "pinentry":
        return rig.windows.pids()[-1]
    if name == "kenmend":
        return rig.kenmend.pid
    # A pinentry's script has the name of no helper, but a path may.
    pid, = [p for p in rig.pids(name)
            if pathlib.PurePath(command_line(p).split()[0]).name == name]
    return pid


def prompted(page, state="waiting_for_pin", n=1, **extra):
    """A read whose window is open; its answer is set already."""
    read = page.read(**extra)
    read.until(state)
    page.rig.windows.wait_shown(n)
    return read


def left_clean(rig):
    """No window, no helper: within a second."""
    for name in HELPERS:
        for pid in rig.pids(name):
            assert wait_gone(pid, 1), f"{name} is left"
    rig.windows.wait_closed()


def reads_as_ever(rig, page=None):
    """The next read works, with one VERIFY of its own."""
    before = len(rig.card[0].verifies())
    rig.windows.answer("pin 1234")
    read = (page or rig.session(takeover=True)).read().to_end("done")
    assert read.results["attributes"]["name"] == "見本　花子"
    assert len(rig.card[0].verifies()) == before + 1
    assert rig.card[0].verified() == set()


class Waiting:
    """A GET that the daemon holds back, or a stream that it sends on: the
    daemon has it once this is made."""

    def __init__(self, page, path):
        rig = self.rig = page.rig
        self.tls = rig.tls()
        self.tls.sendall((
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{rig.port}\r\n"
            f"Origin: {page.origin}\r\nAuthorization: Bearer {page.token}\r\n"
            "Connection: close\r\n\r\n").encode())
        # The daemon takes what comes in order; a handshake takes turns.
        page.health()

    @classmethod
    def poll(cls, read):
        return cls(read.page, f"/v1/reads/{read.id}?wait=30"
                              f"&after={read.now['seq']}")

    def reply(self):
        """A Reply; None where the connection was just closed."""
        with self.tls:
            got = http.client.HTTPResponse(self.tls)
            try:
                got.begin()
                body = got.read()
            except (http.client.HTTPException, ConnectionError, ssl.SSLError):
                return None
            return self.rig.saw(Reply(got.status, got.headers, body))


# ---- the page ends it ---------------------------------------------------

def waits_for(make_rig, state):
    """A read that waits in this state."""
    config, people = {}, ("hanako", None)
    if state == "waiting_for_reader":
        config = {"reader": {"ignore": "Virtual PCD"}}
    if state == "waiting_for_card":
        people = (None, None)
    rig = make_rig(config=config, people=people)
    if state == "waiting_for_consent":
        rig.card[0].set_tries("attributes", 1)
    rig.windows.answer("hang")
    read = rig.session().read()
    read.until(state)
    return rig, read


@pytest.mark.parametrize("state", ["waiting_for_reader", "waiting_for_card",
                                   "waiting_for_consent", "waiting_for_pin"])
def test_deleted(make_rig, state):
    """Whoever polls is told; DELETE in test_basic and while it is read, in
    test_card."""
    rig, read = waits_for(make_rig, state)
    poll = Waiting.poll(read)
    read.cancel()
    left_clean(rig)
    assert poll.reply().expect(200).json["state"] == "cancelled"
    assert read.to_end().state == "cancelled"
    assert rig.card[0].verifies() == []
    # The reader is free again, whoever comes.
    rig.session(TWO).read(["card_info"]).cancel()


def test_a_poll_that_is_dropped(rig):
    """Closing a connection ends no read: a page may come back."""
    rig.windows.answer("hold pin 1234")
    read = prompted(rig.session())
    for _ in range(3):
        Waiting.poll(read).tls.close()
    assert read.poll()["state"] == "waiting_for_pin"
    rig.windows.release()
    read.to_end("done")


@pytest.mark.shows("read:page_gone")
@pytest.mark.rig(clock=True, config=HOUR)
def test_nobody_polls(rig):
    """60 seconds after the last poll ended, not after it began."""
    rig.windows.answer("hang")
    read = prompted(rig.session())
    poll = Waiting.poll(read)
    rig.jump(55)
    assert poll.reply().expect(200).json["state"] == "waiting_for_pin"
    rig.jump(55)
    assert rig.pids("kenmen-prompt")
    rig.jump(6)
    left_clean(rig)
    read.failed("page_gone")
    reads_as_ever(rig, read.page)


@pytest.mark.shows("read:page_gone")
@pytest.mark.rig(clock=True, config=HOUR, people=(None, None))
def test_nobody_polls_while_there_is_no_card(rig):
    read = rig.session().read()
    read.until("waiting_for_card")
    rig.jump(61)
    left_clean(rig)
    read.failed("page_gone")


@pytest.mark.shows("read:page_gone")
@pytest.mark.rig(clock=True, config=HOUR)
def test_nobody_polls_who_said_how_long(rig):
    """As kenmen.js does, so that the window of a closed tab goes soon."""
    rig.windows.answer("hang")
    read = prompted(rig.session())
    path = f"/v1/reads/{read.id}?wait=30&after={read.now['seq']}&grace=10"
    poll = Waiting(read.page, path)
    rig.jump(25)
    assert rig.pids("kenmen-prompt")
    poll.tls.close()
    read.page.health()
    rig.jump(11)
    left_clean(rig)
    read.failed("page_gone")


@pytest.mark.shows("read:page_gone")
@pytest.mark.rig(clock=True, config=HOUR)
def test_a_stream_that_ends(rig):
    """An open event stream shows that the page is there."""
    rig.windows.answer("hang")
    page = rig.session()
    read = prompted(page)
    stream = Waiting(page, "/v1/events")
    rig.jump(600)
    assert read.poll()["state"] == "waiting_for_pin"
    stream.tls.close()
    page.health()
    rig.jump(61)
    left_clean(rig)
    read.failed("page_gone")


# ---- the session ends ---------------------------------------------------

def test_the_session_is_deleted(rig):
    rig.windows.answer("hang")
    page = rig.session()
    poll = Waiting.poll(prompted(page))
    page.end()
    left_clean(rig)
    poll.reply().expect(401, "session_unknown")
    page.get("/v1/reads").expect(401, "session_unknown")
    reads_as_ever(rig, rig.session())


def test_the_session_is_deleted_while_the_card_is_read(rig):
    rig.windows.answer("hold pin 1234")
    page = rig.session()
    read = prompted(page)
    rig.card[0].switch("slow", 300)
    rig.windows.release()
    read.until("reading")
    page.end()
    left_clean(rig)
    rig.card[0].switch("slow", "off")
    rig.card[0].wait_forgotten()
    assert len(rig.card[0].verifies()) <= 1
    reads_as_ever(rig, rig.session())


@pytest.mark.shows("http:session_expired")
@pytest.mark.rig(config={"session": {"idle_timeout": SHORT}})
def test_the_session_runs_out(rig):
    """A GET does not keep it."""
    rig.windows.answer("hang")
    page = rig.session()
    poll = Waiting.poll(prompted(page))
    poll.reply().expect(401, "session_expired")
    left_clean(rig)
    page.post("/v1/session/touch").expect(401, "session_expired")
    assert rig.card[0].verifies() == []


@pytest.mark.shows("http:session_expired")
@pytest.mark.rig(clock=True, config=HOUR)
def test_after_an_hour(rig):
    """The whole hour; whoever types a PIN, even a malformed one, was there."""
    rig.windows.answer("hold pin 12", "hang")
    page = rig.session()
    stream = Waiting(page, "/v1/events")
    read = prompted(page)
    rig.jump(3000)
    rig.windows.release()
    rig.windows.wait_shown(2)
    rig.jump(3000)
    assert read.poll()["state"] == "waiting_for_pin"
    rig.jump(590)
    poll = Waiting.poll(read)
    rig.jump(11)
    left_clean(rig)
    poll.reply().expect(401, "session_expired")
    last = stream.reply().body.decode().strip().split("\n\n")[-1]
    assert "event: session\n" in last and '"expires_in":0' in last


@pytest.mark.shows("http:session_expired")
@pytest.mark.rig(clock=True, config=HOUR)
def test_after_twelve_hours(rig):
    """Whatever is done to keep it."""
    page = rig.session()
    for _ in range(12):
        rig.jump(3590)
        page.post("/v1/session/touch").expect(200)
    rig.windows.answer("hang")
    poll = Waiting.poll(prompted(page))
    rig.jump(12 * 10 + 1)
    left_clean(rig)
    poll.reply().expect(401, "session_expired")


@pytest.mark.shows("http:busy", "http:session_active")
def test_takeover(rig):
    """Not under an open window, nor under a card that is read."""
    rig.windows.answer("hold pin 1234")
    read = prompted(rig.session())
    again = rig.client()
    again.post("/v1/sessions").expect(409, "session_active")
    again.post("/v1/sessions", {"takeover": True}).expect(409, "busy")
    rig.card[0].switch("slow", 200)
    rig.windows.release()
    read.until("reading")
    again.post("/v1/sessions", {"takeover": True}).expect(409, "busy")
    rig.card[0].switch("slow", "off")
    read.to_end("done")
    poll = Waiting.poll(read)
    again.post("/v1/sessions", {"takeover": True}).expect(201)
    poll.reply()
    read.page.get("/v1/session").expect(401, "session_unknown")


@pytest.mark.rig(people=(None, None))
def test_takeover_while_there_is_no_card(rig):
    """Then the read before ends with its session."""
    read = rig.session().read()
    read.until("waiting_for_card")
    poll = Waiting.poll(read)
    rig.session(takeover=True)
    left_clean(rig)
    poll.reply().expect(401, "session_unknown")


# ---- a process ends -----------------------------------------------------

ENDS = {"kenmen-read": "internal", "kenmen-prompt": "prompt_unavailable",
        "pinentry": "prompt_unavailable"}


@pytest.fixture
def cores():
    """Whatever dies may write a core file, as far as it depends on us: call
    it for those that there are."""
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
    yield lambda: list(pathlib.Path().glob("core*"))
    resource.setrlimit(resource.RLIMIT_CORE, before)


@pytest.mark.shows("read:internal", "read:prompt_unavailable")
@pytest.mark.parametrize("number", [
    signal.SIGTERM, signal.SIGKILL, signal.SIGHUP, signal.SIGQUIT],
    ids=lambda n: n.name)
def test_killed(cores, rig, number):
    """Each in turn. Nothing is left, and no core file, though a PIN could
    have been in it."""
    page = rig.session()
    for n, (name, code) in enumerate(ENDS.items(), 1):
        rig.windows.answer("hang")
        read = prompted(page, n=n)
        poll = Waiting.poll(read)
        os.kill(pid_of(rig, name), number)
        left_clean(rig)
        error = poll.reply().expect(200).json["error"]
        read.failed(error["code"])
        assert error["code"] == code, name
    assert rig.card[0].verifies() == []
    assert cores() == []
    reads_as_ever(rig, page)


@pytest.mark.shows("read:internal")
def test_the_runner_is_killed_while_the_card_is_read(rig):
    rig.windows.answer("hold pin 1234")
    read = prompted(rig.session())
    rig.card[0].switch("slow", 300)
    rig.windows.release()
    read.until("reading")
    os.kill(pid_of(rig, "kenmen-read"), signal.SIGKILL)
    read.failed("internal")
    left_clean(rig)
    rig.card[0].switch("slow", "off")
    rig.card[0].wait_forgotten()
    assert len(rig.card[0].verifies()) <= 1
    reads_as_ever(rig, read.page)


@pytest.mark.shows("http:session_unknown")
@pytest.mark.parametrize("number", [
    signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda n: n.name)
def test_the_door_is_told_to_end(rig, number):
    """Whoever waits gets an answer first."""
    rig.windows.answer("hang")
    page, other = rig.session(), rig.session(TWO)
    read = prompted(page)
    polls = [Waiting.poll(read) for _ in range(5)]
    streams = [Waiting(p, "/v1/events") for p in (page, other)]
    helpers = [p for name in HELPERS for p in rig.pids(name)]
    assert len(helpers) >= 2        # another one watches for the streams
    assert rig.stop_kenmend(number) == 0
    assert all(wait_gone(p, 0) for p in helpers)
    left_clean(rig)
    for poll in polls:
        poll.reply().expect(401, "session_unknown")
    for stream in streams:
        body = stream.reply().expect(200).body.decode()
        assert body.strip().split("\n\n")[-1].count('"expires_in":0') == 1
    rig.start_kenmend()
    page.get("/v1/session").expect(401, "session_unknown")
    reads_as_ever(rig)


def test_a_hangup_under_nohup(make_rig):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        rig = make_rig()
    finally:
        signal.signal(signal.SIGHUP, before)
    rig.kenmend.send(signal.SIGHUP)
    reads_as_ever(rig)


@pytest.mark.parametrize("number", [
    signal.SIGKILL, signal.SIGQUIT], ids=lambda n: n.name)
def test_the_door_dies(cores, rig, number):
    rig.windows.answer("hang")
    page = rig.session()
    poll = Waiting.poll(prompted(page))
    with Waiting(page, "/v1/events").tls as stream:
        while b"event: snapshot" not in stream.recv(4096):
            pass        # it is a runner that tells of readers
        assert len(rig.pids("kenmen-read")) == 2
        assert rig.stop_kenmend(number) == -number
        left_clean(rig)
    assert poll.reply() is None
    assert cores() == []
    rig.start_kenmend()
    reads_as_ever(rig)


@pytest.mark.shows("read:prompt_timeout", "read:timeout")
@pytest.mark.rig(clock=True, config={"prompt": {"timeout": 20},
                                     "reader": {"read_timeout": 20}})
def test_the_runner_is_stopped(rig):
    """Neither it nor its watchdog can keep a deadline: the door does, a few
    seconds later."""
    page = rig.session()
    rig.windows.answer("hang")
    read = prompted(page)
    os.kill(pid_of(rig, "kenmen-read"), signal.SIGSTOP)
    rig.jump(22)
    assert read.poll()["state"] == "waiting_for_pin"
    rig.jump(2)
    left_clean(rig)
    read.failed("prompt_timeout")
    assert rig.card[0].verifies() == []

    rig.windows.answer("hold pin 1234")
    read = prompted(page, n=2)
    rig.card[0].switch("slow", 300)
    rig.windows.release()
    read.until("reading")
    os.kill(pid_of(rig, "kenmen-read"), signal.SIGSTOP)
    rig.jump(24)
    read.failed("timeout")
    left_clean(rig)
    rig.card[0].switch("slow", "off")
    rig.card[0].wait_forgotten()
    reads_as_ever(rig, page)


@pytest.mark.rig(config={"prompt": {"timeout": SHORT}})
@pytest.mark.parametrize("name, code", [
    ("kenmen-prompt", "prompt_unavailable"), ("pinentry", "prompt_timeout")])
def test_the_voice_is_stopped(rig, name, code):
    rig.windows.answer("hang")
    read = prompted(rig.session())
    os.kill(pid_of(rig, name), signal.SIGSTOP)
    read.failed(code)
    left_clean(rig)


# ---- no window ----------------------------------------------------------

@pytest.mark.shows("read:prompt_unavailable")
@pytest.mark.parametrize("program, health", [
    ("/nonexistent/pinentry", "unavailable"),
    ("/etc/passwd", "unavailable"),         # not a program
    ("/bin/false", "ok"),                   # says nothing and ends
    ("/usr/bin/yes", "ok"),                 # says nonsense without end
], ids=["missing", "not-executable", "mute", "babbling"])
def test_a_pinentry_that_is_none(make_rig, program, health):
    rig = make_rig(pinentry=program)
    page = rig.session()
    assert page.health()["prompt"] == health
    page.read().failed("prompt_unavailable")
    left_clean(rig)
    page.read(["card_info"]).to_end("done")
    assert rig.card[0].verifies() == []


@pytest.mark.shows("read:prompt_unavailable")
@pytest.mark.parametrize("answer", ["crash", "garbage", "error 83886179x"])
def test_a_pinentry_that_fails(rig, answer):
    rig.windows.answer(answer)
    page = rig.session()
    page.read().failed("prompt_unavailable")
    left_clean(rig)
    assert rig.card[0].verifies() == []
    reads_as_ever(rig, page)


@pytest.mark.shows("read:prompt_unavailable")
@pytest.mark.rig(config={"prompt": {"mode": "agent"}})
def test_no_agent(rig):
    """Nobody's desktop has an agent: none can have one in this version."""
    page = rig.session()
    assert page.health()["prompt"] == "unavailable"
    page.read().failed("prompt_unavailable")
    left_clean(rig)
    page.read(["card_info"]).to_end("done")


# ---- what is typed ------------------------------------------------------

@pytest.mark.shows("read:pin_format")
def test_three_malformed_in_one_read(rig):
    """With a wrong PIN between them; full width is a form."""
    rig.windows.answer("pin", "pin １２３", "pin ９９９９", "pin 12345")
    rig.session().read().failed("pin_format")
    assert [e.sw for e in rig.card[0].verifies()] == [0x63C2]
    left_clean(rig)


def test_two_malformed_and_a_right_one(rig):
    rig.windows.answer("pin " + "1" * 300, "pin 12 34", "pin １2３4")
    rig.session().read().to_end("done")
    assert [e.sw for e in rig.card[0].verifies()] == [0x9000]


# ---- how often ----------------------------------------------------------

@pytest.mark.shows("http:prompt_limited")
@pytest.mark.rig(clock=True)
def test_three_cancelled_in_a_row(rig):
    page = rig.session()
    for _ in range(3):
        rig.windows.answer("cancel")
        page.read().failed("pin_cancelled")

    def limited(page):
        refused = page.post("/v1/reads", {"kinds": ["attributes"]})
        refused.expect(429, "prompt_limited")
        return int(refused.headers["Retry-After"])

    assert 590 <= limited(page) <= 600
    assert len(rig.windows.shown()) == 3
    # A new session changes nothing, another origin has a row of its own,
    # and what asks nobody is not limited.
    page.end()
    page = rig.session()
    assert 590 <= limited(page) <= 600
    rig.jump(500)
    assert 90 <= limited(page) <= 100
    page.read(["card_info"]).to_end("done")
    reads_as_ever(rig, rig.session(TWO))
    reads_as_ever(rig, rig.session(None))
    limited(page)
    rig.jump(101)
    reads_as_ever(rig, page)


def test_an_accepted_pin_ends_the_row(rig):
    page = rig.session()
    for _ in range(2):
        for _ in range(2):
            rig.windows.answer("cancel")
            page.read().failed("pin_cancelled")
        reads_as_ever(rig, page)


@pytest.mark.shows("http:prompt_limited")
def test_six_in_ten_minutes(rig):
    """Ends of other kinds count too: the page's own, a session's."""
    for n in range(1, 7):
        rig.windows.answer("hang")
        page = rig.session()
        read = prompted(page, n=n)
        if n % 2:
            read.cancel()
        page.end()
    rig.session().post("/v1/reads", {"kinds": ["attributes"]}).expect(
        429, "prompt_limited")


# ---- two at once --------------------------------------------------------

@pytest.mark.shows("http:busy")
def test_two_reads(rig):
    """One's own read is named, another site's not."""
    page, other = rig.session(), rig.session(TWO)
    rig.windows.answer("hold cancel")
    read = prompted(page)
    busy = page.post("/v1/reads", {"kinds": ["card_info"]})
    assert busy.expect(409, "busy").json["id"] == read.id
    busy = other.post("/v1/reads", {"kinds": ["card_info"]})
    assert "id" not in busy.expect(409, "busy").json
    assert read.id.encode() not in busy.body
    rig.windows.release()
    read.failed("pin_cancelled")
    reads_as_ever(rig, other)


@pytest.mark.shows("http:busy")
@pytest.mark.rig(people=("hanako", "taro"))
def test_two_reads_in_two_readers(rig):
    """Two windows at once, and each PIN goes to its own card."""
    page, other = rig.session(), rig.session(TWO)
    r1, r2 = (r["id"] for r in page.get("/v1/readers").expect(200).json)
    rig.windows.answer("hold pin 1234")
    first = prompted(page, reader=r1)
    page.post("/v1/reads", {"kinds": ["card_info"]}).expect(409, "busy")
    rig.windows.answer("pin 2345")
    second = other.read(reader=r2).to_end("done")
    assert "太郎" in second.results["attributes"]["name"]
    rig.windows.release()
    first.to_end("done")
    assert "花子" in first.results["attributes"]["name"]
    for card in rig.card:
        assert [e.sw for e in card.verifies()] == [0x9000]


# ---- afterwards ---------------------------------------------------------

@pytest.mark.shows("http:gone", "http:not_found")
@pytest.mark.rig(clock=True)
def test_a_result_is_kept(rig):
    """For five minutes, or until it is deleted; its name is nobody else's."""
    page, other = rig.session(), rig.session(TWO)
    rig.windows.answer("pin 1234", "pin 1234")
    kept = page.read().to_end("done")
    path = f"/v1/reads/{kept.id}"
    first = page.get(path).expect(200).body
    rig.jump(290)
    assert page.get(path).expect(200).body == first
    deleted = page.read().to_end("done")
    deleted.cancel()
    page.get(f"/v1/reads/{deleted.id}").expect(410, "gone")
    rig.jump(11)
    page.get(path).expect(410, "gone")
    page.delete(path).expect(410, "gone")
    other.get(path).expect(404, "not_found")
    for unknown in ("0" * 16, kept.id[:-1], kept.id.upper() + "0", "%00"):
        page.get("/v1/reads/" + unknown).expect(404, "not_found")
        page.delete("/v1/reads/" + unknown).expect(404, "not_found")


# ---- what is left of a secret -------------------------------------------

def under_proc(pid, name):
    """What only root may read of an undumpable process; None otherwise."""
    try:
        return pathlib.Path(f"/proc/{pid}/{name}").read_bytes()
    except PermissionError:
        return None


@pytest.mark.rig(env={"LC_TIME": "ja_JP.UTF-8", "TERM": "vt100",
                      "KENMEN_TOKEN": "not for helpers", "BASH_ENV": "/x",
                      "GTK_MODULES": "x", "LDX": "x"})
def test_what_helpers_are_given(rig):
    """Of the environment: what kenmend(8) lists; of the command line:
    nothing of this read; no core file's size; no descriptor but their own."""
    listed = {"PCSCLITE_CSOCK_NAME", "DISPLAY", "WAYLAND_DISPLAY",
              "XAUTHORITY", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS",
              "LANG", "HOME", "PATH", "TERM", "LC_TIME"}
    rig.windows.answer("hang")
    prompted(rig.session(), purpose="a-purpose")
    seen = 0
    for name in ("kenmend", *HELPERS, "pinentry"):
        pid = pid_of(rig, name)
        for word in (DRONE, "ドローン", "a-purpose"):
            assert word not in command_line(pid)
        limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
        core, = (l for l in limits.splitlines() if "core file size" in l)
        assert core.split()[4:6] == ["0", "0"], name
        environ = under_proc(pid, "environ")
        if name == "kenmend" or environ is None:
            continue
        names = {v.split(b"=")[0].decode() for v in environ.split(b"\0") if v}
        # A shell stands between kenmen-prompt and the script.
        names -= {"PWD", "_", "SHLVL", "OLDPWD"} if name == "pinentry" else set()
        assert names <= listed, name
        assert {"LC_TIME", "PCSCLITE_CSOCK_NAME"} <= names
        seen += 1
    assert seen >= 1


def sockets(pid):
    found = set()
    try:
        for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                if (link := os.readlink(fd)).startswith("socket:"):
                    found.add(link)
    except PermissionError:
        pytest.skip("only root sees the descriptors of helpers")
    return found


def test_what_helpers_hold_open(rig):
    """The runner its wire, its end of the voice's and pcscd's; the voice the
    other end; the pinentry none; the door none of theirs."""
    rig.windows.answer("hang")
    prompted(rig.session())
    held = {name: sockets(pid_of(rig, name))
            for name in ("kenmend", *HELPERS, "pinentry")}
    assert [len(held[name]) for name in (*HELPERS, "pinentry")] == [3, 1, 0]
    assert len(set.union(*held.values())) == sum(map(len, held.values()))


def memory_holds(pid, *needles):
    """Which of these stand in what the process can write to."""
    found = set()
    with open(f"/proc/{pid}/maps") as maps, \
            open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            place, rights, *_ = line.split()
            if not rights.startswith("rw"):
                continue
            start, end = (int(n, 16) for n in place.split("-"))
            try:
                mem.seek(start)
                data = mem.read(end - start)
            except OSError:
                continue
            found |= {n for n in needles if n in data}
    return found


if not SANITIZED:   # whose freed memory is kept, to find its users

    @pytest.fixture
    def peek():
        if os.geteuid() != 0:
            pytest.skip("only root may look into these processes")
        return memory_holds

    def test_a_pin_is_nowhere_afterwards(rig, peek):
        """Typed once malformed and once wrong: the voice has forgotten it
        when the card gets it, the runner when the next window opens, and no
        log ever had it."""
        malformed, typed = "Zq7-malformed-9Xw", "９８７６"
        rig.secret(malformed, typed)
        shown = DRONE.encode()      # all of them know who asks
        # Without their beginnings, which other lines may have overwritten.
        needles = {shown, malformed[4:].encode(), typed[1:].encode(),
                   b"\x049876"}

        def held(name):
            return peek(pid_of(rig, name), *needles) - {shown}

        rig.windows.answer(f"pin {malformed}", f"hold pin {typed}", "hang")
        read = prompted(rig.session(), n=2)
        assert shown in peek(pid_of(rig, "kenmen-prompt"), shown)
        assert not held("kenmen-read") and not held("kenmen-prompt")
        rig.card[0].switch("slow", 300)
        rig.windows.release()
        rig.card[0].wait_exchange("VERIFY")
        assert b"\x049876" in held("kenmen-read")
        assert not held("kenmen-prompt")
        rig.card[0].switch("slow", "off")
        rig.windows.wait_shown(3)
        assert [e.command[4:] for e in rig.card[0].verifies()] == \
            [b"\x049876"]
        for name in ("kenmend", *HELPERS):
            assert not held(name), name
        assert read.poll()["state"] == "waiting_for_pin"

    def test_a_result_is_nowhere_after_its_delete(rig, peek):
        rig.windows.answer("pin 1234", "pin 1234")
        page = rig.session()
        name, raw = "見本　花子".encode(), b"19900401"
        read = page.read().to_end("done")
        assert name in peek(rig.kenmend.pid, name, raw)
        read.cancel()
        assert peek(rig.kenmend.pid, name, raw) == set()
        page.read().to_end("done")
        page.end()
        assert peek(rig.kenmend.pid, name, raw) == set()


# ---- when kenmend itself runs short ----------------------------------------

@pytest.mark.shows("http:internal")
def test_no_descriptors_left(rig):
    """A read whose sockets cannot be had: 500, and the next one works. The
    limit that lets the request in but not its two socket pairs is found by
    trying; a request that is let in too far would be a 202."""
    page = rig.session()
    body = b'{"kinds":["card_info"]}'
    _, hard = resource.prlimit(rig.kenmend.pid, resource.RLIMIT_NOFILE)
    for soft in range(4, 128):
        with rig.tls() as tls:
            page.get("/v1/session").expect(200)     # tls is accepted by now
            resource.prlimit(rig.kenmend.pid, resource.RLIMIT_NOFILE,
                             (soft, hard))
            try:
                tls.sendall(
                    b"POST /v1/reads HTTP/1.1\r\n"
                    b"Host: 127.0.0.1:%d\r\nOrigin: %s\r\n"
                    b"Authorization: Bearer %s\r\n"
                    b"Content-Type: application/json\r\n"
                    b"Content-Length: %d\r\nConnection: close\r\n\r\n" % (
                        rig.port, page.origin.encode(), page.token.encode(),
                        len(body)) + body)
                got = http.client.HTTPResponse(tls)
                got.begin()
                reply = rig.saw(Reply(got.status, got.headers, got.read()))
            finally:
                resource.prlimit(rig.kenmend.pid, resource.RLIMIT_NOFILE,
                                 (hard, hard))
        if reply.status != 403:
            break
    reply.expect(500, "internal")
    page.read(["card_info"]).to_end("done")
