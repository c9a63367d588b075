"""The manners of the demo's pages, which the drone system's manual asks for:
help beside each field, focus, the keyboard, Back and Reload, the 60 minutes.
"""

import json

import pytest

from rig import LIMIT
from scenes import (FILLED, at, click, email, fill, form, form_faults, fresh,
                    link, login, mypage_draft, page, pin, prepare, reading,
                    ready, refused, review, sign, status, stub_site, visit,
                    warned, way)

__all__ = ["page", "stub_site"]  # fixtures


def focus(page):
    """Id (or text) of what has the focus."""
    return page.evaluate("""document.activeElement.id ||
        document.activeElement.textContent""")


def announced(page, text):
    page.wait("document.getElementById('announce').textContent"
              f".includes({json.dumps(text)})")


def press_to(page, name, limit=60):
    """Tab until the element of this id has the focus."""
    for _ in range(limit):
        page.key("Tab")
        if focus(page) == name:
            return
    raise AssertionError(f"no way to {name} by Tab; at {focus(page)!r}")


def value(page, name):
    return page.evaluate(f"document.getElementById('{name}').value")


# ---- keyboard, focus, help -----------------------------------------------

def test_all_the_way_by_keyboard(page):
    visit(page, "start")
    at(page, "start")
    press_to(page, "go-new")
    page.key("Enter")
    at(page, "account")
    assert focus(page) == "heading"
    press_to(page, "email")
    page.type("hanako@mail.example")
    page.key("Enter")
    at(page, "way")
    press_to(page, "way-qr")
    page.key("Enter")
    announced(page, "まだ用意していません")
    press_to(page, "way-reader")
    page.key(" ")
    at(page, "prepare")
    press_to(page, "prepare-next")
    page.key("Enter")
    at(page, "link")
    assert focus(page) == "heading"
    press_to(page, "card-start")
    page.key("Enter")
    announced(page, "先に「リーダーを確認する」")
    assert page.evaluate("fake.read") is None
    page.key("Tab", modifiers=8)
    assert focus(page) == "card-check"
    page.key("Enter")
    status(page, "ready")
    assert focus(page) == "status", "its button has gone"
    press_to(page, "card-start")
    page.key("Enter")
    page.wait("fake.read !== null")
    page.run("""fake.read.resolve({ authenticate: { jws: "a.b.c" },
        attributes: { name: "見本　花子", address: "東京都",
        birth_date: "1990-04-01", sex: "female" } })""")
    at(page, "form")
    assert focus(page) == "heading"
    announced(page, "次の画面に移動しました")
    for name, text in FILLED.items():
        press_to(page, name)
        if page.evaluate("document.activeElement.tagName") == "SELECT":
            page.key("ArrowDown")
        else:
            page.type(text)
    press_to(page, "form-next")
    page.key("Enter")
    at(page, "review")
    posted = dict(page.server.posts)["/api/application"]["drone"]
    assert posted["serial"] == "MHN-2026-0001"
    assert posted["weight_g"] == 249
    press_to(page, "review-next")
    page.key("Enter")
    at(page, "sign")


def test_what_is_not_built_says_so_and_leads_nowhere(page):
    way(page)
    for name in ("way-qr", "way-phone"):
        assert page.evaluate(f"""(() => {{
            const button = document.getElementById("{name}");
            const why = document.getElementById(
                button.getAttribute("aria-describedby"));
            button.focus();
            button.click();
            return button.getAttribute("aria-disabled") === "true" &&
                document.activeElement === button && why.textContent;
        }})()""").startswith("この方法は、まだ用意していません")
    assert page.evaluate("location.hash") == "#way"


def test_help_by_tap_by_hover_and_by_key(page):
    form(page)
    marks = page.evaluate("document.querySelectorAll('.field .i').length")
    assert marks == page.evaluate(
        "document.querySelectorAll('.field input, .field select').length")
    shown = "document.querySelector('.tip').textContent !== ''"
    # From the keyboard, and away with Escape.
    page.run("document.querySelector('.i').focus()")
    page.key("Enter")
    page.wait(shown)
    assert page.evaluate("document.activeElement.getAttribute("
                         "'aria-expanded')") == "true"
    page.key("Escape")
    page.wait("!(%s)" % shown)
    # With a pointer over the mark, then over the text itself.
    box = page.evaluate("""(() => {
        const r = document.querySelector(".i").getBoundingClientRect();
        return [r.x + r.width / 2, r.y + r.height / 2];
    })()""")

    def move(x, y):
        page.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    move(*box)
    page.wait(shown)
    tip = page.evaluate("""(() => {
        const r = document.querySelector(".tip").getBoundingClientRect();
        return [r.x + 20, r.y + r.height / 2];
    })()""")
    move(*tip)
    move(tip[0] + 1, tip[1])
    assert page.evaluate("new Promise(done => setTimeout(() => done(%s), "
                         "400))" % shown), "it stays under the pointer"
    move(5, 5)
    page.wait("!(%s)" % shown)
    # By tap.
    page.run("document.querySelector('.i').click()")
    page.wait(shown)


