"""All kinds: each alone and several in one read; what the person is told and
asked; what reaches the card, by its own log; what it costs."""

import hashlib
import subprocess
import time

import pytest

import rig as rig_module
from people import PEOPLE
from whole import (ALL_KINDS, CHALLENGE, CODES, EXTRA, KINDS, ORDER, SIM, ask,
                   b64, certificate_file, clean, costs, extra, openssl, result,
                   signed, story, trust, typed, unb64, words)

pytestmark = pytest.mark.rig(config=ALL_KINDS)
CHECKS_TEXT = ["issuer_certificate", "issuer_root", "record_digest",
               "record_signature", "chip", "revocation"]
CHECKS_FACE = ["issuer_certificate", "issuer_root", "record_signature",
               "chip", "revocation"]


def people(*who, **more):
    return pytest.mark.rig(config=ALL_KINDS, people=(who[0], None), **more)


def digests(n, hash_name="sha256"):
    return [hashlib.new(hash_name, f"document {i}".encode()).digest()
            for i in range(n)]


def checks(authenticity, names):
    """The form of a verdict; {name: ok}."""
    assert set(authenticity) == {"verdict", "checks"}
    for check in authenticity["checks"]:
        assert set(check) == {"name", "ok", "detail", "detail_ja"}
        assert check["detail"] and check["detail_ja"]
    assert [c["name"] for c in authenticity["checks"]] == names
    return {c["name"]: c["ok"] for c in authenticity["checks"]}


# ---- each kind alone ----------------------------------------------------

def test_attributes(rig):
    got = result(rig, "attributes")
    found = checks(got.pop("authenticity"), CHECKS_TEXT)
    assert found == {"issuer_certificate": None, "issuer_root": None,
                     "record_digest": True, "record_signature": True,
                     "chip": True, "revocation": None}
    assert got == PEOPLE["hanako"]


@pytest.mark.shows("http:gone")
def test_my_number(rig):
    """Said plainly in the window, and fetched once."""
    read = ask(rig, "my_number").to_end("done")
    got = read.results["my_number"]
    assert set(got) == {"my_number", "authenticity"}
    assert got["my_number"] == "123456789018"
    checks(got["authenticity"], CHECKS_TEXT)
    read.page.get(f"/v1/reads/{read.id}").expect(410, "gone")
    window, = rig.windows.shown()
    assert "マイナンバー（12桁の個人番号）の読み取りを求めています" in window.text
    assert "禁止されています" in window.text
    assert "READ text/02" not in words(rig.card[0])
    clean(rig)


def test_my_number_with_attributes_is_fetched_once_too(rig):
    read = ask(rig, ["attributes", "my_number"]).to_end("done")
    assert read.results["my_number"]["my_number"] == "123456789018"
    assert read.results["attributes"]["name"] == PEOPLE["hanako"]["name"]
    read.page.get(f"/v1/reads/{read.id}").expect(410, "gone")
    window, = rig.windows.shown()
    assert "マイナンバー（12桁の個人番号）と、氏名" in window.text
    assert words(rig.card[0]).count("VERIFY text/11") == 1


@pytest.mark.shows("read:card_data_invalid")
def test_a_my_number_with_a_wrong_check_digit(rig):
    rig.card[0].switch("forge", "number")
    read = ask(rig, "my_number")
    read.failed("card_data_invalid")
    assert read.results is None
    clean(rig)


def picture(path):
    return (SIM / "images" / path).read_bytes()


def gray(data, kind):
    """The pixels of a picture, by ImageMagick."""
    return subprocess.run(["convert", f"{kind}:-", "-depth", "8", "gray:-"],
                          input=data, check=True, timeout=rig_module.LIMIT,
                          stdout=subprocess.PIPE).stdout


def test_face(rig):
    """All that a page gets: pictures byte for byte, the photo as JPEG 2000
    and as a PNG with the same pixels."""
    got = result(rig, "face")
    assert checks(got.pop("authenticity"), CHECKS_FACE)["chip"] is True
    images = got.pop("images")
    assert got == {"birth_date": "1990-04-01", "birth_date_raw": "19900401",
                   "sex": "female", "sex_code": "2", "expires": "2035-04-01"}
    assert set(images) == {"name", "address", "photo"}
    assert unb64(images["name"]) == picture("hanako-name.png")
    assert unb64(images["address"]) == picture("hanako-address.png")
    assert set(images["photo"]) == {"jp2", "png"}
    jp2, png = (unb64(images["photo"][k]) for k in ("jp2", "png"))
    assert jp2 == picture("photo.jp2")
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert gray(png, "png") == gray(jp2, "jp2")
    assert typed(rig.card[0]) == {"visual/12": [CODES["hanako"]["face_b"]]}
    window, = rig.windows.shown()
    assert "照合番号B（数字14桁）" in window.text
    assert "あと10回間違えると" in window.text


