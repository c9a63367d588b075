"""A page of a Chromium, driven over its DevTools socket."""

import base64
import json
import urllib.request

import websocket

from rig import LIMIT, deadline, left


def page_socket(port):
    """The socket of the page that a Chromium shows."""
    end = deadline()
    while left(end):
        with urllib.request.urlopen(
                f"http://127.0.0.1:{port}/json/list") as got:
            for target in json.load(got):
                if target["type"] == "page":
                    return websocket.create_connection(
                        target["webSocketDebuggerUrl"], timeout=LIMIT)
    raise AssertionError("Chromium shows no page")


class Page:
    def __init__(self, port):
        self.socket = page_socket(port)
        self.serial, self.events = 0, []
        self.dialogs = []  # kinds of those that came up; each was answered
        for domain in ("Page", "Runtime", "Log"):
            self.call(domain + ".enable")

    def send(self, method, **params):
        self.serial += 1
        self.socket.send(json.dumps({"id": self.serial, "method": method,
                                     "params": params}))
        return self.serial

    def receive(self):
        got = json.loads(self.socket.recv())
        if got.get("method") == "Page.javascriptDialogOpening":
            # It would hold up everything else: answered at once.
            self.dialogs.append(got["params"]["type"])
            self.send("Page.handleJavaScriptDialog", accept=True)
        return got

    def call(self, method, **params):
        serial = self.send(method, **params)
        while (got := self.receive()).get("id") != serial:
            self.events.append(got)
        assert "error" not in got, (method, got["error"])
        return got["result"]

    def wait_event(self, method):
        """The next event of this name, seen or to come; it is used up."""
        while True:
            for i, event in enumerate(self.events):
                if event.get("method") == method:
                    return self.events.pop(i)
            self.events.append(self.receive())

    def open(self, url):
        self.events.clear()
        self.call("Page.navigate", url=url)
        self.wait_event("Page.loadEventFired")

    def evaluate(self, script):
        """A script's value; a promise is waited for."""
        got = self.call("Runtime.evaluate", expression=script,
                        awaitPromise=True, returnByValue=True,
                        userGesture=True)
        assert "exceptionDetails" not in got, (got, self.complaints())
        return got["result"].get("value")

    def wait(self, condition):
        """Until a JavaScript expression is true, looked at each frame."""
        self.evaluate("""new Promise((done, gone) => {
            const end = performance.now() + %d;
            const look = () => {
                let is;
                try { is = %s; } catch {}
                if (is) return done();
                if (performance.now() > end)
                    return gone(new Error("not so: " + %s));
                requestAnimationFrame(look);
            };
            look();
        })""" % (LIMIT * 1000 // 2, condition, json.dumps(condition)))

    def complaints(self):
        """What the browser has said against the page so far: errors that
        nobody caught, what the CSP forbade, what was not found."""
        found = []
        for event in self.events:
            params = event.get("params", {})
            if event.get("method") == "Runtime.exceptionThrown":
                details = params["exceptionDetails"]
                found.append(details.get("exception", {}).get("description")
                             or details["text"])
            elif event.get("method") == "Log.entryAdded":
                found.append("%(level)s: %(text)s" % params["entry"])
            elif event.get("method") == "Runtime.consoleAPICalled" and \
                    params["type"] in ("error", "warning"):
                found += [arg.get("description", arg.get("value"))
                          for arg in params["args"]]
        return found

    def key(self, key, text=None, modifiers=0):
        code = {"Enter": 13, "Tab": 9, "Escape": 27, " ": 32,
                "ArrowDown": 40}.get(key, 0)
        text = {"Enter": "\r", " ": " "}.get(key, text)
        for kind in ("keyDown", "keyUp"):
            more = {"text": text} if text and kind == "keyDown" else {}
            self.call("Input.dispatchKeyEvent", type=kind, key=key,
                      code={" ": "Space"}.get(key, key), modifiers=modifiers,
                      windowsVirtualKeyCode=code, **more)

    def type(self, text):
        self.call("Input.insertText", text=text)

    def picture(self, path, whole=True):
        """Of the whole page, not of what fits on the screen alone."""
        got = self.call("Page.captureScreenshot", format="png",
                        captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(got["data"]))

    def close(self):
        self.socket.close()
