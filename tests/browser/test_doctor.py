"""kenmen.js's doctor: each of its diagnoses, with what really is in the way,
from a real click in a real browser."""

import json
import os
import re
import shutil

import pytest

from rig import Trouble
from town import answered

PAGE = """<!DOCTYPE html><title>doctor</title>
<button id="go">go</button><pre id="said"></pre>
<script type="module">
import { connect, diagnose } from "/kenmen.js";
const said = document.getElementById("said");
const options = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const tell = error => ({ code: error.code, causes: error.causes,
    check: error.check, status: error.status, extra: error.extra,
    ja: error.words("ja"), en: error.words("en") });
options.onquestion = () => { said.dataset.question = "open"; };
document.getElementById("go").onclick = async () => {
    said.dataset.state = "busy";
    let found = null;
    try {
        if (options.connect) {
            window.card = await connect(options);
            card.on("ended", ({ why }) => { said.dataset.ended = why; });
        } else {
            found = await diagnose(options);
        }
    } catch (error) {
        found = error;
    }
    said.textContent = JSON.stringify(found && tell(found));
    said.dataset.state = "done";
};
said.dataset.state = "ready";
</script>"""


class Doctor:
    """A page that asks the doctor when its button is pressed."""

    def __init__(self, town, context, url, **options):
        self.page = context.page(
            url + "#" + json.dumps({"port": town.kenmend_port, **options}))
        self.page.wait("said.dataset.state === 'ready'")

    def press(self):
        self.page.click("#go")

    def found(self):
        self.page.wait("said.dataset.state === 'done'")
        return json.loads(self.page.text("#said"))

    def visit(self):
        self.press()
        return self.found()


@pytest.fixture
def doctor(town, browser):
    town.put("/doctor", PAGE)

    def doctor(host, **options):
        return Doctor(town, browser, town.origin(host) + "/doctor", **options)
    return doctor


def diagnosis(found, code, *causes):
    """That it is this one, and says so in words that a person can follow."""
    assert found["code"] == code
    assert found["causes"] == list(causes or (code,))
    for lang in ("ja", "en"):
        words = found[lang]
        assert words["title"] and words["next"]
        assert "{" not in str(words.values()) and "undefined" not in \
            str(words.values())
    return found


def test_all_is_well(rig, town, doctor):
    assert doctor("drone.example").visit() is None
    assert answered(rig) == [
        ("GET", "/v1/health", "200", "-", town.origin("drone.example"))]


# ---- the browser's question ---------------------------------------------

def asked(rig, doctor):
    """A doctor whose question is on the screen."""
    doctor = doctor("ask.example")
    doctor.press()
    doctor.page.wait("said.dataset.question === 'open'")
    assert doctor.page.evaluate("said.dataset.state") == "busy"
    assert answered(rig) == []
    return doctor


def test_the_question_is_allowed(rig, town, browser, doctor):
    doctor = asked(rig, doctor)
    browser.answer(True)
    assert doctor.found() is None
    assert answered(rig) == [
        ("GET", "/v1/health", "200", "-", town.origin("ask.example"))]


def test_the_question_is_blocked(rig, town, browser, doctor):
    doctor = asked(rig, doctor)
    browser.answer(False)
    diagnosis(doctor.found(), "browser_denied")
    assert answered(rig) == []


def test_denied(rig, doctor):
    diagnosis(doctor("denied.example").visit(), "browser_denied")
    assert answered(rig) == []


@pytest.mark.xdist_group("chromium")
def test_denied_without_a_screen(rig, town):
    town.put("/doctor", PAGE)
    context = town.browser("chromium", headless=True).context()
    doctor = Doctor(town, context, town.origin("ask.example") + "/doctor")
    diagnosis(doctor.visit(), "browser_denied")
    assert answered(rig) == []
    context.close()


# ---- pages that may not -------------------------------------------------

def test_a_page_without_tls(rig, town, browser):
    town.put("/doctor", PAGE)
    doctor = Doctor(town, browser, town.plain("drone.example") + "/doctor")
    diagnosis(doctor.visit(), "not_secure_page")
    assert answered(rig) == []


