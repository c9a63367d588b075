"""The demo's web system for tests: a drone-server with a site of two files,
and browsers that are none: cookies and JSON, as a page sends them."""

import base64
import hashlib
import http.client
import http.cookies
import json
import socket
import ssl

import rig as rig_module
from whole import SIM, ask, clean

HOST = "drone.example"
KINDS = "card_info, attributes, certificate, authenticate, sign"

# A drone that nobody made.
MACHINE = {"kind": "multirotor", "maker": "見本航空機", "model": "ＭＨ－１",
           "serial": "MH1-000042", "weight_g": 249, "purpose": "hobby",
           "remote_id": "built_in"}


def origin_config(origin):
    """What a rig's kenmend must be told."""
    return {f'origin "{origin}"': {"name": "ドローン登録デモ",
                                   "kinds": KINDS}}


class Drone:
    """A drone-server, its files in directory. trust: a directory of CAs.
    site: its pages, by default two files that are none. clock: jump() lets
    time pass for it (not for the date)."""

    def __init__(self, directory, port, kenmend=None, trust=SIM / "trust",
                 clock=False, name=HOST, site=None):
        self.directory, self.name = directory, name
        self.port, self.host = port, f"{name}:{port}"
        env = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
        if clock:
            self.clock, self.ahead_us = directory / "drone-clock", 0
            self.clock.write_bytes(bytes(8))
            env.update({
                "KENMEN_CLOCK": str(self.clock),
                "LD_PRELOAD": str(rig_module.BUILD / "tests/e2e/clock-jump.so"),
                "ASAN_OPTIONS": "verify_asan_link_order=0"})
        self.origin = f"https://{self.host}"
        argv = [rig_module.BUILD / "web-demo/server/drone-server",
                "--site", site or self._site(), "--state", directory / "drone",
                "--trust", trust, "--name", name, "--port", port]
        if kenmend:
            argv += ["--kenmend", kenmend]
        self.process = rig_module.Process("drone-server", argv, env=env)
        self.process.wait_line(f"^ready {self.origin}$")
        self.trust = ssl.create_default_context(
            cafile=str(directory / "drone/site-ca.pem"))

    def _site(self):
        site = self.directory / "site"
        (site / "text").mkdir(parents=True)
        (site / "index.html").write_text("<!DOCTYPE html><p>見本</p>\n")
        (site / "text/ja.js").write_text("export default 1;\n")
        (site / "note.md").write_text("not for anybody\n")
        (self.directory / "kenmen.js").write_text("export const a = 1;\n")
        return site

    def browser(self):
        return Browser(self)

    def jump(self, seconds):
        """So much time has passed when this returns."""
        self.ahead_us += seconds * 1000000
        with open(self.clock, "r+b") as f:
            f.write(self.ahead_us.to_bytes(8, "little"))

    def raw(self, data):
        """Sends these bytes, reads one answer."""
        with socket.create_connection(("127.0.0.1", self.port),
                                      rig_module.LIMIT) as plain, \
                self.trust.wrap_socket(plain, server_hostname=self.name) as tls:
            tls.sendall(data)
            got = http.client.HTTPResponse(tls)
            got.begin()
            return rig_module.Reply(got.status, got.headers, got.read())

    def stop(self):
        status = self.process.stop()
        text = self.process.text()
        if status != 0 or rig_module.TROUBLE_IN_LOG.search(text):
            raise rig_module.Trouble(f"drone-server: {status}\n{text}")


class Browser:
    """One browser: its cookie, and what a fetch of its page sends."""

    def __init__(self, drone):
        self.drone, self.cookie = drone, None

    def request(self, method, path, body=None, headers=None):
        """body: a value to be sent as JSON, or bytes as they are. A header of
        None is left out, where we would have sent it."""
        send = {"Host": self.drone.host, "Sec-Fetch-Site": "same-origin",
                "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
        if method == "POST":
            send["Origin"] = self.drone.origin
        if self.cookie:
            send["Cookie"] = f"__Host-drone={self.cookie}"
        if body is not None:
            send["Content-Type"] = "application/json"
            if not isinstance(body, bytes):
                body = json.dumps(body).encode()
        send.update(headers or {})
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.drone.port, context=self.drone.trust,
            timeout=rig_module.LIMIT)
        try:
            connection.request(method, path, body, {
                k: v for k, v in send.items() if v is not None})
            got = connection.getresponse()
            reply = rig_module.Reply(got.status, got.headers, got.read())
        finally:
            connection.close()
        self._take_cookie(reply)
        return reply

    def _take_cookie(self, reply):
        if line := reply.headers["Set-Cookie"]:
            cookie = http.cookies.SimpleCookie(line)["__Host-drone"]
            assert cookie["secure"] and cookie["httponly"]
            assert cookie["samesite"] == "Strict" and cookie["path"] == "/"
            assert not cookie["domain"]
            self.cookie = cookie.value if not cookie["max-age"] else None

    def get(self, path, **kw):
        return self.request("GET", path, **kw)

    def post(self, path, body=None, **kw):
        return self.request("POST", path, {} if body is None else body, **kw)

    def me(self):
        return self.get("/api/me").expect(200).json

    def challenge(self, purpose):
        got = self.post("/api/challenge", {"for": purpose}).expect(200).json
        assert got["expires_in"] == 300
        assert len(base64.b64decode(got["challenge"], validate=True)) == 32
        return got["challenge"]


class Person:
    """Somebody with a card in a rig's reader, at a browser."""

    def __init__(self, rig, drone, name="hanako", browser=None):
        self.rig, self.drone, self.name = rig, drone, name
        self.browser = browser or drone.browser()

    def page(self):
        return self.rig.session(self.drone.origin, takeover=True)

    def read(self, kinds, **more):
        done = ask(self.rig, kinds, page=self.page(), person=self.name,
                   **more).to_end("done")
        clean(self.rig)
        return done.results

    def link_body(self, email="mihon@example.jp"):
        """One read: the login and what fills in the form."""
        got = self.read(["authenticate", "attributes"],
                        challenge=self.browser.challenge("link"))
        own = got["attributes"]
        return {"kind": "individual", "email": email,
                "jws": got["authenticate"]["jws"],
                "attributes": {k: own[k] for k in (
                    "name", "address", "birth_date", "sex")}}

    def link(self):
        return self.browser.post("/api/account", self.link_body())

    def login_body(self):
        got = self.read(["authenticate"],
                        challenge=self.browser.challenge("login"))
        return {"jws": got["authenticate"]["jws"]}

    def login(self):
        return self.browser.post("/api/login", self.login_body())

    def apply(self, form=None, drone=None):
        """The form as it was filled in, with changes."""
        known = self.browser.me()["draft"]["form"]
        return self.browser.post("/api/application", {
            "form": {**known, "phone": "03-0000-0000", **(form or {})},
            "drone": {**MACHINE, **(drone or {})}})

    def document(self, **changes):
        got = self.apply(**changes).expect(200).json["document"]
        digest = hashlib.sha256(got["text"].encode()).digest()
        assert got["sha256"] == base64.b64encode(digest).decode()
        return got

    def signed(self, document, digest=None):
        """What the card makes of it, as the page hands it over."""
        got = self.read(["sign"], hash="sha256",
                        digests=[digest or document["sha256"]])["sign"]
        return {"id": document["id"], "signature": got["signatures"][0],
                "certificate": got["certificate"]}

    def submit(self, body):
        return self.browser.post("/api/application/sign", body)


def failed(checks):
    """The names of the checks that failed."""
    return {c["name"] for c in checks if c["ok"] is False}
