"""One card: everybody's read once; pulled, swapped and changed at every moment;
too slow to end."""

import pytest

from people import (PEOPLE, PINS, ELEVEN, attributes, prompted,
                    read_person)


def left_clean(rig):
    """What holds after every end of a read: nothing stays verified, no
    window stays."""
    assert not any(card.verified() for card in rig.card)
    rig.windows.wait_closed()


def reads_as_ever(rig, person="hanako", issuer_known=False):
    """The next read, as cheap as the very first: no trouble taught the door
    a wrong lesson about the reader. issuer_known: EF 0004 is not read again.
    """
    expected = list(ELEVEN)
    if issuer_known:
        expected.remove("READ")
    rig.card[0].clear_log()
    read_person(rig, person)
    assert rig.card[0].names() == expected


# ---- everybody ----------------------------------------------------------

@pytest.mark.parametrize("person", PEOPLE)
def test_everybody(make_rig, person):
    """Names and addresses of every length, outside JIS, not even UTF-8."""
    rig = make_rig(people=(person, None))
    read_person(rig, person)
    assert rig.card[0].names() == ELEVEN


@pytest.mark.parametrize("person, there", [("hanako", True), ("child", False)])
def test_card_info(make_rig, person, there):
    rig = make_rig(people=(person, None))
    read = rig.session().read(["card_info"]).to_end("done")
    assert read.results == {"card_info": {
        "card": "my_number", "token": "my_number_card",
        "pins": {"auth": {"tries_left": 3, "blocked": False},
                 "sign": {"tries_left": 5, "blocked": False},
                 "attributes": {"tries_left": 3, "blocked": False},
                 "face_b": {"tries_left": 10, "blocked": False},
                 "face_a": {"tries_left": 10, "blocked": False}},
        # the signing certificate cannot be looked at without its password
        "certificates": {"auth": there, "sign": None if there else False,
                         "auth_ca": True, "sign_ca": True}}}
    left_clean(rig)


def test_card_info_of_blocked_pins(rig):
    rig.card[0].set_tries("sign", 0)
    rig.card[0].set_tries("attributes", 1)
    read = rig.session().read(["card_info"]).to_end("done")
    pins = read.results["card_info"]["pins"]
    assert pins["sign"] == {"tries_left": 0, "blocked": True}
    assert pins["attributes"] == {"tries_left": 1, "blocked": False}
    assert rig.card[0].verifies() == []


def test_both_kinds_in_one_read(rig):
    rig.windows.answer("pin 1234")
    read = rig.session().read(["card_info", "attributes"])
    assert attributes(read) == PEOPLE["hanako"]
    assert read.results["card_info"]["card"] == "my_number"
    assert len(rig.card[0].verifies()) == 1
    left_clean(rig)


# ---- pulled -------------------------------------------------------------

PULLED = pytest.mark.parametrize("how", ["remove-at", "lose-at"])


@PULLED
@pytest.mark.parametrize("nth", [1, 2])
def test_pulled_before_the_prompt(rig, how, nth):
    """The read goes back to waiting, and the person is asked once."""
    rig.card[0].switch(how, nth)
    rig.windows.answer("pin 1234")
    read = rig.session().read()
    read.until("waiting_for_card")
    assert rig.windows.shown() == []
    rig.card[0].insert()
    assert attributes(read) == PEOPLE["hanako"]
    assert len(rig.card[0].verifies()) == 1
    assert len(rig.windows.shown()) == 1
    left_clean(rig)


@pytest.mark.shows("read:card_removed")
@pytest.mark.parametrize("how, nth, reached", [
    ("remove-at", 3, ["SELECT", "TRIES"]),
    ("lose-at", 3, ["SELECT", "TRIES", "SELECT"]),
    ("remove-at", 4, ["SELECT", "TRIES", "SELECT"]),
    ("lose-at", 4, ["SELECT", "TRIES", "SELECT", "TRIES"]),
    ("remove-at", 5, ["SELECT", "TRIES", "SELECT", "TRIES"]),
    ("lose-at", 5, ["SELECT", "TRIES", "SELECT", "TRIES", "VERIFY"]),
    ("remove-at", 6, ["SELECT", "TRIES", "SELECT", "TRIES", "VERIFY"]),
    ("lose-at", 6, ["SELECT", "TRIES", "SELECT", "TRIES", "VERIFY", "READ"]),
    # where only what shows that it is genuine was missing
    ("remove-at", 7, ELEVEN[:6]), ("lose-at", 7, ELEVEN[:7]),
    ("remove-at", 9, ELEVEN[:8]), ("lose-at", 9, ELEVEN[:9]),
    ("remove-at", 10, ELEVEN[:9]), ("lose-at", 10, ELEVEN[:10]),
])
def test_pulled_while_it_is_read(rig, how, nth, reached):
    """Nothing is sent again, and the next read is like any other."""
    rig.card[0].switch(how, nth)
    rig.windows.answer("pin 1234")
    rig.session().read().failed("card_removed")
    assert rig.card[0].names() == reached
    assert rig.card[0].tries() == 3
    left_clean(rig)
    rig.card[0].insert()
    reads_as_ever(rig)


