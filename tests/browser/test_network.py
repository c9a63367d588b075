"""Between a public page and kenmend stands the browser's Local Network
Access. What it lets through, and what a page can tell of what it does not:
the ground on which kenmen.js stands."""

import pytest

from rig import LIMIT
from town import answered

# One fetch, and what the page can know of the browser's question before and
# after it. "pending": not settled after so many ms.
LOOK = """(async (url, ms) => {
    const state = async () => {
        try {
            return (await navigator.permissions.query(
                {name: "loopback-network"})).state;
        } catch (e) {
            return e.name;
        }
    };
    const before = await state();
    const got = await Promise.race([
        fetch(url).then(r => r.status, e => e.name),
        new Promise(done => setTimeout(done, ms, "pending"))]);
    return [before, got, await state()];
})"""


# What is settled is settled by then; a question to a person stays open.
AT_LAST, A_WHILE = int(1000 * LIMIT), 1000


def look(page, town, ms=AT_LAST):
    return page.evaluate(f"{LOOK}('{town.kenmend}/v1/health', {ms})")


def at(browser, town, host):
    return browser.page(town.origin(host) + "/")


def health_of(town, host):
    return [("GET", "/v1/health", "200", "-", town.origin(host))]


def test_allowed(rig, town, browser):
    assert look(at(browser, town, "drone.example"), town) == [
        "granted", 200, "granted"]
    assert answered(rig) == health_of(town, "drone.example")


def test_denied(rig, town, browser):
    assert look(at(browser, town, "denied.example"), town) == [
        "denied", "TypeError", "denied"]
    assert answered(rig) == []


def test_not_answered_yet(rig, town, browser):
    """The question is on the screen, for as long as the person thinks."""
    page = at(browser, town, "ask.example")
    assert look(page, town, A_WHILE) == [
        "prompt", "pending", "prompt"]
    town.picture(f"question-{browser.name}")
    assert answered(rig) == []


@pytest.mark.xdist_group("chromium")
def test_without_a_screen_the_answer_is_no(rig, town):
    """A headless Chromium answers for the person. (A headless Firefox waits,
    as one on a screen does.)"""
    context = town.browser("chromium", headless=True).context()
    page = at(context, town, "ask.example")
    assert look(page, town) == ["prompt", "TypeError", "denied"]
    assert answered(rig) == []
    context.close()


def test_control_without_the_override_nothing_is_asked(rig, town, browser):
    """The same page from an address that the browser takes for loopback: all
    other tests here would pass for nothing if pages were served so."""
    page = browser.page(town.near("ask.example") + "/")
    assert look(page, town)[1:] == [200, "prompt"]
    assert answered(rig) == [
        ("GET", "/v1/health", "200", "-", town.near("ask.example"))]


# ---- what a page cannot tell from a no ----------------------------------

STATES = pytest.mark.parametrize("host, state", [
    ("drone.example", "granted"), ("ask.example", "prompt"),
    ("denied.example", "denied")])


@STATES
@pytest.mark.rig(start=False)
def test_nobody_listens(rig, town, browser, host, state):
    """The state after the failure is what it was: nothing was asked."""
    assert look(at(browser, town, host), town) == [state, "TypeError", state]


@STATES
@pytest.mark.rig(state=None)
def test_a_certificate_nobody_trusts(rig, town, browser, host, state):
    """Chromium looks at the certificate before it asks, Firefox after."""
    got = "pending" if (browser.name, state) == ("firefox", "prompt") \
        else "TypeError"
    assert look(at(browser, town, host), town,
                A_WHILE if got == "pending" else AT_LAST) == [
                    state, got, state]
    assert answered(rig) == []


# ---- pages that may not ask ---------------------------------------------

FRAMED = """new Promise(done => {
    addEventListener("message", event => done(event.data));
    const frame = document.createElement("iframe");
    frame.allow = %r;
    frame.src = %r;
    document.body.append(frame);
})"""


@pytest.mark.parametrize("allow, got", [
    ("", "TypeError"), ("local-network", "TypeError"),
    ("loopback-network", 200)])
def test_in_a_frame(rig, town, browser, allow, got):
    """The permission is that of the page at the top, and has to be handed
    down; kenmend hears the frame's own origin."""
    town.put("/framed", f"""<script>
        {LOOK}('{town.kenmend}/v1/health', {AT_LAST}).then(
            ([before, got, after]) => parent.postMessage(got, "*"));
        </script>""")
    page = at(browser, town, "drone.example")
    assert page.evaluate(
        FRAMED % (allow, town.origin("frame.example") + "/framed")) == got
    assert answered(rig) == (health_of(town, "frame.example")
                             if got == 200 else [])


@pytest.mark.parametrize("policy", ["loopback-network=()",
                                    "local-network-access=()"])
def test_a_page_that_forbids_itself(rig, town, browser, policy):
    """Permissions-Policy. Firefox knows no such header, and asks."""
    town.put("/forbidden", "<p>forbidden", Permissions_Policy=policy)
    page = browser.page(town.origin("drone.example") + "/forbidden")
    allowed = browser.name == "firefox"
    assert look(page, town)[1] == (200 if allowed else "TypeError")
    assert answered(rig) == (
        health_of(town, "drone.example") if allowed else [])


def test_a_page_without_tls(rig, town, browser):
    """Chromium lets no such page ask; Firefox would ask."""
    page = browser.page(town.plain("ask.example") + "/")
    assert page.evaluate("isSecureContext") is False
    if browser.name == "chromium":
        assert look(page, town)[1] == "TypeError"
    else:
        assert look(page, town, A_WHILE)[1] == "pending"
    assert answered(rig) == []