def test_face_with_a(rig):
    """照合番号A is the My Number: twelve digits, on its own key."""
    got = result(rig, "face", answers=["pin " + CODES["hanako"]["face_a"]],
                 **{"with": "a"})
    assert unb64(got["images"]["photo"]["jp2"]) == picture("photo.jp2")
    assert typed(rig.card[0]) == {"visual/13": [CODES["hanako"]["face_a"]]}
    window, = rig.windows.shown()
    assert "照合番号A" in window.text
    # the My Number's image and the security code's stay on the card
    assert "READ visual/05" not in words(rig.card[0])
    assert b64(picture("security.png")) not in str(got)


@pytest.mark.shows("read:pin_wrong")
def test_the_14_digits_go_as_they_were_typed(rig):
    """A birth date in the other calendar is a wrong code: it costs one try,
    and no other form of it is tried."""
    rig.card[0].set_tries("face_b", 2)
    ask(rig, "face", answers=["pin 90040120354821"]).failed("pin_wrong")
    assert typed(rig.card[0]) == {"visual/12": ["90040120354821"]}
    assert rig.card[0].tries("face_b") == 1
    clean(rig)


@pytest.mark.parametrize("person, has", [
    ("no-photo", False), ("empty-photo", False), ("big-photo", True)])
def test_photos(make_rig, person, has):
    """No photo is fine, in both forms; so is a file just below 32 KB."""
    rig = make_rig(config=ALL_KINDS, people=(person, None))
    images = result(rig, "face", person=person)["images"]
    assert unb64(images["name"]) == picture("name.png")
    if not has:
        assert images["photo"] is None
        return
    assert unb64(images["photo"]["jp2"]) == picture("photo-big.jp2")
    assert gray(unb64(images["photo"]["png"]), "png") == \
        gray(picture("photo-big.jp2"), "jp2")


@people("too-big")
@pytest.mark.shows("read:card_data_invalid")
@pytest.mark.parametrize("extended", ["off", "on"])
def test_a_face_beyond_32_kb(rig, extended):
    """It says so in its first bytes: no part of it is fetched."""
    rig.card[0].switch("no-extended", extended)
    read = ask(rig, "face", person="too-big")
    read.failed("card_data_invalid")
    assert read.results is None
    assert words(rig.card[0]).count("READ visual/02") <= 2
    clean(rig)


def facts(der):
    """Subject, issuer, serial and days of a certificate, by the openssl tool;
    serials and times in our words."""
    told = openssl("x509", "-inform", "DER", "-noout", "-subject", "-issuer",
                   "-serial", "-startdate", "-enddate", "-nameopt", "RFC2253",
                   "-dateopt", "iso_8601", data=der).decode().splitlines()
    said = dict(line.split("=", 1) for line in told)
    return {"subject": said["subject"], "issuer": said["issuer"],
            "serial": said["serial"].lower(),
            "not_before": said["notBefore"].replace(" ", "T"),
            "not_after": said["notAfter"].replace(" ", "T")}


def same_facts(got, der):
    assert unb64(got["certificate"]) == der
    want = facts(der)
    # a serial is a number: leading zeros are the tool's
    assert int(got["serial"], 16) == int(want.pop("serial"), 16)
    assert got["serial"] == got["serial"].lower()
    assert {k: got[k] for k in want} == want


CERTIFICATE = {"certificate", "subject", "issuer", "serial", "not_before",
               "not_after", "trusted"}


def test_certificate_auth(rig):
    """A yes, no PIN, no name in it."""
    got = result(rig, "certificate", answers=["yes"])
    assert set(got) == CERTIFICATE
    same_facts(got, certificate_file("hanako-auth"))
    assert got["trusted"] is None
    window, = rig.windows.shown()
    assert window.verb == "CONFIRM"
    assert "利用者証明用電子証明書を求めています" in window.text
    assert "（氏名・住所は入っていません）" in window.text
    assert (window.ok, window.cancel) == ("渡す", "渡さない")
    assert rig.card[0].verifies() == []


