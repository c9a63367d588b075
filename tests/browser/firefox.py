"""Firefox ESR, over WebDriver BiDi."""

import base64
import json

from browser import Browser, Context, Page, store_make
from rig import Trouble
from wire import Wire

PREFERENCES = {
    # A throw-away profile that calls nobody and asks nothing.
    "app.normandy.enabled": False,
    "app.update.auto": False,
    "browser.aboutwelcome.enabled": False,
    "browser.sessionstore.resume_from_crash": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "browser.tabs.warnOnClose": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "intl.accept_languages": "ja",
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "toolkit.telemetry.enabled": False,
    # A question can be answered as soon as it is there.
    "security.notification_enable_delay": 0,
    # Each context is a person of its own.
    "permissions.isolateBy.userContext": True,
    "privacy.userContext.enabled": True,
}


class Firefox(Browser):
    name = "firefox"

    def policies(self):
        return {}

    @property
    def profile(self):
        return self.home / ".mozilla/firefox/test.default-esr"

    def make(self, *authorities):
        store_make(self.profile, *authorities)
        (self.profile.parent / "profiles.ini").write_text(
            f"[Profile0]\nName=test\nIsRelative=1\n"
            f"Path={self.profile.name}\nDefault=1\n")

    def argv(self):
        preferences = {
            **PREFERENCES,
            "network.dns.localDomains": ",".join(self.town.HOSTS),
            # The page is public, kenmend is loopback: as in chromium.py.
            "network.lna.address_space.public.override":
                ",".join(self.town.public()),
        }
        (self.profile / "user.js").write_text("".join(
            f"user_pref({json.dumps(name)}, {json.dumps(value)});\n"
            for name, value in preferences.items()))
        return ["/usr/bin/firefox-esr", "--no-remote",
                *(["--headless"] if self.headless else []),
                "--profile", str(self.profile),
                "--remote-debugging-port", "0",
                "--width", "1000", "--height", "760"]

    def connect(self):
        self.wire = Wire(self.process.wait_line(
            r"WebDriver BiDi listening on (ws://\S+)", 120)[1] + "/session")
        self.wire.call("session.new", {"capabilities": {"alwaysMatch": {
            "unhandledPromptBehavior": {"default": "accept"}}}}, 60)
        self.wire.call("session.subscribe", {"events": [
            "browsingContext.contextCreated", "browsingContext.load"]})

    def context(self):
        return FirefoxContext(self)


class FirefoxContext(Context):
    """Its permissions for the town's hosts are those that Chromium has by
    policy: Firefox' policies know no denial and no delegation."""

    def __init__(self, browser):
        super().__init__(browser)
        self.id = browser.wire.call(
            "browser.createUserContext", {})["userContext"]
        town = browser.town
        for origin in town.urls(town.ALLOWED):
            self.allow(origin)
        for origin in town.urls(town.DENIED):
            self.allow(origin, "denied")

    def allow(self, origin, state="granted"):
        """As if the browser's question had been answered."""
        self.browser.wire.call("permissions.setPermission", {
            "descriptor": {"name": "loopback-network"},
            "state": state, "origin": origin, "userContext": self.id})

    def make_page(self):
        return FirefoxPage(self)

    def answer(self, allow):
        """The browser's question, by the mouse: its buttons are at its lower
        right, the last one allows."""
        screen = self.browser.town.screen
        window = screen.wait_window("^Firefox$")
        width, height = map(int, screen.tool(
            "getwindowgeometry", window)[-1].split("x"))
        screen.tool("mousemove", "--window", window,
                    width - (47 if allow else 119), height - 30)
        screen.tool("click", 1)

    def targets(self):
        tree = self.browser.wire.call("browsingContext.getTree", {})
        return [c for c in tree["contexts"] if c["userContext"] == self.id]

    def close(self):
        self.browser.wire.call("browser.removeUserContext",
                               {"userContext": self.id})


class FirefoxPage(Page):
    def __init__(self, context):
        super().__init__(context)
        self.id = self.wire.call("browsingContext.create", {
            "type": "tab", "userContext": context.id})["context"]

    def call(self, method, seconds=None, **params):
        return self.wire.call(method, {"context": self.id, **params}, seconds)

    def run(self, script, seconds=None):
        got = self.wire.call("script.evaluate", {
            "expression": script, "target": {"context": self.id},
            "awaitPromise": True, "userActivation": True}, seconds)
        if got["type"] != "success":
            raise Trouble(f"in the page: {got['exceptionDetails']['text']}")
        return got["result"].get("value")

    def goto(self, url):
        self.call("browsingContext.navigate", url=url, wait="complete")

    def reload(self):
        self.call("browsingContext.reload", wait="complete")

    def back(self):
        """As the Back button; what comes is waited for by the caller."""
        self.call("browsingContext.traverseHistory", delta=-1)

    def before_scripts(self, script):
        self.wire.call("script.addPreloadScript", {
            "functionDeclaration": f"() => {{ {script} }}",
            "contexts": [self.id]})

    def type(self, selector, text):
        self.click(selector)
        self.call("input.performActions", actions=[{
            "type": "key", "id": "keys", "actions": [
                {"type": kind, "value": character} for character in text
                for kind in ("keyDown", "keyUp")]}])

    def frame(self):
        """The document in the page's one frame."""
        frame, = self.frames()
        return frame

    def frames(self):
        tree = self.wire.call("browsingContext.getTree", {"root": self.id})
        return [FirefoxFrame(self.context, child["context"])
                for child in tree["contexts"][0]["children"]]

    def click(self, selector):
        point = self._middle(selector)
        self.call("input.performActions", actions=[{
            "type": "pointer", "id": "mouse", "actions": [
                {"type": "pointerMove", **point},
                {"type": "pointerDown", "button": 0},
                {"type": "pointerUp", "button": 0}]}])

    def serve(self, url, html):
        """The document of this URL is this, from whatever host it comes."""
        def answer(event):
            p = event["params"]
            if not p["isBlocked"]:
                return
            self.wire.send("network.provideResponse", {
                "request": p["request"]["request"], "statusCode": 200,
                "reasonPhrase": "OK",
                "headers": [{"name": "Content-Type", "value": {
                    "type": "string", "value": "text/html"}}],
                "body": {"type": "string", "value": html}})
        self.wire.at_once["network.beforeRequestSent"] = answer
        self.wire.call("session.subscribe", {
            "events": ["network.beforeRequestSent"], "contexts": [self.id]})
        self.wire.call("network.addIntercept", {
            "phases": ["beforeRequestSent"], "contexts": [self.id],
            "urlPatterns": [{"type": "string", "pattern": url}]})

    def screenshot(self):
        return base64.b64decode(
            self.call("browsingContext.captureScreenshot")["data"])

    def close(self):
        self.call("browsingContext.close")
        self.context.pages.remove(self)


class FirefoxFrame(FirefoxPage):
    def __init__(self, context, number):
        Page.__init__(self, context)
        self.id = number