@pytest.mark.parametrize("allow", [False, True])
def test_a_frame(rig, town, browser, allow):
    """The one who frames the page has to allow it."""
    options = json.dumps({"port": town.kenmend_port})
    town.put("/doctor", PAGE)
    town.put("/frames", f"""<!DOCTYPE html><title>frames</title>
        <iframe allow="{'loopback-network' if allow else ''}"
        src='{town.origin("frame.example")}/doctor#{options}'></iframe>""")
    page = browser.page(town.origin("drone.example") + "/frames")
    frame = page.frame()
    frame.wait("said.dataset.state === 'ready'")
    page.click("iframe")
    frame.click("#go")
    frame.wait("said.dataset.state === 'done'")
    found = json.loads(frame.text("#said"))
    if allow:
        assert found is None
    elif browser.name == "chromium":
        diagnosis(found, "not_allowed_here", "iframe", "permissions_policy")
    else:   # Firefox does not tell a page what it may ask for
        diagnosis(found, "not_allowed_here", "iframe", "browser_denied")
    assert len(answered(rig)) == allow


def test_permissions_policy(rig, town, browser, doctor):
    """A header that Firefox does not know."""
    town.put("/doctor", PAGE, Permissions_Policy="loopback-network=()")
    doctor = Doctor(town, browser, town.origin("drone.example") + "/doctor")
    found = doctor.visit()
    if browser.name == "chromium":
        diagnosis(found, "not_allowed_here", "permissions_policy")
        assert answered(rig) == []
    else:
        assert found is None


def test_content_security_policy(rig, town, browser):
    town.put("/doctor", PAGE, Content_Security_Policy=
             "default-src 'self'; script-src 'self' 'unsafe-inline'")
    doctor = Doctor(town, browser, town.origin("drone.example") + "/doctor")
    diagnosis(doctor.visit(), "not_allowed_here", "csp")
    assert answered(rig) == []


# ---- kenmend is not to be had -------------------------------------------

def quoted(found):
    """What the words say that the page at `check` says when all is well."""
    return [re.search(pattern, found[lang]["next"])[1]
            for lang, pattern in (("ja", "「(.*?)」"), ("en", '"(.*?)"'))]


@pytest.mark.rig(start=False)
def test_not_running(rig, town, doctor):
    doctor = doctor("drone.example")
    found = diagnosis(doctor.visit(), "unreachable",
                      "not_running", "not_trusted")
    assert found["check"] == town.kenmend + "/"
    with pytest.raises(Trouble, match="REFUSED|NS_ERROR"):
        doctor.page.goto(found["check"])
    rig.start_kenmend()
    doctor.page.goto(found["check"])
    text = doctor.page.evaluate("document.body.innerText")
    assert [words for words in quoted(found) if words not in text] == []


@pytest.mark.rig(state=None)
def test_not_trusted(rig, town, doctor):
    doctor = doctor("drone.example")
    found = diagnosis(doctor.visit(), "unreachable",
                      "not_running", "not_trusted")
    with pytest.raises(Trouble, match="AUTHORITY_INVALID|NS_ERROR"):
        doctor.page.goto(found["check"])
    assert answered(rig) == []


# ---- kenmend refuses ----------------------------------------------------

def test_too_old(rig, doctor):
    found = diagnosis(doctor("drone.example", minimum="99.1").visit(),
                      "too_old")
    assert found["extra"]["minimum"] == "99.1"


def test_not_listed(rig, town, doctor):
    found = diagnosis(doctor("stranger.example").visit(), "origin_not_listed")
    assert town.origin("stranger.example") in found["ja"]["detail"]
    assert {r.code for r in answered(rig)} == {"origin_not_allowed",
                                               "not_for_navigation"}


def test_in_another_tab(rig, town, doctor):
    first = doctor("drone.example", connect=True)
    assert first.visit() is None
    second = doctor("drone.example", connect=True)
    diagnosis(second.visit(), "session_elsewhere")
    third = doctor("drone.example", connect=True, takeover=True)
    assert third.visit() is None
    first.page.wait("said.dataset.ended === 'unknown'")


NOBODY = 65534


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
@pytest.mark.rig(start=False, state=None)
def test_another_user(rig, town, doctor):
    """A kenmend of somebody else who is at this computer as well."""
    shutil.copytree(town.dir / "state", rig.state)
    for path in (rig.state, *rig.state.iterdir()):
        os.chown(path, NOBODY, NOBODY)
    for path in (rig.dir.parent, rig.dir):
        path.chmod(0o711)
    rig.start_kenmend(before=("setpriv", f"--reuid={NOBODY}",
                              f"--regid={NOBODY}", "--clear-groups"))
    diagnosis(doctor("drone.example").visit(), "other_user")
    rig.wait_log("GET /v1/health 403 other_user")
