"""Readers and what lies in them: late, none, foreign, one too many, named,
ignored."""

import pytest

from people import PEOPLE, attributes, read_person

BRIEF = {"reader": {"card_timeout": 1}}
FIRST = "Virtual PCD 00 00"
SECOND = "Virtual PCD 00 01"


def ignoring(*names, **more):
    return {"reader": {"ignore": ", ".join(names), **more}}


def ids(page):
    """The API's ids of the readers, in slot order."""
    return [r["id"] for r in page.get("/v1/readers").expect(200).json]


def readers_come(rig):
    """With a new pcscd: the old one never looks for virtual readers again."""
    rig.stop_pcscd()
    rig.start_pcscd()


def untouched(card):
    return card.exchanges() == []


# ---- late ---------------------------------------------------------------

@pytest.mark.rig(people=(None, None))
@pytest.mark.parametrize("slot", [0, 1])
def test_a_card_that_comes_late(rig, slot):
    rig.windows.answer("pin 1234")
    read = rig.session().read()
    read.until("waiting_for_card")
    assert 0 < read.now["deadline_ms"] <= rig.limit * 1000
    rig.card[slot].insert()
    assert attributes(read) == PEOPLE["hanako"]


def test_a_reader_that_comes_late(make_rig):
    """Then it waits for the card."""
    rig = make_rig(pcscd=False, people=(None, None))
    rig.start_pcscd(readers=False)
    rig.windows.answer("pin 1234")
    read = rig.session().read()
    read.until("waiting_for_reader")
    readers_come(rig)
    read.until("waiting_for_card")
    rig.card[0].insert()
    assert attributes(read) == PEOPLE["hanako"]
    assert read.states == [
        s for s in ["starting", "waiting_for_reader", "waiting_for_card",
                    "waiting_for_pin", "reading", "done"] if s in read.states]


@pytest.mark.rig(people=(None, None))
def test_a_card_that_comes_late_keeps_the_session(rig):
    """To insert a card is a sign of life; to wait for one, or to look, is
    not."""
    page = rig.session()
    rig.windows.answer("hang")
    read = page.read()
    read.until("waiting_for_card")
    read.poll(wait=1)
    read.poll(wait=1)
    assert read.state == "waiting_for_card"
    before = page.get("/v1/session").json["expires_in"]
    rig.card[0].insert()
    read.until("waiting_for_pin")
    assert page.get("/v1/session").json["expires_in"] > before
    read.cancel()


@pytest.mark.shows("read:no_card")
@pytest.mark.rig(people=(None, None), config=BRIEF)
def test_no_card_comes(rig):
    error = rig.session().read().failed("no_card")
    assert error["retriable"] is True
    assert rig.windows.shown() == []


@pytest.mark.shows("read:no_reader")
@pytest.mark.rig(config=ignoring("Virtual", card_timeout=1))
def test_no_reader_comes(rig):
    """Ignored readers are no readers."""
    read = rig.session().read()
    assert read.until("waiting_for_reader")["deadline_ms"] <= 1000
    read.failed("no_reader")
    assert untouched(rig.card[0])


def test_no_reader_at_all(make_rig):
    rig = make_rig(pcscd=False, people=(), config=BRIEF)
    rig.start_pcscd(readers=False)
    page = rig.session()
    assert page.get("/v1/readers").expect(200).json == []
    page.read().failed("no_reader")


def test_reader_and_card_share_the_time(make_rig):
    """A reader that comes does not make it start again."""
    rig = make_rig(pcscd=False, people=(), config={"reader": {
        "card_timeout": 3}})
    rig.start_pcscd(readers=False)
    read = rig.session().read()
    read.until("waiting_for_reader")
    read.poll(wait=1)
    readers_come(rig)
    assert read.until("waiting_for_card")["deadline_ms"] <= 2000
    read.failed("no_card")


# ---- foreign, several ---------------------------------------------------

@pytest.mark.shows("read:not_my_number_card")
@pytest.mark.rig(people=("foreign", "foreign"), config=BRIEF)
def test_foreign_cards_alone(rig):
    """To the end: the right one may still come."""
    read = rig.session().read()
    read.until("waiting_for_card")
    read.failed("not_my_number_card")
    assert rig.windows.shown() == []


