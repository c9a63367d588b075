"""docs/openapi.yaml held against the running daemon: every path, method,
status, body and event that it describes happens, and nothing else does.

(tests/check/openapi.py does the same with the API alone, and reaches what
cannot be brought about here: a 500.)
"""

import http.client
import sys

import pytest

from attacker import ALWAYS
from rig import DRONE, TOP, TWO, Client, Read, Trouble

sys.path.insert(0, str(TOP / "tests/check"))
import contract  # noqa: E402

NO_CARD = pytest.mark.rig(pcscd=False, people=())
# What cannot be brought about.
BY_ACCIDENT = {500}


class Described(Client):
    """A page that holds everything it is told against the description."""

    def __init__(self, rig, origin=DRONE, token=None, seen=None):
        super().__init__(rig, origin, token)
        self.seen = set() if seen is None else seen

    def request(self, method, path, body=None, headers=None, timeout=None):
        reply = super().request(method, path, body, headers, timeout)
        asked = f"{method} {path.partition('?')[0]}"
        found = list(contract.reply_faults(
            asked, reply.status, reply.headers["Content-Type"] or "",
            reply.body.decode())) + list(contract.header_faults(
                asked, reply.status, reply.headers))
        for name, value in ALWAYS.items():
            if reply.headers[name] != value:
                found.append(f"{name}: {reply.headers[name]}")
        if found:
            raise Trouble(f"{asked}: {reply}: {found}")
        described, verb, _ = contract.operation_of(asked)
        if described:
            self.seen.add((described, verb, reply.status))
        return reply

    def begin(self, **body):
        reply = self.post("/v1/sessions", body or None)
        self.token = reply.expect(201).json["token"]
        return self

    def again(self, origin=DRONE, token=None):
        """Another page, whose exchanges count with ours."""
        return Described(self.rig, origin, token, self.seen)


class Stream:
    """GET /v1/events, event by event; each is as described."""

    def __init__(self, page):
        self.connection = http.client.HTTPSConnection(
            "127.0.0.1", page.rig.port, context=page.rig.trust,
            timeout=page.rig.limit)
        self.connection.request("GET", "/v1/events", headers={
            "Origin": page.origin, "Authorization": f"Bearer {page.token}"})
        self.reply = self.connection.getresponse()
        assert self.reply.status == 200
        assert self.reply.headers["Content-Type"] == "text/event-stream"
        page.seen.add(("/v1/events", "get", 200))
        self.told = []

    def next(self):
        """(event, data), or None at the end."""
        while True:
            text = ""
            while line := self.reply.readline().decode():
                text += line
                if line == "\n":
                    break
            if not text:
                self.connection.close()
                return None
            assert not contract.event_faults(text), text
            event, data = contract.event_of(text)
            if event:
                self.told.append(event)
                return event, data

    def until(self, event, **wanted):
        """The data of the next such event."""
        while got := self.next():
            if got[0] == event and wanted.items() <= got[1].items():
                return got[1]
        raise Trouble(f"no {event} {wanted}: {self.told}")


def test_all_that_is_described_happens(make_rig):
    rig = make_rig(clock=True, people=("hanako", None))
    page = Described(rig).begin(lang="en")
    walk_sessions(page)
    walk_reads(page)
    walk_refusals(page)
    stop_pcscd_and_ask(page)
    missing = {(path, method, status)
               for path, method, status in contract.described() - page.seen
               if status not in BY_ACCIDENT}
    assert missing == set()


def walk_sessions(page):
    page.get("/v1/health").expect(200)
    page.get("/v1/session").expect(200)
    page.post("/v1/session/touch").expect(200)
    page.post("/v1/sessions").expect(409, "session_active")
    page.get("/v1/readers").expect(200)
    stream = Stream(page)
    stream.until("snapshot")
    stream.connection.close()
    short = page.again(TWO).begin()
    short.delete("/v1/session").expect(204)
    short.get("/v1/session").expect(401, "session_unknown")
    idle = page.again(TWO).begin()
    page.rig.jump(1800)
    page.post("/v1/session/touch").expect(200)
    page.rig.jump(1800)
    idle.get("/v1/session").expect(401, "session_expired")


