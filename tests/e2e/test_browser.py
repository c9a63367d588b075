"""A person's way: the demo's pages in a real Chromium, the real PIN window. The
browser trusts the CAs of daemon and site as a browser would: from its own NSS
store. Page and kenmend are both on loopback here, as web-demo/run has them;
tests/browser is about what else a browser puts between them."""

import json
import os
import pathlib
import subprocess
import tempfile
import urllib.request

import pytest
import websocket

from demo import Drone, origin_config
from rig import BUILD, LIMIT, TOP, Process, deadline, left
from whole import trust

# A throw-away profile that calls nobody.
QUIET = ["--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-gpu",
         "--disable-quic", "--password-store=basic"]


class Chromium:
    """One window on the rig's screen, driven over its DevTools socket."""

    def __init__(self, rig, url, site_ca):
        self.home = tempfile.TemporaryDirectory(prefix="kenmen-chromium-")
        self._trust(rig.dir / "state/ca.pem", site_ca)
        env = {**rig.environment(), "HOME": self.home.name}
        no_sandbox = ["--no-sandbox", "--test-type"] if os.geteuid() == 0 else []
        self.process = Process("chromium", [
            "/usr/bin/chromium", *QUIET, *no_sandbox,
            f"--user-data-dir={self.home.name}/profile",
            "--lang=ja", "--accept-lang=ja", "--remote-debugging-port=0",
            "--remote-allow-origins=*",
            "--window-size=1000,760", "--window-position=0,0",
            "about:blank"],
            env=env, start_new_session=True)
        port = int(self.process.wait_line(
            r"DevTools listening on ws://[^:]+:(\d+)/")[1])
        self.socket = self._page(port)
        self.serial, self.events = 0, []
        self.call("Page.enable")
        self.call("Page.navigate", url=url)
        self.wait_event("Page.loadEventFired")

    def _trust(self, kenmend, site):
        """kenmend's CA as people do it; the site's into the same stores."""
        subprocess.run([BUILD / "daemon/kenmenctl", "trust", "install",
                        "--ca", kenmend], check=True,
                       stdout=subprocess.DEVNULL,
                       env={"PATH": "/usr/bin:/bin", "HOME": self.home.name})
        for store in pathlib.Path(self.home.name).rglob("cert9.db"):
            subprocess.run(["certutil", "-d", f"sql:{store.parent}", "-A",
                            "-n", "site", "-t", "C,,", "-i", site],
                           check=True)

    def _page(self, port):
        end = deadline()
        while left(end):
            with urllib.request.urlopen(
                    f"http://127.0.0.1:{port}/json/list") as got:
                for target in json.load(got):
                    if target["type"] == "page":
                        return websocket.create_connection(
                            target["webSocketDebuggerUrl"], timeout=LIMIT)
        raise AssertionError("Chromium shows no page")

    def send(self, method, **params):
        self.serial += 1
        self.socket.send(json.dumps({"id": self.serial, "method": method,
                                     "params": params}))

    def call(self, method, **params):
        self.send(method, **params)
        while (got := json.loads(self.socket.recv())).get("id") != self.serial:
            self.events.append(got.get("method"))
        return got["result"]

    def wait_event(self, method):
        while method not in self.events:
            self.events.append(json.loads(self.socket.recv()).get("method"))

    def evaluate(self, script):
        """A script's value; a promise is waited for."""
        got = self.call("Runtime.evaluate", expression=script,
                        awaitPromise=True, returnByValue=True,
                        userGesture=True)
        assert "exceptionDetails" not in got, got
        return got["result"].get("value")

    def wait(self, element, name, *wanted):
        """Until its data-NAME is one of these; the page tells itself. The
        element may yet have to come."""
        return self.evaluate("""new Promise(done => {
            const [element, name, wanted] = %s;
            const look = () => {
                const got = document.querySelector(element)?.dataset[name];
                if (!wanted.includes(got)) return;
                seen.disconnect();
                done(got);
            };
            const seen = new MutationObserver(look);
            seen.observe(document, {subtree: true, childList: true,
                                    attributes: true});
            look();
        })""" % json.dumps([element, name, wanted]))

    def wait_view(self, *views):
        return self.wait("main", "view", *views)

    def wait_state(self, *states):
        return self.wait("#status", "state", *states)

    def click(self, button):
        self.evaluate(f'document.getElementById("{button}").click()')

    def type(self, field, text):
        self.evaluate("""{ const field = document.getElementById("%s");
            field.value = "%s";
            field.dispatchEvent(new Event("input", {bubbles: true})); }"""
            % (field, text))

    def value(self, field):
        return self.evaluate(f'document.getElementById("{field}").value')

    def stop(self):
        self.socket.close()
        self.process.stop()
        self.home.cleanup()


