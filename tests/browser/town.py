"""What the browsers of one test process find in the world: named hosts of
HTTPS pages, their CA, and the directory where kenmend keeps its own.

All hosts are one server on 127.0.0.1, which the browsers take for a public
address; kenmend is on loopback. So Local Network Access stands between them,
as between a real site and this computer. The browsers' question was answered

    ALLOWED   with yes (Chromium: by policy files, which are stricter than
              what its test protocol grants)
    DENIED    with no
    else      not yet

and kenmend lists LISTED alone.
"""

import http.server
import pathlib
import ssl
import subprocess
import threading

import chromium
import firefox
from browser import SCREENS
from demo import Drone, origin_config
from rig import BUILD, DEFAULTS, TOP, Process

BROWSERS = {"chromium": chromium.Chromium, "firefox": firefox.Firefox}
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}


class Town:
    ALLOWED = ("drone.example", "stranger.example")
    DENIED = ("denied.example",)
    # frame.example is shown within other pages.
    LISTED = ("drone.example", "ask.example", "denied.example",
              "frame.example")
    HOSTS = (*ALLOWED, *DENIED, "ask.example", "hostile.example",
             "frame.example", "rebind.example")

    def __init__(self, site, number):
        self.dir = pathlib.Path(site.dir) / "town"
        self.dir.mkdir()
        self.own, self.screen = site.own, site.screen()
        # Test processes run side by side in one network namespace.
        self.port = 8443 + 10 * number
        # The same hosts once more, as loopback: for the control.
        self.near_port = self.port + 1
        # And without TLS.
        self.plain_port = self.port + 2
        self.kenmend_port = 25366 + 10 * number
        self.kenmend = f"https://127.0.0.1:{self.kenmend_port}"
        # The drone registration, one for each browser: what happens to its
        # accounts in one is nothing to the other's tests.
        self.demos = {name: self._demo(name, self.port + 3 + n)
                      for n, name in enumerate(BROWSERS)}
        self.page_ca = self._page_authority()
        self.page_cas = (self.page_ca, *(
            demo.directory / "drone/site-ca.pem"
            for demo in self.demos.values()))
        self.kenmend_ca = self._kenmend_authority()
        self.pages = {}         # (host or None, path) -> (headers, body)
        self.visits = []        # (host, method, path with query, body)
        self.servers = [self._serve(port) for port in
                        (self.port, self.near_port, self.plain_port)]
        self.browsers = {}

    def public(self):
        """Where the pages are that the browsers take for public."""
        return [f"127.0.0.1:{port}" for port in (
            self.port, self.plain_port,
            *(demo.port for demo in self.demos.values()))]

    def origin(self, host):
        return f"https://{host}:{self.port}"

    def near(self, host):
        return f"https://{host}:{self.near_port}"

    def plain(self, host):
        return f"http://{host}:{self.plain_port}"

    def urls(self, hosts):
        return [self.origin(host) for host in hosts]

    def browser(self, name, headless=False):
        """The one of this kind, started when it is first asked for."""
        key = name, headless
        if key not in self.browsers:
            self.browsers[key] = BROWSERS[name](self, headless)
        return self.browsers[key]

    def picture(self, name):
        """All of the screen, as test output."""
        SCREENS.mkdir(parents=True, exist_ok=True)
        self.screen.picture(SCREENS / f"{name}.png")

    def stop(self):
        for browser in self.browsers.values():
            browser.stop()
        for server in self.servers:
            server.shutdown()
            server.server_close()
        for demo in self.demos.values():
            demo.stop()
            self.own.discard(demo.process.pid)

    # -- authorities

    def _page_authority(self):
        """A CA for the pages, and what the server shows."""
        names = ",".join(f"DNS:{host}" for host in self.HOSTS)
        for name, subject, more in (
                ("page-ca", "/CN=pages of the tests",
                 ["-addext", "keyUsage=critical,keyCertSign"]),
                ("page", "/CN=pages",
                 ["-CA", self.dir / "page-ca.pem",
                  "-CAkey", self.dir / "page-ca.key",
                  "-addext", "basicConstraints=critical,CA:FALSE",
                  "-addext", f"subjectAltName={names}",
                  "-addext", "extendedKeyUsage=serverAuth"])):
            subprocess.run([
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                "-subj", subject, "-keyout", self.dir / f"{name}.key",
                "-out", self.dir / f"{name}.pem", *more],
                check=True, capture_output=True)
        return self.dir / "page-ca.pem"

    def _demo(self, name, port):
        directory = self.dir / f"demo-{name}"
        directory.mkdir()
        demo = Drone(directory, port, self.kenmend, clock=True,
                     site=TOP / "web-demo/site")
        self.own.add(demo.process.pid)
        return demo

    def _kenmend_authority(self):
        """As on a person's machine: made by a kenmend that was started once,
        and there ever since."""
        config = self.dir / "kenmen.conf"
        config.write_text("[server]\nlisten = 127.0.0.1:0\n"
                          f"state_dir = {self.dir / 'state'}\n")
        kenmend = Process("kenmend", [BUILD / "daemon/kenmend",
                                      "--config", config])
        kenmend.wait_line("kenmend: ready")
        kenmend.stop()
        return self.dir / "state/ca.pem"

    # -- kenmend as these pages know it

    def rig_arguments(self, config=None, **more):
        """For make_rig: a kenmend that lists the town's sites."""
        ours = {name: None for name in DEFAULTS if name.startswith("origin")}
        ours["server"] = {
            "listen": f"127.0.0.1:{self.kenmend_port}, "
                      f"[::1]:{self.kenmend_port}",
            "log_requests": "yes"}
        for origin in (*self.urls(self.LISTED), self.near("ask.example"),
                       *(demo.origin for demo in self.demos.values())):
            ours.update(origin_config(origin))
        for name, keys in (config or {}).items():
            ours[name] = keys if keys is None else {
                **(ours.get(name) or {}), **keys}
        return {"config": ours, "state": self.dir / "state", **more}

    # -- pages

    def put(self, path, body, host=None, **headers):
        """What is served under a path, of one host or of all; header names
        with _ for -."""
        self.pages[host, path] = (
            {name.replace("_", "-"): value for name, value in headers.items()},
            body.encode())

    def _find(self, host, path):
        for key in ((host, path), (None, path)):
            if key in self.pages:
                return self.pages[key]
        if path == "/kenmen.js":
            return {}, (TOP / "web-demo/kenmen.js").read_bytes()
        if path == "/":
            return {}, b"<!DOCTYPE html><title>page</title><body>page"
        return None

    def _serve(self, port):
        town = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                host = self.headers.get("Host", "").split(":")[0]
                body = self.rfile.read(
                    int(self.headers.get("Content-Length") or 0))
                town.visits.append((host, self.command, self.path, body))
                path = self.path.partition("?")[0]
                found = town._find(host, path)
                headers, content = found or ({}, b"")
                suffix = pathlib.PurePath(path).suffix or ".html"
                self.send_response(200 if found else 404)
                for name, value in {
                        "Content-Type": TYPES.get(
                            suffix, "text/plain") + "; charset=utf-8",
                        "Content-Length": str(len(content)),
                        **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = answer

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass    # browsers leave connections as they please

        server = Server(("127.0.0.1", port), Handler)
        if port != self.plain_port:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(
                self.dir / "page.pem", self.dir / "page.key")
            server.socket = context.wrap_socket(
                server.socket, server_side=True,
                do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server


def answered(rig):
    """What kenmend answered so far, by its own log. All of it: a request of
    ours, which none of a page looks like, came last and is logged as well."""
    start = len(rig.kenmend.lines)
    rig.client(None).request("PATCH", "/").expect(404, "not_found")
    rig.kenmend.wait_line("request: PATCH", start=start)
    return [r for r in rig.requests() if r.method != "PATCH"]
