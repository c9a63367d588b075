"""The whole registration of a drone, with everything real but the card and its
reader: the demo's server and pages, kenmend, the browser with its question, the
windows of pinentry on the screen."""

import pytest

from person import Person
from town import answered
from whole import trust

TITLE = "マイナンバーカードの読み取り"


@pytest.fixture
def hanako(rig, town, browser):
    trust(rig)
    return Person(town, browser, "hanako", allowed=False)


def picture(hanako, town, name):
    """All of the screen, with the windows that are on it; once what the page
    shows is painted."""
    hanako.page.evaluate("""new Promise(done => requestAnimationFrame(
        () => requestAnimationFrame(() => done())))""")
    town.picture(f"registration-{name}-{hanako.context.name}")


@pytest.mark.rig(pinentry="gtk")
def test_from_the_first_page_to_the_symbol(rig, town, hanako):
    screen = rig.screen
    hanako.to_link()
    hanako.click("card-check")
    hanako.status("question")
    hanako.reads("ブラウザの確認にお答えください")
    picture(hanako, town, "1-question")
    hanako.context.answer(True)
    hanako.status("ready")
    hanako.reads("ICカードリーダーが見つかりました", "カードがあります")

    hanako.click("card-start")
    window = screen.wait_window(TITLE + "（1/2）")
    hanako.status("waiting_for_pin")
    picture(hanako, town, "2-login")
    screen.type(window, hanako.codes["auth"])
    window = screen.wait_window(TITLE + "（2/2）")
    hanako.reads("（2/2）")
    picture(hanako, town, "3-attributes")
    screen.type(window, hanako.codes["attributes"])

    hanako.fill()
    assert hanako.page.evaluate("""["name", "address", "birth_date", "sex"]
        .map(name => document.getElementById("f-" + name).value)""") == [
            "見本　花子", "東京都千代田区見本町１－２－３", "1990-04-01",
            "female"]
    picture(hanako, town, "4-form")
    hanako.click("form-next")
    hanako.at("review")
    hanako.reads("MH1-000042", f"提出先：{hanako.demo.origin}")
    picture(hanako, town, "5-review")
    hanako.click("review-next")
    hanako.at("sign")
    hanako.status("ready")
    hanako.click("card-start")
    window = screen.wait_window(TITLE)
    picture(hanako, town, "6-sign")
    screen.type(window, hanako.codes["sign"])

    hanako.at("verdict")
    picture(hanako, town, "7-verdict")
    assert hanako.page.evaluate("""[...document.querySelectorAll(
        "[data-check][data-ok=false], [data-same=false]")].length""") == 0
    assert hanako.page.evaluate("""[...document.querySelectorAll(
        "[data-same]")].map(e => [e.dataset.field, e.dataset.same])""") == [
            ["name", "true"], ["address", "true"], ["birth_date", "true"],
            ["sex", "true"]]
    hanako.click("verdict-next")
    hanako.at("done")
    symbol = hanako.page.text("#symbol")
    assert symbol.startswith("JUDEMO")
    picture(hanako, town, "8-done")
    hanako.click("done-mypage")
    hanako.at("mypage")
    hanako.reads(symbol, "見本　花子")
    picture(hanako, town, "9-mypage")

    hanako.click("session-end")
    hanako.at("ended")
    hanako.reads("終了しました", "マイナンバーカードをお取りください")
    rig.wait_log("request: DELETE /v1/session 204")
    seen = [r for r in answered(rig) if r.method != "OPTIONS"]
    assert {r.origin for r in seen} == {hanako.demo.origin}
    # A look at the readers may be under way when the session ends.
    assert {r[:4] for r in seen if r.code != "-"} <= {
        ("GET", "/v1/readers", "401", "session_unknown")}
    # What was read is not left at kenmend.
    assert [r[1:3] for r in seen if r.method == "POST" and
            r.path != "/v1/session/touch"] == [
                ("/v1/sessions", "201"), ("/v1/reads", "202"),
                ("/v1/reads", "202")]
    assert [r[1:3] for r in seen if r.method == "DELETE"] == [
        ("/v1/reads/ID", "204"), ("/v1/reads/ID", "204"),
        ("/v1/session", "204")]
    assert len(rig.card[0].verifies()) == 3
    assert rig.card[0].verified() == set()


@pytest.mark.rig(people=("taro", None))
def test_a_login_from_another_browser(rig, town, browser):
    """Ends what the first one shows, with the manual's notice."""
    trust(rig)
    first = Person(town, browser, "taro")
    first.link(rig)
    other = next(name for name in town.demos if name != browser.name)
    context = town.browser(other).context()
    second = Person(town, context, "taro")
    second.demo = first.demo
    context.allow(first.demo.origin)
    rig.windows.answer(f"pin {first.codes['auth']}")
    second.open("login")
    second.click("card-check")      # the same computer, one kenmend
    second.status("failed", "session_elsewhere")
    second.reads("ほかの画面で使用中です")
    second.click("card-takeover")
    second.status("ready")
    second.click("card-start")
    second.at("mypage")
    second.reads("見本　太郎")
    first.at("ended")
    first.reads("ほかの端末でログインされました", "複数端末による同時ログインはできません")
    assert first.page.evaluate("document.body.innerText").find("見本　太郎") < 0
    first.page.picture("ended-elsewhere")
    context.close()
