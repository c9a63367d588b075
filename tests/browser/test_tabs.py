"""kenmen.js and the browser's own ideas of a tab: one that is duplicated, one
that is loaded again, one that comes out of the back-forward cache."""

import pytest

from town import answered

PAGE = """<!DOCTYPE html><title>tab</title><script type="module">
import * as kenmen from "/kenmen.js";
const port = %d;
window.kenmen = kenmen;
window.kept = sessionStorage.getItem("kenmen:" + port) !== null;
window.look = async () => {
    const { session, ended } = await kenmen.resume({ port });
    window.card = session;
    return { kept, session: session !== null, ended };
};
window.start = more => kenmen.connect({ port, ...more }).then(
    card => { window.card = card; return "connected"; },
    error => error.code);
document.title = "ready";
</script>"""


@pytest.fixture
def tab(rig, town, browser):
    """A page with kenmen.js; of a site that the browser lets through."""
    town.put("/tab", PAGE % town.kenmend_port)

    def tab(host="drone.example"):
        page = browser.page(town.origin(host) + "/tab")
        page.wait("document.title === 'ready'")
        return page
    return tab


# From within a tab: another one, and what it says when it looks around.
ANOTHER = """new Promise(done => {
    const other = window.open("/tab", "_blank", "%s");
    if (!other)
        return done("no window");
    window.other = other;
    const wait = setInterval(async () => {
        if (other.document.title !== "ready" || !other.look)
            return;
        clearInterval(wait);
        done([await other.look(), await other.start()]);
    }, 20);
})"""


def test_a_duplicated_tab(rig, tab):
    """It has the token, and does not use it: two tabs would read one card,
    and end each other's session."""
    first = tab()
    assert first.evaluate("start()") == "connected"
    assert first.evaluate(ANOTHER % "") == [
        {"kept": True, "session": False, "ended": None}, "session_elsewhere"]
    assert first.evaluate("card.refresh()") > 3500
    assert first.evaluate("other.start({ takeover: true })") == "connected"
    assert first.evaluate(
        "card.readers().catch(error => error.code)") == "session_unknown"
    # What the other one keeps is its own.
    assert first.evaluate("other.card.refresh()") > 3500


def test_reload(rig, tab):
    """The page before it holds its lock until it is gone, and not longer."""
    page = tab()
    page.evaluate("start()")
    for _ in range(3):
        page.reload()
        page.wait("document.title === 'ready'")
        assert page.evaluate("look()") == {
            "kept": True, "session": True, "ended": None}
    assert page.evaluate("start()") == "connected"
    made = [r for r in answered(rig) if (r.method, r.path) ==
            ("POST", "/v1/sessions")]
    assert len(made) == 1


def test_back_and_forward(rig, town, tab):
    """From the cache or anew: the session is found, the reader answers."""
    page = tab()
    page.evaluate("start()")
    page.goto(town.origin("drone.example") + "/tab?next")
    page.wait("document.title === 'ready'")
    assert page.evaluate("look()")["session"]
    page.back()
    page.wait("location.search === '' && document.title === 'ready'")
    assert page.evaluate("window.card ? true : look().then(r => r.session)")
    assert page.evaluate("card.readers()")


def test_a_page_that_is_loaded_asks_nothing(rig, town, tab):
    """Where the browser would put its question: no request, no window."""
    page = tab("ask.example")
    assert page.evaluate("look()") == {
        "kept": False, "session": False, "ended": None}
    page.evaluate(
        """sessionStorage.setItem("kenmen:%d", JSON.stringify({
            token: "a".repeat(43), origin: location.origin, kinds: [],
            limits: {}, lang: "ja", born: Date.now(), permission: "granted",
            ends: Date.now() + 1e6, lock: "kenmen x" }))""" %
        town.kenmend_port)
    page.reload()
    page.wait("document.title === 'ready'")
    assert page.evaluate("look()")["session"]
    assert answered(rig) == []
