"""pcscd that dies, and other programs that use the card too."""

import signal
import time

import pytest

from people import PEOPLE, attributes, prompted, read_person
from rig import SLOW, Pcsc, Trouble

SELECT_JPKI = bytes.fromhex("00A4040C0AD392F000260100000001")
SELECT_TEXT = bytes.fromhex("00A4040C0AD3921000310001010408")
VERIFY_RIGHT = bytes.fromhex("002000910431323334")
VERIFY_WRONG = bytes.fromhex("002000910439393939")


def crash(rig):
    rig.stop_pcscd(signal.SIGKILL)


def back_again(rig):
    """With the cards that were in its readers."""
    rig.start_pcscd()
    for slot, card in enumerate(rig.card):
        if card.state()["inserted"] == "yes":
            rig.wait_card(slot)


def at_once(read, code):
    """The read fails without having waited for anything."""
    started = time.monotonic()
    read.failed(code)
    assert time.monotonic() - started < 2 * SLOW


# ---- pcscd dies ---------------------------------------------------------

@pytest.mark.shows("read:pcsc_unavailable", "http:pcsc_unavailable")
def test_no_pcscd(make_rig):
    """Said at once; and all works as soon as there is one."""
    rig = make_rig(pcscd=False, people=(None, None))
    page = rig.session()
    page.get("/v1/readers").expect(503, "pcsc_unavailable")
    at_once(page.read(), "pcsc_unavailable")
    at_once(page.read(["card_info"]), "pcsc_unavailable")
    rig.start_pcscd()
    rig.card[0].insert()
    assert len(page.get("/v1/readers").expect(200).json) == 2
    read_person(rig, page=page)


@pytest.mark.rig(people=(None, None))
def test_pcscd_dies_while_a_card_is_waited_for(rig):
    """Five seconds are given to it to come back."""
    rig.windows.answer("pin 1234")
    read = rig.session().read()
    read.until("waiting_for_card")
    crash(rig)
    rig.start_pcscd()
    rig.card[0].insert()
    assert attributes(read) == PEOPLE["hanako"]
    assert read.states.count("waiting_for_card") == 1


@pytest.mark.rig(people=("foreign", None))
def test_pcscd_comes_back_with_a_foreign_card(rig):
    rig.windows.answer("pin 1234")
    read = rig.session().read()
    read.until("waiting_for_card")
    crash(rig)
    back_again(rig)
    rig.card[1].insert()
    assert attributes(read) == PEOPLE["hanako"]


@pytest.mark.shows("read:pcsc_unavailable")
@pytest.mark.rig(people=(None, None))
def test_pcscd_dies_and_stays_away(rig):
    page = rig.session()
    read = page.read()
    read.until("waiting_for_card")
    crash(rig)
    read.failed("pcsc_unavailable")
    page.get("/v1/readers").expect(503, "pcsc_unavailable")
    at_once(page.read(), "pcsc_unavailable")


def test_pcscd_dies_between_reads(rig):
    page = rig.session()
    read_person(rig, page=page)
    crash(rig)
    back_again(rig)
    rig.card[0].clear_log()
    read_person(rig, page=page)
    # the issuer's certificate is known from the read before
    assert len(rig.card[0].names()) == 10


@pytest.mark.shows("read:pcsc_unavailable")
def test_pcscd_dies_under_the_prompt(rig):
    """Nobody can know whether the card is still the same."""
    read = prompted(rig)
    crash(rig)
    rig.windows.wait_closed()
    read.failed("pcsc_unavailable")
    assert rig.card[0].verifies() == []
    back_again(rig)
    read_person(rig)


def test_pcscd_dies_and_is_back_as_the_pin_is_typed(rig):
    """The old handle is dead; no PIN goes through a new one."""
    read = prompted(rig)
    crash(rig)
    rig.windows.release()
    back_again(rig)
    read.failed("pcsc_unavailable")
    assert rig.card[0].verifies() == []
    read_person(rig)


@pytest.mark.parametrize("command, n, verifies", [
    ("SELECT", 2, 0), ("VERIFY", 1, 1), ("READ", 1, 1)])
def test_pcscd_dies_while_the_card_is_read(rig, command, n, verifies):
    """No VERIFY is sent again, and nothing stays verified."""
    read = prompted(rig)
    rig.card[0].switch("slow", 300)
    rig.windows.release()
    rig.card[0].wait_exchange(command, n)
    crash(rig)
    at_once(read, "pcsc_unavailable")
    assert len(rig.card[0].verifies()) == verifies
    rig.card[0].switch("slow", "off")
    rig.card[0].wait_forgotten()
    back_again(rig)
    read_person(rig)


@pytest.mark.shows("http:pcsc_unavailable")
def test_the_list_of_readers_when_pcscd_dies(rig):
    page = rig.session()
    before = page.get("/v1/readers").expect(200).json
    crash(rig)
    assert page.health()["pcsc"] in ("ok", "unavailable")
    page.get("/v1/readers").expect(503, "pcsc_unavailable")
    back_again(rig)
    assert page.get("/v1/readers").expect(200).json == before


# ---- another program ----------------------------------------------------

def busy_for_five_seconds(read):
    started = time.monotonic()
    error = read.failed("reader_busy")
    assert 4 < time.monotonic() - started < 8 * SLOW
    assert error["holder"] is None
    assert error["retriable"] is True


@pytest.mark.shows("read:reader_busy")
def test_another_program_uses_the_card_alone(rig):
    page = rig.session()
    with rig.pcsc.connect(rig.reader(0), Pcsc.EXCLUSIVE):
        busy_for_five_seconds(page.read())
    assert rig.windows.shown() == []
    read_person(rig, page=page)


