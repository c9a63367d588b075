"""Requests byte by byte, as no client would send them, and what may be said
of every answer: for the tests that see the daemon as an attacker does."""

import contextlib
import http.client
import io
import json
import os
import ssl
import subprocess

from rig import DRONE, LIMIT, Reply, Trouble

HOST, ORIGIN = "Host: 127.0.0.1:PORT", f"Origin: {DRONE}"
GOOD = (HOST, ORIGIN)
JSON = "Content-Type: application/json"
HEALTH = "GET /v1/health HTTP/1.1"
NOBODY = 65534

ALWAYS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}
TO_ORIGINS = {
    "Vary": "Origin",
    "Access-Control-Expose-Headers": "Location, Retry-After",
}
TO_PREFLIGHTS = {
    "Access-Control-Allow-Methods": "GET, POST, DELETE",
    "Access-Control-Allow-Headers": "authorization, content-type",
    "Access-Control-Max-Age": "600",
}


def raw(thing):
    return thing if isinstance(thing, bytes) else thing.encode()


def request(rig, line, *headers, body=b"", close=True):
    """The bytes of a request; PORT stands for the daemon's port."""
    lines = [line, *headers]
    if body and not any(raw(h).lower().startswith((b"content-length",
                                                   b"transfer-encoding"))
                        for h in headers):
        lines.append(f"Content-Length: {len(body)}")
    if close:
        lines.append("Connection: close")
    head = b"\r\n".join(map(raw, lines)) + b"\r\n\r\n"
    return head.replace(b"PORT", str(rig.port).encode()) + body


class Unclosed(io.BytesIO):
    """What http.client closes after one answer, and another follows in."""

    def close(self):
        pass

    def makefile(self, *_):
        return self


def client_hello():
    """The first bytes of a handshake."""
    into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = ssl.create_default_context().wrap_bio(
        into, out, server_hostname="localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    return out.read()


def exchange(tls, data=b""):
    """Sends, and returns all bytes until the daemon closes."""
    got = b""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError,
                             ssl.SSLEOFError, ssl.SSLZeroReturnError):
        if data:
            tls.sendall(data)
    with contextlib.suppress(ConnectionResetError, ssl.SSLEOFError):
        while piece := tls.recv(65536):
            got += piece
    return got


def answers(got, method="GET"):
    """Yields the answers in these bytes, each a Reply."""
    stream = Unclosed(got)
    while stream.tell() < len(got):
        answer = http.client.HTTPResponse(stream, method=method)
        answer.begin()
        yield Reply(answer.status, answer.headers, answer.read())


def parse(got, method="GET"):
    return list(answers(got, method))


def ask(rig, line, *headers, body=b"", cors=None):
    """One request's one answer. All that may be said of any answer of ours
    was looked at; cors: the origin that may read it."""
    with rig.tls() as tls:
        got = parse(exchange(tls, request(rig, line, *headers, body=body)),
                    line.split(" ")[0])
    if len(got) != 1:
        raise Trouble(f"{line}: {len(got)} answers: {got}")
    judge(got[0], cors)
    return rig.saw(got[0]) if got[0].body else got[0]


def judge(reply, cors=None):
    """The headers that all answers have, and that none may have."""
    wanted = dict(ALWAYS)
    if cors:
        wanted |= TO_ORIGINS | {"Access-Control-Allow-Origin": cors}
    for name, value in wanted.items():
        if reply.headers.get_all(name) != [value]:
            raise Trouble(f"{name}: {reply.headers.get_all(name)} in {reply}")
    judge_absent(reply, cors)


def judge_absent(reply, cors=None):
    for name in reply.headers:
        low = name.lower()
        if low in ("server", "set-cookie", "refresh", "content-location",
                   "access-control-allow-credentials") or \
                low.startswith("access-control") and not cors or \
                low == "vary" and not cors:
            raise Trouble(f"{name} in {reply}")


def faults(rows, tell):
    """Runs tell(row), which raises Trouble or AssertionError; all faults."""
    found = []
    for row in rows:
        try:
            tell(row)
        except AssertionError as e:     # Trouble is one
            found.append(f"{row!r:.200}: {e}")
    return found


def shown(reply):
    """An answer's bytes as a stranger compares them: all but the date."""
    return (reply.status, sorted((k, v) for k, v in reply.headers.items()
                                 if k != "Date"), reply.body)


def as_other_user(rig, data, uid=NOBODY):
    """Bytes of one exchange by another user; None where none can be had."""
    if os.geteuid() != 0:
        return None
    code = ("import socket, ssl, sys\n"
            "context = ssl.create_default_context()\n"
            "context.check_hostname = False\n"
            "context.verify_mode = ssl.CERT_NONE\n"
            f"plain = socket.create_connection(('127.0.0.1', {rig.port}), 20)\n"
            "tls = context.wrap_socket(plain)\n"
            "try:\n"
            "    tls.sendall(sys.stdin.buffer.read())\n"
            "except OSError:\n"
            "    pass\n"
            "while got := tls.recv(65536):\n"
            "    sys.stdout.buffer.write(got)\n")
    done = subprocess.run(
        ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups",
         "/usr/bin/python3", "-c", code], input=data, capture_output=True,
        cwd="/", timeout=LIMIT)
    if done.returncode:
        raise Trouble(done.stderr.decode())
    return done.stdout


class Waiting:
    """A GET that the daemon has and holds back, or a stream."""

    def __init__(self, page, path):
        rig = page.rig
        self.tls = rig.tls()
        self.tls.sendall(request(
            rig, f"GET {path} HTTP/1.1", HOST, f"Origin: {page.origin}",
            f"Authorization: Bearer {page.token}"))

    def reply(self):
        with self.tls:
            one, = parse(exchange(self.tls))
        return one


def events(body):
    """[(id, event, data)] of a stream; comments are left out."""
    found = []
    for part in body.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in part.splitlines()
                      if not line.startswith(":"))
        if fields:
            found.append((int(fields["id"]), fields["event"],
                          json.loads(fields["data"])))
    return found