HANAKO_SIGNS = {
    "name": "見本　花子", "name_substituted": "00000",
    "address": "東京都千代田区見本町１－２－３",
    "address_substituted": "000000000000000", "birth_date": "1990-04-01",
    "birth_date_raw": "419900401", "sex": "female", "sex_code": "2"}


def test_certificate_sign(rig):
    """Behind its password, which the window says is for no signature."""
    got = result(rig, "certificate", which="sign",
                 answers=["pin SAMPLE1234"])
    assert set(got) == CERTIFICATE | {"attributes"}
    same_facts(got, certificate_file("hanako-sign"))
    assert got["attributes"] == HANAKO_SIGNS
    window, = rig.windows.shown()
    assert window.verb == "GETPIN" and "電子署名は" in window.text
    assert not any(step.verb == "SIGN" for step in story(rig.card[0]))


@pytest.mark.parametrize("which", ["auth_ca", "sign_ca"])
def test_certificate_of_a_ca(rig, which):
    """Public: no window."""
    got = result(rig, "certificate", which=which, answers=[])
    assert set(got) == CERTIFICATE
    der = openssl("x509", "-in", SIM / f"trust/{which[:4]}-2023.pem",
                  "-outform", "DER")
    same_facts(got, der)
    assert rig.windows.shown() == []
    assert rig.card[0].verifies() == []


@pytest.mark.parametrize("hash_name", ["sha256", "sha384", "sha512"])
def test_sign(rig, hash_name):
    """The openssl tool takes the signature, for this digest and no other."""
    digest, other = digests(2, hash_name)
    got = result(rig, "sign", hash=hash_name, digests=[b64(digest)])
    assert set(got) == CERTIFICATE | {"attributes", "signatures"}
    same_facts(got, certificate_file("hanako-sign"))
    assert got["attributes"] == HANAKO_SIGNS
    signature, = map(unb64, got["signatures"])
    der = unb64(got["certificate"])
    assert signed(rig.dir, der, hash_name, digest, signature)
    assert not signed(rig.dir, der, hash_name, other, signature)
    assert not signed(rig.dir, certificate_file("taro-sign"), hash_name,
                      digest, signature)
    window, = rig.windows.shown()
    assert "書類1件への電子署名を求めています" in window.text
    assert "サイトの説明" not in window.text


def test_sign_32(rig):
    """With one password; all in order; each costs one exchange."""
    many = digests(32)
    titles = [f"契約書第{i}号" for i in range(1, 33)]
    got = result(rig, "sign", digests=list(map(b64, many)), titles=titles)
    der = unb64(got["certificate"])
    assert len(got["signatures"]) == 32
    for i in (0, 1, 15, 31):
        assert signed(rig.dir, der, "sha256", many[i],
                      unb64(got["signatures"][i]))
    told = words(rig.card[0])
    assert told.count("VERIFY jpki/1b") == 1
    assert told.count("SIGN jpki/1a") == 32
    window, = rig.windows.shown()
    assert "書類32件への電子署名" in window.text
    assert "契約書第1号、契約書第2号" in window.text
    shown = window.text.count("契約書第")
    assert 1 < shown < 32 and f"ほか{32 - shown}件" in window.text


def test_titles_in_english(rig):
    many = digests(2)
    page = rig.session(lang="en")
    result(rig, "sign", page=page, digests=list(map(b64, many)),
           titles=["Lease & deposit", "50% discount"])
    window, = rig.windows.shown()
    assert "asks you to sign 2 documents" in window.text
    assert "Lease & deposit、50% discount" in window.text


def test_a_title_too_long_to_show(rig):
    """Forty full-width characters are 120 bytes: cut at a character."""
    got = result(rig, "sign", titles=["長" * 40])
    assert len(got["signatures"]) == 1
    window, = rig.windows.shown()
    assert 20 <= window.text.count("長") < 40
    assert "\ufffd" not in window.text


def test_the_password_is_folded(rig):
    """Small letters and full-width ones; what is no password costs nothing."""
    result(rig, "sign", answers=["pin 123456", "pin ｓａｍｐｌｅ１２３４"])
    assert typed(rig.card[0]) == {"jpki/1b": ["SAMPLE1234"]}
    first, second = rig.windows.shown()
    assert first.error == "" and "英" in second.error


