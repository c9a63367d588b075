"""The life of a page: Back, Reload, a second tab, a tab that is closed, a
kenmend that is started again, a card that is pulled, an hour that passed. What
the person is told then, and what is left on the screen."""

import pytest

from person import Person
from rig import wait_gone
from town import answered
from whole import trust

# Time that passes for the page: kenmend's and the server's have clocks of
# their own (rig.py, demo.py).
PAGE_CLOCK = """{
    const ahead = () => Number(sessionStorage.ahead ?? globalThis.ahead ?? 0);
    const now = Date.now;
    Date.now = () => now() + ahead();
}"""


@pytest.fixture
def person(rig, town, browser):
    """A function: the person of that name, who has answered the browser."""
    trust(rig)

    def person(name):
        return Person(town, browser, name)
    return person


def wait_prompt(person):
    """Until the page says that a window is there, and it is."""
    person.status("waiting_for_pin")
    person.reads("別の画面に暗証番号を入力してください")


# ---- Back and Reload ----------------------------------------------------

@pytest.mark.rig(people=("far", None))
def test_reload_while_a_window_is_open(rig, person):
    """The browser warns (the test says yes); the same window stays, the page
    finds it again, and what is typed there arrives."""
    far = person("far")
    rig.windows.answer(f"hold pin {far.codes['auth']}",
                       f"pin {far.codes['attributes']}")
    far.begin()
    wait_prompt(far)
    rig.windows.wait_shown()
    far.page.reload()
    far.at("link")
    wait_prompt(far)
    assert len(rig.windows.shown()) == 1
    rig.windows.release()
    far.at("form")
    assert far.page.evaluate("document.getElementById('f-name').value") == \
        "例示　遠子"
    assert len(rig.card[0].verifies()) == 2


@pytest.mark.rig(people=("long", None))
def test_back_and_forward(rig, person):
    """Within the site and out of it: nothing that was typed is lost, the
    session is still there."""
    long = person("long")
    long.link(rig)
    long.page.type("#d-maker", "見本航空機")
    long.page.back()
    long.reads("ドローン登録（デモ）")
    long.page.goto(long.town.origin("ask.example") + "/")
    assert long.page.evaluate("document.title") == "page"
    long.page.back()
    long.reads("ドローン登録（デモ）", "ログイン中：MIHONSKAYA")
    long.page.evaluate("void (location.hash = '#form')")
    long.at("form")
    assert long.page.evaluate("document.getElementById('d-maker').value") == \
        "見本航空機"
    sessions = [r for r in answered(rig) if r.path == "/v1/sessions" and
                r.method == "POST"]
    assert len(sessions) == 1


@pytest.mark.rig(people=("nine", None))
def test_another_site_and_back_with_the_window_open(rig, person):
    """Whoever is back within ten seconds finds the window as it was."""
    nine = person("nine")
    rig.windows.answer(f"hold pin {nine.codes['auth']}",
                       f"pin {nine.codes['attributes']}")
    nine.begin()
    wait_prompt(nine)
    rig.windows.wait_shown()
    nine.page.goto(nine.town.origin("ask.example") + "/")
    nine.page.back()
    nine.at("link")
    wait_prompt(nine)
    assert len(rig.windows.shown()) == 1
    rig.windows.release()
    nine.at("form")
    assert len(rig.card[0].verifies()) == 2


@pytest.mark.rig(pinentry="gtk")
def test_another_site_for_good(rig, person):
    """Whoever is not takes it along."""
    hanako = person("hanako")
    hanako.begin()
    rig.screen.wait_window("マイナンバーカード")
    wait_prompt(hanako)
    voice, = rig.pids("kenmen-prompt")
    hanako.page.goto(hanako.town.origin("ask.example") + "/")
    assert wait_gone(voice, 15)
    assert rig.screen.leftovers() == []
    assert rig.card[0].verifies() == []


@pytest.mark.rig(pinentry="gtk")
def test_the_page_takes_its_window_away(rig, person):
    hanako = person("hanako")
    hanako.begin()
    rig.screen.wait_window("マイナンバーカード")
    wait_prompt(hanako)
    hanako.click("card-cancel")
    hanako.status("cancelled")
    hanako.reads("中止しました")
    assert rig.screen.leftovers() == []
    assert rig.card[0].verifies() == []


# ---- tabs ---------------------------------------------------------------

def test_a_second_tab_takes_over(rig, person):
    hanako = person("hanako")
    hanako.to_link()
    hanako.ready()
    first = hanako.page
    hanako.to_link()
    hanako.click("card-check")
    hanako.status("failed", "session_elsewhere")
    hanako.reads("ほかの画面で使用中です", "この画面に引き継いでください")
    hanako.click("card-takeover")
    hanako.status("ready")
    hanako.status("idle", page=first)
    hanako.reads("読み取りの準備がもう一度必要です", "ほかの画面に移ったため",
                 page=first)