@pytest.mark.shows("read:not_my_number_card")
@pytest.mark.rig(people=("foreign", None),
                 config=ignoring(SECOND, card_timeout=1))
def test_a_foreign_card_in_the_only_reader(rig):
    rig.session().read().failed("not_my_number_card")


@pytest.mark.shows("read:no_card")
@pytest.mark.rig(people=("foreign", None), config=BRIEF)
def test_a_foreign_card_beside_an_empty_reader(rig):
    """Somebody's bus pass is no reason to say that the card is wrong."""
    rig.session().read().failed("no_card")


@pytest.mark.rig(people=("foreign", None))
def test_a_foreign_card_and_then_the_right_one(rig):
    rig.windows.answer("pin 1234")
    read = rig.session().read()
    read.until("waiting_for_card")
    rig.card[1].insert()
    assert attributes(read) == PEOPLE["hanako"]


@pytest.mark.rig(people=("foreign", None))
def test_a_foreign_card_makes_room_for_the_right_one(rig):
    rig.windows.answer("pin 1234")
    read = rig.session().read()
    read.until("waiting_for_card")
    asked = len(rig.card[0].exchanges())
    rig.card[0].remove()
    rig.card[0].insert("hanako")
    assert attributes(read) == PEOPLE["hanako"]
    assert asked <= 2       # it was not asked again and again


@pytest.mark.rig(people=("foreign", "hanako"))
def test_a_foreign_card_beside_the_right_one(rig):
    read_person(rig)
    assert all(e.name == "SELECT" for e in rig.card[0].exchanges())


@pytest.mark.shows("read:several_cards")
@pytest.mark.rig(people=("hanako", "taro"))
def test_two_cards(rig):
    """Nobody is asked for a PIN before it is clear for which; a page that
    names the reader gets that person."""
    page = rig.session()
    page.read().failed("several_cards")
    assert rig.windows.shown() == []
    first, second = ids(page)
    read_person(rig, "taro", page, reader=second)
    read_person(rig, "hanako", page, reader=first)
    assert len(rig.card[0].verifies()) == len(rig.card[1].verifies()) == 1


# ---- named, ignored -----------------------------------------------------

@pytest.mark.rig(people=("hanako", None))
def test_a_named_reader_is_waited_for(rig):
    """The card in the other one is left alone."""
    page = rig.session()
    rig.windows.answer("pin 2345")
    read = page.read(reader=ids(page)[1])
    read.until("waiting_for_card")
    rig.card[1].insert("taro")
    assert attributes(read) == PEOPLE["taro"]
    assert untouched(rig.card[0])


@pytest.mark.shows("read:no_card")
@pytest.mark.rig(people=("hanako", None), config=BRIEF)
def test_a_named_reader_stays_empty(rig):
    page = rig.session()
    page.read(reader=ids(page)[1]).failed("no_card")
    assert untouched(rig.card[0])


@pytest.mark.shows("read:no_reader")
def test_an_unknown_reader(rig):
    """At once: there is no such thing to wait for."""
    page = rig.session()
    ids(page)
    for name in ("r99", "r0", "R1", "r01", "", FIRST):
        page.read(reader=name).failed("no_reader")
    assert untouched(rig.card[0])


@pytest.mark.rig(people=("hanako", "taro"), config=ignoring(FIRST))
def test_an_ignored_reader(rig):
    """Not listed, not asked, and no reason for several_cards."""
    page = rig.session()
    listed, = page.get("/v1/readers").json
    assert listed["model"] == "Virtual PCD"
    assert listed["card_present"] is True
    read_person(rig, "taro", page)
    read_person(rig, "taro", page, reader=listed["id"])
    assert untouched(rig.card[0])


@pytest.mark.rig(people=("hanako", None))
def test_the_readers(rig):
    page = rig.session()
    first, second = page.get("/v1/readers").json
    assert first == {"id": first["id"], "model": "Virtual PCD",
                     "card_present": True, "pinpad": False}
    assert second == {"id": second["id"], "model": "Virtual PCD",
                      "card_present": False, "pinpad": False}
    assert first["id"] != second["id"]
    rig.card[1].insert("taro")
    assert [r["card_present"] for r in page.get("/v1/readers").json] == [
        True, True]
    assert ids(page) == [first["id"], second["id"]]
    assert untouched(rig.card[0])