@pytest.fixture
def browser(site, make_rig):
    port = site.ports(1)
    rig = make_rig(pinentry="gtk", config=origin_config(
        f"https://localhost:{port}"))
    trust(rig)
    server = Drone(rig.dir, port, f"https://127.0.0.1:{rig.port}",
                   name="localhost", site=TOP / "web-demo/site")
    chromium = Chromium(rig, server.origin + "/#account",
                        rig.dir / "drone/site-ca.pem")
    chromium.rig = rig
    yield chromium
    chromium.stop()
    server.stop()


def asked(browser):
    """As far as the first PIN window, by the person's clicks; the window."""
    browser.wait_view("account")
    browser.type("email", "mihon@example.jp")
    browser.click("account-next")
    browser.wait_view("way")
    browser.click("way-reader")
    browser.wait_view("prepare")
    browser.click("prepare-next")
    browser.wait_view("link")
    browser.click("card-check")
    browser.wait_state("ready")
    browser.click("card-start")
    window = browser.rig.screen.wait_window("マイナンバーカード.*1/2")
    browser.wait_state("waiting_for_pin")
    return window


def keep_picture(browser, name):
    """For docs/images, when KENMEN_PICTURES names a directory."""
    if directory := os.environ.get("KENMEN_PICTURES"):
        # A second of frames: what the page and the window are is on screen.
        browser.evaluate("""new Promise(done => {
            let n = 60;
            const frame = () => n-- ? requestAnimationFrame(frame) : done();
            frame();
        })""")
        browser.rig.screen.picture(pathlib.Path(directory, name + ".png"))


def test_a_person_links_the_card(browser):
    """Two PINs in two windows; then the form, filled in."""
    window = asked(browser)
    keep_picture(browser, "page-pin")
    browser.rig.screen.type(window, "1234")
    window = browser.rig.screen.wait_window("マイナンバーカード.*2/2")
    browser.rig.screen.type(window, "1234")
    browser.wait_view("form")
    keep_picture(browser, "page-done")
    assert browser.value("f-name") == "見本　花子"
    assert browser.value("f-address") == "東京都千代田区見本町１－２－３"
    assert browser.value("f-birth_date") == "1990-04-01"
    assert browser.value("f-email") == "mihon@example.jp"
    assert len(browser.rig.card[0].verifies()) == 2


def test_the_page_takes_its_window_away(browser):
    asked(browser)
    browser.click("card-cancel")
    browser.wait_state("cancelled", "ready", "idle", "failed")
    assert browser.rig.screen.leftovers() == []
    assert browser.rig.card[0].verifies() == []


def test_a_page_that_is_left_takes_its_window_away(browser):
    """It warns first; the person leaves all the same."""
    asked(browser)
    browser.send("Page.navigate", url="about:blank")
    browser.wait_event("Page.javascriptDialogOpening")
    browser.call("Page.handleJavaScriptDialog", accept=True)
    end = deadline()
    while browser.rig.pids("kenmen-prompt") and left(end):
        pass
    assert browser.rig.screen.leftovers() == []
    assert browser.rig.card[0].verifies() == []