@PULLED
def test_pulled_when_all_was_read(rig, how):
    """What was read was read; a card without power has nothing verified."""
    rig.card[0].switch(how, 11)
    rig.windows.answer("pin 1234")
    assert attributes(rig.session().read()) == PEOPLE["hanako"]
    assert len(rig.card[0].verifies()) == 1
    left_clean(rig)
    rig.card[0].insert()
    reads_as_ever(rig, issuer_known=True)


@pytest.mark.parametrize("how, nth, parts", [
    ("remove-at", 7, 1), ("lose-at", 7, 2), ("remove-at", 8, 2),
    ("lose-at", 8, 3)])
def test_pulled_between_the_parts_of_a_file(make_rig, how, nth, parts):
    """Without extended lengths far's file comes in two, after a READ that is
    refused. Half of it is nothing."""
    rig = make_rig(people=("far", None), switches={"no-extended": "on"})
    rig.card[0].switch(how, nth)
    rig.windows.answer("pin " + PINS["far"])
    read = rig.session().read()
    read.failed("card_removed")
    assert read.results is None
    assert rig.card[0].names().count("READ") == parts
    assert len(rig.card[0].verifies()) == 1
    left_clean(rig)


@pytest.mark.shows("read:card_removed")
def test_a_wrong_pin_whose_answer_is_lost(rig):
    """The card counted it. It is not sent again, and the next read tells the
    person the truth."""
    rig.card[0].switch("lose-at", 5)
    rig.windows.answer("pin 9999", "pin 9999")
    rig.session().read().failed("card_removed")
    assert len(rig.card[0].verifies()) == 1
    assert rig.card[0].tries() == 2
    assert len(rig.windows.shown()) == 1
    left_clean(rig)


# ---- an exchange that fails, and the card stays -------------------------

@pytest.mark.parametrize("nth", [1, 2])
def test_failed_before_the_prompt(rig, nth):
    """A card laid down askew: it is tried again without being lifted."""
    rig.card[0].switch("fail-at", nth)
    read_person(rig)
    assert len(rig.card[0].verifies()) == 1


@pytest.mark.shows("read:card_removed")
@pytest.mark.parametrize("nth, reached", [
    (3, ["SELECT", "TRIES", "SELECT"]),
    (4, ["SELECT", "TRIES", "SELECT", "TRIES"]),
    (5, ["SELECT", "TRIES", "SELECT", "TRIES", "VERIFY"])])
def test_failed_while_it_is_read(rig, nth, reached):
    """It may be another card by now: no command follows, least of all a
    second VERIFY; and the PIN that the card may have taken is gone."""
    rig.card[0].switch("fail-at", nth)
    rig.windows.answer("pin 1234")
    rig.session().read().failed("card_removed")
    assert rig.card[0].names() == reached
    left_clean(rig)
    reads_as_ever(rig)


@pytest.mark.parametrize("nth, names", [
    # the same again in parts of 256: EF 0002 is one, EF 0003 two, EF 0004
    # and 0007 three
    (6, ELEVEN[:6] + ["READ"] + ["READ"] * 8 + ["SIGN", "SELECT"]),
    (8, ELEVEN[:8] + ["READ"] * 3 + ["READ"] * 3 + ["SIGN", "SELECT"]),
    (11, ELEVEN)])
def test_failed_when_it_was_unlocked(rig, nth, names):
    """A READ may be repeated, in another form; and where the parting word was
    lost the card is powered off."""
    rig.card[0].switch("fail-at", nth)
    read_person(rig)
    assert rig.card[0].names() == names


@pytest.mark.parametrize("ignore, code", [
    ("Virtual PCD 00 01", "not_my_number_card"), ("Other", "no_card")])
def test_failing_for_good(make_rig, ignore, code):
    """Three attempts, and it is left alone; also beside an empty reader."""
    rig = make_rig(config={"reader": {"card_timeout": 4, "ignore": ignore}})
    rig.card[0].switch("fail-always")
    rig.session().read().failed(code)
    assert rig.card[0].names() == ["SELECT"] * 3


def test_swapped_unseen_before_the_prompt(rig):
    """Nothing is known of the new card: it is asked like the first."""
    rig.card[0].switch("slow", 300)
    rig.windows.answer("pin " + PINS["taro"])
    read = rig.session().read()
    rig.card[0].wait_exchange("SELECT")
    rig.card[0].switch("slow", "off")
    rig.card[0].swap("taro")
    assert attributes(read) == PEOPLE["taro"]
    assert len(rig.card[0].verifies()) == 1


# ---- swapped, taken away, changed under the prompt ----------------------

def nothing_reached(rig):
    """Since the log was cleared no card was given a PIN."""
    assert rig.card[0].verifies() == []
    assert rig.card[0].tries() == 3
    left_clean(rig)


@pytest.mark.shows("read:card_removed")
def test_taken_away_over_the_prompt(rig):
    read = prompted(rig)
    rig.card[0].remove(wait=False)
    rig.windows.wait_closed()
    read.failed("card_removed")
    nothing_reached(rig)
    rig.card[0].insert()
    reads_as_ever(rig)