def walk_reads(page):
    rig = page.rig
    rig.windows.answer("hold pin 9999", "hold pin 1234")
    started = page.post("/v1/reads", {
        "kinds": ["card_info", "attributes"], "purpose": "for a form"})
    read = Read(page, started.expect(202).json)
    page.post("/v1/reads", {"kinds": ["attributes"]}).expect(409, "busy")
    read.until("waiting_for_pin")
    page.get("/v1/reads").expect(200)
    rig.windows.release()
    read.to_end("done")
    page.get(f"/v1/reads/{read.id}?wait=30&after=0").expect(200)
    page.get(f"/v1/reads/{read.id}?wait=31").expect(400, "bad_request")
    read.cancel()
    page.get(f"/v1/reads/{read.id}").expect(410, "gone")
    page.delete(f"/v1/reads/{read.id}").expect(410, "gone")
    for _ in range(3):
        rig.windows.answer("cancel")
        read = Read(page, page.post("/v1/reads", {"kinds": ["attributes"]})
                    .expect(202).json)
        read.failed("pin_cancelled")
    limited = page.post("/v1/reads", {"kinds": ["attributes"]})
    limited.expect(429, "prompt_limited")
    nobody = "/v1/reads/" + "0" * 16
    page.get(nobody).expect(404, "not_found")
    page.delete(nobody).expect(404, "not_found")


def walk_refusals(page):
    """From each path what any request may get."""
    stranger = page.again("https://evil.example")
    nobody = page.again()
    for path, item in contract.API["paths"].items():
        path = path.replace("{id}", "0" * 16)
        for method in (m.upper() for m in contract.METHODS if m in item):
            stranger.request(method, path).expect(403, "origin_not_allowed")
            if item[method.lower()].get("security") != []:
                nobody.request(method, path).expect(401, "session_unknown")
            if method == "POST":
                page.post(path, b"x" * 65537).expect(413, "too_large")
                page.post(path, b"{").expect(400, "bad_json")
                page.post(path, b"{}", headers={
                    "Content-Type": "text/plain"}).expect(415, "not_json")
    page.get("/v1/health", headers={"Host": "evil.example"}).expect(
        421, "wrong_host")


def stop_pcscd_and_ask(page):
    page.rig.stop_pcscd()
    page.get("/v1/readers").expect(503, "pcsc_unavailable")


@pytest.mark.rig(people=("hanako", None))
def test_events(rig):
    """All five kinds of event, and an end."""
    page = Described(rig).begin()
    stream = Stream(page)
    first = stream.until("snapshot")
    assert [r["card_present"] for r in first["readers"]] == [True, False]
    reader = first["readers"][1]["id"]
    rig.card[1].insert("taro")
    assert stream.until("card", reader=reader)["present"] is True
    assert stream.until("session")["expires_in"] == 3600
    rig.windows.answer("pin 1234")
    read = Read(page, page.post("/v1/reads", {
        "kinds": ["attributes"], "reader": first["readers"][0]["id"]})
        .expect(202).json)
    assert stream.until("read", id=read.id)["state"] == "starting"
    stream.until("read", id=read.id, state="done")
    read.to_end("done")
    rig.card[1].remove()
    stream.until("card", reader=reader, present=False)
    rig.stop_pcscd()
    stream.until("reader", id=reader, present=False)
    page.delete("/v1/session").expect(204)
    assert stream.until("session", expires_in=0)
    assert stream.next() is None
    assert set(stream.told) == set(contract.EVENTS)


@NO_CARD
def test_methods_are_the_described_ones(rig):
    page = Described(rig).begin()
    for path, item in contract.API["paths"].items():
        allowed = [m.upper() for m in contract.METHODS if m in item]
        refused = page.request("PUT", path.replace("{id}", "x"))
        refused.expect(405, "method_not_allowed")
        assert sorted(refused.headers["Allow"].split(", ")) == sorted(allowed)


