"""The log of requests that an administrator can ask for: it says what a page
did and what it was answered, and nothing of the person."""

import pytest

from rig import DRONE

LOGGED = pytest.mark.rig(pcscd=False, people=(),
                         config={"server": {"log_requests": "yes"}})


@LOGGED
def test_a_line_for_each_answer(rig):
    page = rig.session()
    page.get("/v1/session")
    page.get("/v1/reads/MARK1?wait=0&after=7")
    page.post("/v1/reads", {"kinds": ["attributes"], "MARK2": "MARK3"})
    page.request("OPTIONS", "/v1/session")
    page.get("/MARK4/v1/session")
    page.request("MARK5", "/v1/session")
    rig.client("https://MARK6.example").get("/v1/health")
    rig.client(None, "MARK7").get("/v1/session")
    page.get("/v1/health", headers={"Sec-Fetch-Mode": "navigate"})
    page.get("/v1/health", headers={"Host": "MARK8"})
    assert rig.requests() == [
        ("POST", "/v1/sessions", "201", "-", DRONE),
        ("GET", "/v1/session", "200", "-", DRONE),
        ("GET", "/v1/reads/ID", "404", "not_found", DRONE),
        ("POST", "/v1/reads", "400", "bad_request", DRONE),
        ("OPTIONS", "/v1/session", "204", "-", DRONE),
        ("GET", "?", "404", "not_found", DRONE),
        ("?", "/v1/session", "405", "method_not_allowed", DRONE),
        ("GET", "/v1/health", "403", "origin_not_allowed", "unlisted"),
        ("GET", "/v1/session", "401", "session_unknown", "none"),
        ("GET", "/v1/health", "403", "not_for_navigation", DRONE),
        ("GET", "/v1/health", "421", "wrong_host", DRONE),
    ]
    assert "MARK" not in rig.log()


@pytest.mark.rig(pcscd=False, people=())
def test_nothing_is_logged_unasked(rig):
    rig.session().end()
    assert "request" not in rig.log()