@people("gaiji")
def test_substituted_characters(rig):
    """The certificate says which characters it could not hold."""
    got = result(rig, "sign", person="gaiji")["attributes"]
    assert got["name"] == "葛城　吉■"
    assert got["name_substituted"] == "10011"
    assert got["address"] == "奈良県吉野郡例村大字■９９番地"
    assert got["address_substituted"] == "000100000010000"
    assert (got["birth_date"], got["birth_date_raw"]) == (
        "1947-05-03", "319470503")


# ---- who may ask for what -----------------------------------------------

@pytest.mark.rig()
@pytest.mark.shows("http:kind_not_allowed")
def test_kinds_that_are_not_configured(rig):
    """Each by itself and hidden among others; nothing reaches the card."""
    page = rig.session()
    for kind in KINDS[2:]:
        for kinds in ([kind], ["attributes", kind]):
            page.post("/v1/reads", {"kinds": kinds, **extra(kinds)}).expect(
                403, "kind_not_allowed")
    assert rig.card[0].exchanges() == []


@pytest.mark.rig(config={f'origin "{rig_module.DRONE}"': {"kinds": "face"}})
@pytest.mark.shows("http:kind_not_allowed")
def test_face_with_a_wants_my_number(rig):
    page = rig.session()
    page.post("/v1/reads", {"kinds": ["face"], "with": "a"}).expect(
        403, "kind_not_allowed")
    assert result(rig, "face", page=page)["sex"] == "female"


@pytest.mark.rig(config={"local-tools": {"kinds": ", ".join(KINDS)}})
@pytest.mark.shows("http:kind_not_allowed")
def test_what_a_local_program_never_gets(rig):
    """Whatever the configuration says: nothing that is for a site."""
    page = rig.session(origin=None)
    for kind in ("authenticate", "sign"):
        page.post("/v1/reads", {"kinds": [kind], **EXTRA[kind]}).expect(
            403, "kind_not_allowed")
    page.post("/v1/reads", {"kinds": ["face"], "with": "b",
                            "challenge": b64(CHALLENGE)}).expect(
        403, "kind_not_allowed")
    assert rig.card[0].exchanges() == []
    assert result(rig, "my_number", page=page)["my_number"] == "123456789018"


# ---- a yes --------------------------------------------------------------

@pytest.mark.shows("read:consent_refused")
@pytest.mark.parametrize("answer", ["no", "close"])
def test_no_is_no(rig, answer):
    read = ask(rig, "certificate", answers=[answer])
    error = read.failed("consent_refused")
    assert error["detail"] and error["detail_ja"]
    assert read.results is None
    clean(rig)


@pytest.mark.rig(config={**ALL_KINDS, "prompt": {"timeout": 1}})
@pytest.mark.shows("read:prompt_timeout")
def test_no_answer_is_no_yes(rig):
    rig.windows.answer("hang")
    read = rig.session().read(["certificate"], which="auth")
    waiting = read.until("waiting_for_consent")
    assert waiting["prompt"] == {"pin": None, "tries_left": 0, "step": 1,
                                 "steps": 1}
    read.failed("prompt_timeout")
    assert read.results is None
    clean(rig)


def test_a_no_ends_all(rig):
    """Asked first: nobody types a PIN for a read that comes to nothing."""
    read = ask(rig, ["certificate", "attributes"], answers=["no"])
    read.failed("consent_refused")
    assert [w.verb for w in rig.windows.shown()] == ["CONFIRM"]
    assert rig.card[0].verifies() == []
    clean(rig)


@people("phone")
def test_a_token_that_keeps_its_certificate_behind_the_pin(rig):
    """A telephone's: the yes, then the PIN of that certificate."""
    got = result(rig, "certificate", person="phone",
                 answers=["yes", "pin 5151"])
    same_facts(got, certificate_file("phone-auth"))
    consent, pin = rig.windows.shown()
    assert consent.verb == "CONFIRM" and "（1/2）" in consent.title
    assert pin.verb == "GETPIN" and "（2/2）" in pin.title
    assert "カードの暗証番号ではありません" in pin.text
    assert typed(rig.card[0]) == {"jpki/18": ["5151"]}


@people("phone")
def test_a_phone_is_said_to_be_one(rig):
    """By its label, asked for where it behaves as no card does; a login says
    whose PIN it wants."""
    got = result(rig, "card_info", person="phone", answers=[])
    assert got["card"] == "my_number"   # it has that card's applications
    assert got["token"] == "android"
    rig.card[0].clear_log()
    result(rig, "authenticate", person="phone")
    window = rig.windows.shown()[-1]
    assert "スマートフォン用電子証明書の数字4桁" in window.text
    assert "市区町村" not in window.text
    assert words(rig.card[0]).count("READ jpki/06") == 1


