"""The demo's web system with real cards' answers: kenmend reads a simulated
card, what it hands out goes to drone-server, which must take what is right and
refuse the rest."""

import re
import socket
import subprocess

import pytest

from demo import HOST, MACHINE, Drone, Person, failed, origin_config
from rig import BUILD, LIMIT
from whole import (ALL_KINDS, SIM, b64, certificate_file, openssl, result,
                   trust)


@pytest.fixture
def drone(site, make_rig, request):
    marker = request.node.get_closest_marker("drone")
    options = dict(marker.kwargs if marker else {})
    people = options.pop("people", ("hanako", None))
    port = site.ports(1)
    rig = make_rig(people=people, config=origin_config(
        f"https://{HOST}:{port}"))
    trust(rig)
    server = Drone(rig.dir, port, f"https://127.0.0.1:{rig.port}", **options)
    server.rig = rig
    yield server
    server.stop()


@pytest.fixture
def quiet(site, tmp_path):
    """A drone-server alone: no card, no kenmend."""
    server = Drone(tmp_path, site.ports(1))
    yield server
    server.stop()


def person(drone, name="hanako"):
    return Person(drone.rig, drone, name)


# ---- the whole way ------------------------------------------------------

def test_the_whole_registration(drone):
    """Link, form, document, signature, registration; then login anew."""
    hanako = person(drone)
    linked = hanako.link().expect(201).json
    assert linked["account"]["name"] == "見本　花子"
    assert linked["draft"]["form"]["birth_date"] == "1990-04-01"
    assert linked["draft"]["form"]["email"] == "mihon@example.jp"
    assert {c["name"]: c["ok"] for c in linked["checks"]} == {
        "jws": True, "issuer": True, "validity": True, "key_usage": True,
        "policy": True, "revocation": None}

    document = hanako.document()
    text = document["text"]
    assert f"提出先：{drone.origin}\n" in text
    assert "氏名：「見本　花子」\n" in text
    assert "重量：「249グラム（25キログラム未満）」\n" in text
    assert re.search(r"^乱数：[\w-]{43}$", text, re.M)

    done = hanako.submit(hanako.signed(document)).expect(200).json
    assert done["accepted"] is True and failed(done["checks"]) == set()
    assert [(m["field"], m["same"]) for m in done["match"]] == [
        ("name", True), ("address", True), ("birth_date", True),
        ("sex", True)]
    symbol = done["registration"]["symbol"]
    assert re.fullmatch(r"JUDEMO[2-9A-HJ-NP-Z]{8}", symbol)
    now = hanako.browser.me()
    assert [r["symbol"] for r in now["registrations"]] == [symbol]
    assert now["draft"] is None

    hanako.browser.post("/api/logout").expect(204)
    assert hanako.browser.cookie is None
    assert hanako.browser.me()["account"] is None
    again = person(drone)
    again.login().expect(200)
    got = again.browser.get(f"/api/registrations/{symbol}").expect(200).json
    assert got["serial"] == "MH1-000042"
    assert hanako.browser.get(f"/api/registrations/{symbol}").expect(
        401, "not_logged_in")

# ---- logging in ---------------------------------------------------------

def test_a_second_login_ends_the_first(drone):
    """As the manual warns: two devices at once."""
    first = person(drone)
    first.link().expect(201)
    first.apply().expect(200)
    assert first.browser.me()["draft"]["document"]
    second = person(drone)
    second.login().expect(200)
    now = first.browser.me()
    assert now["ended"] == "elsewhere" and now["account"] is None
    assert now["draft"] is None and now["registrations"] == []
    first.browser.post("/api/application", {"form": {}, "drone": {}}).expect(
        401, "ended_elsewhere")
    assert second.browser.me()["ended"] is None
    # the first may come back, and the second goes
    first.login().expect(200)
    assert second.browser.me()["ended"] == "elsewhere"


def test_a_card_is_linked_once(drone):
    person(drone).link().expect(201)
    again = person(drone)
    again.link().expect(409, "already_linked")
    assert again.browser.me()["account"] is None
    again.login().expect(200)


