"""kenmenctl trust, judged by the browsers themselves: the same profile meets
kenmend before it, after it, and after it was undone. /etc is a private one.
"""

import contextlib
import subprocess

import pytest

import browser as browser_module
from browser import certutil
from rig import BUILD, Process, Trouble
from test_network import A_WHILE, AT_LAST, LOOK
from town import BROWSERS


class Kenmend:
    """One of our own, whose certificates may be renewed."""

    def __init__(self, town, directory):
        self.state = directory / "state"
        self.config = directory / "kenmen.conf"
        self.config.write_text(
            f"[server]\nlisten = 127.0.0.1:0\nstate_dir = {self.state}\n"
            f'[origin "{town.origin("ask.example")}"]\n'
            "name = x\nkinds = card_info\n")
        self.start()

    def start(self):
        self.process = Process("kenmend", [
            BUILD / "daemon/kenmend", "--config", self.config])
        self.port = int(self.process.wait_line(r"127\.0\.0\.1:(\d+)")[1])
        self.url = f"https://127.0.0.1:{self.port}"

    def stop(self):
        self.process.stop()


class Person:
    """A home with one browser in it, which comes and goes."""

    def __init__(self, town, kenmend, kind, home):
        self.town, self.kenmend, self.kind = town, kenmend, kind
        self.home = home
        self.home.mkdir()
        (self.home / "etc").mkdir()
        self.maker = BROWSERS[kind].__new__(BROWSERS[kind])
        self.maker.home = self.home

    def trust(self, *args, **kw):
        return browser_module.trust(
            self.home, *args, "--config", self.kenmend.config, "--port",
            self.kenmend.port, **kw)

    def states(self, *args, **kw):
        return {f["state"] for f in self.trust(*args, **kw)["found"]
                if f["browser"] not in ("CA", "kenmend") and
                f["state"] != "never_started"}

    @contextlib.contextmanager
    def browser(self):
        started = BROWSERS[self.kind](self.town, True, self.home)
        try:
            context = started.context()
            yield context
        finally:
            started.stop()

    def trusts(self):
        """What a browser that is started now thinks of kenmend: navigation
        shows its constant page, or an error of the browser's own."""
        with self.browser() as context:
            page = context.page()
            try:
                page.goto(self.kenmend.url + "/")
            except Trouble as e:
                assert "CERT_AUTHORITY_INVALID" in str(e) or \
                    "NS_ERROR" in str(e), e
                return False
            assert "kenmen is here" in page.evaluate(
                "document.body.innerText")
            # the other names that it has
            page.goto(f"https://localhost:{self.kenmend.port}/")
            return True


@pytest.fixture
def kenmend(town, tmp_path):
    kenmend = Kenmend(town, tmp_path)
    yield kenmend
    kenmend.stop()


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.xdist_group(name))
                        for name in BROWSERS])
def person(request, town, kenmend, tmp_path):
    person = Person(town, kenmend, request.param, tmp_path / "home")
    person.maker.make(town.page_ca)
    return person


def test_stores(person):
    assert not person.trusts()
    assert "added" in person.states("install")
    assert person.trusts()
    assert person.states("status") == {"trusted"}
    person.trust("remove")
    assert not person.trusts()


def test_renewed(person):
    person.trust("install")
    assert person.trusts()
    person.trust("renew")
    # kenmend still presents the old one, which nobody trusts any more
    assert not person.trusts()
    person.kenmend.stop()
    person.kenmend.start()
    assert person.trusts()


def test_policies(person):
    system = ["--system", "--root", person.home]
    person.trust("install", *system)
    assert person.trusts()
    person.trust("remove", *system)
    assert not any((person.home / "etc").iterdir())
    if person.kind == "firefox":
        # it has put into the profile what the policy gave it, in words
        # that Debian 12's certutil does not read
        assert person.trusts()
        assert person.states("status", status=8) == {"unclear", "untrusted"}
        person.trust("remove")
    assert not person.trusts()


def test_origins(person):
    """Pages of the configured site call kenmend, and nobody is asked."""
    def look(ms):
        with person.browser() as context:
            page = context.page(person.town.origin("ask.example") + "/")
            return page.evaluate(
                f"{LOOK}('{person.kenmend.url}/v1/health', {ms})")[1]

    person.trust("install", "--system", "--root", person.home)
    assert look(A_WHILE) in ("TypeError", "pending")
    person.trust("install", "--system", "--root", person.home,
                 "--allow-origins")
    assert look(AT_LAST) == 200
    person.trust("remove", "--system", "--root", person.home)
    person.trust("install")
    assert look(A_WHILE) in ("TypeError", "pending")


@pytest.mark.xdist_group("chromium")
def test_both_places(town, kenmend, tmp_path):
    """Chromium reads the old place alone, and that is where the CA goes."""
    person = Person(town, kenmend, "chromium", tmp_path / "home")
    person.maker.make()
    old = person.home / ".pki/nssdb"
    browser_module.store_make(old)
    person.trust("install")
    assert person.trusts()
    person.trust("remove")
    assert not person.trusts()


@pytest.mark.xdist_group("chromium")
def test_never_started(town, kenmend, tmp_path):
    """A home in which no browser ever was."""
    person = Person(town, kenmend, "chromium", tmp_path / "home")
    person.trust("install")
    assert person.trusts()
    person.trust("remove")
    assert not person.trusts()


@pytest.mark.xdist_group("firefox")
def test_primary_password(town, kenmend, tmp_path):
    """What the report says helps, in the browser that has the password."""
    person = Person(town, kenmend, "firefox", tmp_path / "home")
    person.maker.make()
    password = tmp_path / "password"
    password.write_text("himitsu-1\n")
    (tmp_path / "empty").write_text("\n")
    certutil(person.maker.profile, "-W", "-f", tmp_path / "empty", "-@",
             password)
    report = person.trust("install", status=8)
    found = next(f for f in report["found"] if f["state"] == "locked")
    assert not person.trusts()
    subprocess.run(["sh", "-c", f"{found['about']} -f '{password}'"],
                   check=True)
    assert person.trusts()
    person.trust("remove")
    assert not person.trusts()