def test_faults_are_told_by_field_and_nothing_is_lost(page):
    form_faults(page)
    assert focus(page) == "faults"
    assert page.evaluate("document.querySelectorAll("
                         "'[aria-invalid=true]').length") == 8
    fill(page)
    page.server.refuse["/api/application"] = (400, {
        "code": "bad_form", "detail": "d", "fields": {"serial": {
            "detail": "Letters and digits.",
            "detail_ja": "英数字で入力してください。"}}})
    click(page, "form-next")
    page.wait("document.getElementById('d-serial-fault')?.textContent === "
              "'英数字で入力してください。'")
    assert value(page, "d-maker") == "見本製作所"
    click(page, "lang")
    page.wait("document.getElementById('d-serial-fault').textContent === "
              "'Letters and digits.'")
    assert value(page, "d-maker") == "見本製作所"
    assert page.evaluate("document.documentElement.lang") == "en"
    assert focus(page) == "lang"


def test_a_failure_keeps_what_was_typed_and_can_be_tried_again(page):
    reading(page)
    page.run("fake.read.reject(fake.error('card_removed'))")
    status(page, "failed")
    assert focus(page) == "status"
    assert page.evaluate("document.getElementById('status').dataset.code") \
        == "card_removed"
    text = page.evaluate("document.getElementById('status').textContent")
    for part in ("失敗：card_removed", "何が起きたか", "次にすること"):
        assert part in text
    page.run("fake.read = null")
    click(page, "card-retry")
    page.wait("fake.read !== null")
    challenges = [p for p in page.server.posts
                  if p[0] == "/api/challenge"]
    assert len(challenges) == 2, "each try has its own challenge"


def test_after_a_lost_connection_the_reader_is_checked_anew(page):
    reading(page)
    page.run("fake.read.reject(fake.error('unreachable'))")
    status(page, "failed")
    click(page, "card-retry")
    status(page, "ready")
    assert page.evaluate("fake.connected") == 2


def test_the_two_pins_are_told_apart_where_they_are_asked(page):
    pin(page)
    text = page.evaluate("document.getElementById('status').textContent")
    for part in ("（2/2）", "券面事項入力補助用パスワード", "あと2回",
                 "市区町村窓口"):
        assert part in text
    whole = page.evaluate("document.querySelector('main').textContent")
    for part in ("3回間違えるとロック", "JPKI暗証番号リセット",
                 "※リンクを押すと外部サイトが開きます"):
        assert part in whole


def test_a_card_that_has_an_account_is_led_to_the_login(page):
    reading(page)
    page.server.refuse["/api/account"] = (409, {
        "code": "already_linked", "detail": "d", "detail_ja": "ん"})
    page.run("""fake.read.resolve({ authenticate: { jws: "a" },
        attributes: {} })""")
    status(page, "failed")
    page.run("document.querySelector('#status a').click()")
    at(page, "login")


# ---- the document --------------------------------------------------------

def test_only_what_is_shown_is_signed(page):
    sign(page)
    status(page, "ready")
    page.run("fake.read = null")
    click(page, "card-start")
    page.wait("fake.read !== null")
    document = page.server.draft["document"]
    assert page.evaluate("fake.read.options.digests") == [document["sha256"]]
    assert page.evaluate("fake.read.options.titles") == [document["title"]]


def test_a_document_other_than_the_server_s_is_not_signed(page):
    review(page)
    page.server.draft["document"]["text"] += "一行多い。"
    page.run("location.hash = 'start'")
    at(page, "start")
    page.goto("about:blank")
    visit(page, "sign")
    click(page, "card-check")
    status(page, "ready")
    click(page, "card-start")
    status(page, "failed")
    assert page.evaluate("document.getElementById('status').dataset.code") \
        == "document_changed"
    assert page.evaluate("fake.read") is None


def test_what_is_refused_says_why_and_leads_back(page):
    refused(page)
    text = page.evaluate("document.querySelector('main').textContent")
    for part in ("住所が、署名用電子証明書の内容と一致しません", "比べられません",
                 "有効期間が2026年4月1日に終わっています"):
        assert part in text
    click(page, "verdict-back")
    at(page, "form")
    assert value(page, "d-maker") == "見本製作所"


# ---- Back, Reload, leaving -----------------------------------------------

def test_back_and_reload_are_survived(page):
    form(page)
    fill(page)
    page.reload()
    at(page, "form")
    assert value(page, "d-serial") == FILLED["d-serial"]
    assert value(page, "f-name") == "見本　花子"
    page.run("history.back()")
    at(page, "form")
    page.run("history.back()")
    at(page, "prepare")
    page.run("history.forward()")
    at(page, "form")
    assert value(page, "d-serial") == FILLED["d-serial"]