def test_a_card_without_an_account(drone):
    hanako = person(drone)
    hanako.login().expect(404, "no_account")
    assert hanako.browser.me()["account"] is None


def test_logging_in_changes_the_cookie(drone):
    """One that somebody else knew before opens nothing."""
    hanako = person(drone)
    body = hanako.link_body()
    before = hanako.browser.cookie
    hanako.browser.post("/api/account", body).expect(201)
    thief = drone.browser()
    thief.cookie = before
    assert thief.me()["account"] is None
    assert hanako.browser.me()["account"]


@pytest.mark.drone(clock=True)
def test_an_hour_without_an_act_of_the_person(drone):
    """Looking is none; what was typed goes, and the page is told why."""
    hanako = person(drone)
    hanako.link().expect(201)
    drone.jump(3000)
    assert 590 <= hanako.browser.me()["expires_in"] <= 600
    drone.jump(590)
    got = hanako.browser.get("/api/me", headers={"X-Activity": "person"})
    assert got.expect(200).json["expires_in"] == 3600
    drone.jump(3590)
    assert hanako.browser.me()["account"]
    drone.jump(11)
    now = hanako.browser.me()
    assert now["ended"] == "idle" and now["draft"] is None
    assert now["account"] is None and now["expires_in"] is None
    hanako.browser.post("/api/application", {"form": {}, "drone": {}}).expect(
        401, "ended_idle")
    hanako.login().expect(200)


@pytest.mark.drone(clock=True)
def test_a_challenge_lasts_five_minutes(drone):
    hanako = person(drone)
    late = hanako.link_body()
    drone.jump(300)
    hanako.browser.post("/api/account", late).expect(409, "challenge_unknown")
    intime = hanako.link_body()
    drone.jump(280)
    hanako.browser.post("/api/account", intime).expect(201)


@pytest.mark.drone(clock=True)
def test_a_document_waits_an_hour(drone):
    hanako = person(drone)
    hanako.link().expect(201)
    body = hanako.signed(hanako.document())
    for _ in range(2):      # at work all the time
        drone.jump(1800)
        hanako.browser.get("/api/me", headers={"X-Activity": "person"})
    hanako.submit(body).expect(409, "document_unknown")


# ---- logins that are none -----------------------------------------------

def refused(drone, browser, jws, check="jws"):
    got = browser.post("/api/login", {"jws": jws}).expect(403, "not_verified")
    assert check in failed(got.json["checks"])
    assert browser.me()["account"] is None


def test_a_login_counts_once(drone):
    hanako = person(drone)
    hanako.link().expect(201)
    body = hanako.login_body()
    hanako.browser.post("/api/login", body).expect(200)
    hanako.browser.post("/api/login", body).expect(409, "challenge_unknown")
    # nor with a new challenge, nor in another browser
    hanako.browser.challenge("login")
    hanako.browser.post("/api/login", body).expect(403, "not_verified")
    other = drone.browser()
    other.post("/api/login", body).expect(409, "challenge_unknown")
    other.challenge("login")
    refused(drone, other, body["jws"])


def test_a_challenge_is_for_its_purpose(drone):
    hanako = person(drone)
    body = hanako.link_body()
    hanako.browser.post("/api/login", {"jws": body["jws"]}).expect(
        409, "challenge_unknown")
    hanako.browser.post("/api/account", body).expect(201)


def test_a_refused_login_uses_its_challenge_up(drone):
    hanako = person(drone)
    hanako.link().expect(201)
    body = hanako.login_body()
    broken = body["jws"][:-8] + "AAAAAAAA"
    hanako.browser.post("/api/login", {"jws": broken}).expect(
        403, "not_verified")
    hanako.browser.post("/api/login", body).expect(409, "challenge_unknown")


def test_another_sites_login(make_rig, site):
    """A site that got this site's challenge signed, for itself."""
    port = site.ports(1)
    rig = make_rig(config={**origin_config(f"https://{HOST}:{port}"),
                           **ALL_KINDS})
    trust(rig)
    drone = Drone(rig.dir, port)
    try:
        browser = drone.browser()
        jws = result(rig, "authenticate", page=rig.session(),
                     challenge=browser.challenge("login"))["jws"]
        refused(drone, browser, jws)
    finally:
        drone.stop()


