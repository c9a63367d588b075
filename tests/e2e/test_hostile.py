"""Hostile requests over real TLS: every refusal of the API's "Transport" and
their order, what may not be learnt from them, other users, tokens, bodies, and
that nothing marked is left anywhere.

Most tests go through a table and name every row that went wrong. Floods and
drips are in test_crowd.py, TLS in test_tls.py.
"""
import base64
import itertools
import json
import os
import re
import socket
import time

import pytest

from attacker import (ALWAYS, GOOD, HEALTH, HOST, JSON, NOBODY, ORIGIN,
                      TO_PREFLIGHTS, answers, as_other_user, ask, exchange,
                      faults, judge, judge_absent, parse, request, shown)
from rig import DRONE, LIMIT, SLOW, TWO, Trouble

# Nothing here needs a card but what says so.
pytestmark = pytest.mark.rig(pcscd=False, people=())
WITH_CARD = pytest.mark.rig(people=("hanako", None))
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0,
                             reason="only root can be somebody else")


@pytest.fixture
def rig(rig):
    """Every answer that any client here gets has the standing headers."""
    saw = rig.saw

    def judged(reply):
        for name, value in ALWAYS.items():
            if reply.headers.get_all(name) != [value]:
                raise Trouble(f"{name} in {reply}")
        return saw(reply)

    rig.saw = judged
    return rig


# ---- framing ------------------------------------------------------------

FRAMING = [
    (HEALTH, *GOOD, HOST),
    (HEALTH, *GOOD, "Host: evil.example"),
    (HEALTH, "Host:", *GOOD),
    (HEALTH, ORIGIN),
    (HEALTH, *GOOD, ORIGIN),
    (HEALTH, *GOOD, "origin: https://evil.example"),
    (HEALTH, HOST, "Origin: https://evil.example", ORIGIN),
    (HEALTH, *GOOD, "Content-Length: 0", "Content-Length: 0"),
    (HEALTH, *GOOD, "Content-Length: 0", "Transfer-Encoding: chunked"),
    (HEALTH, *GOOD, "Transfer-Encoding: chunked", "Content-Length: 5"),
    (HEALTH, *GOOD, "Transfer-Encoding: gzip, chunked"),
    (HEALTH, *GOOD, "Transfer-Encoding: identity"),
    (HEALTH, *GOOD, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
    ("GET https://127.0.0.1:PORT/v1/health HTTP/1.1", *GOOD),
    ("GET https://evil.example/v1/health HTTP/1.1", *GOOD),
    ("GET //evil.example HTTP/1.0", *GOOD),
    ("GET v1/health HTTP/1.1", *GOOD),
    ("GET * HTTP/1.1", *GOOD),
    ("OPTIONS * HTTP/1.1", *GOOD),
    ("CONNECT 127.0.0.1:PORT HTTP/1.1", *GOOD),
    ("GET /v1/health HTTP/1.0", *GOOD),
    ("GET /v1/health HTTP/1.0",),
    ("GET /v1/health HTTP/1.2", *GOOD),
    ("GET /v1/health#fragment HTTP/1.1", *GOOD),
    ("GET /v1/ health HTTP/1.1", *GOOD),
    ("GET  /v1/health HTTP/1.1", *GOOD),
    (b"GET /v1/\x00health HTTP/1.1", *GOOD),
    (b"GET /v1/health\x00 HTTP/1.1", *GOOD),
    (b"GET\x00 /v1/health HTTP/1.1", *GOOD),
    (b"GET /v1/h\xc3\xa9alth HTTP/1.1", *GOOD),
    (HEALTH, *GOOD, "Upgrade: h2c"),
    (HEALTH, *GOOD, "upgrade:"),
    (HEALTH, HOST, f"Origin: {DRONE}\0.evil.example"),
    (HEALTH, HOST, f"Origin: {DRONE}\0"),
    (HEALTH, f"Origin: {DRONE}\0.evil.example", HOST),
    (HEALTH, "Host: 127.0.0.1:PORT\0.evil.example", ORIGIN),
    (HEALTH, *GOOD, "Authorization: Bearer x\0y"),
    (HEALTH, HOST, f"Origin : {DRONE}"),
    (HEALTH, *GOOD, "X Y: z"),
    (HEALTH, *GOOD, ": z"),
    (HEALTH, *GOOD, "X: a\x01b"),
    (HEALTH, *GOOD, "X: a\rb"),
    (HEALTH, *GOOD, "X: a\x7fb"),
    (HEALTH, " " + HOST, ORIGIN),
    (HEALTH, *GOOD, "X: folded", " into two"),
    (HEALTH, HOST, "Origin: https://", " drone.example"),
    (HEALTH, "Host:", "\t127.0.0.1:PORT", ORIGIN),
    (HEALTH, *GOOD, "Authorization: Bearer a", "Authorization: Bearer b"),
    (HEALTH, *GOOD, JSON, "Content-Type: text/plain"),
    (HEALTH, *GOOD, "Sec-Fetch-Mode: cors", "Sec-Fetch-Mode: cors"),
    (HEALTH, *GOOD, "Sec-Fetch-Dest: empty", "Sec-Fetch-Dest: image"),
]


@pytest.mark.shows("http:bad_request")
def test_framing(rig):
    """The first thing that is looked at: no CORS header, whoever asks, and
    the same words for all."""
    bodies = set()

    def refused(row):
        # bytes cannot be split by ask(): the method is GET there.
        line = row[0] if isinstance(row[0], str) else row[0].decode("latin-1")
        with rig.tls() as tls:
            got = parse(exchange(tls, request(rig, *row)), line.split(" ")[0])
        assert len(got) == 1, got
        rig.saw(got[0]).expect(400, "bad_request")
        judge(got[0])
        bodies.add(got[0].body)

    assert faults(FRAMING, refused) == []
    assert len(bodies) == 1
    assert rig.client().health()


NOT_HTTP = [
    b"GET /v1/health\r\n\r\n",
    b"GET /v1/health HTTP/9.9\r\nHost: 127.0.0.1:PORT\r\n\r\n",
    b"GET /v1/health HTTP/1.10\r\nHost: 127.0.0.1:PORT\r\n\r\n",
    b"GET /v1/health SPDY/3\r\nHost: 127.0.0.1:PORT\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET /v1/health HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nno colon\r\n\r\n",
    b"POST /v1/sessions HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n"
    b"Content-Length: -1\r\n\r\n",
    b"POST /v1/sessions HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n"
    b"Content-Length: 2, 2\r\n\r\n{}",
    b"POST /v1/sessions HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n"
    b"Content-Length: 99999999999999999999999999\r\n\r\n{}",
    b"POST /v1/sessions HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n"
    b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
    b"POST /v1/sessions HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n"
    b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}",
    b"GET /v1/health HTTP/1.1\r\nX: " + b"a" * 60000 + b"\r\n\r\n",
    b"GET /v1/reads/" + b"a" * 60000 + b" HTTP/1.1\r\n\r\n",
    b"GET /v1/health HTTP/1.1\r\n" + b"a: b\r\n" * 8000 + b"\r\n",
    b"a" * 100000 + b"\r\n\r\n",
]