def test_a_read_goes_on_after_a_reload(page):
    ready(page)
    page.before_scripts("""addEventListener("DOMContentLoaded", () =>
        (fake.pending = { id: "x", kinds: ["attributes", "authenticate"] }),
        { once: true });""")
    page.reload()
    page.wait("fake.read !== null")
    at(page, "link")
    status(page, "starting")


def test_leaving_is_asked_about_only_while_a_window_is_open(page):
    reading(page)
    page.run("document.body.click()")
    page.goto("about:blank")
    assert page.dialogs() == []
    fresh(page)
    pin(page)
    # A browser asks on behalf of those alone who have touched the page.
    page.key("Tab")
    page.goto("about:blank")
    assert page.dialogs() == ["beforeunload"]


# ---- sessions, and their end ---------------------------------------------

def test_the_session_line_says_who_with_what_and_how_long(page):
    form(page)
    text = page.evaluate("document.getElementById('session-line')"
                         ".textContent")
    for part in ("見本　花子", "Virtual PCD", "60分", "今すぐ終了"):
        assert part in text


def gone(page):
    """Nothing of the person is left in this tab."""
    assert page.evaluate("sessionStorage.length") == 0
    html = page.evaluate("document.documentElement.outerHTML")
    for part in ("花子", "hanako", "東京都"):
        assert part not in html


def test_end_now_leaves_nothing(page):
    form(page)
    click(page, "session-end")
    at(page, "ended")
    page.wait("fake.ended === 1")
    gone(page)
    page.run("history.back()")
    at(page, "ended")
    gone(page)
    click(page, "restart")
    at(page, "start")


def pass_minutes(page, minutes):
    """As if the computer had slept: the date has gone on, nothing else."""
    page.run(f"""{{
        const before = Date.now;
        Date.now = () => before() + {minutes} * 60000;
    }}""")


def test_after_60_minutes_all_is_blank(page):
    form(page)
    fill(page)
    pass_minutes(page, 54)
    page.wait("document.getElementById('session-left').textContent"
              ".includes('6分')")
    assert not page.evaluate("document.getElementById('idle-dialog').open")
    pass_minutes(page, 1)
    page.wait("document.getElementById('idle-dialog').open")
    assert focus(page) == "idle-continue"
    pass_minutes(page, 5)
    page.wait("document.querySelector('main').dataset.view === 'ended' && "
              "fake.ended === 1")
    gone(page)
    assert page.evaluate("document.querySelector('h1').textContent") == \
        "手続きを終了しました"
    page.wait("!document.getElementById('idle-dialog').open")
    state = page.server
    state.wait(lambda: ("/api/logout", {}) in state.posts, LIMIT)


def test_going_on_is_told_to_both_servers_and_looking_is_not(page):
    warned(page)
    state = page.server
    assert state.active == 0, "looking is no activity"
    page.key("Escape")
    page.wait("!document.getElementById('idle-dialog').open")
    state.wait(lambda: state.active == 1, LIMIT)


def test_a_login_elsewhere_is_told(page):
    form(page)
    page.server.ended = "elsewhere"
    page.run("document.dispatchEvent(new Event('visibilitychange'))")
    at(page, "ended")
    assert "ほかの端末でログイン" in page.evaluate(
        "document.querySelector('h1').textContent")
    gone(page)
    # The server goes on saying so; one who starts anew has read it.
    click(page, "restart")
    at(page, "start")


def test_an_end_in_another_tab_is_noticed(page):
    form(page)
    page.server.account = None
    page.run("document.dispatchEvent(new Event('visibilitychange'))")
    at(page, "ended")
    gone(page)


def test_a_page_out_of_the_cache_is_hidden_until_it_was_looked_at(page):
    form(page)
    page.server.ended = "idle"
    seen = page.evaluate("""(async () => {
        const hidden = () => getComputedStyle(document.body).visibility;
        dispatchEvent(new PageTransitionEvent("pagehide",
            { persisted: true }));
        const away = hidden();
        dispatchEvent(new PageTransitionEvent("pageshow",
            { persisted: true }));
        return [away, hidden()];
    })()""")
    assert seen == ["hidden", "hidden"]
    at(page, "ended")
    page.wait("getComputedStyle(document.body).visibility === 'visible'")
    gone(page)


def test_a_second_tab_is_offered_the_takeover(page):
    link(page)
    page.run("fake.connect = fake.error('session_active')")
    click(page, "card-check")
    status(page, "failed")
    page.run("fake.connect = null")
    click(page, "card-takeover")
    status(page, "ready")


@pytest.mark.parametrize("scene", [prepare, link, login, email, mypage_draft])
def test_nothing_is_asked_before_a_click(page, scene):
    scene(page)
    assert page.evaluate("fake.connected") == 0