@people("phone")
def test_a_phone_that_was_there_before_is_forgotten(rig):
    """Its PIN, typed for the card that took its place, would cost a try: the
    phone goes just after it has said what it is."""
    rig.card[0].switch("remove-at", 6)
    rig.windows.answer("hold pin 1234", "pin SAMPLE1234")
    read = rig.session().read(["authenticate", "sign"],
                              **extra(["authenticate", "sign"]))
    read.until("waiting_for_card")
    assert "READ jpki/06" in words(rig.card[0])
    rig.card[0].insert("hanako")
    rig.windows.wait_shown()
    assert "スマートフォン" not in rig.windows.shown()[0].text
    rig.windows.release()
    read.to_end("done")
    clean(rig)


@pytest.mark.rig(config=ALL_KINDS, people=("hanako", "taro"))
def test_nothing_of_another_card_is_handed_out(rig):
    """The second goes after its certificate was read: what is held is not
    that of the card that stays."""
    rig.card[1].switch("remove-at", 5)
    ask(rig, ["authenticate", "sign"]).failed("several_cards")
    assert "READ jpki/0a" in words(rig.card[1])
    assert rig.windows.shown() == []
    assert rig.card[0].verifies() == rig.card[1].verifies() == []


def test_the_label_of_a_card_is_not_read(rig):
    """Nothing is paid for it by who has a card."""
    for kinds in (["attributes"], ["authenticate"], ["sign"],
                  ["certificate"], ["face", "my_number"]):
        ask(rig, kinds).to_end("done")
    assert "READ jpki/06" not in words(rig.card[0])


@pytest.mark.shows("read:not_my_number_card")
@pytest.mark.parametrize("person, token, words_ja", [
    ("juki", "juki_card", "住民基本台帳カード"),
    ("phone", "android", "スマートフォン"),
    ("hanako", None, "マイナンバーカードではありません")])
@pytest.mark.parametrize("kinds", [["attributes"], ["card_info"]])
def test_what_lies_there_instead(make_rig, kinds, person, token, words_ja):
    """Certificates, but no name: what it is, and what to put there."""
    rig = make_rig(
        config={**ALL_KINDS,
                "reader": {"card_timeout": 1, "ignore": "00 01"}},
        people=(person, None), switches={"jpki-only": "on"})
    error = rig.session().read(kinds).failed("not_my_number_card")
    assert error["token"] == token
    assert words_ja in error["detail_ja"]
    assert rig.windows.shown() == []
    assert rig.card[0].verifies() == []


# ---- cards that lack something ------------------------------------------

@people("child")
@pytest.mark.shows("read:no_certificate")
@pytest.mark.parametrize("empty", ["off", "on"])
@pytest.mark.parametrize("kinds", [
    ["authenticate"], ["certificate"], ["attributes", "authenticate"]])
def test_a_card_without_certificates(rig, kinds, empty):
    """Said before anybody is asked for anything."""
    rig.card[0].switch("empty-certs", empty)
    read = ask(rig, kinds, person="child", answers=[])
    error = read.failed("no_certificate")
    assert error["retriable"] is False
    assert rig.windows.shown() == []
    assert rig.card[0].verifies() == []


@people("child")
@pytest.mark.shows("read:no_certificate")
@pytest.mark.parametrize("no_sfi", ["off", "6A86", "6A82"])
@pytest.mark.parametrize("kinds", [
    ["sign"], ["certificate"], ["sign", "certificate"],
    ["attributes", "sign"], ["card_info", "sign"]])
def test_a_card_without_a_signing_certificate(rig, kinds, no_sfi):
    """Said before anybody types a password: there is no file for it."""
    over = {"which": "sign"} if "certificate" in kinds else {}
    rig.card[0].switch("no-sfi", no_sfi)
    ask(rig, kinds, person="child", answers=[], **over).failed(
        "no_certificate")
    assert rig.windows.shown() == []
    assert rig.card[0].verifies() == []


@people("child")
@pytest.mark.shows("read:no_certificate")
@pytest.mark.parametrize("kinds", [["sign"], ["certificate"]])
def test_an_empty_signing_certificate_is_behind_its_password(rig, kinds):
    """Nobody can look into that file before; nothing is signed."""
    over = {"which": "sign"} if kinds == ["certificate"] else {}
    rig.card[0].switch("empty-certs", "on")
    ask(rig, kinds, person="child", answers=["pin CHILD2019"],
        **over).failed("no_certificate")
    assert not any(step.verb == "SIGN" for step in story(rig.card[0]))
    clean(rig)