@pytest.mark.drone(people=("other-ca", None))
def test_another_cas_login(drone):
    """Somebody whose CA only has the name."""
    fake = person(drone, "other-ca")
    got = fake.link().expect(403, "not_verified").json
    assert failed(got["checks"]) == {"issuer"}
    assert fake.browser.me()["account"] is None


@pytest.mark.drone(people=("expired", None))
def test_an_expired_login(drone):
    old = person(drone, "expired")
    got = old.link().expect(403, "not_verified").json
    assert "validity" in failed(got["checks"])


@pytest.mark.drone(trust="/nonexistent")
def test_a_server_without_cas_believes_nobody(drone):
    got = person(drone).link().expect(403, "not_verified").json
    checks = {c["name"]: c["ok"] for c in got["checks"]}
    assert checks["jws"] is True and checks["issuer"] is None


def test_an_email_is_asked_again_before_the_card(drone):
    """The reading is not used up by a typing error."""
    hanako = person(drone)
    body = hanako.link_body(email="mihon")
    got = hanako.browser.post("/api/account", body).expect(400, "bad_form")
    assert set(got.json["fields"]) == {"email"}
    hanako.browser.post("/api/account", {
        **body, "email": "mihon@example.jp"}).expect(201)


def test_companies_are_out_of_scope(drone):
    hanako = person(drone)
    body = hanako.link_body()
    hanako.browser.post("/api/account", {**body, "kind": "corporate"}).expect(
        400, "out_of_scope")
    hanako.browser.post("/api/account", body).expect(201)


# ---- the form -----------------------------------------------------------

def test_faults_are_named_and_nothing_is_lost(drone):
    hanako = person(drone)
    hanako.link().expect(201)
    got = hanako.apply({"phone": "110"}, {"serial": "MH 1", "weight_g": 90})
    fields = got.expect(400, "bad_form").json["fields"]
    assert set(fields) == {"phone", "serial", "weight_g"}
    for field in fields.values():
        assert field["detail"] and field["detail_ja"]
    draft = hanako.browser.me()["draft"]
    assert draft["form"]["phone"] == "110"
    assert draft["drone"]["serial"] == "MH 1"
    assert draft["drone"]["weight_g"] == "90"
    assert draft["document"] is None
    hanako.apply().expect(200)


# ---- signatures ---------------------------------------------------------

def refused_signature(hanako, body, *checks):
    """Not accepted, for these reasons; the draft is still there."""
    got = hanako.submit(body).expect(200).json
    assert got["accepted"] is False and got["registration"] is None
    assert failed(got["checks"]) == set(checks)
    for check in got["checks"]:
        assert check["detail"] and check["detail_ja"]
    now = hanako.browser.me()
    assert now["registrations"] == []
    assert now["draft"]["document"]["id"] == body["id"]
    return got


def test_a_form_that_is_not_the_certificates(drone):
    hanako = person(drone)
    hanako.link().expect(201)
    document = hanako.document(form={"name": "見本　太郎",
                                     "birth_date": "1990-04-02"})
    got = refused_signature(hanako, hanako.signed(document), "match")
    assert [(m["field"], m["same"]) for m in got["match"]] == [
        ("name", False), ("address", True), ("birth_date", False),
        ("sex", True)]
    assert got["match"][0]["form"] == "見本　太郎"
    assert got["match"][0]["certificate"] == "見本　花子"
    # put right, signed anew
    document = hanako.document(form={
        "name": "見本 花子", "birth_date": "1990-04-01",
        "address": "東京都千代田区見本町1-2-3"})
    assert hanako.submit(hanako.signed(document)).json["accepted"]


def test_a_signature_over_another_document(drone):
    hanako = person(drone)
    hanako.link().expect(201)
    other = hanako.document(drone={"serial": "OTHER"})
    document = hanako.document()
    # the older one is gone
    body = hanako.signed(other)
    hanako.submit(body).expect(409, "document_unknown")
    got = refused_signature(
        hanako, {**body, "id": document["id"]}, "signature")
    assert got["match"] == []
    # a flipped bit; somebody else's certificate with it
    good = hanako.signed(document)
    refused_signature(hanako, {
        **good, "certificate": b64(certificate_file("taro-sign"))},
        "signature")
    assert hanako.submit(good).json["accepted"]
    # used up
    hanako.submit(good).expect(409, "document_unknown")