@pytest.mark.parametrize("person", ["taro", "hanako"])
def test_swapped_over_the_prompt(rig, person):
    """Another card, or the same again: what was typed was typed for neither.
    """
    read = prompted(rig)
    rig.card[0].remove(wait=False)
    rig.card[0].insert(person)
    rig.windows.wait_closed()
    read.failed("card_removed")
    nothing_reached(rig)
    reads_as_ever(rig, person)


@pytest.mark.parametrize("person", ["taro", "hanako"])
def test_swapped_unseen_over_the_prompt(rig, person):
    """Quicker than pcscd looks: no event tells of it, the first command to
    the new card fails, and that is taken for what it is."""
    read = prompted(rig)
    rig.card[0].swap(person)
    rig.windows.release()
    read.failed("card_removed")
    nothing_reached(rig)
    reads_as_ever(rig, person)


def test_taken_away_as_the_pin_is_typed(rig):
    read = prompted(rig)
    rig.card[0].remove(wait=False)
    rig.windows.release()
    read.failed("card_removed")
    nothing_reached(rig)


@pytest.mark.parametrize("command, n, verifies, after", [
    ("SELECT", 2, 0, 11), ("TRIES", 2, 0, 11), ("VERIFY", 1, 1, 11),
    # A reader that chokes on a long answer and cuts the power looks the same:
    # it is read in parts of 256 from then on.
    ("READ", 1, 1, 16), ("SIGN", 1, 1, 11)])
def test_swapped_unseen_while_it_is_read(rig, command, n, verifies, after):
    """The card that comes gets no PIN and gives nothing."""
    read = prompted(rig)
    rig.card[0].switch("slow", 300)
    rig.windows.release()
    rig.card[0].wait_exchange(command, n)
    rig.card[0].swap("taro")
    read.failed("card_removed")
    assert len(rig.card[0].verifies()) == verifies
    assert rig.card[0].tries() == 3
    left_clean(rig)
    rig.card[0].switch("slow", "off")
    rig.card[0].clear_log()
    read_person(rig, "taro")
    assert len(rig.card[0].names()) == after


@pytest.mark.parametrize("tries", [0, 1, 2])
def test_the_counter_changed_under_the_prompt(rig, tries):
    """The window said three: none of them is spent."""
    read = prompted(rig)
    rig.card[0].set_tries("attributes", tries)
    rig.windows.release()
    read.failed("card_removed")
    assert rig.card[0].verifies() == []
    assert rig.card[0].tries() == tries
    left_clean(rig)


def test_the_counter_rose_under_the_prompt(rig):
    """More left than was said is another card too."""
    rig.card[0].set_tries("attributes", 2)
    read = prompted(rig)
    rig.card[0].set_tries("attributes", 3)
    rig.windows.release()
    read.failed("card_removed")
    nothing_reached(rig)


def test_taken_away_over_the_question(rig):
    """Asking for the last try, and saying that there is none, are windows
    like the other."""
    rig.card[0].set_tries("attributes", 1)
    rig.windows.answer("hang")
    read = rig.session().read()
    read.until("waiting_for_consent")
    rig.windows.wait_shown()
    rig.card[0].remove(wait=False)
    rig.windows.wait_closed()
    read.failed("card_removed")
    assert rig.card[0].verifies() == []


# ---- a card that does not end -------------------------------------------

@pytest.mark.shows("read:timeout")
@pytest.mark.rig(config={"reader": {"read_timeout": 1}})
@pytest.mark.parametrize("verifies", [0, 1])
def test_a_card_that_takes_too_long(rig, verifies):
    """The runner ends in the middle; pcscd resets the card, which forgets."""
    read = prompted(rig)
    rig.card[0].switch("slow", 200 if verifies else 1500)
    rig.windows.release()
    if verifies:
        rig.card[0].wait_exchange("TRIES", 2)
        rig.card[0].switch("slow", 1500)
    read.failed("timeout")
    assert len(rig.card[0].verifies()) == verifies
    rig.card[0].switch("slow", "off")
    rig.card[0].wait_forgotten()
    left_clean(rig)
    reads_as_ever(rig)


@pytest.mark.parametrize("keeps", ["off", "on"])
def test_cancelled_while_it_is_read(rig, keeps):
    """Also where a reset means nothing to the card: pcscd powers it off."""
    rig.card[0].switch("reset-keeps-pin", keeps)
    read = prompted(rig)
    rig.card[0].switch("slow", 300)
    rig.windows.release()
    rig.card[0].wait_exchange("READ")
    assert rig.card[0].verified() == {"attributes"}
    read.cancel()
    assert read.to_end().state == "cancelled"
    rig.card[0].switch("slow", "off")
    rig.card[0].wait_forgotten()
    left_clean(rig)
    reads_as_ever(rig)


def test_a_slow_card(rig):
    """15 ms an exchange, as real ones: progress is seen, nothing else."""
    rig.card[0].switch("slow", "on")
    reads_as_ever(rig)
