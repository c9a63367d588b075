"""The whole way, as a page goes it: health, a session, a read of card_info and
of attributes, each way a prompt can end, and the session's end."""

import threading

import pytest

from people import ELEVEN, PEOPLE, attributes

HANAKO = PEOPLE["hanako"]


def test_health(rig):
    health = rig.client().health()
    assert health == {"service": "kenmend", "version": "0.1.0", "api": 1,
                      "pcsc": "ok", "prompt": "ok"}
    assert rig.card[0].exchanges() == []


def test_health_without_pcscd(make_rig):
    rig = make_rig(pcscd=False, people=())
    assert rig.client().health()["pcsc"] == "unavailable"


@pytest.mark.shows("http:session_unknown")
def test_a_sessions_life(rig):
    page = rig.client()
    made = page.post("/v1/sessions").expect(201).json
    assert made["origin"] == page.origin
    assert made["kinds"] == ["card_info", "attributes"]
    assert 3590 < made["expires_in"] <= 3600
    assert set(made["limits"]) == {
        "idle_timeout", "session_max", "card_timeout", "prompt_timeout",
        "read_timeout"}
    page.get("/v1/session").expect(401, "session_unknown")
    page.token = made["token"]
    assert page.get("/v1/session").expect(200).json["lang"] == "ja"
    assert page.post("/v1/session/touch").expect(200).json.keys() == {
        "expires_in"}
    page.end()
    page.get("/v1/session").expect(401, "session_unknown")


@pytest.mark.shows("http:session_active")
def test_one_session_per_origin(rig):
    first = rig.session()
    rig.client().post("/v1/sessions").expect(409, "session_active")
    second = rig.session(takeover=True)
    first.get("/v1/session").expect(401, "session_unknown")
    second.get("/v1/session").expect(200)
    rig.session(origin="https://two.example")


def test_card_info(rig):
    read = rig.session().read(["card_info"]).to_end("done")
    info = read.results["card_info"]
    assert info["card"] == "my_number"
    assert info["pins"]["attributes"] == {"tries_left": 3, "blocked": False}
    assert info["pins"]["auth"] == {"tries_left": 3, "blocked": False}
    assert info["pins"]["sign"] == {"tries_left": 5, "blocked": False}
    assert rig.card[0].verifies() == []
    assert rig.windows.shown() == []


@pytest.mark.leaks
def test_attributes(rig):
    rig.windows.answer("pin 1234")
    read = rig.session().read()
    assert attributes(read) == HANAKO
    assert rig.card[0].names() == ELEVEN
    assert rig.card[0].tries() == 3
    window, = rig.windows.shown()
    assert "「ドローン登録デモ」" in window.text
    assert "https://drone.example" in window.text
    assert "あと3回間違えると" in window.text


def test_the_states_of_a_read_come_in_order(rig):
    rig.windows.answer("hold pin 1234")
    read = rig.session().read()
    waiting = read.until("waiting_for_pin")
    assert waiting["prompt"] == {
        "pin": "attributes", "tries_left": 3, "step": 1, "steps": 1}
    assert 0 < waiting["deadline_ms"] <= rig.limit * 1000
    rig.windows.release()
    read.to_end("done")
    order = ["starting", "waiting_for_reader", "waiting_for_card",
             "waiting_for_pin", "reading", "done"]
    assert read.states == [s for s in order if s in read.states]


def test_a_poll_waits_for_a_change(rig):
    """A GET with wait hangs while nothing happens, and others are served."""
    rig.windows.answer("hold cancel")
    page = rig.session()
    read = page.read()
    seq = read.until("waiting_for_pin")["seq"]
    got = []
    poll = threading.Thread(target=lambda: got.append(
        page.get(f"/v1/reads/{read.id}?wait=30&after={seq}")))
    poll.start()
    for _ in range(5):
        page.health()
    assert poll.is_alive() and not got
    rig.windows.release()
    poll.join(rig.limit)
    assert got[0].expect(200).json["seq"] > seq
    read.failed("pin_cancelled")


def test_a_poll_ends_by_itself(rig):
    rig.windows.answer("hold cancel")
    page = rig.session()
    read = page.read()
    before = read.until("waiting_for_pin")
    after = page.get(f"/v1/reads/{read.id}?wait=1&after={before['seq']}")
    assert after.expect(200).json["seq"] == before["seq"]
    assert after.json["state"] == "waiting_for_pin"
    rig.windows.release()
    read.failed("pin_cancelled")


def test_wrong_pin_then_right(rig):
    rig.windows.answer("pin 9999", "pin 1234")
    assert attributes(rig.session().read()) == HANAKO
    assert [e.sw for e in rig.card[0].verifies()] == [0x63C2, 0x9000]
    first, second = rig.windows.shown()
    assert first.error == ""
    assert second.error == "暗証番号が違います。残り2回です。"
    assert "あと2回間違えると" in second.text


