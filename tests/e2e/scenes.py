"""A Chromium without a window, the demo's pages in it, and how to bring them
into each of their states: "scenes", by name.

Server and kenmen.js are stand-ins (tests/pages): here a page is to stand still
in each state. What happens with a real server, daemon, card and window is
tested where those are.
"""

import os
import shutil
import sys
import tempfile

import pytest

from devtools import Page
from rig import TOP, Process

sys.path.insert(0, str(TOP / "tests/pages"))
import stub  # noqa: E402

QUIET = ["--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-gpu",
         "--disable-quic", "--password-store=basic", "--hide-scrollbars"]
WIDE, NARROW = 1280, 320


@pytest.fixture(scope="module")
def chromium():
    profile = tempfile.mkdtemp(prefix="kenmen-pages-")
    no_sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    process = Process("chromium", [
        "/usr/bin/chromium", "--headless=new", *QUIET, *no_sandbox,
        f"--user-data-dir={profile}", "--remote-debugging-port=0",
        "--remote-allow-origins=*", "about:blank"],
        env={**os.environ, "HOME": profile}, start_new_session=True)
    port = int(process.wait_line(
        r"DevTools listening on ws://[^:]+:(\d+)/")[1])
    yield Page(port)
    process.stop()
    shutil.rmtree(profile, ignore_errors=True)


@pytest.fixture(scope="module")
def server():
    server = stub.Stub()
    yield server
    server.stop()


@pytest.fixture
def page(chromium, server):
    """At the start, as one who was never there; a wide window, Japanese."""
    chromium.server = server
    chromium.origin = server.origin
    chromium.call("Emulation.setEmulatedMedia", media="", features=[])
    size(chromium, WIDE)
    fresh(chromium)
    return chromium


def fresh(page):
    """A server and a tab that know nobody."""
    page.server.reset()
    page.open(page.origin + "/kenmen.js")
    page.evaluate("sessionStorage.clear(); localStorage.clear();"
                  "localStorage.setItem('lang', 'ja')")


def size(page, width, height=900):
    page.call("Emulation.setDeviceMetricsOverride", width=width,
              height=height, deviceScaleFactor=1, mobile=False)


def visit(page, view):
    page.open("about:blank")
    page.open(f"{page.origin}/#{view}")


def at(page, view):
    page.wait(f"document.querySelector('main').dataset.view === '{view}'")


def status(page, phase):
    page.wait(f"document.getElementById('status')?.dataset.state === "
              f"'{phase}'")


def click(page, name):
    page.wait(f"document.getElementById('{name}')")
    page.evaluate(f"document.getElementById('{name}').click()")


# ---- scenes: how to bring the page into each state -----------------------

def email(page):
    visit(page, "account")
    at(page, "account")
    page.evaluate("""{
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
    page.evaluate("""fake.diagnosis = fake.error("unreachable", {}, {
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
    page.evaluate("fake.readers = []")
    click(page, "card-check")
    status(page, "no_reader")


def question(page):
    link(page)
    page.evaluate("fake.question = true")
    click(page, "card-check")
    status(page, "question")


def reading(page):
    ready(page)
    click(page, "card-start")
    page.wait("fake.read !== null")


def pin(page):
    reading(page)
    page.evaluate("""fake.read.progress({ state: "waiting_for_pin",
        deadline_ms: 1, prompt: { pin: "attributes", tries_left: 2, step: 2,
        steps: 2 } })""")
    status(page, "waiting_for_pin")


def bytes_read(page):
    reading(page)
    page.evaluate("""fake.read.progress({ state: "reading",
        deadline_ms: 1, progress: { done: 40, total: 95 } })""")
    status(page, "reading")


def failing(code, extra="{}"):
    def scene(page):
        reading(page)
        page.evaluate(f"fake.read.reject(fake.error('{code}', {extra}))")
        status(page, "failed")
    return scene


def elsewhere_tab(page):
    link(page)
    page.evaluate("fake.connect = fake.error('session_active')")
    click(page, "card-check")
    status(page, "failed")


def login(page):
    visit(page, "login")
    at(page, "login")


def form(page):
    reading(page)
    page.evaluate("""fake.read.resolve({ authenticate: { jws: "a.b.c" },
        attributes: { name: "見本　花子", address: "東京都千代田区見本町１－２－３",
        birth_date: "1990-04-01", sex: "female" } })""")
    at(page, "form")


def form_faults(page):
    form(page)
    click(page, "form-next")
    page.wait("document.getElementById('faults')")


def form_help(page):
    form(page)
    page.evaluate("document.querySelector('.i').click()")
    page.wait("document.querySelector('.tip').textContent")


FILLED = {"f-phone": "03-0000-0000", "d-kind": "multirotor",
          "d-maker": "見本製作所", "d-model": "見本号 2",
          "d-serial": "ＭＨＮ－2026－0001", "d-weight_g": "２４９",
          "d-remote_id": "built_in", "d-purpose": "hobby"}


def fill(page):
    for name, value in FILLED.items():
        page.evaluate(f"""{{
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
    page.evaluate("fake.read = null")
    click(page, "card-start")
    page.wait("fake.read !== null")
    page.evaluate("""fake.read.resolve({ sign: { signatures: ["c2ln"],
        certificate: "Y2VydA==" } })""")
    at(page, "verdict")


def refused(page):
    page.server.state.verdict = stub.bad_verdict()
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
    page.server.state.log_in()
    page.server.state.post("/api/application", {"form": {}, "drone": {}})
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
        page.server.state.ended = why
        visit(page, "start")
        at(page, "ended")
    return scene


def closed(page):
    form(page)
    click(page, "session-end")
    at(page, "ended")


def warned(page):
    page.server.state.log_in()
    page.server.state.expires_in = 290
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