def test_a_document_is_its_visits(drone):
    """An id and a signature from one browser are no use to another."""
    hanako = person(drone)
    hanako.link().expect(201)
    body = hanako.signed(hanako.document())
    stranger = drone.browser()
    stranger.challenge("login")
    stranger.post("/api/application/sign", body).expect(401, "not_logged_in")
    # a login elsewhere took the draft with it
    again = person(drone)
    again.login().expect(200)
    again.submit(body).expect(409, "document_unknown")


def test_the_login_key_signs_no_document(drone):
    """Its certificate under a signature by the signing key, and the other way
    round: neither is what the procedure asks for."""
    hanako = person(drone)
    hanako.link().expect(201)
    body = hanako.signed(hanako.document())
    refused_signature(hanako, {
        **body, "certificate": b64(certificate_file("hanako-auth"))},
        "signature")
    # really signed by the login key: libcrypto's own tool
    text = hanako.browser.me()["draft"]["document"]["text"].encode()
    by_login = openssl("dgst", "-sha256", "-sign", SIM / "keys/hanako-auth.key",
                       data=text)
    got = refused_signature(hanako, {
        **body, "signature": b64(by_login),
        "certificate": b64(certificate_file("hanako-auth"))},
        "issuer", "key_usage", "policy", "match")
    assert {m["same"] for m in got["match"]} == {False, None}


def test_no_ca_to_hold_a_signature_against(make_rig, site):
    """Nothing is wrong, and nothing is proven: not accepted."""
    port = site.ports(1)
    rig = make_rig(config=origin_config(f"https://{HOST}:{port}"))
    trust(rig, "auth-*")
    drone = Drone(rig.dir, port, trust=rig.dir / "trust")
    try:
        hanako = Person(rig, drone)
        hanako.link().expect(201)
        got = refused_signature(hanako, hanako.signed(hanako.document()))
        assert {c["name"]: c["ok"] for c in got["checks"]}["issuer"] is None
    finally:
        drone.stop()


def test_somebody_elses_card(drone):
    """taro signs hanako's application, with a form that is his."""
    hanako = person(drone)
    hanako.link().expect(201)
    assert hanako.submit(hanako.signed(hanako.document())).json["accepted"]
    drone.rig.card[0].remove()
    drone.rig.card[0].insert("taro")
    taro = person(drone, "taro")
    taro.browser = hanako.browser
    form = {"name": "見本　太郎", "birth_date": "1975-12-31", "sex": "male",
            "email": "mihon@example.jp", "phone": "03-0000-0000",
            "address": "大阪府大阪市中央区例町４－５－６　見本ビル７０１"}
    document = taro.browser.post("/api/application", {
        "form": form, "drone": MACHINE}).expect(200).json["document"]
    got = taro.submit(taro.signed(document)).expect(200).json
    assert failed(got["checks"]) == {"holder"}
    assert not got["accepted"]


@pytest.mark.drone(people=("gaiji", None))
def test_substituted_characters_are_never_equal(drone):
    """葛󠄀城　𠮷 and a private character: the certificate says 葛城　吉■ and that
    three of them stand for others."""
    gaiji = person(drone, "gaiji")
    gaiji.link().expect(201)
    got = gaiji.submit(gaiji.signed(gaiji.document())).expect(200).json
    assert {m["field"]: m["same"] for m in got["match"]} == {
        "name": None, "address": None, "birth_date": True, "sex": True}
    assert {c["name"]: c["ok"] for c in got["checks"]}["match"] is None
    assert got["accepted"] is True
    # a letter that can be compared is another one
    gaiji.login().expect(200)
    form = {"name": "葛木　𠮷野", "birth_date": "1947-05-03", "sex": "male",
            "email": "mihon@example.jp", "phone": "03-0000-0000",
            "address": "奈良県吉野郡例村大字■９９番地"}
    document = gaiji.browser.post("/api/application", {
        "form": form, "drone": MACHINE}).expect(200).json["document"]
    got = gaiji.submit(gaiji.signed(document)).expect(200).json
    assert failed(got["checks"]) == {"match"}


