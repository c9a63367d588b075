"""From the version before to this one, in the middle of a read."""

import pathlib
import socket
import threading

import box

CONF = pathlib.Path("/etc/kenmen/kenmen.conf")


def test_upgrade(alice, card):
    """The window goes, the session ends, the page starts anew; what an
    administrator wrote and the certificate stay."""
    own = CONF.read_text() + "\n; an administrator's own line\n"
    CONF.write_text(own)
    ca, pid = box.CA.read_bytes(), box.main_pid()
    page = box.Page("alice").session()
    page.read(["attributes"]).until("waiting_for_pin")
    alice.wait_window()

    refused, done = [], threading.Event()
    knocking = threading.Thread(target=knock, args=(refused, done))
    knocking.start()
    said = box.apt_install("/srv/packages", "kenmen", "kenmen-demo")
    done.set()
    knocking.join()

    new = box.run("dpkg-deb", "-f", next(pathlib.Path("/srv/packages").glob(
        "kenmen_[0-9]*.deb")), "Version").strip()
    assert box.version("kenmen") == f"installed {new}", said
    assert refused == []
    alice.wait_no_window()
    assert CONF.read_text() == own
    assert pathlib.Path("/etc/kenmen/conf.d/drone.conf").exists()
    assert box.CA.read_bytes() == ca
    status, body = page.ask("/v1/session")
    assert (status, body["code"]) == (401, "session_unknown")
    assert box.main_pid() != pid
    assert card.verifies() == 0

    alice.wait_agent()
    read = box.Page("alice").session().read(["attributes"])
    alice.type(alice.wait_window(), "1234")
    assert read.to_end().now["state"] == "done", read.now


def knock(refused, done):
    """Connects again and again: the socket must never be closed."""
    while not done.wait(0.05):
        try:
            socket.create_connection(("127.0.0.1", box.PORT), 30).close()
        except OSError as error:
            refused.append(str(error))
