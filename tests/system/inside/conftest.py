import pytest

import box
import desk


@pytest.fixture(scope="session")
def machine():
    """Two people, and what there was before the first package."""
    for name, uid in (("alice", 1001), ("bob", 1002)):
        box.run("useradd", "--create-home", "--uid", uid, "--shell",
                "/bin/bash", name)
    desk.SESSION.write_text(desk.SESSION_TEXT)
    box.MACHINE_FILES.update(box.files())
    yield


@pytest.fixture(scope="session")
def kenmen(machine):
    """The version before, until test_3_upgrade.py."""
    box.apt_install("/srv/older", "kenmen")
    yield


@pytest.fixture(scope="session")
def demo(kenmen):
    """The simulated card, out of its package."""
    box.apt_install("/srv/older", "kenmen-demo")
    yield


@pytest.fixture
def no_card(demo):
    """A card that lies beside the reader, and no pcscd yet."""
    box.run("systemctl", "stop", "pcscd.service")
    card = box.Card()
    yield card
    card.stop()


@pytest.fixture
def card(no_card):
    box.run("systemctl", "reset-failed", "pcscd.service")
    box.run("systemctl", "start", "pcscd.service")
    no_card.insert()
    yield no_card


@pytest.fixture(scope="session")
def alice(kenmen):
    """At the computer, from here to the end."""
    alice = desk.Desktop("alice", 1).start()
    alice.wait_agent()
    yield alice
    alice.stop()


@pytest.fixture(scope="session")
def bob(alice):
    """At the same seat, behind alice."""
    bob = desk.Desktop("bob", 2).start()
    alice.activate()
    alice.wait_agent()
    yield bob
    bob.stop()
