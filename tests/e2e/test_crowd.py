"""Too many connections, and connections that are too slow: an honest page must
not notice. And the many that may wait: long polls and streams.

Loopback only, and every loop has an end.
"""

import contextlib
import http.client
import itertools
import os
import pathlib
import select
import socket
import ssl
import struct
import subprocess
import threading
import time

import pytest

from attacker import (GOOD, HEALTH, JSON, NOBODY, Waiting, client_hello, events,
                      exchange, judge, parse, request)
from rig import DRONE, LIMIT, SLOW, TWO, deadline, left

# Nothing here needs a card but what says so.
pytestmark = pytest.mark.rig(pcscd=False, people=())
WITH_CARD = pytest.mark.rig(people=("hanako", None))


# ---- too many, too slow --------------------------------------------------

class Crowd:
    """Connections that never become an honest request."""

    KINDS = ("connected", "half a handshake", "silent", "half a header",
             "a header that drips", "a body that drips")

    def __init__(self, rig, n):
        self.rig, self.began, self.socks = rig, time.monotonic(), []
        self.hello = client_hello()
        self.context = ssl.create_default_context(
            cafile=str(rig.dir / "state/ca.pem"))
        for kind in itertools.islice(itertools.cycle(self.KINDS), n):
            self.socks.append((kind, self._open(kind)))
        self.opened = time.monotonic()
        self.over = {}      # kind: when each of them was cut

    def _open(self, kind):
        plain = socket.create_connection(("127.0.0.1", self.rig.port), LIMIT)
        if kind == "connected":
            return plain
        if kind == "half a handshake":
            plain.sendall(self.hello[:len(self.hello) // 2])
            return plain
        tls = self.context.wrap_socket(plain, server_hostname="127.0.0.1")
        head = request(self.rig, "POST /v1/reads HTTP/1.1", *GOOD, JSON)
        if kind in ("half a header", "a header that drips"):
            tls.sendall(head[:40])
        if kind == "a body that drips":
            tls.sendall(head[:-2] + b"Content-Length: 1000\r\n\r\n{")
        return tls

    def drip(self):
        """A byte more, from those that drip."""
        for kind, sock in self.socks:
            with contextlib.suppress(OSError):
                if kind.endswith("drips"):
                    sock.send(b"x")
                elif kind == "half a handshake":
                    sock.send(b"\0")

    def look(self, seconds):
        """Notes who was cut meanwhile."""
        ready, _, _ = select.select([s for _, s in self.socks], [], [],
                                    seconds)
        for kind, sock in list(self.socks):
            if sock in ready and self._is_over(sock):
                self.over.setdefault(kind, []).append(time.monotonic())
                self.socks.remove((kind, sock))
                sock.close()

    @staticmethod
    def _is_over(sock):
        sock.setblocking(False)
        try:
            return not sock.recv(65536)
        except (ssl.SSLWantReadError, BlockingIOError):
            return False
        except OSError:
            return True
        finally:
            sock.setblocking(True)

    def close(self):
        for _, sock in self.socks:
            sock.close()


@WITH_CARD
def test_a_flood(rig):
    """200 connections of every bad kind: an honest page reads the card within
    seconds meanwhile; each of them is cut ten seconds after it came, however
    busy it kept itself, and none before."""
    crowd = Crowd(rig, 198)
    honest = []

    def read():
        began = time.monotonic()
        rig.windows.answer("pin 1234")
        page = rig.session()
        done = page.read().to_end("done")
        page.end()
        honest.append((done.results["attributes"]["sex"],
                       time.monotonic() - began))

    try:
        # From here on, in real time: it is the clock that is tested.
        worker = threading.Thread(target=read)
        worker.start()
        end = crowd.opened + 10 + 5 * SLOW
        dripped = 0
        while crowd.socks and time.monotonic() < end:
            crowd.look(0.25)
            if time.monotonic() - crowd.opened > dripped:
                crowd.drip()
                dripped += 1
        worker.join(LIMIT)
        left_over = [kind for kind, _ in crowd.socks]
    finally:
        crowd.close()
    assert honest and honest[0][0] == "female"
    assert honest[0][1] < 5 * SLOW
    assert left_over == []
    assert set(crowd.over) == set(Crowd.KINDS)
    times = sorted(t for cut in crowd.over.values() for t in cut)
    assert times[0] - crowd.began >= 9.9
    assert times[-1] - crowd.opened <= 10 + 2 * SLOW
    assert rig.client().health()


@pytest.mark.rig(pcscd=False, people=(), clock=True)
def test_a_kept_connection_has_a_deadline(rig):
    """Thirty seconds from an answer to the next whole request, however many
    bytes of one come."""
    def is_answered(tls):
        tls.sendall(request(rig, HEALTH, *GOOD, close=False))
        answer = http.client.HTTPResponse(tls)
        answer.begin()
        return answer.status == 200 and answer.read()

    with rig.tls() as tls:
        assert is_answered(tls)
        for _ in range(3):      # each request has thirty of its own
            rig.jump(29)
            assert is_answered(tls)
        for byte in request(rig, HEALTH, *GOOD)[:28]:
            rig.jump(1)
            tls.sendall(bytes([byte]))
        rig.jump(3)
        assert exchange(tls) == b""


@pytest.mark.rig(pcscd=False, people=(), clock=True)
def test_a_first_request_has_a_deadline(rig):
    """Ten seconds from the connection on, TLS and a body included."""
    for head, body in ((HEALTH, b""), ("POST /v1/sessions HTTP/1.1", b"{}")):
        data = request(rig, head, *GOOD, JSON, body=body)
        with rig.tls() as early, rig.tls() as late:
            for tls in (early, late):
                tls.sendall(data[:-1])
            rig.jump(9)
            judge(parse(exchange(early, data[-1:]))[0], DRONE)
            rig.jump(2)
            assert exchange(late, data[-1:]) == b""


def test_more_connections_than_one_user_may_have(rig):
    """The oldest that is not being served makes room: an honest request
    comes through, and so does the answer that somebody waits for."""
    page = rig.session()
    with contextlib.ExitStack() as stack:
        socks = [stack.enter_context(socket.create_connection(
            ("127.0.0.1", rig.port), LIMIT)) for _ in range(300)]
        for _ in range(5):
            page.get("/v1/session").expect(200)
        # The first ones were cut, long before their time; the last ones wait.
        assert select.select([socks[0]], [], [], 2 * SLOW)[0]
        assert socks[0].recv(1) == b""
        assert not select.select([socks[-1]], [], [], 0)[0]
    page.get("/v1/session").expect(200)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_another_users_crowd(rig):
    """Fills that user's places, not ours."""
    code = ("import socket, sys\n"
            "held = [socket.create_connection(('127.0.0.1', "
            f"{rig.port})) for _ in range(600)]\n"
            "print('ready', flush=True)\n"
            "sys.stdin.read()\n")
    page = rig.session()
    with subprocess.Popen(
            ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}",
             "--clear-groups", "/usr/bin/python3", "-c", code], cwd="/",
            stdin=subprocess.PIPE, stdout=subprocess.PIPE) as crowd:
        try:
            assert crowd.stdout.readline() == b"ready\n"
            kept = rig.tls()        # ours, which is not being served
            for _ in range(10):
                page.get("/v1/session").expect(200)
            one, = parse(exchange(kept, request(rig, HEALTH, *GOOD)))
            judge(one.expect(200), DRONE)
            kept.close()
        finally:
            crowd.stdin.close()