@pytest.mark.shows("read:card_data_invalid")
@pytest.mark.parametrize("no_sfi", ["off", "6A86"])
@pytest.mark.parametrize("kinds, over", [
    (["face"], {}), (["face"], {"with": "a"}), (["attributes", "face"], {}),
    (["card_info", "face"], {})])
def test_a_pin_that_nobody_counts(rig, kinds, over, no_sfi):
    """There is no number to tell a person: at once, no window, no VERIFY."""
    rig.card[0].switch("no-limit", "on")
    rig.card[0].switch("no-sfi", no_sfi)
    ask(rig, kinds, answers=[], **over).failed("card_data_invalid")
    assert rig.windows.shown() == []
    assert rig.card[0].verifies() == []


@people("child")
def test_what_such_a_card_has_is_read(rig):
    read = ask(rig, ["attributes", "face"], person="child").to_end("done")
    assert read.results["attributes"]["name"] == PEOPLE["child"]["name"]
    assert read.results["face"]["birth_date"] == "2019-10-01"


@people("ec")
@pytest.mark.shows("read:card_data_invalid")
def test_a_key_of_a_kind_that_no_card_has_yet(rig):
    """Its certificates are read; a login is refused before a PIN is asked,
    a signature when its certificate is known."""
    got = result(rig, "certificate", person="ec", answers=["yes"])
    same_facts(got, certificate_file("ec-auth"))
    rig.card[0].clear_log()
    ask(rig, "authenticate", person="ec", answers=[]).failed(
        "card_data_invalid")
    assert rig.card[0].verifies() == []
    ask(rig, "sign", person="ec").failed("card_data_invalid")
    assert not any(step.verb == "SIGN" for step in story(rig.card[0]))
    clean(rig)


@pytest.mark.shows("read:card_data_invalid")
def test_a_damaged_login_certificate(rig):
    """Not another card: the right one, damaged. Nobody waits for a better."""
    rig.card[0].switch("cut", "jpki/0A:600")
    for kind in ("authenticate", "certificate"):
        ask(rig, kind, answers=[]).failed("card_data_invalid")
    assert rig.windows.shown() == []


# ---- several in one read ------------------------------------------------

EVERYTHING = ["sign", "face", "my_number", "authenticate", "attributes",
              "certificate", "card_info"]


@people("taro")
def test_everything_in_one_read(rig):
    """Each PIN once, in the order of api.md whatever the order asked for; the
    window says how far."""
    pins = ["pin " + CODES["taro"][pin] for pin in ORDER]
    read = ask(rig, EVERYTHING, which="sign", answers=pins).to_end("done")
    steps = [w.title[-5:] for w in rig.windows.shown()]
    assert steps == ["（1/4）", "（2/4）", "（3/4）", "（4/4）"]
    assert set(read.results) == set(EVERYTHING)
    assert read.results["attributes"].pop("authenticity")["verdict"] == \
        "consistent"
    assert read.results["attributes"] == PEOPLE["taro"]
    assert read.results["my_number"]["my_number"] == "900012345675"
    assert read.results["certificate"]["certificate"] == \
        read.results["sign"]["certificate"]
    assert read.results["card_info"]["pins"]["sign"]["tries_left"] == 5
    clean(rig)


def test_two_windows(rig):
    """1/2 and 2/2, in the window and in the answer to the page."""
    read = ask(rig, ["face", "attributes"], hold=True)
    prompt = read.until("waiting_for_pin")["prompt"]
    assert prompt == {"pin": "attributes", "tries_left": 3, "step": 1,
                      "steps": 2}
    rig.windows.release()
    read.to_end("done")
    first, second = rig.windows.shown()
    assert first.title == "マイナンバーカードの読み取り（1/2）"
    assert second.title == "マイナンバーカードの読み取り（2/2）"
    assert "氏名・住所・生年月日・性別" in first.text
    assert "照合番号B" in second.text
    agreed = [c for kind in ("attributes", "face")
              for c in read.results[kind]["authenticity"]["checks"]
              if c["name"] == "agreement"]
    assert [c["ok"] for c in agreed] == [True, True]


KEYS = {"auth": "jpki/18", "attributes": "text/11", "sign": "jpki/1b",
        "face_b": "visual/12"}
