"""Chromium, over the DevTools protocol."""

import base64
import os

from browser import Browser, Context, Page, store_make
from rig import Trouble
from wire import Wire

# A throw-away profile that calls nobody.
QUIET = ["--no-first-run", "--no-default-browser-check",
         "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--disable-gpu", "--disable-quic",
         "--password-store=basic", "--disable-search-engine-choice-screen"]


class Chromium(Browser):
    name = "chromium"

    def policies(self):
        town = self.town
        return {"chromium/policies/managed/kenmen.json": {
            "LoopbackNetworkAllowedForUrls": town.urls(town.ALLOWED),
            "LoopbackNetworkBlockedForUrls": town.urls(town.DENIED),
        }}

    def make(self, *authorities):
        store_make(self.home / ".local/share/pki/nssdb", *authorities)

    def argv(self):
        return ["/usr/bin/chromium", *QUIET,
                *(["--headless"] if self.headless else []),
                *(["--no-sandbox", "--test-type"]
                  if os.geteuid() == 0 else []),
                f"--user-data-dir={self.home}/profile",
                "--remote-debugging-port=0", "--lang=ja",
                "--window-size=1000,760", "--window-position=0,0",
                # The page is public, kenmend is loopback; without the
                # second flag both are loopback and nothing is asked.
                "--host-resolver-rules=" + ",".join(
                    f"MAP {host} 127.0.0.1" for host in self.town.HOSTS),
                "--ip-address-space-overrides=" + ",".join(
                    f"{place}=public" for place in self.town.public()),
                "about:blank"]

    def connect(self):
        self.wire = Wire(self.process.wait_line(
            r"DevTools listening on (ws://\S+)")[1])
        self.wire.call("Target.setDiscoverTargets", {"discover": True})
        # "Leave this page?" is answered yes; nothing else asks.
        self.wire.at_once["Page.javascriptDialogOpening"] = lambda event: \
            self.wire.send("Page.handleJavaScriptDialog", {"accept": True},
                           sessionId=event["sessionId"])

    def context(self):
        return ChromiumContext(self)


class ChromiumContext(Context):
    def __init__(self, browser):
        super().__init__(browser)
        self.id = browser.wire.call(
            "Target.createBrowserContext", {})["browserContextId"]

    def make_page(self):
        return ChromiumPage(self)

    def allow(self, origin):
        """As if the browser's question had been answered with yes (and laxer
        than that for frames: those have hosts that are allowed by policy)."""
        self.browser.wire.call("Browser.setPermission", {
            "origin": origin, "permission": {"name": "loopback-network"},
            "setting": "granted", "browserContextId": self.id})

    def answer(self, allow):
        """The browser's question, by the keys that lead to it: its first
        button blocks, the next one allows."""
        screen = self.browser.town.screen
        title = self.pages[-1].evaluate("document.title")
        window = screen.wait_window(f"^{title} - Chromium$")
        screen.key(window, "alt+shift+a", *(["Tab"] if allow else []),
                   "Return")

    def targets(self):
        """All tabs, those that pages opened as well."""
        return [t for t in self.browser.wire.call(
                    "Target.getTargets", {})["targetInfos"]
                if t.get("browserContextId") == self.id and
                t["type"] == "page"]

    def close(self):
        self.browser.wire.call("Target.disposeBrowserContext",
                               {"browserContextId": self.id})


class ChromiumPage(Page):
    def __init__(self, context):
        super().__init__(context)
        self.target = self.wire.call("Target.createTarget", {
            "url": "about:blank", "browserContextId": context.id,
            "newWindow": not context.pages})["targetId"]
        self.session = self.wire.call("Target.attachToTarget", {
            "targetId": self.target, "flatten": True})["sessionId"]
        self.call("Page.enable")
        self.call("Runtime.enable")

    def call(self, method, seconds=None, **params):
        return self.wire.call(method, params, seconds,
                              sessionId=self.session)

    def wait_event(self, method, since, fits=lambda params: True):
        return self.wire.wait_event(
            method, lambda e: e.get("sessionId") == self.session and
            fits(e["params"]), since)

    def run(self, script, seconds=None):
        got = self.call("Runtime.evaluate", seconds, expression=script,
                        awaitPromise=True, returnByValue=True,
                        userGesture=True)
        if "exceptionDetails" in got:
            raise Trouble(f"in the page: {got['exceptionDetails']}")
        return got["result"].get("value")

    def goto(self, url):
        """Returns when it is loaded, or Trouble where it cannot be had."""
        since = self.wire.mark()
        if text := self.call("Page.navigate", url=url).get("errorText"):
            raise Trouble(f"{url}: {text}")
        self.wait_event("Page.loadEventFired", since)

    def reload(self):
        since = self.wire.mark()
        self.call("Page.reload")
        self.wait_event("Page.loadEventFired", since)

    def back(self):
        """As the Back button; what comes is waited for by the caller."""
        history = self.call("Page.getNavigationHistory")
        entry = history["entries"][history["currentIndex"] - 1]
        self.call("Page.navigateToHistoryEntry", entryId=entry["id"])

    def before_scripts(self, script):
        """A script that every document runs first."""
        self.call("Page.addScriptToEvaluateOnNewDocument", source=script)

    def type(self, selector, text):
        self.click(selector)
        self.call("Input.insertText", text=text)

    def frame(self):
        """The document in the page's one frame, of another site."""
        return ChromiumFrame(self.context, self.wire.wait_event(
            "Target.targetCreated", lambda e: self._is_frame(
                e["params"]["targetInfo"]))["params"]["targetInfo"])

    def frames(self):
        """Those that are there, of other sites."""
        return [ChromiumFrame(self.context, target) for target in
                self.wire.call("Target.getTargets", {})["targetInfos"]
                if self._is_frame(target)]

    def _is_frame(self, target):
        return target["type"] == "iframe" and \
            target.get("browserContextId") == self.context.id

    def click(self, selector):
        point = self._middle(selector)
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, button="left",
                      clickCount=1, **point)

    def serve(self, url, html):
        """The document of this URL is this, from whatever host it comes."""
        def answer(event):
            p = event["params"]
            if p["request"]["url"] == url:
                self.wire.send("Fetch.fulfillRequest", {
                    "requestId": p["requestId"], "responseCode": 200,
                    "responseHeaders": [{"name": "Content-Type",
                                         "value": "text/html"}],
                    "body": base64.b64encode(html.encode()).decode(),
                }, sessionId=event["sessionId"])
            else:
                self.wire.send("Fetch.continueRequest",
                               {"requestId": p["requestId"]},
                               sessionId=event["sessionId"])
        self.wire.at_once["Fetch.requestPaused"] = answer
        self.call("Fetch.enable", patterns=[{"urlPattern": url}])

    def screenshot(self):
        return base64.b64decode(self.call("Page.captureScreenshot")["data"])

    def close(self):
        self.wire.call("Target.closeTarget", {"targetId": self.target})
        self.context.pages.remove(self)


class ChromiumFrame(ChromiumPage):
    """A target of its own, since it is of another site."""

    def __init__(self, context, target):
        Page.__init__(self, context)
        self.session = self.wire.call("Target.attachToTarget", {
            "targetId": target["targetId"], "flatten": True})["sessionId"]
        self.call("Runtime.enable")