def valid(schema, body):
    return not list(contract.faults(contract.SCHEMAS[schema], body))


SESSION_BODIES = [
    {}, {"lang": "ja"}, {"lang": "en"}, {"lang": "fr"}, {"lang": None},
    {"lang": ""}, {"lang": 1}, {"lang": ["ja"]}, {"lang": "ja", "x": 1},
    {"takeover": False}, {"takeover": 0}, {"takeover": "true"},
    {"takeover": None}, {"Takeover": True}, [], "ja", 1, True,
]
READ_BODIES = [
    {}, [], {"kinds": []}, {"kinds": ["card_info"]}, {"kinds": "card_info"},
    {"kinds": ["card_info", "card_info"]}, {"kinds": ["cardinfo"]},
    {"kinds": [None]}, {"kinds": None}, {"kinds": ["sign", "face"]},
    {"kinds": ["card_info"], "reader": "r77"},
    {"kinds": ["card_info"], "reader": ""},
    {"kinds": ["card_info"], "reader": None},
    {"kinds": ["card_info"], "reader": 1},
    {"kinds": ["card_info"], "purpose": "a" * 80, "reader": "r77"},
    {"kinds": ["card_info"], "purpose": "a" * 81},
    {"kinds": ["card_info"], "purpose": []},
    {"kinds": ["card_info"], "pin": "1234"},
]


@NO_CARD
def test_bodies_are_taken_as_described(rig):
    """What the description calls valid is not called bad_request, and the
    other way round."""
    for body in SESSION_BODIES:
        page = Described(rig)
        reply = page.post("/v1/sessions", body)
        assert (reply.status == 201) == valid("SessionRequest", body), body
        assert reply.status in (201, 400)
        if reply.status == 201:
            page.token = reply.json["token"]
            page.end()
    page = Described(rig).begin()
    for body in READ_BODIES:
        reply = page.post("/v1/reads", body)
        # A kind that the site may not have is told before what it lacks.
        assert (reply.status not in (400, 403)) == valid("ReadRequest", body) \
            or reply.code == "kind_not_allowed", body
        if reply.status == 202:
            Read(page, reply.json).to_end("failed")
    for body in ({}, {"x": 1}, []):
        reply = page.post("/v1/session/touch", body)
        assert (reply.status == 200) == valid("Nothing", body), body


@NO_CARD
def test_parameters_are_taken_as_described(rig):
    page = Described(rig).begin()
    read = page.post("/v1/reads", {"kinds": ["card_info"]}).expect(202).json
    path = f"/v1/reads/{read['id']}"
    parameters = contract.operation_of(f"GET {path}")[2]["parameters"]
    Read(page, read).to_end("failed")
    assert {p["name"] for p in parameters} == {"wait", "after", "grace"}
    for parameter in parameters:
        name, schema = parameter["name"], parameter["schema"]
        for value in (-1, 0, 1, 29, 30, 31, 2 ** 32 - 1, 2 ** 32, 2 ** 64):
            reply = page.get(f"{path}?{name}={value}")
            good = schema["minimum"] <= value <= schema["maximum"]
            assert reply.status == (200 if good else 400), (name, value)


def test_the_description_is_of_this_daemon(make_rig):
    """Its version, its servers' default port, its kinds."""
    rig = make_rig(pcscd=False, people=())
    assert contract.API["info"]["version"] == str(
        rig.client().health()["api"])
    assert [s["url"] for s in contract.API["servers"]] == [
        "https://127.0.0.1:25366", "https://localhost:25366",
        "https://[::1]:25366"]
    page = rig.session()
    for kind in contract.SCHEMAS["Kind"]["enum"]:
        reply = page.post("/v1/reads", {"kinds": [kind]})
        # Known to the daemon, allowed to this page or not.
        assert reply.status in (202, 403), kind
        if reply.status == 202:
            Read(page, reply.json).to_end("failed")