ALL_PINS = ["authenticate", "attributes", "sign", "face"]


@people("taro")
def test_each_pin_goes_to_its_own_counter(rig):
    """By the card's log; and all counters are asked before any window."""
    read = ask(rig, ALL_PINS, person="taro", hold=True)
    read.until("waiting_for_pin")
    rig.windows.wait_shown()
    asked = [s.where for s in story(rig.card[0]) if s.verb == "TRIES"]
    assert sorted(asked) == sorted(KEYS.values())
    rig.windows.release()
    read.to_end("done")
    assert typed(rig.card[0]) == {
        KEYS[pin]: [CODES["taro"][pin]] for pin in ORDER}
    verifies = [s.where for s in story(rig.card[0]) if s.verb == "VERIFY"]
    assert verifies == [KEYS[pin] for pin in ORDER]
    # no card is held while a person thinks, and nothing verified stays
    assert words(rig.card[0]).count("SELECT manager") == 4
    clean(rig)


@people("taro")
@pytest.mark.shows("read:pin_wrong")
def test_a_pin_typed_for_one_is_tried_on_no_other(rig):
    """Each window gets the code of another key, which would be right there."""
    other = {"auth": "2345", "attributes": "3456"}
    read = ask(rig, ["authenticate", "attributes"], person="taro", answers=[
        "pin " + other["auth"], "pin 3456", "pin " + other["attributes"],
        "pin 3333"])
    assert read.failed("pin_wrong")["tries_left"] == 1
    assert typed(rig.card[0]) == {"jpki/18": ["2345", "3456"],
                                  "text/11": ["3456", "3333"]}
    assert rig.card[0].tries("auth") == 3
    assert rig.card[0].tries("attributes") == 1
    assert rig.card[0].tries("sign") == 5
    clean(rig)


@people("taro")
@pytest.mark.shows("read:pin_cancelled", "read:pin_wrong",
                   "read:authenticity_failed")
def test_all_or_nothing(rig):
    """What was read before the last window is not handed out."""
    first = ["pin 3456", "pin 2345", "pin TARO00MIHON11"]
    for last, code in (("cancel", "pin_cancelled"),
                       ("pin 11111111111111", "pin_wrong")):
        rig.card[0].set_tries("face_b", 2)
        read = ask(rig, ALL_PINS, person="taro", answers=first + [last])
        read.failed(code)
        assert read.results is None
        clean(rig)
    rig.card[0].switch("forge", "person")
    rig.card[0].set_tries("face_b", 10)
    read = ask(rig, ALL_PINS, person="taro")
    read.failed("authenticity_failed")
    assert read.results is None


@pytest.mark.shows("read:pin_blocked")
@pytest.mark.parametrize("pin", ORDER)
def test_one_of_them_is_blocked(rig, pin):
    """Nobody types three codes to learn that the fourth is locked."""
    rig.card[0].set_tries(pin, 0)
    error = ask(rig, ALL_PINS, answers=["ok"]).failed("pin_blocked")
    assert error["pin"] == pin
    assert [w.verb for w in rig.windows.shown()] == ["MESSAGE"]
    assert rig.card[0].verifies() == []


def test_the_last_try_of_the_second(rig):
    """The question about it comes when its turn is."""
    rig.card[0].set_tries("sign", 1)
    read = ask(rig, ["attributes", "sign"],
               answers=["pin 1234", "yes", "pin SAMPLE1234"]).to_end("done")
    assert [w.verb for w in rig.windows.shown()] == [
        "GETPIN", "CONFIRM", "GETPIN"]
    assert rig.card[0].tries("sign") == 5
    assert set(read.results) == {"attributes", "sign"}


@pytest.mark.shows("read:card_removed")
def test_pulled_before_the_second_window_is_answered(rig):
    read = ask(rig, ["attributes", "sign"],
               answers=["pin 1234", "hold pin SAMPLE1234"])
    rig.windows.wait_shown(2)
    rig.card[0].remove(wait=False)
    rig.windows.wait_closed()
    read.failed("card_removed")
    assert read.results is None
    assert typed(rig.card[0]) == {"text/11": ["1234"]}


def test_a_purpose_beside_titles(rig):
    """The site's own words, both of them."""
    result(rig, "sign", purpose="機体の登録", titles=["申請書"])
    text = "\n".join(w.text for w in rig.windows.shown())
    assert "申請書" in text


# ---- progress -----------------------------------------------------------

