"""Reads on a desktop: a real logind, two people at one seat, kenmen-prompt
started by the session, the real pinentry."""

import os
import pathlib
import re
import signal
import subprocess

import box


def asked(desktop, card, origin=box.DRONE):
    """A read whose window is open: (page, read, window)."""
    page = box.Page(desktop.user, origin).session()
    read = page.read(["attributes"]).until("waiting_for_pin")
    return page, read, desktop.wait_window()


def code(reply):
    status, body = reply
    return status, body["code"]


def test_card_info(alice, no_card):
    """The confined service starts pcscd by its socket and reads a card."""
    page = box.Page("alice").session()
    read = page.read(["card_info"]).until("waiting_for_card")
    assert box.state("pcscd.service") == "active"
    no_card.insert()
    read.to_end()
    assert read.now["state"] == "done", read.now
    assert read.now["results"]["card_info"]["card"] == "my_number"
    assert no_card.verifies() == 0
    page.good("/v1/session", method="DELETE")


def test_attributes(alice, card):
    """All of it: socket, service, runner, pcscd, agent, window, PIN."""
    page, read, window = asked(alice, card)
    alice.picture("window")
    alice.type(window, "1234")
    read.to_end()
    assert read.now["state"] == "done", read.now
    assert read.now["results"]["attributes"]["name"] == "見本　花子"
    assert card.verifies() == 1
    alice.wait_no_window()
    page.good("/v1/session", method="DELETE")


def refusal(user):
    """The code with which somebody's read of attributes is refused."""
    status, body = box.Page(user).ask("/v1/sessions", {})
    if status != 201:
        return body["code"]
    page = box.Page(user)
    page.token = body["token"]
    status, body = page.ask("/v1/reads", {"kinds": ["attributes"]})
    if status == 202:
        body = box.Read(page, body).to_end().now["error"]
    page.ask("/v1/session", method="DELETE")
    return body["code"]


def test_a_person_behind(bob, card):
    """Logged in, but not on the screen: no window, nobody's card."""
    assert refusal("bob") == "prompt_unavailable"
    assert not bob.pinentries() and card.verifies() == 0


def test_no_desktop(bob, card):
    """Root, or anybody without a session, is asked nowhere."""
    assert refusal("root") == "prompt_unavailable"
    assert card.verifies() == 0


def test_another_users_token(alice, bob, card):
    page = box.Page("alice").session()
    thief = box.Page("bob")
    thief.token = page.token
    assert code(thief.ask("/v1/session")) == (403, "other_user")
    page.good("/v1/session", method="DELETE")


def test_switched_away(alice, bob, card):
    """Another user on the screen: the window goes, and no PIN was tried."""
    page, read, window = asked(alice, card)
    bob.activate()
    alice.wait_no_window()
    read.to_end()
    assert read.now["error"]["code"] in ("prompt_unavailable",
                                         "pin_cancelled"), read.now
    assert card.verifies() == 0
    alice.activate()
    alice.wait_agent()
    page.good("/v1/session", method="DELETE")


def test_locked(alice, card):
    page, read, window = asked(alice, card)
    alice.lock(True)
    alice.wait_no_window()
    read.to_end()
    assert read.now["state"] == "failed" and card.verifies() == 0
    alice.lock(False)
    alice.wait_agent()
    page.good("/v1/session", method="DELETE")


def test_agent_killed(alice, card):
    """The window goes with it; the session brings another."""
    page, read, window = asked(alice, card)
    alice.systemctl("kill", "--signal=KILL", "--kill-who=all",
                    "kenmen-prompt.service")
    alice.wait_no_window()
    read.to_end()
    assert read.now["state"] == "failed" and card.verifies() == 0
    alice.wait_agent()
    page.good("/v1/session", method="DELETE")


def test_restart(alice, card):
    """Restarting ends sessions: the window goes, the page starts anew."""
    page, read, window = asked(alice, card)
    box.run("systemctl", "restart", "kenmend.service")
    alice.wait_no_window()
    assert code(page.ask("/v1/session")) == (401, "session_unknown")
    alice.wait_agent()
    page, read, window = asked(alice, card)
    alice.type(window, "1234")
    assert read.to_end().now["state"] == "done"
    page.good("/v1/session", method="DELETE")


