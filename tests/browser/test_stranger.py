"""A page that nobody listed tries every way in (stranger.js), with the
browser's permission and without. It gets nothing, not even the version: by what
it could read, by kenmend's own log, by the windows and by the card. And what a
listed page gets that has turned against its visitors."""

import pathlib

import pytest

from rig import LIMIT
from town import answered

PAGE = "<!DOCTYPE html><title>stranger</title><body><script>\n" + (
    pathlib.Path(__file__).parent / "stranger.js").read_text() + "</script>"

# All that a page may learn: that something failed, or not even that.
NOTHING = {"pending", "error", "closed", "TypeError", "SecurityError",
           "NetworkError", "closed 1006 ", "closed 1015 ", "opaque 0 0", "0 ", "sent or not"}
WITH = "stranger.example"       # the browser lets it
WITHOUT = "hostile.example"     # the browser asks

# In ms: what is settled is settled by then; what the browser asks a person
# about is left open for ever.
AT_LAST, A_WHILE = int(1000 * LIMIT), 1500

# Firefox does not ask for a WebSocket.
SOCKET = ("GET", "/v1/events", "400", "bad_request", "unlisted")


@pytest.fixture
def tried(rig, town, browser):
    """A function: opens stranger.js at a host and evaluates a script. All
    that may have happened is that kenmend refused."""
    town.put("/stranger", PAGE)
    rig.card[0].clear_log()

    def tried(host, script):
        page = browser.page(town.origin(host) + "/stranger")
        return page, page.evaluate(script, 60)

    yield tried
    assert {r.status for r in answered(rig)} <= {"400", "403", "421"}
    assert rig.windows.shown() == []
    assert rig.card[0].exchanges() == []
    assert rig.pids("kenmen-read") == []


def learnt(got):
    return {way: seen for way, seen in got.items() if seen not in NOTHING}


def test_every_way_with_permission(rig, town, browser, tried):
    _, got = tried(WITH, f"tryAll(ways('{town.kenmend}'), {AT_LAST})")
    assert learnt(got) == {}
    # It is kenmend that refused, not the browser.
    seen = answered(rig)
    assert {(r.method, r.path, r.code) for r in seen} >= {
        ("GET", "/v1/health", "origin_not_allowed"),
        ("GET", "/v1/health", "not_for_navigation"),
        ("OPTIONS", "/v1/sessions", "origin_not_allowed"),
        ("OPTIONS", "/v1/reads", "origin_not_allowed"),
        ("POST", "/v1/sessions", "not_for_navigation"),
        ("GET", "/v1/sessions", "not_for_navigation"),
        ("GET", "/v1/events", "origin_not_allowed"),
        ("GET", "/v1/events", "bad_request")}
    assert {r.origin for r in seen} == {"unlisted", "none"}


def test_every_way_without(rig, town, browser, tried):
    _, got = tried(WITHOUT, f"tryAll(ways('{town.kenmend}'), {A_WHILE})")
    assert learnt(got) == {}
    assert answered(rig) == ([SOCKET] if browser.name == "firefox" else [])


@pytest.mark.parametrize("host", [WITH, WITHOUT])
def test_every_name(rig, town, browser, tried, host):
    """127.0.0.1 has more names than one, and a foreign name can be made to
    mean it: that one ends at the certificate."""
    _, got = tried(host, f"tryAll(names({town.kenmend_port}), "
                   f"{AT_LAST if host == WITH else A_WHILE})")
    assert learnt(got) == {}
    assert got["https://rebind.example"] == "TypeError"
    assert {r.code for r in answered(rig)} == (
        {"origin_not_allowed", "wrong_host"} if host == WITH else set())


# ---- windows and top-level navigation: no browser asks ------------------

CONSTANT = "kenmen は動いています"


@pytest.mark.parametrize("host", [WITHOUT, "denied.example"])
@pytest.mark.parametrize("go", [
    "void (location.href = '{}/v1/health')",
    "void (location.href = '{}/v1/sessions')",
    "submitAway('{}/v1/sessions')"], ids=["health", "sessions", "form"])