def test_another_program_gives_the_card_back(rig):
    rig.windows.answer("pin 1234")
    with rig.pcsc.connect(rig.reader(0), Pcsc.EXCLUSIVE):
        read = rig.session().read()
        read.until("waiting_for_card")
        read.poll(wait=2)
        assert read.state == "waiting_for_card"
    assert attributes(read) == PEOPLE["hanako"]


@pytest.mark.rig(people=("taro", "hanako"))
def test_another_program_uses_another_card(rig):
    """What one cannot look at is no reason for several_cards, nor to wait."""
    with rig.pcsc.connect(rig.reader(0), Pcsc.EXCLUSIVE):
        read_person(rig)
    assert rig.card[0].exchanges() == []


@pytest.mark.shows("read:reader_busy")
def test_another_program_keeps_a_transaction(rig):
    page = rig.session()
    with rig.pcsc.connect(rig.reader(0)) as other:
        other.begin()
        busy_for_five_seconds(page.read())
        other.end()
    assert rig.windows.shown() == []
    read_person(rig, page=page)


def test_another_program_ends_its_transaction(rig):
    rig.windows.answer("pin 1234")
    with rig.pcsc.connect(rig.reader(0)) as other:
        other.begin()
        read = rig.session().read()
        read.poll(wait=2)
        other.end()
        assert attributes(read) == PEOPLE["hanako"]


@pytest.mark.shows("read:reader_busy")
def test_a_transaction_when_the_pin_is_typed(rig):
    read = prompted(rig)
    with rig.pcsc.connect(rig.reader(0)) as other:
        other.begin()
        rig.windows.release()
        read.until("reading")
        busy_for_five_seconds(read)
        other.end()
    assert rig.card[0].verifies() == []
    rig.windows.wait_closed()
    read_person(rig)


def test_a_transaction_that_ends_after_the_pin(rig):
    """The person is not asked again."""
    read = prompted(rig)
    with rig.pcsc.connect(rig.reader(0)) as other:
        other.begin()
        rig.windows.release()
        read.until("reading")
        read.poll(wait=1)
        other.end()
        assert attributes(read) == PEOPLE["hanako"]
    assert len(rig.card[0].verifies()) == 1
    assert len(rig.windows.shown()) == 1
    assert not rig.card[0].verified()


@pytest.mark.parametrize("first_6f00", ["off", "on"])
@pytest.mark.parametrize("leave", [Pcsc.RESET, Pcsc.UNPOWER])
def test_another_program_resets_the_card_under_the_prompt(
        rig, leave, first_6f00):
    """It is the same card: the read goes on, and the PIN is asked and sent
    once."""
    rig.card[0].switch("first-6f00", first_6f00)
    read = prompted(rig)
    with rig.pcsc.connect(rig.reader(0), leave=leave):
        pass
    rig.windows.release()
    assert attributes(read) == PEOPLE["hanako"]
    assert len(rig.card[0].verifies()) == 1
    assert len(rig.windows.shown()) == 1
    assert not rig.card[0].verified()


def test_another_program_resets_the_card_at_its_end(rig):
    """Between our look and the person's answer, in a transaction."""
    read = prompted(rig)
    with rig.pcsc.connect(rig.reader(0)) as other:
        other.begin()
        other.transmit(SELECT_JPKI)
        other.end(Pcsc.RESET)
    rig.windows.release()
    assert attributes(read) == PEOPLE["hanako"]
    assert len(rig.card[0].verifies()) == 1


def test_another_program_selects_something_else(rig):
    """Nothing is assumed of the card after a person was asked."""
    read = prompted(rig)
    with rig.pcsc.connect(rig.reader(0)) as other:
        assert other.transmit(SELECT_JPKI) == b"\x90\x00"
    rig.windows.release()
    assert attributes(read) == PEOPLE["hanako"]


@pytest.mark.shows("read:card_removed")
def test_another_program_spends_a_try_under_the_prompt(rig):
    """The window said three: no VERIFY of ours."""
    read = prompted(rig)
    with rig.pcsc.connect(rig.reader(0)) as other:
        other.transmit(SELECT_TEXT)
        assert other.transmit(VERIFY_WRONG) == b"\x63\xc2"
    rig.windows.release()
    read.failed("card_removed")
    assert len(rig.card[0].verifies()) == 1
    assert rig.card[0].tries() == 2


def test_another_program_leaves_its_pin_verified(rig):
    """It was not ours, and it is gone when we are."""
    read = prompted(rig)
    with rig.pcsc.connect(rig.reader(0)) as other:
        other.transmit(SELECT_TEXT)
        assert other.transmit(VERIFY_RIGHT) == b"\x90\x00"
    assert rig.card[0].verified() == {"attributes"}
    rig.windows.release()
    assert attributes(read) == PEOPLE["hanako"]
    assert not rig.card[0].verified()


def test_nobody_gets_the_card_alone_under_the_prompt(rig):
    read = prompted(rig)
    with pytest.raises(Trouble, match="0x8010000b"):
        with rig.pcsc.connect(rig.reader(0), Pcsc.EXCLUSIVE):
            pass
    rig.windows.release()
    assert attributes(read) == PEOPLE["hanako"]


def test_another_program_shares_the_card(rig):
    """One that keeps a handle open hinders nothing. It is told that the card
    was powered off, as it must be by who is done with it."""
    with rig.pcsc.connect(rig.reader(0)) as other:
        other.transmit(SELECT_JPKI)
        read_person(rig)
        with pytest.raises(Trouble, match="0x80100068"):
            other.begin()