@pytest.mark.shows("read:pin_wrong")
def test_wrong_pin_until_one_try_is_left(rig):
    """The last try is never used up by asking on."""
    rig.windows.answer("pin 9999", "pin 8888")
    error = rig.session().read().failed("pin_wrong")
    assert error["tries_left"] == 1
    assert rig.card[0].tries() == 1
    assert len(rig.card[0].verifies()) == 2
    assert len(rig.windows.shown()) == 2


@pytest.mark.shows("read:pin_cancelled")
@pytest.mark.leaks
def test_cancel_in_the_window(rig):
    rig.windows.answer("cancel")
    error = rig.session().read().failed("pin_cancelled")
    assert error["detail"] and error["detail_ja"]
    assert rig.card[0].verifies() == []
    assert rig.card[0].tries() == 3


@pytest.mark.shows("read:pin_format")
def test_malformed_three_times(rig):
    """It never reaches the card."""
    rig.windows.answer("pin 123", "pin abcd", "pin 12345")
    rig.session().read().failed("pin_format")
    assert rig.card[0].verifies() == []
    shown = rig.windows.shown()
    assert len(shown) == 3
    assert shown[0].error == "" and shown[1].error and shown[2].error


def test_full_width_digits(rig):
    rig.windows.answer("pin １２３４")
    assert attributes(rig.session().read()) == HANAKO
    assert len(rig.card[0].verifies()) == 1


@pytest.mark.shows("read:prompt_timeout")
@pytest.mark.rig(config={"prompt": {"timeout": 1}})
def test_nobody_answers(rig):
    rig.windows.answer("hang")
    rig.session().read().failed("prompt_timeout")
    assert rig.card[0].verifies() == []


def test_last_try_used(rig):
    rig.card[0].set_tries("attributes", 1)
    rig.windows.answer("yes", "pin 1234")
    read = rig.session().read()
    assert attributes(read) == HANAKO
    ask, pin = rig.windows.shown()
    assert "最後の1回を使いますか" in ask.text
    assert "あと1回間違えると" in pin.text
    assert rig.card[0].tries() == 3


@pytest.mark.shows("read:last_try_refused")
def test_last_try_refused(rig):
    rig.card[0].set_tries("attributes", 1)
    rig.windows.answer("no")
    rig.session().read().failed("last_try_refused")
    assert rig.card[0].verifies() == []
    assert rig.card[0].tries() == 1


@pytest.mark.shows("read:pin_blocked")
def test_blocked(rig):
    rig.card[0].set_tries("attributes", 0)
    rig.windows.answer("hold ok")
    read = rig.session().read()
    read.until("waiting_for_consent")
    rig.windows.release()
    assert read.failed("pin_blocked")["unblock"] == "municipal_office"
    window, = rig.windows.shown()
    assert "この暗証番号はロックされています" in window.text
    assert rig.card[0].verifies() == []


@pytest.mark.shows("http:gone")
def test_delete_a_running_read(rig):
    rig.windows.answer("hang")
    page = rig.session()
    read = page.read()
    read.until("waiting_for_pin")
    rig.windows.wait_shown(1)
    read.cancel()
    assert read.to_end().state == "cancelled"
    read.cancel()
    page.get(f"/v1/reads/{read.id}").expect(410, "gone")
    rig.windows.wait_closed()


@pytest.mark.shows("http:gone", "http:not_found")
def test_delete_a_finished_read(rig):
    rig.windows.answer("pin 1234")
    page = rig.session()
    read = page.read().to_end("done")
    assert [r["id"] for r in page.get("/v1/reads").json] == [read.id]
    assert "results" not in page.get("/v1/reads").json[0]
    other = rig.session(origin="https://two.example")
    other.get(f"/v1/reads/{read.id}").expect(404, "not_found")
    other.delete(f"/v1/reads/{read.id}").expect(404, "not_found")
    read.cancel()
    page.get(f"/v1/reads/{read.id}").expect(410, "gone")


def test_the_end_of_a_session_takes_its_window(rig):
    rig.windows.answer("hang")
    page = rig.session()
    read = page.read()
    read.until("waiting_for_pin")
    rig.windows.wait_shown(1)
    page.end()
    rig.windows.wait_closed()
    page.get(f"/v1/reads/{read.id}").expect(401, "session_unknown")
    assert rig.card[0].verifies() == []


def test_a_card_that_comes_late(make_rig):
    rig = make_rig(people=(None, None))
    rig.windows.answer("pin 1234")
    read = rig.session().read()
    read.until("waiting_for_card")
    rig.card[0].insert("hanako")
    assert attributes(read) == HANAKO


def test_a_local_program(rig):
    """curl, as the README shows it."""
    rig.windows.answer("pin 1234")
    page = rig.session(origin=None)
    assert page.get("/v1/session").json["origin"] is None
    assert attributes(page.read()) == HANAKO
    window, = rig.windows.shown()
    assert "このパソコンのプログラム" in window.text


def test_terminated(rig):
    rig.session()
    assert rig.stop_kenmend() == 0