def test_navigation(rig, town, browser, tried, host, go):
    """The person sees the one constant page, and nobody else sees that."""
    page, _ = tried(host, go.format(town.kenmend))
    page.wait(f"document.body?.innerText.includes('{CONSTANT}')")
    assert "0.1.0" not in page.evaluate("document.documentElement.outerHTML")
    assert {r.code for r in answered(rig)} <= {
        "not_for_navigation", "origin_not_allowed"}     # its favicon.ico


@pytest.mark.parametrize("host", [WITH, WITHOUT])
def test_popup(rig, town, browser, tried, host):
    """Cross-Origin-Opener-Policy: the opener holds a window that seems
    closed."""
    _, seen = tried(host, f"popup('{town.kenmend}/v1/health')")
    assert set(seen) <= {"", "about:blank", 0, "SecurityError", "TypeError"}
    assert "not_for_navigation" in {r.code for r in answered(rig)}


def test_framing(rig, town, browser, tried):
    """The demo's pages, whose buttons somebody could be made to press, are in
    nobody's frame; nor is kenmend's page. Others are."""
    demo = town.demos[browser.name].origin
    other = town.origin("frame.example") + "/"
    urls = [f"{demo}/", f"{demo}/api/config", f"{town.kenmend}/", other]
    page, seen = tried(WITH, f"""Promise.all({urls}.map(
        src => frame({{src, allow: "loopback-network"}})))""")
    assert set(seen) == {"closed"}
    shown = [(f.evaluate("location.href"), f.evaluate(
        "document.querySelector('main')?.outerHTML ?? "
        "document.body.innerText")) for f in page.frames()]
    assert len(shown) == len(urls)
    assert [text for url, text in shown if url in urls and text] == ["page"]


def test_after_a_rebinding(rig, town, browser, tried):
    """A page of a foreign name that means 127.0.0.1 by now: of kenmend's own
    origin, it would need no permission. The name ends it at the certificate;
    and without TLS nobody speaks."""
    for scheme in ("https", "http"):
        origin = f"{scheme}://rebind.example:{town.kenmend_port}"
        page = browser.page()
        page.serve(origin + "/", PAGE)
        page.goto(origin + "/")
        assert page.evaluate("location.origin") == origin
        got = page.evaluate(f"tryAll(ways('{origin}'), {A_WHILE})")
        assert learnt(got) == {}
    assert answered(rig) == []


# ---- a listed page that has turned against its visitors -----------------

def test_guessing_tokens(rig, town, browser):
    """A listed page without a session of its own, and a session to be found."""
    theirs = rig.session(town.origin("drone.example"))
    town.put("/stranger", PAGE)
    page = browser.page(town.origin("drone.example") + "/stranger")
    got = page.evaluate(f"""Promise.all(Array.from({{length: 200}}, () =>
        fetch('{town.kenmend}/v1/session', {{
            headers: {{Authorization: `Bearer ${{guess()}}`}}}})
        .then(r => r.status)))""")
    assert set(got) == {401}
    assert theirs.get("/v1/session").status == 200


def test_asking_again_and_again(rig, town, browser):
    """Windows that a page opens and takes away, with a new session for each:
    six in ten minutes."""
    rig.windows.answer(*["hang"] * 20)
    town.put("/stranger", PAGE)
    page = browser.page(town.origin("drone.example") + "/stranger")
    for n in range(1, 7):
        assert page.evaluate(f"pester('{town.kenmend}')") == [202, None]
        rig.windows.wait_shown(n)
        assert page.evaluate(f"relent('{town.kenmend}')") == 204
        rig.windows.wait_closed()
    for n in range(6):
        assert page.evaluate(f"pester('{town.kenmend}')") == [
            429, "prompt_limited"]
    assert len(rig.windows.shown()) == 6
    assert rig.card[0].verifies() == []