@pytest.mark.parametrize("name", ["long", "far", "former", "nine"])
def test_unusual_people(make_rig, site, name):
    port = site.ports(1)
    rig = make_rig(people=(name, None),
                   config=origin_config(f"https://{HOST}:{port}"))
    trust(rig)
    drone = Drone(rig.dir, port)
    try:
        somebody = Person(rig, drone, name)
        somebody.link().expect(201)
        got = somebody.submit(somebody.signed(somebody.document())).json
        assert got["accepted"], got
        assert all(m["same"] for m in got["match"])
    finally:
        drone.stop()


@pytest.mark.drone(people=("unknown-day", None))
def test_a_birth_date_that_is_no_date(drone):
    """Said to be typed; never made up, never equal."""
    somebody = person(drone, "unknown-day")
    linked = somebody.link().expect(201).json
    assert linked["draft"]["form"]["birth_date"] == ""
    got = somebody.apply().expect(400, "bad_form").json
    assert set(got["fields"]) == {"birth_date"}
    document = somebody.document(form={"birth_date": "1950-04-01"})
    got = somebody.submit(somebody.signed(document)).expect(200).json
    assert {m["field"]: m["same"] for m in got["match"]}["birth_date"] is None


@pytest.mark.drone(people=("broken", None))
def test_letters_that_could_not_be_read(drone):
    """U+FFFD is not signed: the person types what stands there."""
    somebody = person(drone, "broken")
    somebody.link().expect(201)
    fields = somebody.apply().expect(400, "bad_form").json["fields"]
    assert set(fields) == {"name", "address"}
    assert "U+FFFD" in fields["name"]["detail"]


@pytest.mark.drone(people=("expired", None))
def test_an_expired_signature(drone):
    """Its login is refused already; so its account is another's, who tries
    the old card for the signature."""
    drone.rig.card[0].remove()
    drone.rig.card[0].insert("hanako")
    hanako = person(drone)
    hanako.link().expect(201)
    document = hanako.document()
    drone.rig.card[0].remove()
    drone.rig.card[0].insert("expired")
    old = person(drone, "expired")
    old.browser = hanako.browser
    got = old.submit(old.signed(document)).expect(200).json
    assert {"validity", "match"} <= failed(got["checks"])
    assert not got["accepted"]


# ---- strangers ----------------------------------------------------------

@pytest.mark.parametrize("headers", [
    {"Origin": "https://evil.example"}, {"Origin": None}, {"Origin": "null"},
    {"Origin": f"https://{HOST}"},
    {"Origin": f"http://{HOST}:8443"},
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
])
def test_another_sites_post(quiet, headers):
    """As a page elsewhere would send it, cookie and all."""
    browser = quiet.browser()
    browser.challenge("login")
    before = browser.cookie
    got = browser.post("/api/challenge", {"for": "login"}, headers=headers)
    got.expect(403, "foreign_origin")
    assert got.headers["Set-Cookie"] is None
    assert got.headers["Access-Control-Allow-Origin"] is None
    assert browser.cookie == before


@pytest.mark.parametrize("kind", [
    None, "text/plain", "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x", "application/json; charset=utf-16",
    "application/json, text/plain"])
def test_a_form_post(quiet, kind):
    quiet.browser().post("/api/challenge", {"for": "login"}, headers={
        "Content-Type": kind}).expect(415, "not_json")


@pytest.mark.parametrize("host", ["127.0.0.1", "evil.example", HOST, ""])
def test_another_host(quiet, host):
    got = quiet.browser().get("/api/me", headers={"Host": host})
    got.expect(421, "wrong_host")


@pytest.mark.parametrize("body", [
    b"", b"null", b"[]", b"{", b"{}{}", b'{"for":"link"', b"\xff\xfe{}",
    b'{"for":"li\x00nk"}', b'{"for":"link","for":"login"}',
    b'{"for":"\\ud800"}', b"[" * 100000, b'{"for":' + b" " * 1000 + b"}"])
