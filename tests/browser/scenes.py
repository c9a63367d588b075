"""A Chromium without a window, the demo's pages in it, and how to bring them
into each of their states: "scenes", by name.

Server and kenmen.js are stand-ins (tests/pages): here a page is to stand still
in each state. What happens with a real server, daemon, card and window is
tested where those are.
"""

import sys

import pytest

from chromium import ChromiumPage
from rig import TOP, Trouble, deadline, left

sys.path.insert(0, str(TOP / "tests/pages"))
import stub  # noqa: E402

WIDE, NARROW = 1280, 320
KEYS = {"Enter": 13, "Tab": 9, "Escape": 27, " ": 32, "ArrowDown": 40}
TEXTS = {"Enter": "\r", " ": " "}


class Desk(ChromiumPage):
    """A tab at the stand-ins' site, at first a wide window in Japanese."""

    def __init__(self, context, site):
        super().__init__(context)
        context.pages.append(self)
        self.site, self.origin = site, site.origin
        self.call("Log.enable")
        self.call("Emulation.setScrollbarsHidden", hidden=True)
        self.before_scripts("""if (origin !== "null")
            localStorage.lang ??= "ja";""")
        size(self, WIDE)

    @property
    def server(self):
        return self.site.state

    def wait(self, condition):
        """Until it is true, looked at in each frame: some of it is in no
        element, where Page.wait() would look. A document that is replaced
        meanwhile is asked anew."""
        end = deadline()
        script = """new Promise((done) => {
            const look = () => {
                let is;
                try { is = %s; } catch {}
                if (is) done();
                else requestAnimationFrame(look);
            };
            look();
        })""" % condition
        while True:
            try:
                return self.run(script, left(end))
            except Trouble as e:
                if not left(end):
                    raise Trouble(f"never came true: {condition}\n" +
                                  self.outline()) from e

    def events(self, method):
        return [e["params"] for e in self.wire.events
                if e.get("sessionId") == self.session and
                e["method"] == method]

    def dialogs(self):
        """Kinds of the browser's own questions; each was answered yes."""
        return [p["type"] for p in self.events("Page.javascriptDialogOpening")]

    def complaints(self):
        """What the browser has against the pages: errors that nobody caught,
        what the CSP forbade, what was not found."""
        return [
            *(p["exceptionDetails"] for p in
              self.events("Runtime.exceptionThrown")),
            *(p["entry"] for p in self.events("Log.entryAdded")),
            *(p for p in self.events("Runtime.consoleAPICalled")
              if p["type"] in ("error", "warning"))]

    def key(self, key, modifiers=0):
        for kind in ("keyDown", "keyUp"):
            text = TEXTS.get(key) if kind == "keyDown" else None
            self.call("Input.dispatchKeyEvent", type=kind, key=key,
                      code={" ": "Space"}.get(key, key), modifiers=modifiers,
                      windowsVirtualKeyCode=KEYS[key],
                      **({"text": text} if text else {}))

    def type(self, text):
        self.call("Input.insertText", text=text)


@pytest.fixture(scope="module")
def stub_site():
    site = stub.Stub()
    yield site
    site.stop()


@pytest.fixture
def page(town, stub_site):
    stub_site.reset()
    context = town.browser("chromium", headless=True).context()
    yield Desk(context, stub_site)
    context.close()


def size(page, width, height=900):
    page.call("Emulation.setDeviceMetricsOverride", width=width,
              height=height, deviceScaleFactor=1, mobile=False)


def fresh(page):
    """A server and a tab that know nobody."""
    page.site.reset()
    page.goto(page.origin + "/kenmen.js")
    page.run("sessionStorage.clear()")


def visit(page, view):
    page.goto("about:blank")
    page.goto(f"{page.origin}/#{view}")


def at(page, view):
    page.wait(f"document.querySelector('main').dataset.view === '{view}'")


def status(page, phase):
    page.wait(f"document.getElementById('status')?.dataset.state === "
              f"'{phase}'")


def click(page, name):
    page.wait(f"document.getElementById('{name}')")
    page.run(f"document.getElementById('{name}').click()")


# ---- scenes: how to bring the page into each state -----------------------

def email(page):
    visit(page, "account")
    at(page, "account")
    page.run("""{
        const field = document.getElementById("email");
        field.value = "hanako@mail.example";
        field.dispatchEvent(new Event("input"));
    }""")


def account_faults(page):
    visit(page, "account")
    click(page, "account-next")
    page.wait("!document.getElementById('email-fault').hidden")


def way(page):
    email(page)
    click(page, "account-next")
    at(page, "way")


def prepare(page, diagnosis=None):
    visit(page, "prepare")
    at(page, "prepare")


def doctor(page):
    prepare(page)
    page.run("""fake.diagnosis = fake.error("unreachable", {}, {
        causes: ["not_running", "not_trusted"],
        check: "https://127.0.0.1:25366/" })""")
    click(page, "prepare-check")
    page.wait("document.getElementById('doctor')?.dataset.code === "
              "'unreachable'")


