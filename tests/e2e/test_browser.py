"""A person's way: the demo page in a real Chromium, the real PIN window. The
browser trusts the daemon's CA as a browser would: from its own NSS store."""

import json
import os
import pathlib
import subprocess
import tempfile
import urllib.request

import pytest
import websocket

from rig import BUILD, LIMIT, TOP, Process, deadline, left

# Tests run side by side in one network namespace.
PAGE_PORT = 8765 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
PAGE = f"http://localhost:{PAGE_PORT}"
# A throw-away profile that calls nobody.
QUIET = ["--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-gpu",
         "--disable-quic", "--password-store=basic"]


class Chromium:
    """One window on the rig's screen, driven over its DevTools socket."""

    def __init__(self, rig, url):
        self.home = tempfile.TemporaryDirectory(prefix="kenmen-chromium-")
        self._trust(rig.dir / "state/ca.pem")
        env = {**rig.environment(), "HOME": self.home.name}
        no_sandbox = ["--no-sandbox", "--test-type"] if os.geteuid() == 0 else []
        self.process = Process("chromium", [
            "/usr/bin/chromium", *QUIET, *no_sandbox,
            f"--user-data-dir={self.home.name}/profile",
            "--remote-debugging-port=0", "--remote-allow-origins=*",
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

    def _trust(self, ca):
        subprocess.run([BUILD / "daemon/kenmenctl", "trust", "install",
                        "--ca", ca], check=True, stdout=subprocess.DEVNULL,
                       env={"PATH": "/usr/bin:/bin", "HOME": self.home.name})

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

    def call(self, method, **params):
        self.serial += 1
        self.socket.send(json.dumps({"id": self.serial, "method": method,
                                     "params": params}))
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

    def wait_state(self, *states):
        """Until the page shows one of these states; the page tells itself."""
        return self.evaluate("""new Promise(done => {
            const wanted = %s, at = document.getElementById("state");
            const look = () => wanted.includes(at.dataset.state) &&
                done(at.dataset.state);
            new MutationObserver(look).observe(at, {attributes: true});
            look();
        })""" % json.dumps(states))

    def click(self, button):
        self.evaluate(f'document.getElementById("{button}").click()')

    def text(self, field):
        return self.evaluate(f'document.getElementById("{field}").textContent')

    def stop(self):
        self.socket.close()
        self.process.stop()
        self.home.cleanup()


@pytest.fixture
def browser(make_rig):
    rig = make_rig(pinentry="gtk", config={
        f'origin "{PAGE}"': {"name": "ドローン登録デモ",
                             "kinds": "card_info, attributes"}})
    server = Process("serve", [
        BUILD / "web-demo/serve", str(PAGE_PORT), TOP / "web-demo",
        f"https://127.0.0.1:{rig.port}"])
    server.wait_line(PAGE)
    chromium = Chromium(rig, PAGE + "/")
    chromium.rig = rig
    yield chromium
    chromium.stop()
    server.stop()


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


def test_a_person_reads_the_card_from_a_page(browser):
    browser.wait_state("")
    browser.click("read")
    window = browser.rig.screen.wait_window("マイナンバーカード")
    browser.wait_state("waiting_for_pin")
    keep_picture(browser, "page-pin")
    browser.rig.screen.type(window, "1234")
    browser.wait_state("done")
    keep_picture(browser, "page-done")
    assert browser.text("name") == "見本　花子"
    assert browser.text("address") == "東京都千代田区見本町１－２－３"
    assert browser.text("birth_date") == "1990年4月1日"
    assert browser.text("sex") == "女性"
    assert len(browser.rig.card[0].exchanges()) == 11


def test_the_page_takes_its_window_away(browser):
    browser.wait_state("")
    browser.click("read")
    browser.rig.screen.wait_window("マイナンバーカード")
    browser.wait_state("waiting_for_pin")
    browser.click("cancel")
    browser.wait_state("cancelled")
    assert browser.rig.screen.leftovers() == []
    assert browser.rig.card[0].verifies() == []


def test_a_page_that_is_left_takes_its_window_away(browser):
    browser.wait_state("")
    browser.click("read")
    browser.rig.screen.wait_window("マイナンバーカード")
    browser.wait_state("waiting_for_pin")
    browser.evaluate("void (location.href = 'about:blank')")
    end = deadline()
    while browser.rig.pids("kenmen-prompt") and left(end):
        pass
    assert browser.rig.screen.leftovers() == []
    assert browser.rig.card[0].verifies() == []
