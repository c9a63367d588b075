"""The issuer's certificate of an earlier read stands for EF 0004: fewer
exchanges, the same checks."""

import pytest

from whole import (ALL_KINDS, CHALLENGE, ask, b64, clean, costs, trust, unb64,
                   words)

pytestmark = pytest.mark.rig(config=ALL_KINDS)
ISSUERS = {"READ text/04", "READ visual/04"}


def evidence(rig, kinds, **how):
    return costs(rig, kinds, **how)[2]


def checks(rig, kind, **how):
    """What was found out, and whether EF 0004 was read for it."""
    rig.card[0].clear_log()
    read = ask(rig, kind, **how).to_end("done")
    clean(rig)
    return read.results[kind]["authenticity"], bool(
        ISSUERS & set(words(rig.card[0])))


@pytest.mark.parametrize("rooted", [False, True])
def test_one_exchange_less(rig, rooted):
    """Of everybody's card, since they are of one issue."""
    if rooted:
        trust(rig)
    assert evidence(rig, "attributes") == 4
    assert evidence(rig, "attributes") == 3
    assert evidence(rig, "my_number") == 3
    # of the other application: another certificate
    assert evidence(rig, "face") == 2
    assert evidence(rig, "face") == 1
    assert evidence(rig, ["attributes", "face"]) == 4
    rig.card[0].remove()
    rig.card[0].insert("taro")
    assert evidence(rig, "attributes", person="taro") == 3


def test_three_less_in_short_reads(rig):
    rig.card[0].switch("no-extended")
    assert evidence(rig, "attributes") == 9
    assert evidence(rig, "attributes") == 6


@pytest.mark.parametrize("rooted, verdict", [
    (False, "consistent"), (True, "verified")])
def test_the_same_checks(rig, rooted, verdict):
    if rooted:
        trust(rig)
    for kind in ("attributes", "face"):
        first, was_read = checks(rig, kind)
        assert was_read
        assert (first, False) == checks(rig, kind)
        assert first["verdict"] == verdict


@pytest.mark.parametrize("rooted", [False, True])
def test_evidence_carries_it(rig, rooted):
    """For a server: one that a root of ours signed, or the card's own."""
    if rooted:
        trust(rig)
    rig.card[0].clear_log()
    certificates = []
    for again in (False, True):
        rig.card[0].clear_log()
        read = ask(rig, "face", challenge=b64(CHALLENGE)).to_end("done")
        certificates.append(
            read.results["face"]["evidence"]["issuer_certificate"])
        assert ("READ visual/04" in words(rig.card[0])) == (
            not (again and rooted))
    assert certificates[0] == certificates[1]
    assert len(unb64(certificates[0])) == 568


@pytest.mark.parametrize("forge", ["record", "chip", "digests"])
@pytest.mark.shows("read:authenticity_failed")
def test_a_known_one_helps_no_forgery(rig, forge):
    trust(rig)
    assert evidence(rig, "attributes") == 4
    rig.card[0].switch("forge", forge)
    read = ask(rig, "attributes").to_end("failed")
    assert read.error["code"] == "authenticity_failed"
    assert read.results is None
    clean(rig)
    rig.card[0].switch("forge", "off")
    assert evidence(rig, "attributes") == 3


def test_what_is_refused_is_not_remembered(rig):
    trust(rig)
    rig.card[0].switch("forge", "root")
    for _ in range(2):
        rig.card[0].clear_log()
        ask(rig, "attributes").to_end("failed")
        assert "READ text/04" in words(rig.card[0])
    rig.card[0].switch("forge", "off")
    assert evidence(rig, "attributes") == 4


def test_an_unknown_root_does_not_stay(rig):
    """A doctored certificate with the issuer's own key: with a root it stands
    in nobody's way."""
    trust(rig)
    rig.card[0].switch("forge", "unknown-root")
    assert checks(rig, "attributes")[0]["verdict"] == "consistent"
    rig.card[0].switch("forge", "off")
    got, was_read = checks(rig, "attributes")
    assert (got["verdict"], was_read) == ("verified", True)
    assert checks(rig, "attributes") == (got, False)


def test_a_new_door_knows_none(rig):
    assert evidence(rig, "attributes") == 4
    rig.stop_kenmend()
    rig.start_kenmend()
    assert evidence(rig, "attributes") == 4


@pytest.mark.parametrize("trusted", [False, True])
def test_a_trusted_copy_of_the_ca(rig, trusted):
    """Beside a login its certificate names the CA: a trusted copy of that is
    handed out, and the card is not asked for its own."""
    if trusted:
        trust(rig)
    rig.card[0].clear_log()
    read = ask(rig, ["authenticate", "certificate"], which="auth_ca",
               answers=["pin 1234"]).to_end("done")
    clean(rig)
    assert ("READ jpki/0b" in words(rig.card[0])) == (not trusted)
    assert read.results["certificate"]["trusted"] is (True if trusted else None)
    copies = ["".join(row for row in path.read_text().splitlines()
                      if not row.startswith("-----"))
              for path in rig.dir.glob("trust/auth-*.pem")]
    got = read.results["certificate"]["certificate"]
    assert not trusted or got in copies