def test_garbage(quiet, body):
    quiet.browser().post("/api/challenge", body).expect(400, "bad_json")


def test_a_body_that_is_too_large(quiet):
    browser = quiet.browser()
    fits = b'{"for":"link"' + b" " * (128 * 1024 - 14) + b"}"
    browser.post("/api/challenge", fits).expect(200)
    browser.post("/api/challenge", fits + b" ").expect(413, "too_large")


def test_a_body_without_a_length(quiet):
    """In chunks: counted as they come."""
    def post(text):
        head = (f"POST /api/challenge HTTP/1.1\r\nHost: {quiet.host}\r\n"
                f"Origin: {quiet.origin}\r\nTransfer-Encoding: chunked\r\n"
                "Content-Type: application/json\r\nConnection: close\r\n"
                "\r\n")
        chunks = "".join(f"{len(part):x}\r\n{part}\r\n" for part in (
            text[:9], text[9:]))
        return quiet.raw((head + chunks + "0\r\n\r\n").encode())

    fits = '{"for":"link"' + " " * (128 * 1024 - 14) + "}"
    post(fits).expect(200)
    post(fits + " ").expect(413, "too_large")


@pytest.mark.parametrize("path", [
    "/../site-ca.pem", "/..%2fdrone%2fsite-ca.pem", "/%2e%2e/kenmen.js",
    "/text/../../drone/site-ca.pem", "//etc/passwd", "/text", "/text/",
    "/note.md", "/index.html%00.js", "/.hidden", "/text/ja.js/", "/api",
    "/a" * 5000])
def test_paths_that_lead_nowhere(quiet, path):
    got = quiet.browser().get(path)
    assert got.status in (404, 414)
    assert b"CERTIFICATE" not in got.body and b"root:" not in got.body