def cpu_seconds(rig):
    stat = pathlib.Path(f"/proc/{rig.kenmend.pid}/stat").read_text()
    ticks = stat.rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def test_idle_connections_cost_nothing(rig):
    """Whatever state they are in: the daemon sleeps."""
    crowd = Crowd(rig, 60)
    try:
        rig.client().health()
        before = cpu_seconds(rig)
        crowd.look(0.5)
        end = time.monotonic() + 1.5
        while (rest := end - time.monotonic()) > 0:
            crowd.look(rest)
        assert cpu_seconds(rig) - before < 0.3 * SLOW
    finally:
        crowd.close()


# ---- waiting ------------------------------------------------------------

def half_closed(rig):
    """Connections that their client closed and the daemon has not."""
    port = f":{rig.port:04X}"
    table = pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]
    return sum(line.split()[1].endswith(port) and line.split()[3] == "08"
               for line in table)


@WITH_CARD
def test_fifty_polls(rig):
    """All wait, others are served meanwhile, some leave in every way there
    is, and the rest gets the same answer at once."""
    rig.windows.answer("hold cancel")
    page = rig.session()
    read = page.read()
    seq = read.until("waiting_for_pin")["seq"]
    path = f"/v1/reads/{read.id}?wait=30&after={seq}"
    polls = [Waiting(page, path) for _ in range(50)]
    for _ in range(5):
        page.health()
    for n, gone in enumerate(polls[:20]):
        if n % 2:       # without a goodbye, and unread
            gone.tls.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                struct.pack("ii", 1, 0))
        elif n % 4:     # half: no more bytes, but it could still read
            gone.tls.shutdown(socket.SHUT_WR)
            continue
        gone.tls.close()
    end = deadline()
    while half_closed(rig):
        assert left(end), "connections of clients that left are still open"
        page.health()
    assert read.poll()["state"] == "waiting_for_pin"
    rig.windows.release()
    replies = [poll.reply() for poll in polls[20:]]
    for reply in replies:
        judge(reply.expect(200), DRONE)
    assert len({r.body for r in replies}) == 1
    assert replies[0].json["seq"] > seq
    read.failed("pin_cancelled")


@WITH_CARD
def test_streams(rig):
    """Many at once share one runner; each tells of its own session alone,
    and never what was read."""
    page, other = rig.session(), rig.session(TWO)
    mine = [Waiting(page, "/v1/events") for _ in range(20)]
    theirs = Waiting(other, "/v1/events")
    assert mine[0].tls.recv(100).startswith(b"HTTP/1.1 200")
    mine.pop(0).tls.close()
    page.health()
    assert len(rig.pids("kenmen-read")) == 1
    rig.windows.answer("pin 1234")
    read = page.read().to_end("done")
    page.end()
    other.end()
    streams = [w.reply() for w in mine]
    for stream in streams:
        judge(stream.expect(200), DRONE)
        assert stream.headers["Content-Type"] == "text/event-stream"
        told = events(stream.body)
        assert [n for n, _, _ in told] == list(range(1, len(told) + 1))
        assert told[0][1] == "snapshot"
        assert told[-1][1:] == ("session", {"expires_in": 0})
        assert {d["id"] for _, e, d in told if e == "read"} == {read.id}
        for secret in (*rig.secrets, "1234", page.token):
            assert secret.encode() not in stream.body
    stream = theirs.reply()
    judge(stream.expect(200), TWO)
    assert read.id.encode() not in stream.body
    assert [e for _, e, _ in events(stream.body) if e == "read"] == []