def test_what_the_http_library_refuses(rig):
    """An error or a closed connection, at once; and still nobody learns what
    this is."""
    def refused(data):
        data = data.replace(b"PORT", str(rig.port).encode())
        start = time.monotonic()
        with rig.tls() as tls:
            got = exchange(tls, data)
        assert time.monotonic() - start < 5 * SLOW
        # It may say a thing twice.
        for reply in itertools.islice(answers(got), 1):
            assert 400 <= reply.status < 500 or reply.status == 505, reply
            judge_absent(reply)
        assert b"kenmen" not in got and b"Access-Control" not in got, got

    assert faults(NOT_HTTP, refused) == []
    assert rig.client().health()


def test_plain_http(rig):
    """No answer without TLS that a browser would take for one."""
    with socket.create_connection(("127.0.0.1", rig.port), LIMIT) as plain:
        got = exchange(plain, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert b"HTTP/" not in got and b"kenmen" not in got
    assert rig.client().health()


@pytest.mark.shows("http:bad_request")
@pytest.mark.parametrize("origin", [DRONE, "https://evil.example", None])
def test_no_websocket(rig, origin):
    """A handshake as browsers send it, before any Origin is looked at."""
    key = base64.b64encode(bytes(16)).decode()
    headers = [HOST, "Upgrade: websocket", "Connection: Upgrade",
               f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13"]
    if origin:
        headers.append(f"Origin: {origin}")
    for path in ("/", "/v1/events", "/v1/health"):
        with rig.tls() as tls:
            got = parse(exchange(tls, request(
                rig, f"GET {path} HTTP/1.1", *headers, close=False)))
        assert len(got) == 1
        judge(rig.saw(got[0]).expect(400, "bad_request"))


@pytest.mark.shows("http:bad_request")
def test_smuggling(rig):
    """A request inside another's body is never a request."""
    hidden = request(rig, "POST /v1/sessions HTTP/1.1", *GOOD)

    def alone(row):
        headers, body, code = row
        with rig.tls() as tls:
            got = parse(exchange(tls, request(
                rig, "POST /v1/session/touch HTTP/1.1", *GOOD, *headers,
                body=body, close=not code)))
        assert [r.code for r in got] == [code or "session_unknown"], got
        rig.saw(got[0])

    chunked = "Transfer-Encoding: chunked"
    assert faults([
        (["Content-Length: 4", chunked], b"0\r\n\r\n" + hidden, "bad_request"),
        ([chunked, "Content-Length: 4"], b"0\r\n\r\n" + hidden, "bad_request"),
        (["Transfer-Encoding: xchunked"], b"0\r\n\r\n" + hidden,
         "bad_request"),
        ([f"Content-Length: {len(hidden)}", "Content-Length: 0"], hidden,
         "bad_request"),
        (["Host: evil.example", "Content-Length: 0"], hidden, "bad_request"),
        ([f"Content-Length: {len(hidden)}"], hidden, None),
        ([chunked], b"%x;x=y\r\n%s\r\n0\r\nHost: x\r\nOrigin: null\r\n\r\n" %
         (len(hidden), hidden), None),
    ], alone) == []
    rig.client().post("/v1/sessions").expect(201)   # nobody else made one


def test_pipelining(rig):
    """Each answered for itself and in order, whatever came before it."""
    page = rig.session()
    bearer = f"Authorization: Bearer {page.token}"
    rows = [("GET /v1/health", [], 200), ("GET /v1/session", [], 401),
            ("GET /v1/session", [bearer], 200), ("GET /v1/nothing", [], 404),
            ("POST /v1/session/touch", [bearer], 200),
            ("PUT /v1/session", [bearer], 405),
            ("GET /v1/session", [], 401), ("GET /v1/health", [], 200)]
    data = b"".join(request(rig, f"{what} HTTP/1.1", *GOOD, *more, close=False)
                    for what, more, _ in rows)
    with rig.tls() as tls:
        got = parse(exchange(tls, data + request(rig, HEALTH, *GOOD)))
    assert [r.status for r in got] == [status for *_, status in rows] + [200]
    for reply in got:
        judge(reply, DRONE)


def test_line_ends(rig):
    """A bare LF ends a line (RFC 9112 2.2), so nothing hides behind one."""
    plain = request(rig, HEALTH, *GOOD).replace(b"\r\n", b"\n")
    two = request(rig, HEALTH, f"X: y\n{ORIGIN}\nOrigin: null", HOST)
    with rig.tls() as tls:
        one, = parse(exchange(tls, plain))
        judge(one.expect(200), DRONE)
    with rig.tls() as tls:
        one, = parse(exchange(tls, two))
        judge(rig.saw(one).expect(400, "bad_request"))


# ---- Host, Sec-Fetch, Origin --------------------------------------------

WRONG_HOSTS = [
    "127.0.0.1", "127.0.0.1:1", "127.0.0.1:443", "127.0.0.1:0PORT",
    "127.0.0.1:PORT0", "127.0.0.1:PORT.", "127.0.0.1:PORT, 127.0.0.1:PORT",
    "127.0.0.1:PORT/", "x@127.0.0.1:PORT", "127.0.0.1:PORT@evil.example",
    "0.0.0.0:PORT", "127.0.0.2:PORT", "127.1:PORT", "127.000.000.001:PORT",
    "2130706433:PORT", "0x7f000001:PORT", "017700000001:PORT", "0:PORT",
    "localhost", "localhost:", "localhost.:PORT", "LOCALHOST:PORT",
    "localhost.localdomain:PORT", "xlocalhost:PORT", "localhostx:PORT",
    "ip6-localhost:PORT", "localhost.evil.example:PORT",
    "[::1]", "::1:PORT", "[::]:PORT", "[::ffff:127.0.0.1]:PORT",
    "[0:0:0:0:0:0:0:1]:PORT", "[::1%lo]:PORT", "[::1]:PORT]",
    "rebind.example:PORT", "rebind.example", "drone.example", "*", "",
]


@pytest.mark.shows("http:wrong_host")
def test_wrong_hosts(rig):
    def refused(host):
        ask(rig, HEALTH, f"Host: {host}", ORIGIN).expect(421, "wrong_host")

    def taken(host):
        ask(rig, HEALTH, f"Host: {host}", ORIGIN, cors=DRONE).expect(200)

    assert faults(WRONG_HOSTS, refused) == []
    assert faults(["127.0.0.1:PORT", "localhost:PORT", "[::1]:PORT"],
                  taken) == []


@pytest.mark.rig(pcscd=False, people=(),
                 config={"server": {"listen": "127.0.0.1:0, [::1]:0"}})
@pytest.mark.shows("http:wrong_host")
def test_each_listener_has_its_port(rig):
    """A Host with the other listener's port is a wrong one."""
    try:
        six = int(rig.kenmend.wait_line(
            r"ready on https://\[::1\]:(\d+)", 1)[1])
    except Trouble:
        pytest.skip("no IPv6 here")
    plain = socket.create_connection(("::1", six), LIMIT)
    with rig.trust.wrap_socket(plain, server_hostname="::1") as tls:
        one, = parse(exchange(tls, request(
            rig, HEALTH, f"Host: [::1]:{six}", ORIGIN)))
        judge(one.expect(200), DRONE)
    ask(rig, HEALTH, f"Host: [::1]:{six}", ORIGIN).expect(421, "wrong_host")


NO_FETCH = [
    ("no-cors", "empty"), ("no-cors", "image"), ("no-cors", "script"),
    ("no-cors", "style"), ("no-cors", "empty"), ("same-origin", "empty"),
    ("websocket", "empty"), ("websocket", "websocket"), ("CORS", "empty"),
    ("", "empty"), ("cors", ""), ("cors", "Empty"), ("cors", "document"),
    ("cors", "iframe"), ("cors", "worker"), (None, "image"),
    (None, "document"), ("no-cors", None), ("cors,", None),
]


def fetch_headers(mode, dest):
    return [f"{name}: {value}" for name, value in (
        ("Sec-Fetch-Mode", mode), ("Sec-Fetch-Dest", dest))
        if value is not None]


@pytest.mark.shows("http:not_for_navigation")
def test_what_is_no_fetch(rig):
    """As images, scripts, forms and beacons come, from a listed origin or
    without one; local programs are allowed here, which changes nothing."""
    def refused(row):
        for origin in ([ORIGIN], [], ["Origin: null"]):
            ask(rig, HEALTH, HOST, *origin, *fetch_headers(*row)).expect(
                403, "not_for_navigation")

    assert faults(NO_FETCH, refused) == []


@pytest.mark.shows("http:origin_not_allowed")
def test_a_browser_without_an_origin(rig):
    """Local programs are allowed, but a browser is none."""
    def refused(lines):
        ask(rig, HEALTH, HOST, *lines).expect(403, "origin_not_allowed")

    assert faults([
        ["Sec-Fetch-Site: none"], ["Sec-Fetch-Site: same-origin"],
        ["Sec-Fetch-Mode: cors"], ["Sec-Fetch-Dest: empty"],
        ["sec-fetch-user: ?1"], ["Sec-Fetch-Storage-Access: active"],
        ["Sec-Fetch-Of-Tomorrow: x"],
        ["Sec-Fetch-Mode: cors", "Sec-Fetch-Dest: empty",
         "Sec-Fetch-Site: cross-site"],
    ], refused) == []
    ask(rig, HEALTH, HOST).expect(200)


NAVIGATIONS = [
    ("GET / HTTP/1.1", ["Sec-Fetch-Dest: document", "Sec-Fetch-User: ?1"]),
    ("GET /v1/health HTTP/1.1", [ORIGIN]),
    ("GET /favicon.ico HTTP/1.1", ["Sec-Fetch-Dest: iframe"]),
    ("GET /v1/events HTTP/1.1", ["Origin: null", "Sec-Fetch-Site: none"]),
    ("POST /v1/sessions HTTP/1.1", [ORIGIN, "Content-Type: text/plain"]),
    ("DELETE /v1/session HTTP/1.1", ["Authorization: Bearer x"]),
    ("BREW /%2e%2e/ HTTP/1.1", ["Accept-Language: en"]),
]


def test_a_navigation_gets_one_page(rig):
    """Constant, in both languages, without a version, closed by its CSP; not
    for a foreign name of this computer."""
    pages = set()

    def page(row):
        line, headers = row
        body = b'{"takeover":true}' if line.startswith("POST") else b""
        reply = ask(rig, line, "Host: localhost:PORT",
                    "Sec-Fetch-Mode: navigate", *headers, body=body)
        assert reply.status == 403 and reply.code is None
        assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
        pages.add(shown(reply)[2])

    assert faults(NAVIGATIONS, page) == []
    text, = (p.decode() for p in pages)
    assert '<html lang="ja">' in text and 'lang="en"' in text
    assert "kenmen は動いています" in text and "元のサイトに戻って" in text
    assert "kenmen is here, and this browser trusts it" in text
    version = rig.client().health()["version"]
    assert version not in text and str(rig.port) not in text
    assert not re.search(r"<script|<form|<link|href|src=|http", text)
    head = ask(rig, "HEAD / HTTP/1.1", HOST, "Sec-Fetch-Mode: navigate")
    assert head.status == 403 and head.body == b""
    ask(rig, "GET / HTTP/1.1", "Host: rebind.example:PORT",
        "Sec-Fetch-Mode: navigate").expect(421, "wrong_host")
    rig.session()       # the form above started none


FOREIGN = [
    "https://drone.example.evil.com", "https://drone.example.evil.example",
    "https://evildrone.example", "https://evil.drone.example",
    "https://drone.example.", "https://drone.exampl", "https://drone.example/",
    "https://DRONE.example", "HTTPS://drone.example", "https://Drone.Example",
    "http://drone.example", "https://drone.example:443",
    "https://drone.example:444", "https://drone.example:8443",
    "https://drone.example,https://drone.example",
    "https://drone.example https://two.example",
    "https://x@drone.example", "https://drone.example@evil.example",
    "https://drone.example#", "https://drone.example?", "//drone.example",
    "drone.example", "https://", "https:", "https://*.example", "*",
    "https://drone%2eexample", "https://xn--drone.example",
    "https://drone.examp\u0142e", "https://drone\u3002example",
    "null", "Null", "", "undefined", "file://", "about:blank",
    "chrome-extension://abcdef", "moz-extension://c0ffee",
    "https://127.0.0.1:PORT", "https://localhost:PORT", "https://a" * 500,
]


@pytest.mark.shows("http:origin_not_allowed", "http:bad_request")
def test_foreign_origins(rig):
    """No CORS header, so no page can even read the refusal; the same for a
    preflight, a simple request and one with a token."""
    page = rig.session()
    bearer = f"Authorization: Bearer {page.token}"
    bodies = set()

    def refused(origin):
        lines = (HOST, f"Origin: {origin}")
        for reply in (
                ask(rig, HEALTH, *lines),
                ask(rig, "OPTIONS /v1/reads HTTP/1.1", *lines,
                    "Access-Control-Request-Method: POST"),
                ask(rig, "DELETE /v1/session HTTP/1.1", *lines, bearer)):
            bodies.add(reply.expect(403, "origin_not_allowed").body)

    assert faults(FOREIGN, refused) == []
    assert len(bodies) == 1
    page.get("/v1/session").expect(200)
    for second in (DRONE, "null", ""):
        ask(rig, HEALTH, *GOOD, f"Origin: {second}").expect(400, "bad_request")


def test_other_headers_are_no_origin(rig):
    """What proxies and old browsers send says nothing here."""
    for line in (f"Referer: {DRONE}/", f"X-Forwarded-Origin: {DRONE}",
                 "X-Forwarded-Host: 127.0.0.1:PORT", "X-Original-URL: /",
                 "Forwarded: host=127.0.0.1;for=127.0.0.1"):
        ask(rig, HEALTH, HOST, "Origin: null", line).expect(
            403, "origin_not_allowed")
        ask(rig, HEALTH, "Host: evil.example", ORIGIN, line).expect(
            421, "wrong_host")


# ---- what a stranger may learn ------------------------------------------

STRANGERS = {
    "framing": (HOST, ORIGIN, "Upgrade: x"),
    "host": ("Host: rebind.example", ORIGIN),
    "image": (HOST, "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image"),
    "page": (HOST, "Sec-Fetch-Mode: navigate"),
    "origin": (HOST, "Origin: https://evil.example"),
    "null": (HOST, "Origin: null"),
    "bare": (HOST, "Sec-Fetch-Site: cross-site"),
}
STRANGE_LINES = ["GET /", "GET /v1/health", "GET /v1/readers", "POST /v1/reads",
                 "DELETE /v1/session", "GET /v1/reads/0123456789abcdef",
                 "OPTIONS /v1/sessions", "PUT /nowhere"]


def told_to_strangers(rig, *more):
    """{what is wrong: the one answer}, whatever else was asked for."""
    told = {}
    for name, headers in STRANGERS.items():
        answers = [shown(ask(rig, f"{line} HTTP/1.1", *headers, *more))
                   for line in STRANGE_LINES]
        assert all(a == answers[0] for a in answers), name
        told[name] = answers[0]
    return told


@WITH_CARD
@pytest.mark.shows("http:wrong_host", "http:origin_not_allowed",
                   "http:not_for_navigation", "http:bad_request")
def test_strangers_learn_nothing(rig):
    """Their answers are the same to the byte with and without a card, a
    session, an open window, a right token; and hold no version, no name, no
    number that could tell one computer from another."""
    before = told_to_strangers(rig)
    text = repr(before)
    for word in (rig.client().health()["version"], str(rig.port),
                 "Virtual PCD", "hanako", "microhttpd", "GnuTLS", "MHD",
                 os.uname().nodename):
        assert word not in text, word
    rig.windows.answer("hang")
    page = rig.session()
    read = page.read()
    read.until("waiting_for_pin")
    bearer = f"Authorization: Bearer {page.token}"
    assert told_to_strangers(rig, bearer) == before
    rig.card[0].remove()
    page.end()
    assert told_to_strangers(rig, bearer) == before


# ---- the order of refusals ----------------------------------------------

class Faulty:
    """One request with everything wrong with it that can be; the faults are
    taken away one by one."""

    def __init__(self, rig):
        self.rig = rig
        self.part = {"method": "PATCH", "path": "/v1/nowhere", "query": "?x=1",
                     "more": "Upgrade: websocket",
                     "host": "Host: rebind.example",
                     "fetch": "Sec-Fetch-Mode: no-cors",
                     "origin": "Origin: null", "uid": NOBODY,
                     "token": "Authorization: Bearer nobody's",
                     "type": "Content-Type: text/plain",
                     "body": b" " * 65537}

    def ask(self):
        p, uid = self.part, self.part["uid"]
        data = request(self.rig, f"{p['method']} {p['path']}{p['query']} "
                       "HTTP/1.1", p["host"], p["origin"], p["fetch"],
                       p["token"], p["type"], p["more"], body=p["body"])
        if uid is None or os.geteuid() != 0:
            with self.rig.tls() as tls:
                got = exchange(tls, data)
        else:
            got = as_other_user(self.rig, data, uid)
        reply, = parse(got)
        listed = p["origin"] == ORIGIN
        judge(reply, DRONE if listed else None)
        return self.rig.saw(reply)


def of_kinds(*kinds, **more):
    return json.dumps({"kinds": kinds, **more}).encode()


@pytest.mark.shows(
    "http:bad_request", "http:wrong_host", "http:not_for_navigation",
    "http:origin_not_allowed", "http:not_found", "http:method_not_allowed",
    "http:session_unknown", "http:not_json", "http:too_large", "http:bad_json",
    "http:kind_not_allowed", "http:busy", "http:prompt_limited")
@pytest.mark.rig(clock=True)
def test_order_of_refusals(rig):
    page = rig.session()
    for _ in range(3):          # from now on DRONE's prompts are limited
        rig.windows.answer("cancel")
        page.read().failed("pin_cancelled")
    rig.windows.answer("hang")
    other = rig.session(TWO).read()     # and the reader is in use
    other.until("waiting_for_pin")

    faulty = Faulty(rig)
    # What it is refused with; the fault of that, and what comes in its place.
    for status, code, part, good in [
            (400, "bad_request", "more", "X: y"),
            (421, "wrong_host", "host", HOST),
            (403, "not_for_navigation", "fetch", "Sec-Fetch-Mode: cors"),
            (403, "origin_not_allowed", "origin", ORIGIN),
            (403, "other_user", "uid", None),
            (404, "not_found", "path", "/v1/reads"),
            (405, "method_not_allowed", "method", "POST"),
            (401, "session_unknown", "token",
             f"Authorization: Bearer {page.token}"),
            (415, "not_json", "type", JSON),
            (413, "too_large", "body", b'{"kinds":["my_number"],"x":1'),
            (400, "bad_json", "body", of_kinds("my_number", x=1)),
            (400, "bad_request", "query", ""),
            (400, "bad_request", "body", of_kinds("my_number", "attributes")),
            (403, "kind_not_allowed", "body", of_kinds("attributes")),
    ]:
        if code == "other_user" and os.geteuid() != 0:
            faulty.part[part] = good
            continue
        faulty.ask().expect(status, code)
        faulty.part[part] = good
    assert "id" not in faulty.ask().expect(409, "busy").json
    other.cancel()
    limited = faulty.ask().expect(429, "prompt_limited")
    assert 500 < int(limited.headers["Retry-After"]) <= 600
    rig.jump(601)
    rig.windows.answer("pin 1234")
    started = faulty.ask().expect(202)
    assert started.headers["Location"] == f"/v1/reads/{started.json['id']}"
    page.delete(started.headers["Location"]).expect(204)


@AS_ROOT
@pytest.mark.shows("http:other_user")
def test_other_user(rig):
    """Whatever they ask for, after the Origin and before the path; a page of
    theirs may read why. Nobody else's session is touched."""
    page = rig.session()
    bearer = f"Authorization: Bearer {page.token}"

    def refused(line):
        for origin in ([ORIGIN], []):
            reply, = parse(as_other_user(
                rig, request(rig, f"{line} HTTP/1.1", HOST, *origin, bearer)))
            judge(rig.saw(reply).expect(403, "other_user"),
                  DRONE if origin else None)
            assert b"kenmend" not in reply.body

    assert faults(["GET /v1/health", "GET /v1/session", "DELETE /v1/session",
                   "POST /v1/sessions", "OPTIONS /v1/reads", "PUT /nowhere"],
                  refused) == []
    reply, = parse(as_other_user(rig, request(
        rig, HEALTH, HOST, "Origin: null")))
    judge(reply.expect(403, "origin_not_allowed"))
    page.get("/v1/session").expect(200)


@pytest.mark.shows("http:other_user")
def test_nobody_is_a_user(rig):
    """A connection that its client has given up belongs to nobody, though
    the kernel would call that uid 0. Data and end come in one segment."""
    page = rig.session()
    with rig.tls() as tls:
        tls.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        tls.sendall(request(rig, "DELETE /v1/session HTTP/1.1", *GOOD,
                            f"Authorization: Bearer {page.token}"))
        socket.socket.shutdown(tls, socket.SHUT_WR)     # TLS stays for reading
        reply, = parse(exchange(tls))
    judge(rig.saw(reply).expect(403, "other_user"), DRONE)
    page.get("/v1/session").expect(200)


@AS_ROOT
@pytest.mark.shows("http:other_user", "http:session_unknown")
@pytest.mark.rig(pcscd=False, people=(),
                 config={"prompt": {"mode": "agent"}})
def test_other_users_token(rig):
    """With agents every user may come, each to their own sessions; a token
    is refused in the token's place of the order."""
    page = rig.session()

    def ask_other(line, *headers):
        reply, = parse(as_other_user(
            rig, request(rig, f"{line} HTTP/1.1", *GOOD, *headers)))
        judge(reply, DRONE)
        return rig.saw(reply)

    bearer = f"Authorization: Bearer {page.token}"
    ask_other("GET /v1/nowhere", bearer).expect(404, "not_found")
    ask_other("PUT /v1/session", bearer).expect(405, "method_not_allowed")
    ask_other("POST /v1/reads", bearer, "Content-Type: text/plain").expect(
        403, "other_user")
    ask_other("DELETE /v1/session", bearer).expect(403, "other_user")
    theirs = ask_other("POST /v1/sessions").expect(201).json["token"]
    page.get("/v1/session").expect(200)
    rig.client(token=theirs).get("/v1/session").expect(403, "other_user")
    rig.client(TWO, theirs).get("/v1/session").expect(401, "session_unknown")


# ---- CORS, methods ------------------------------------------------------

ROUTES = {
    "/v1/health": "GET",
    "/v1/sessions": "POST",
    "/v1/session": "GET, DELETE",
    "/v1/session/touch": "POST",
    "/v1/reads": "GET, POST",
    "/v1/reads/0123456789abcdef": "GET, DELETE",
    "/v1/readers": "GET",
    "/v1/events": "GET",
}


def test_preflight(rig):
    """Without a token, for each path and listed origin, with exactly that
    origin; an unknown path is none."""
    for path, origin in itertools.product(ROUTES, (DRONE, TWO)):
        reply = ask(rig, f"OPTIONS {path} HTTP/1.1", HOST, f"Origin: {origin}",
                    "Access-Control-Request-Method: DELETE",
                    "Access-Control-Request-Headers: authorization",
                    "Access-Control-Request-Private-Network: true",
                    "Sec-Fetch-Mode: cors", cors=origin)
        assert reply.status == 204 and reply.body == b""
        for name, value in TO_PREFLIGHTS.items():
            assert reply.headers.get_all(name) == [value], path
    ask(rig, "OPTIONS /v1/nowhere HTTP/1.1", *GOOD,
        "Access-Control-Request-Method: GET", cors=DRONE).expect(
        404, "not_found")


@pytest.mark.shows("http:method_not_allowed")
def test_methods(rig):
    """Each path names what it takes; nothing turns one method into another,
    and a HEAD has no body."""
    tried = ("GET", "POST", "DELETE", "PUT", "PATCH", "TRACE", "PROPFIND",
             "get", "Post", "GETT", "G", "M-SEARCH", "X" * 300)

    def refused(row):
        path, method = row
        reply = ask(rig, f"{method} {path} HTTP/1.1", *GOOD,
                    "X-HTTP-Method-Override: GET", cors=DRONE)
        assert reply.expect(405, "method_not_allowed").headers["Allow"] == \
            ROUTES[path]

    assert faults([(path, method) for path in ROUTES for method in tried
                   if method not in ROUTES[path].split(", ")], refused) == []
    head = ask(rig, "HEAD /v1/health HTTP/1.1", *GOOD, cors=DRONE)
    assert (head.status, head.body) == (405, b"")


@pytest.mark.shows("http:not_found")
def test_paths_are_compared_as_they_are(rig):
    def nowhere(path):
        ask(rig, f"GET {path} HTTP/1.1", *GOOD, cors=DRONE).expect(
            404, "not_found")

    assert faults([
        "/", "/v1", "/v1/", "/v1//health", "//v1/health", "/v1/health/",
        "/V1/health", "/v1/Health", "/v1/health%20", "/v1/%68ealth",
        "/v1/../v1/health", "/./v1/health", "/v1/health;x=y", "/v1/healthx",
        "/v2/health", "/v1/reads/", "/v1/reads/a/b", "/v1/session/",
        "/v1/session/touch/x", "/favicon.ico", "/robots.txt", "/index.html",
        "/.well-known/x", "/v1\\health", "/" + "a" * 20000,
    ], nowhere) == []


# ---- bodies -------------------------------------------------------------

def start(rig, body, *headers, type=JSON, query="", cors=DRONE):
    """POST /v1/sessions: the one that needs no token."""
    headers = [*GOOD, *([type] if type else []), *headers]
    return ask(rig, f"POST /v1/sessions{query} HTTP/1.1", *headers, body=body,
               cors=cors)


@pytest.mark.shows("http:not_json")
def test_content_types(rig):
    """None that a form or a beacon can send without a preflight."""
    def refused(kind):
        start(rig, b"{}", type=kind and f"Content-Type: {kind}").expect(
            415, "not_json")

    assert faults([
        None, "", "text/plain", "text/plain; application/json",
        "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
        "text/json", "application/jsonx", "application/json5", "json",
        "application/json, text/plain", "application/json;charset=utf-16",
        "application/json; charset=utf-8; x=y", "application/json;",
        "application/problem+json", " application/json\x0b"[:-1] + "/",
    ], refused) == []
    for kind in ("application/json", "APPLICATION/JSON",
                 "application/json; charset=utf-8",
                 'application/json;charset="UTF-8"'):
        start(rig, b'{"takeover":true}', type=f"Content-Type: {kind}").expect(
            201)


def padded(size):
    text = b'{"takeover":true}'
    return text + b" " * (size - len(text))


def chunks(body, size):
    return b"".join(b"%x\r\n%s\r\n" % (len(body[at:at + size]),
                                       body[at:at + size])
                    for at in range(0, len(body), size)) + b"0\r\n\r\n"


@pytest.mark.shows("http:too_large")
def test_sizes(rig):
    """64 KiB to the byte, with a length and in chunks of any size; what is
    larger is refused in its place of the order, however much it is."""
    chunked = "Transfer-Encoding: chunked"
    start(rig, padded(65536)).expect(201)
    start(rig, padded(65537)).expect(413, "too_large")
    start(rig, padded(200000)).expect(413, "too_large")
    start(rig, chunks(padded(65536), 1000), chunked).expect(201)
    start(rig, chunks(padded(65536), 65536), chunked).expect(201)
    start(rig, chunks(padded(100), 1), chunked).expect(201)
    start(rig, chunks(padded(65537), 7000), chunked).expect(413, "too_large")
    start(rig, padded(65537), type="Content-Type: text/plain").expect(
        415, "not_json")
    # Refused before it is sent.
    start(rig, b"{", "Content-Length: 1000000000000").expect(413, "too_large")
    start(rig, b"{", f"Content-Length: {2 ** 64 - 1}").expect(413, "too_large")
    # Nobody reads a stranger's megabytes.
    with rig.tls() as tls:
        endless = request(rig, "POST /v1/sessions HTTP/1.1", *GOOD, JSON,
                          chunked) + chunks(bytes(8 << 20), 65536)[:-5]
        assert len(parse(exchange(tls, endless))) <= 1


@pytest.mark.shows("http:too_large")
def test_expect_continue(rig):
    """Nothing is waited for that would be refused by its size."""
    with rig.tls() as tls:
        tls.sendall(request(rig, "POST /v1/sessions HTTP/1.1", *GOOD, JSON,
                            "Expect: 100-continue", "Content-Length: 2"))
        got = tls.recv(1000)
        assert got.startswith(b"HTTP/1.1 100 ")
        one, = parse(got.partition(b"\r\n\r\n")[2] + exchange(tls, b"{}"))
        judge(rig.saw(one).expect(201), DRONE)
    start(rig, b"", "Expect: 100-continue", "Content-Length: 2000000").expect(
        413, "too_large")


BAD_JSON = [
    b" ", b"{", b"}", b"{}}", b"{}{}", b"{} {}", b"{},", b"[]]", b"nul",
    b"{}x", b"{}\0", b"\0{}", b'{"lang":"ja"}\n\n{"lang":"en"}',
    b'{"lang":"ja","lang":"ja"}', b'{"lang":"ja","lang":"en"}',
    b'{"lang":"ja","\\u006cang":"en"}', b'{"x":{"y":1,"y":1}}',
    b'{"x":[[{"y":1,"z":2,"y":3}]]}', b'{"":1,"":2}',
    b"{'lang':'ja'}", b"{lang:'ja'}", b'{"lang":"ja",}', b'{"lang" "ja"}',
    b'{"lang":}', b'{,}', b'{"a":1 "b":2}', b"[1,]", b"[,1]",
    b'{"lang":"j\x01a"}', b'{"lang":"ja\n"}', b'{"lang":"\\x6aa"}',
    b'{"lang":"\\u00zz"}', b'{"lang":"ja', b'{"lang":"ja\\"}', b'"\\',
    b'{"lang":"ja\\u0000"}', b'{"la\\u0000ng":"ja"}',
    b'{"lang":"\\ud800"}', b'{"lang":"\\udc00\\ud800"}',
    b'{"lang":"\xff"}', b'{"lang":"\xc0\x80"}', b'{"lang":"\xed\xa0\x80"}',
    b'{"lang":"\xf4\x90\x80\x80"}', b'{"lang":"\xe3\x81"}',
    b'\xef\xbb\xbf{}', b'{}\xef\xbb\xbf', "{}".encode("utf-16"),
    b'{"x":01}', b'{"x":+1}', b'{"x":.5}', b'{"x":1.}', b'{"x":1e}',
    b'{"x":0x1}', b'{"x":NaN}', b'{"x":Infinity}', b'{"x":-}', b'{"x":1e+}',
    b'{"x":True}', b'{"x":undefined}', b"{}//", b"/**/{}", b"{}#",
    b"[" * 9 + b"]" * 9, b"[" * 30000, b'{"a":' * 10000 + b"1" + b"}" * 10000,
    b'{"x":"' + b"a" * 60000,
]


@pytest.mark.shows("http:bad_json")
def test_bad_json(rig):
    def refused(body):
        start(rig, body).expect(400, "bad_json")

    assert faults(BAD_JSON, refused) == []
    rig.session()


BAD_MEMBERS = [
    (b"[]", "body"), (b'"x"', "body"), (b"1", "body"), (b"null", "body"),
    (b"true", "body"), (b'{"language":"ja"}', "language"),
    (b'{"Lang":"ja"}', "Lang"), (b'{"lang ":"ja"}', "lang "), (b'{"":1}', '""'),
    (b'{"lang":"JA"}', "lang"), (b'{"lang":"fr"}', "lang"),
    (b'{"lang":null}', "lang"), (b'{"lang":["ja"]}', "lang"),
    (b'{"takeover":1}', "takeover"), (b'{"takeover":"true"}', "takeover"),
    (b'{"takeover":null}', "takeover"), (b'{"x":1e999}', "x"),
    (b'{"x":-1e-999}', "x"), (b'{"x":' + b"9" * 60000 + b"}", "x"),
    (b'{"__proto__":{}}', "__proto__"), (b'{"token":"x"}', "token"),
    (b'{"origin":"https://evil.example"}', "origin"),
    ('{"見本":1}'.encode(), "見本"), (b'{"%s":1}' % (b"a" * 5000), "aaa"),
    (b'{"x\\u202ey\\n":1}', "x"), (b'{"a":1,"b":2,"c":3}', "c"),
    (b'{"x":' + b"[" * 7 + b"]" * 7 + b"}", "x"),
]


@pytest.mark.shows("http:bad_request")
def test_unknown_members_are_named(rig):
    """Each in both languages, and never at length."""
    def refused(row):
        body, name = row
        reply = start(rig, body).expect(400, "bad_request")
        for detail in (reply.json["detail"], reply.json["detail_ja"]):
            assert name in detail, detail
            assert not re.search("[\0-\x1f\x7f]", detail)
        assert len(reply.body) < 2000

    assert faults(BAD_MEMBERS, refused) == []
    rig.session()


@pytest.mark.shows("http:bad_request")
def test_members_of_a_read(rig):
    page = rig.session()

    def refused(row):
        body, name = row
        reply = page.post("/v1/reads", body).expect(400, "bad_request")
        assert name in reply.json["detail"]

    good = {"kinds": ["card_info"]}
    assert faults([
        (None, "kinds"), ({}, "kinds"), ({"kinds": []}, "kinds"),
        ({"kinds": "card_info"}, "kinds"), ({"kinds": [1]}, "kinds"),
        ({"kinds": ["card_info", "card_info"]}, "kinds"),
        ({"kinds": ["card_info", "Attributes"]}, "kinds"),
        ({"kinds": {"card_info": True}}, "kinds"),
        (good | {"reader": 1}, "reader"), (good | {"purpose": None}, "purpose"),
        (good | {"purpose": "a" * 81}, "purpose"),
        (good | {"purpose": "%" * 27}, "purpose"),
        (good | {"purpose": "あ" * 27}, "purpose"),
        (good | {"purpose": "a\nb"}, "purpose"),
        (good | {"purpose": "<b>"}, "purpose"),
        (good | {"purpose": "\u202eevil"}, "purpose"),
        (good | {"purpose": "\u2066x"}, "purpose"),
        (good | {"purpose": "\x9b31m"}, "purpose"),
        (good | {"with": "b"}, "with"), (good | {"challenge": ""}, "challenge"),
        (good | {"digests": []}, "digests"), (good | {"pin": "1234"}, "pin"),
        (good | {"path": "/etc/passwd"}, "path"),
        (good | {"timeout": 1}, "timeout"),
    ], refused) == []
    assert page.get("/v1/reads").expect(200).json == []


@pytest.mark.shows("http:bad_request")
def test_query_members(rig):
    page = rig.session()
    failed = page.post("/v1/reads", {"kinds": ["card_info"], "reader": "r9"})
    path = failed.expect(202).headers["Location"]

    def refused(row):
        path, query, name = row
        reply = page.get(path + query).expect(400, "bad_request")
        assert name in reply.json["detail"]

    assert faults([
        ("/v1/health", "?x", "x"), ("/v1/health", "?wait=1", "wait"),
        ("/v1/session", "?lang=en", "lang"), ("/v1/reads", "?wait=1", "wait"),
        ("/v1/readers", "?id=r1", "id"), ("/v1/events", "?after=1", "after"),
        ("/v1/events", "?access_token=x", "access_token"),
        (path, "?wait", "wait"), (path, "?wait=", "wait"),
        (path, "?wait=31", "wait"), (path, "?wait=-1", "wait"),
        (path, "?wait=+1", "wait"), (path, "?wait=1.0", "wait"),
        (path, "?wait=0x1", "wait"), (path, "?wait=1&wait=1", "wait"),
        (path, "?wait=99999999999999999999", "wait"), (path, "?Wait=1", "Wait"),
        (path, "?w%61it=1", "w%61it"), (path, "?after=4294967296", "after"),
        (path, "?after=18446744073709551616", "after"),
        (path, "?after=1%20", "after"), (path, "?=", '""'),
        (path, "?a=1&b=2", "b"), (path, "?" + "x" * 5000, "xxx"),
        (path, "?wait=0;after=1", "wait"), (path, "?wait=0?", "wait"),
    ], refused) == []
    assert page.get(path + "?after=4294967295&wait=0").expect(200).json[
        "state"] == "failed"
    assert page.get(path + "?&&wait=00&").expect(200)
    page.post("/v1/sessions?takeover=true").expect(400, "bad_request")
    page.post("/v1/session/touch?x=y").expect(400, "bad_request")


# ---- tokens -------------------------------------------------------------

@pytest.mark.shows("http:session_unknown")
def test_tokens(rig):
    """Good to the byte, in one header, and only with the origin, or none,
    that it was made with."""
    page, local, other = rig.session(), rig.session(None), rig.session(TWO)
    token = page.token
    flipped = token[:-1] + ("A" if token[-1] != "A" else "B")

    def refused(headers):
        reply = ask(rig, "GET /v1/session HTTP/1.1", *headers,
                    cors=next((h[8:] for h in headers if "Origin: " in h),
                              None))
        reply.expect(401, "session_unknown")
        assert reply.headers.get_all("WWW-Authenticate") == ["Bearer"]

    def bearer(text):
        return f"Authorization: Bearer {text}"

    assert faults([
        GOOD, (*GOOD, "Authorization:"), (*GOOD, "Authorization: Bearer"),
        (*GOOD, bearer("")), (*GOOD, bearer(flipped)),
        (*GOOD, bearer(token[:-1])), (*GOOD, bearer(token + "A")),
        (*GOOD, bearer(token + " x")), (*GOOD, bearer(f'"{token}"')),
        (*GOOD, bearer(token.swapcase())), (*GOOD, bearer("A" * 43)),
        (*GOOD, bearer("A" * 20000)), (*GOOD, f"Authorization: {token}"),
        (*GOOD, f"Authorization: Basic {token}"), (*GOOD, bearer("../../x")),
        (*GOOD, f"X-Authorization: Bearer {token}"),
        (*GOOD, f"Cookie: token={token}"),
        (HOST, f"Origin: {TWO}", bearer(token)), (HOST, bearer(token)),
        (*GOOD, bearer(local.token)), (*GOOD, bearer(other.token)),
        (HOST, f"Origin: {TWO}", bearer(local.token)),
    ], refused) == []
    for one in (page, local, other):
        one.get("/v1/session").expect(200)
    assert len({page.token, local.token, other.token}) == 3
    assert all(re.fullmatch("[A-Za-z0-9_-]{43}", p.token)
               for p in (page, local, other))


@pytest.mark.shows("http:session_unknown", "http:session_active")
def test_many_sessions(rig):
    """Taken over again and again, one lives; the others are as good as never
    made, and one site's do not touch another's."""
    other = rig.session(TWO)
    pages = [rig.session(takeover=True) for _ in range(60)]
    for page in pages[:-1:7]:
        page.get("/v1/session").expect(401, "session_unknown")
        page.delete("/v1/session").expect(401, "session_unknown")
    pages[-1].get("/v1/session").expect(200)
    other.get("/v1/session").expect(200)
    rig.client().post("/v1/sessions").expect(409, "session_active")
    assert len({p.token for p in pages}) == 60


@WITH_CARD
@pytest.mark.shows("http:gone", "http:not_found")
def test_many_reads(rig):
    """A page that starts reads without end is given no memory without end."""
    page = rig.session()
    for n in range(300):
        reply = page.post("/v1/reads", {"kinds": ["attributes"],
                                        "reader": f"r{n + 2}"}).expect(202)
        if n == 0:
            first = reply.headers["Location"]
        page.delete(reply.headers["Location"]).expect(204)
    page.get(reply.headers["Location"]).expect(410, "gone")
    page.get(first).expect(404, "not_found")
    for path in ("0" * 16, "g" * 16, "-1", "%00", "a" * 20000, "..", "*"):
        page.get(f"/v1/reads/{path}").expect(404, "not_found")
    assert page.get("/v1/reads").expect(200).json == []
    assert rig.windows.shown() == [] and rig.card[0].exchanges() == []


@WITH_CARD
@pytest.mark.shows("http:bad_request", "http:not_found")
def test_a_get_changes_nothing(rig):
    """Of any path, with any body: no session ends or begins, no read, no
    window, and not a byte to the card."""
    rig.windows.answer("hold cancel")
    page = rig.session()
    read = page.read()
    before = read.until("waiting_for_pin")
    rig.windows.wait_shown()
    exchanges = len(rig.card[0].exchanges())
    paths = [*ROUTES, f"/v1/reads/{read.id}", "/v1/reads?kinds=attributes",
             "/v1/sessions?takeover=true", f"/v1/reads/{read.id}/cancel",
             "/v1/session/end"]
    for path, body in itertools.product(
            [p for p in paths if p != "/v1/events"],
            (None, {"takeover": True}, {"kinds": ["card_info"]})):
        reply = page.get(path, body=body, headers={
            "X-HTTP-Method-Override": "DELETE", "X-Method": "POST"})
        if body:
            assert reply.status in (400, 404, 405), path
    now = page.get(f"/v1/reads/{read.id}").expect(200).json
    assert (now["seq"], now["state"]) == (before["seq"], "waiting_for_pin")
    assert page.get("/v1/reads").json == [
        {k: now[k] for k in ("id", "kinds", "seq", "state")}]
    assert len(rig.card[0].exchanges()) == exchanges
    assert len(rig.windows.shown()) == 1
    rig.windows.release()
    read.failed("pin_cancelled")


# ---- local programs, kinds ----------------------------------------------

@pytest.mark.rig(pcscd=False, people=(),
                 config={"local-tools": {"allow": "no"}})
@pytest.mark.shows("http:origin_not_allowed")
def test_local_programs_are_not_allowed(rig):
    """Unless they say that they are a page, which none of this can stop."""
    for line in ("GET /v1/health", "POST /v1/sessions", "OPTIONS /v1/reads",
                 "GET /v1/session", "PUT /nowhere"):
        ask(rig, f"{line} HTTP/1.1", HOST).expect(403, "origin_not_allowed")
    rig.session()


@WITH_CARD
def test_a_local_program_is_named_in_the_window(rig):
    """By its user; without an Origin there is no CORS header."""
    import pwd
    page = rig.session(None, lang="en")
    reply = page.get("/v1/session").expect(200)
    judge(reply)
    assert reply.json["origin"] is None
    rig.windows.answer("cancel")
    page.read().failed("pin_cancelled")
    window, = rig.windows.shown()
    assert pwd.getpwuid(os.geteuid()).pw_name in window.text
    assert "program on this computer" in window.text
    assert DRONE not in window.text


@pytest.mark.rig(pcscd=False, people=(), config={
    f'origin "{TWO}"': {"kinds": "card_info"},
    f'origin "{DRONE}"': {"kinds": "card_info, authenticate, sign"},
    "local-tools": {"kinds": "card_info, authenticate, sign"}})
@pytest.mark.shows("http:kind_not_allowed")
def test_kinds(rig):
    """Only those of the origin, all of them or nothing; a program without an
    origin never signs anything."""
    def refused(row):
        page, kinds = row
        page.post("/v1/reads", {"kinds": kinds}).expect(
            403, "kind_not_allowed")

    two, local = rig.session(TWO), rig.session(None)
    assert two.get("/v1/session").json["kinds"] == ["card_info"]
    assert local.get("/v1/session").json["kinds"] == ["card_info"]
    assert faults(
        [(two, ["attributes"]), (two, ["card_info", "attributes"]),
         (two, ["my_number"]), (two, ["face"]), (two, ["certificate"]),
         (local, ["authenticate"]), (local, ["sign"]), (local, ["attributes"]),
         (local, ["card_info", "sign"])], refused) == []
    assert two.get("/v1/reads").json == local.get("/v1/reads").json == []


# ---- what is left -------------------------------------------------------

@WITH_CARD
@pytest.mark.shows("read:pin_format")
def test_marked_data_is_left_nowhere(rig):
    """A PIN, what was read and a token, all of them marked: in no log of any
    program and no file that any of them wrote."""
    marks = {"typed": "Zq7-a-marked-pin", "wrong": "８６４２",
             "purpose": "marked-purpose-9x"}
    page = rig.session()
    marks["token"] = page.token
    rig.windows.answer(f"pin {marks['typed']}", f"pin {marks['wrong']}",
                       "pin 1234")
    read = page.read(purpose=marks["purpose"])
    got = read.to_end("done").results["attributes"]
    marks |= {"name": got["name"], "address": got["address"],
              "born": got["birth_date_raw"], "day": got["birth_date"]}
    rig.client(TWO, page.token).get("/v1/session").expect(
        401, "session_unknown")
    page.get(f"/v1/session?{marks['token']}")
    page.post("/v1/reads", {marks["purpose"]: page.token})
    rig.windows.answer(f"pin {marks['typed']}", "pin 1", "pin 2")
    page.read().failed("pin_format")
    page.end()
    assert rig.stop_kenmend() == 0
    # What the window was told is the test's own log.
    files = {p: p.read_bytes() for p in rig.dir.rglob("*")
             if p.is_file() and p.parent != rig.windows.dir}
    assert len(files) >= 4
    files["kenmend's log"] = rig.log().encode()
    files["pcscd's log"] = rig.pcscd.text().encode()
    for name, data in files.items():
        for what, mark in marks.items():
            assert mark.encode() not in data, (what, name)
            assert mark.encode("utf-16-be") not in data, (what, name)
    told = "\n".join(str(w.lines) for w in rig.windows.shown())
    assert "marked-purpose" in told
    for what in ("typed", "wrong", "token", "name", "address", "born"):
        assert marks[what] not in told