def test_nothing_is_reflected(quiet):
    """A page of refusal holds constant words."""
    for path in ("/<script>alert(1)</script>", "/api/<script>"):
        got = quiet.browser().get(path, headers={
            "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "same-origin"})
        assert b"<script" not in got.body


def test_files_and_headers(quiet):
    browser = quiet.browser()
    for path, kind in (("/", "text/html"), ("/index.html", "text/html"),
                       ("/index", "text/html"),
                       ("/text/ja.js", "text/javascript"),
                       ("/kenmen.js", "text/javascript"),
                       ("/index.html?x=1", "text/html"),
                       ("/api/config", "application/json")):
        got = browser.get(path).expect(200)
        assert got.headers["Content-Type"].split(";")[0] == kind
        assert got.headers["Cache-Control"] == "no-store"
        assert got.headers["X-Content-Type-Options"] == "nosniff"
        assert got.headers["Referrer-Policy"] == "no-referrer"
        assert got.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "loopback-network=(self)" in got.headers["Permissions-Policy"]
        policy = got.headers["Content-Security-Policy"]
        assert policy == (
            "default-src 'none'; script-src 'self'; style-src 'self'; "
            "img-src 'self' data:; connect-src 'self' "
            "https://127.0.0.1:25366; base-uri 'none'; form-action 'self'; "
            "frame-ancestors 'none'")
        assert got.headers["Set-Cookie"] is None
    assert browser.get("/api/config").json == {
        "kenmend": "https://127.0.0.1:25366", "minimum": "0.1.0",
        "idle_s": 3600, "simulated": True, "origin": quiet.origin}


@pytest.mark.parametrize("method,path,allow", [
    ("PUT", "/", "GET"), ("DELETE", "/api/me", "GET, POST"),
    ("OPTIONS", "/api/me", "GET, POST"), ("POST", "/", "GET"),
    ("GET", "/api/login", "POST"), ("POST", "/api/me", "GET")])
def test_methods(quiet, method, path, allow):
    got = quiet.browser().request(method, path, {} if method == "POST" else None)
    assert got.status == 405 and got.headers["Allow"] == allow


def test_two_cookies_are_none(quiet):
    browser = quiet.browser()
    browser.challenge("login")
    twice = f"__Host-drone={browser.cookie}; __Host-drone={'A' * 43}"
    got = browser.get("/api/me", headers={"Cookie": twice}).expect(200)
    assert got.json["expires_in"] is None
    assert browser.me()["expires_in"] == 3600


# ---- the process --------------------------------------------------------

def test_nothing_personal_in_the_log(drone):
    hanako = person(drone)
    hanako.link().expect(201)
    hanako.submit(hanako.signed(hanako.document())).expect(200)
    said = drone.process.text()
    for secret in ("花子", "見本", "mihon", hanako.browser.cookie):
        assert secret not in said
    assert len(said.splitlines()) == 1      # ready


def test_slow_clients(site, tmp_path):
    """Half a handshake, half a head, half a body: each has ten seconds, and
    somebody who comes is served meanwhile."""
    quiet = Drone(tmp_path, site.ports(1), clock=True)
    held = []
    for kind in range(3):
        plain = socket.create_connection(("127.0.0.1", quiet.port))
        held.append(plain)
        if kind == 0:
            plain.sendall(b"\x16\x03\x01")
            continue
        tls = quiet.trust.wrap_socket(plain, server_hostname=HOST)
        held[-1] = tls
        head = (f"POST /api/challenge HTTP/1.1\r\nHost: {quiet.host}\r\n"
                f"Origin: {quiet.origin}\r\nContent-Length: 100\r\n"
                "Content-Type: application/json\r\n")
        tls.sendall((head + "\r\n{" * (kind == 2)).encode())
    quiet.browser().get("/api/me").expect(200)
    quiet.jump(11)
    for one in held:
        one.settimeout(LIMIT)
        assert one.recv(1) == b""
        one.close()
    quiet.stop()


def test_many_connections(quiet):
    """More than it holds: the oldest that says nothing makes room."""
    held = [socket.create_connection(("127.0.0.1", quiet.port))
            for _ in range(300)]
    quiet.browser().get("/api/me").expect(200)
    held[0].settimeout(LIMIT)
    assert held[0].recv(1) == b""
    for one in held:
        one.close()


def test_options(tmp_path):
    program = BUILD / "web-demo/server/drone-server"

    def run(*arguments):
        done = subprocess.run([program, *map(str, arguments)], timeout=LIMIT,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        return done.returncode, (done.stdout + done.stderr).decode()

    assert run("--help")[0] == 0 and "--trust DIR" in run("--help")[1]
    assert run("--version") == (0, "drone-server 0.1.0\n")
    assert run()[0] == 2
    all_three = ("--site", tmp_path, "--state", tmp_path / "s",
                 "--trust", tmp_path)
    for wrong in (("--name", "127.0.0.1"), ("--name", "a b"),
                  ("--port", "70000"), ("--port", "-1"), ("--idle", "0"),
                  ("--idle", "3601"), ("--kenmend", "http://127.0.0.1"),
                  ("--kenmend", "https://a; script-src *"), ("more",)):
        assert run(*all_three, *wrong)[0] == 2, wrong
    status, said = run(*all_three)
    assert status == 1 and "index.html is missing" in said


def test_a_port_that_is_taken(quiet, tmp_path):
    done = subprocess.run(
        [BUILD / "web-demo/server/drone-server", "--site",
         quiet.directory / "site", "--state", tmp_path, "--trust", tmp_path,
         "--port", str(quiet.port)], timeout=LIMIT, stderr=subprocess.PIPE)
    assert done.returncode == 1 and b"in use" in done.stderr
    assert not (tmp_path / "site-ca.pem").exists()


def test_the_certificates(quiet):
    """The CA may vouch for this name and loopback alone; its key is gone."""
    ca = quiet.directory / "drone/site-ca.pem"
    text = openssl("x509", "-in", ca, "-noout", "-text").decode()
    assert "CA:TRUE" in text and f"DNS:{HOST}" in text
    assert sorted(p.name for p in ca.parent.iterdir()) == ["site-ca.pem"]
    assert ca.stat().st_mode & 0o777 == 0o644
