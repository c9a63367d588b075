"""The demo's web system with real cards' answers: kenmend reads a simulated
card, what it hands out goes to drone-server, which must take what is right and
refuse the rest."""

import re

import pytest

from demo import HOST, Drone, Person, failed, origin_config
from whole import trust


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