def test_progress_of_a_long_read(make_rig):
    """In bytes of the file, while it is read in parts."""
    rig = make_rig(config=ALL_KINDS, people=("big-photo", None),
                   switches={"no-extended": "on", "slow": "10"})
    read = ask(rig, "face", person="big-photo")
    seen = []
    while read.poll(wait=1)["state"] not in rig_module.FINAL:
        if "progress" in read.now:
            seen.append((time.monotonic(), read.now["progress"]))
    assert read.state == "done"
    totals = {p["total"] for _, p in seen}
    assert len(totals - {568}) == 1
    size = max(totals)
    assert 29500 < size < 32768
    done = [p["done"] for _, p in seen if p["total"] == size]
    assert done == sorted(done) and len(set(done)) >= 3
    # at most four a second
    assert len(done) <= 4 * (seen[-1][0] - seen[0][0]) + 2


# ---- what it costs ------------------------------------------------------

def parts(size):
    """READs of a file in parts of 256."""
    return -(-size // 256)


CARD_INFO = 13
AUTH, SIGN = 1583, 1886     # hanako's certificates
FACE = 5 + 3 + 18 + (3 + 8) + (3 + 1) + (5 + 265) + (5 + 700) + (5 + 1800) + (
    5 + 9000) + (5 + 256) + (3 + 8) + (3 + 90)

# kinds, before the prompt, after it, evidence; and the same without extended
# lengths. Before: SELECT and the counter, for each application. After: SELECT,
# the counter again, VERIFY, the reading, and SELECT of another application.
COSTS = [
    (["attributes"], (2, 5, 4), (2, 5, 9)),
    (["my_number"], (2, 5, 4), (2, 5, 9)),
    (["attributes", "my_number"], (2, 6, 4), (2, 6, 9)),
    (["authenticate"], (3, 5, 0), (2 + parts(AUTH), 5, 0)),
    # whether there is a certificate is looked for before a person types
    (["sign"], (3, 6, 0), (3, 5 + parts(SIGN), 0)),
    (["certificate"], (3, 0, 0), (2 + parts(AUTH), 0, 0)),
    # the yes is asked before; the certificate is read once for both
    (["certificate", "authenticate"], (3, 5, 0), (2 + parts(AUTH), 5, 0)),
    (["face"], (2, 5, 2), (2, 4 + parts(FACE), 4)),
    (["attributes", "face"], (4, 10, 6), (4, 9 + parts(FACE), 13)),
    (["attributes", "authenticate", "sign"], (7, 16, 4),
     (6 + parts(AUTH), 15 + parts(SIGN), 9)),
]


@pytest.mark.parametrize("kinds, extended, short", COSTS,
                         ids=["+".join(kinds) for kinds, *_ in COSTS])
def test_costs(rig, kinds, extended, short):
    """Counted apart: before the prompt, after it, evidence. Of a daemon that
    has read nothing yet: without extended lengths its first READ is refused,
    the login certificate's, EF 0002's, or (of a My Number) the evidence's."""
    assert costs(rig, kinds) == extended
    rig.stop_kenmend()
    rig.start_kenmend()
    rig.card[0].switch("no-extended", "on")
    refused = [0, 0, 0]
    refused[0 if {"authenticate", "certificate"} & set(kinds) else
            2 if kinds == ["my_number"] else 1] = 1
    assert costs(rig, kinds) == tuple(
        n + one for n, one in zip(short, refused))


def test_a_further_signature_costs_one(rig):
    for n in (1, 2, 32):
        assert costs(rig, ["sign"], digests=list(map(b64, digests(n)))) == (
            3, 5 + n, 0)


def test_no_file_twice_and_no_probe(rig):
    """Whatever is asked for together."""
    ask(rig, EVERYTHING[:-1]).to_end("done")
    reads = [w for w in words(rig.card[0]) if w.startswith("READ")]
    assert sorted(reads) == sorted([
        "READ jpki/0a", "READ jpki/01", "READ text/01", "READ text/02",
        "READ text/03", "READ text/04", "READ text/07", "READ visual/02",
        "READ visual/04"])


def test_the_cas_certificates_are_not_read(rig):
    """Neither without trusted copies nor with them."""
    for _ in range(2):
        ask(rig, ["authenticate", "sign", "certificate"]).to_end("done")
        trust(rig)
    told = words(rig.card[0])
    assert "READ jpki/02" not in told and "READ jpki/0b" not in told