@pytest.mark.rig(pinentry="gtk")
def test_a_tab_closed_with_the_window_open(rig, browser, person):
    """A page that is closed cannot say that it is not reloaded: the window
    goes after ten seconds without it."""
    hanako = person("hanako")
    hanako.begin()
    rig.screen.wait_window("マイナンバーカード")
    wait_prompt(hanako)
    voice, = rig.pids("kenmen-prompt")
    browser.page()      # or the browser would end with its last tab
    hanako.page.close()
    assert wait_gone(voice, 15)
    assert rig.screen.leftovers() == []
    assert rig.card[0].verifies() == []


# ---- kenmend and the card -----------------------------------------------

def test_kenmend_is_started_again(rig, person):
    hanako = person("hanako")
    hanako.to_link()
    hanako.ready()
    rig.stop_kenmend()
    rig.start_kenmend()
    hanako.status("idle")
    hanako.reads("読み取りの準備がもう一度必要です", "kenmen が再起動したか")
    hanako.ready()


def test_kenmend_ends_while_a_window_is_open(rig, person):
    hanako = person("hanako")
    rig.windows.answer("hang")
    hanako.begin()
    wait_prompt(hanako)
    rig.windows.wait_shown()
    rig.stop_kenmend()
    rig.windows.wait_closed()
    # Whether the page was asking just then: kenmend said goodbye, or not.
    code = hanako.page.wait("""status.dataset.state === "failed" &&
        status.dataset.code""".replace("status", "document.getElementById"
                                       "('status')"))
    hanako.reads({"session_unknown": "kenmen が再起動しました",
                  "unreachable": "kenmen につながりません"}[code])
    assert rig.card[0].verifies() == []
    rig.start_kenmend()
    hanako.click("card-retry")
    hanako.status("ready")


def test_the_card_is_pulled_under_the_window(rig, person):
    hanako = person("hanako")
    rig.windows.answer("hang")
    hanako.begin()
    wait_prompt(hanako)
    rig.windows.wait_shown()
    rig.card[0].remove()
    rig.windows.wait_closed()
    hanako.status("failed", "card_removed")
    hanako.reads("カードが")
    assert rig.card[0].verifies() == []


def test_the_card_is_pulled_while_it_is_read(rig, person):
    """After the second PIN; what was read before is not handed over."""
    hanako = person("hanako")
    rig.windows.answer(f"pin {hanako.codes['auth']}",
                       f"hold pin {hanako.codes['attributes']}")
    hanako.begin()
    rig.windows.wait_shown(2)
    rig.card[0].switch("remove-at", 4)
    rig.windows.release()
    hanako.status("failed", "card_removed")
    hanako.reads("カードが")
    assert hanako.demo.browser().me()["account"] is None
    assert "/api/account" not in hanako.page.evaluate(
        "performance.getEntriesByType('resource').map(e => e.name).join()")


# ---- 60 minutes ---------------------------------------------------------

def pass_time(rig, person, seconds):
    """For everybody: kenmend, the server, the page."""
    rig.jump(seconds)
    person.demo.jump(seconds)
    person.page.evaluate(f"void (globalThis.ahead = "
                         f"(globalThis.ahead ?? 0) + {seconds * 1000})")


@pytest.mark.rig(people=("former", None), clock=True)
def test_an_hour_in_which_nothing_was_done(rig, browser, person):
    former = person("former")
    browser.before_each(PAGE_CLOCK)
    former.link(rig)
    former.page.type("#d-maker", "見本航空機")
    pass_time(rig, former, 54 * 60)
    former.reads("残り時間：6分")
    pass_time(rig, former, 70)
    former.page.wait("document.getElementById('idle-dialog').open")
    former.page.picture("idle-warning")
    pass_time(rig, former, 5 * 60)
    former.at("ended")
    former.reads("手続きを終了しました", "60分以上操作がなかったため", "やり直し")
    former.page.picture("ended-idle")
    page = former.page
    assert page.evaluate("Object.entries(sessionStorage)") == []
    everything = "document.documentElement.outerHTML"
    assert "見本航空機" not in page.evaluate(everything)
    assert "例示" not in page.evaluate(everything)
    page.back()
    former.at("ended")
    assert "見本航空機" not in page.evaluate(everything)
    former.click("restart")
    former.at("start")
    assert former.page.evaluate(
        "fetch('/api/me').then(r => r.json()).then(me => me.account)") is None


@pytest.mark.rig(clock=True)
def test_an_hour_of_kenmends_alone(rig, person):
    """The computer slept, say. The page learns it by itself."""
    hanako = person("hanako")
    hanako.to_link()
    hanako.ready()
    rig.jump(3600)
    hanako.status("idle")
    hanako.reads("60分以上操作がなかったため、kenmen との接続が終了しました")
    hanako.ready()