def doctor_well(page):
    prepare(page)
    click(page, "prepare-check")
    page.wait("document.getElementById('doctor')?.dataset.code === ''")


def link(page):
    way(page)
    click(page, "way-reader")
    at(page, "prepare")
    click(page, "prepare-next")
    at(page, "link")
    status(page, "idle")


def ready(page):
    link(page)
    click(page, "card-check")
    status(page, "ready")


def no_reader(page):
    link(page)
    page.run("fake.readers = []")
    click(page, "card-check")
    status(page, "no_reader")


def question(page):
    link(page)
    page.run("fake.question = true")
    click(page, "card-check")
    status(page, "question")


def reading(page):
    ready(page)
    click(page, "card-start")
    page.wait("fake.read !== null")


def pin(page):
    reading(page)
    page.run("""fake.read.progress({ state: "waiting_for_pin",
        deadline_ms: 1, prompt: { pin: "attributes", tries_left: 2, step: 2,
        steps: 2 } })""")
    status(page, "waiting_for_pin")


def bytes_read(page):
    reading(page)
    page.run("""fake.read.progress({ state: "reading",
        deadline_ms: 1, progress: { done: 40, total: 95 } })""")
    status(page, "reading")


def failing(code, extra="{}"):
    def scene(page):
        reading(page)
        page.run(f"fake.read.reject(fake.error('{code}', {extra}))")
        status(page, "failed")
    return scene


def elsewhere_tab(page):
    link(page)
    page.run("fake.connect = fake.error('session_active')")
    click(page, "card-check")
    status(page, "failed")


def login(page):
    visit(page, "login")
    at(page, "login")


def form(page):
    reading(page)
    page.run("""fake.read.resolve({ authenticate: { jws: "a.b.c" },
        attributes: { name: "見本　花子", address: "東京都千代田区見本町１－２－３",
        birth_date: "1990-04-01", sex: "female" } })""")
    at(page, "form")


def form_faults(page):
    form(page)
    click(page, "form-next")
    page.wait("document.getElementById('faults')")


def form_help(page):
    form(page)
    page.run("document.querySelector('.i').click()")
    page.wait("document.querySelector('.tip').textContent")


FILLED = {"f-phone": "03-0000-0000", "d-kind": "multirotor",
          "d-maker": "見本製作所", "d-model": "見本号 2",
          "d-serial": "ＭＨＮ－2026－0001", "d-weight_g": "２４９",
          "d-remote_id": "built_in", "d-purpose": "hobby"}


def fill(page):
    for name, value in FILLED.items():
        page.run(f"""{{
            const field = document.getElementById("{name}");
            field.value = "{value}";
            field.dispatchEvent(new Event("input"));
        }}""")


def review(page):
    form(page)
    fill(page)
    click(page, "form-next")
    at(page, "review")


def sign(page):
    review(page)
    click(page, "review-next")
    at(page, "sign")


def signed(page):
    sign(page)
    status(page, "ready")
    page.run("fake.read = null")
    click(page, "card-start")
    page.wait("fake.read !== null")
    page.run("""fake.read.resolve({ sign: { signatures: ["c2ln"],
        certificate: "Y2VydA==" } })""")
    at(page, "verdict")


def refused(page):
    page.server.verdict = stub.bad_verdict()
    signed(page)


def done(page):
    signed(page)
    click(page, "verdict-next")
    at(page, "done")


def mypage(page):
    done(page)
    click(page, "done-mypage")
    at(page, "mypage")


def mypage_draft(page):
    page.server.log_in()
    page.server.post("/api/application", {"form": {}, "drone": {}})
    visit(page, "mypage")
    at(page, "mypage")


def developers(page):
    visit(page, "developers")
    at(page, "developers")


def start(page):
    visit(page, "start")
    at(page, "start")


def ended(why):
    def scene(page):
        page.server.ended = why
        visit(page, "start")
        at(page, "ended")
    return scene


def closed(page):
    form(page)
    click(page, "session-end")
    at(page, "ended")


def warned(page):
    page.server.log_in()
    page.server.expires_in = 290
    visit(page, "mypage")
    page.wait("document.getElementById('idle-dialog').open")


SCENES = {
    "start": start, "account": email, "account-faults": account_faults,
    "way": way, "prepare": prepare, "prepare-doctor": doctor,
    "prepare-well": doctor_well, "link": link, "link-ready": ready,
    "link-no-reader": no_reader, "link-question": question,
    "link-pin": pin, "link-reading": bytes_read,
    "link-wrong-pin": failing("pin_wrong", "{ tries_left: 1 }"),
    "link-blocked": failing("pin_blocked"),
    "link-removed": failing("card_removed"),
    "link-elsewhere": elsewhere_tab, "login": login, "form": form,
    "form-faults": form_faults, "form-help": form_help, "review": review,
    "sign": sign, "verdict": signed, "verdict-refused": refused,
    "done": done, "mypage": mypage, "mypage-draft": mypage_draft,
    "developers": developers, "ended-idle": ended("idle"),
    "ended-elsewhere": ended("elsewhere"), "ended-closed": closed,
    "idle-warning": warned,
}