def test_restart_while_the_card_is_read(alice, card):
    """Restarting ends the reading: the card is left without a PIN in it."""
    page, read, window = asked(alice, card)
    _, tries = card.state()
    card.say("switch slow 500")
    alice.type(window, "1234")
    read.until("reading")
    box.wait("the PIN in the card", lambda: card.state()[0] == "attributes")
    runner, where = int(box.run("pgrep", "-x", "kenmen-read")), box.cursor()
    box.run("systemctl", "restart", "kenmend.service")
    assert not box.alive(runner)
    box.wait("the card's forgetting", lambda: card.state()[0] == "none")
    assert card.state() == ("none", tries) and card.verifies() == 1
    # Whose unit it was is not always known of a process that has just ended.
    assert ", attributes: cancelled, " in box.journal(None, since=where)
    for path in ("/v1/session", f"/v1/reads/{read.id}"):
        assert code(page.ask(path)) == (401, "session_unknown")
    card.say("switch slow off")
    alice.wait_agent()
    page, read, window = asked(alice, card)
    alice.type(window, "1234")
    assert read.to_end().now["state"] == "done", read.now
    page.good("/v1/session", method="DELETE")


def test_watchdog(alice, card):
    """A daemon that hangs is killed and comes again; its window goes first."""
    drop_in = pathlib.Path(
        "/run/systemd/system/kenmend.service.d/test.conf")
    drop_in.parent.mkdir(parents=True, exist_ok=True)
    drop_in.write_text("[Service]\nWatchdogSec=2\n")
    box.run("systemctl", "daemon-reload")
    box.run("systemctl", "restart", "kenmend.service")
    try:
        alice.wait_agent()
        page, read, window = asked(alice, card)
        pid, where = box.main_pid(), box.cursor()
        os.kill(pid, signal.SIGSTOP)
        box.wait("the end of the daemon", lambda: not box.alive(pid))
        alice.wait_no_window()
        assert "watchdog" in box.journal(since=where).lower()
        assert code(page.ask("/v1/session")) == (401, "session_unknown")
        assert box.main_pid() != pid
    finally:
        drop_in.unlink()
        box.run("systemctl", "daemon-reload")
        box.run("systemctl", "restart", "kenmend.service")
    alice.wait_agent()


def test_demo(alice, demo):
    """kenmen-demo out of its package, by a person without any right."""
    box.run("systemctl", "stop", "pcscd.service")
    process = subprocess.Popen(
        ["kenmen-demo", "--browser", "none", "--port", "25400"], user="alice",
        env=alice.env, cwd="/", text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)
    said = []
    while "Waiting for" not in (line := process.stdout.readline()):
        assert line, said
        said.append(line)
    said = "".join(said)
    kenmen_ca = re.search(r"(?m)^  CA=(\S+)", said)[1]
    site_ca = re.search(r"its CA +(\S+)", said)[1]
    pin = re.search(r"attributes +(\d{4})", said)[1]

    config = box.run("curl", "-sS", "--cacert", site_ca,
                     "https://localhost:8443/api/config", user="alice")
    assert '"simulated":true' in config.replace(" ", ""), config
    page = box.Page("alice", "https://localhost:8443", port=25400,
                    ca=kenmen_ca).session()
    read = page.read(["attributes"]).until("waiting_for_pin")
    alice.type(alice.wait_window(), pin)
    assert read.to_end().now["state"] == "done", read.now

    process.terminate()
    rest, _ = process.communicate(timeout=box.LIMIT)
    assert "nothing is left running" in rest
    assert "kenmen-demo" not in box.run("ps", "-eo", "args")
    assert not list(pathlib.Path("/tmp").glob("kenmen-demo.*"))


def test_reload(alice, card):
    """A removed origin's sessions end, its window goes; others stay."""
    other = box.Page("alice", box.TWO).session()
    page, read, window = asked(alice, card)
    conf = pathlib.Path("/etc/kenmen/conf.d/drone.conf")
    before = conf.read_text()
    conf.write_text(before.replace(box.DRONE, "https://three.example"))
    pid = box.main_pid()
    try:
        box.run("systemctl", "reload", "kenmend.service")
        alice.wait_no_window()
        assert code(page.ask("/v1/session")) == (403, "origin_not_allowed")
        assert other.good("/v1/session")["origin"] == box.TWO
        assert box.Page("alice", "https://three.example").session().token
    finally:
        conf.write_text(before)
        box.run("systemctl", "reload", "kenmend.service")
    assert box.main_pid() == pid and card.verifies() == 0
    other.good("/v1/session", method="DELETE")
    box.Page("alice").session().good("/v1/session", method="DELETE")
