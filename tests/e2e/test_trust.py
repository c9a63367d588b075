"""kenmenctl trust: a person's home, the stores of browsers in it, and this
computer's policies, as files. (That real browsers agree is in tests/browser.)
Snap and flatpak are layouts here: no sandbox can be had in a test.
"""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from ctl import CTL, ERROR, OK, SICK, UNTRUSTED, USAGE, Done
from rig import BUILD, LIMIT, Process

ORIGINS = ["https://drone.example", "https://two.example:8443",
           "https://two.example", "http://localhost:8765"]
OLD, NEW = ".pki/nssdb", ".local/share/pki/nssdb"
FIREFOX = ".mozilla/firefox"
POLICIES = {
    "Chromium": "etc/chromium/policies/managed/kenmen.json",
    "Chrome": "etc/opt/chrome/policies/managed/kenmen.json",
    "Edge": "etc/opt/edge/policies/managed/kenmen.json",
    "Brave": "etc/brave/policies/managed/kenmen.json"}
FIREFOX_POLICY = "etc/firefox/policies/policies.json"
FIREFOX_CA = "etc/firefox/policies/kenmen-ca.pem"


def tree(directory):
    """Everything below it: directories, files and their bytes."""
    return {str(p.relative_to(directory)):
            "->" if p.is_symlink() else p.is_file() and p.read_bytes()
            for p in sorted(directory.rglob("*"))}


class Computer:
    """A kenmend that was started once, and a person with a home."""

    def __init__(self, directory):
        self.dir = directory
        self.home, self.state = directory / "home", directory / "state"
        self.home.mkdir()
        self.config = directory / "kenmen.conf"
        self.config.write_text(
            f"[server]\nlisten = 127.0.0.1:0\nstate_dir = {self.state}\n" +
            "".join(f'[origin "{o}"]\nname = x\nkinds = card_info\n'
                    for o in ORIGINS))
        self.port = 1           # nobody is there
        self.kenmend = None
        self.start()
        self.stop()

    def start(self):
        self.kenmend = Process("kenmend", [
            BUILD / "daemon/kenmend", "--config", self.config])
        self.port = int(self.kenmend.wait_line(r"127\.0\.0\.1:(\d+)")[1])

    def stop(self):
        if self.kenmend:
            self.kenmend.stop()
            self.kenmend = None

    @property
    def ca(self):
        return self.state / "ca.pem"

    def run(self, *args, status=OK, env=None, before=()):
        done = subprocess.run(
            [*map(str, before), CTL, "trust", *map(str, args), "--config",
             self.config, "--port", str(self.port)],
            env={"PATH": "/usr/bin:/bin", "HOME": str(self.home),
                 "LANG": "C.UTF-8", **(env or {})},
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=LIMIT + 60)
        assert "Sanitizer" not in done.stderr, done.stderr
        assert done.returncode == status, done
        return Done(done.returncode, done.stdout, done.stderr)

    def found(self, *args, **kw):
        """[(browser, place below HOME or /, state)] of a command."""
        done = self.run(*args, "--json", **kw)
        found = [(f["browser"],
                  (f["place"] or "").replace(f"{self.home}/", "").lstrip("/"),
                  f["state"]) for f in done.json["found"]]
        return [f for f in found if f[0] not in ("CA", "kenmend")]

    def system(self, *args, **kw):
        root = self.dir / "root"
        root.mkdir(exist_ok=True)
        return {place: state for _, place, state in self.found(
            *args, "--system", "--root", root, **kw)}

    def profile(self, name, root=FIREFOX, started=True):
        """A Firefox profile that profiles.ini names."""
        ini = self.home / root / "profiles.ini"
        (ini.parent / name).mkdir(parents=True)
        with ini.open("a") as file:
            file.write(f"[Profile{name}]\nName={name}\nIsRelative=1\n"
                       f"Path={name}\nDefault=1\n\n")
        if started:
            nss(ini.parent / name, "-N", "--empty-password")
            (ini.parent / name / "prefs.js").write_text("// Mozilla\n")
        return ini.parent / name

    def store(self, place=NEW):
        store = self.home / place
        store.mkdir(parents=True)
        nss(store, "-N", "--empty-password")
        return store


def nss(store, *args):
    return subprocess.run(
        ["certutil", "-d", f"sql:{store}", *map(str, args)], check=True,
        capture_output=True, text=True).stdout


def entries(store):
    """Nickname -> flags."""
    lines = nss(store, "-L").splitlines()[4:]
    return dict(line.rsplit(None, 1) for line in lines if line.strip())


@pytest.fixture
def computer():
    # pytest's own directories are closed to other users.
    with tempfile.TemporaryDirectory(prefix="kenmen-trust-") as directory:
        computer = Computer(pathlib.Path(directory).resolve())
        yield computer
        computer.stop()


def foreign_ca(directory, *more):
    """An openssl CA that is no kenmend's."""
    directory.mkdir()
    subprocess.run([
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
        "ec_paramgen_curve:P-256", "-nodes", "-days", "9", "-subj",
        "/CN=kenmen local CA 01234567", "-keyout", directory / "ca.key",
        "-out", directory / "ca.pem", *more], check=True, capture_output=True)
    return directory / "ca.pem"


# ---- in and out ---------------------------------------------------------

def test_in_and_out(computer):
    profile = computer.profile("a.default")
    before = tree(computer.home)
    assert computer.found("status", status=SICK) == [
        ("Chromium", NEW, "untrusted"),
        ("Firefox", f"{FIREFOX}/a.default", "untrusted")]
    assert tree(computer.home) == before
    assert [f[2] for f in computer.found("install")] == ["added", "added"]
    for store in (computer.home / NEW, profile):
        assert entries(store) == {f"kenmen {computer.ca}": "C,,"}
    assert [f[2] for f in computer.found("status")] == ["trusted", "trusted"]

    # once is once
    after = tree(computer.home)
    assert [f[2] for f in computer.found("install")] == ["trusted", "trusted"]
    assert tree(computer.home) == after

    assert [f[2] for f in computer.found("remove")] == ["removed", "removed"]
    # what a certificate leaves in Firefox' database is SQLite's business
    assert entries(profile) == {}
    assert tree(computer.home).keys() == before.keys()
    assert ("Firefox", f"{FIREFOX}/a.default", "absent") in \
        computer.found("remove")
    assert tree(computer.home).keys() == before.keys()


def test_words(computer):
    """For people, in two languages; the fingerprint can be compared."""
    computer.profile("a.default")
    print_ = subprocess.run(
        ["openssl", "x509", "-in", computer.ca, "-noout", "-fingerprint",
         "-sha256"], capture_output=True, text=True, check=True).stdout
    sha256 = print_.split("=")[1].strip().replace(":", "").lower()
    for lang, trusted in (("ja", "信頼しています"), ("en", "trusted")):
        computer.run("install")
        text = computer.run("status", "--lang", lang).out
        assert f"SHA-256 {sha256}" in text
        assert text.count(trusted) == 2
    assert computer.run("status", "--json").json["ca"]["sha256"] == sha256


def test_old_place_alone_is_read(computer):
    """Both are there: Chromium reads the old one, and so do we."""
    new = computer.store(NEW)
    old = computer.store(OLD)
    before = tree(new)
    assert computer.found("install")[0] == ("Chromium", OLD, "added")
    assert tree(new) == before
    assert list(entries(old).values()) == ["C,,"]
    assert computer.found("status")[0] == ("Chromium", OLD, "trusted")
    assert computer.found("remove") == [("Chromium", OLD, "removed")]
    assert entries(old) == {} and tree(new) == before


def test_old_place_without_a_database(computer):
    (computer.home / OLD).mkdir(parents=True)
    before = tree(computer.home)
    assert computer.found("install")[0] == ("Chromium", OLD, "added")
    assert computer.found("remove") == [("Chromium", OLD, "removed")]
    assert tree(computer.home) == before


def test_xdg(computer):
    data, config = computer.dir / "data", computer.dir / "config"
    env = {"XDG_DATA_HOME": str(data), "XDG_CONFIG_HOME": str(config)}
    profile = config / "mozilla/firefox/p"
    profile.mkdir(parents=True)
    (profile.parent / "profiles.ini").write_text("[Profile0]\nPath=p\n")
    found = computer.found("install", env=env)
    assert [f[1:] for f in found] == [
        (str(data / "pki/nssdb")[1:], "added"), (str(profile)[1:], "added")]
    assert tree(computer.home) == {}
    computer.run("remove", env=env)
    assert not data.exists()
    # a variable that is no path counts as unset
    assert computer.found("install", env={"XDG_DATA_HOME": "here"})[0] == (
        "Chromium", NEW, "added")


def test_profiles(computer):
    """Those that profiles.ini names, wherever they are, and no others."""
    computer.profile("a.default")
    computer.profile("never", started=False)
    elsewhere = computer.dir / "elsewhere"
    elsewhere.mkdir()
    nss(elsewhere, "-N", "--empty-password")
    stale = computer.home / FIREFOX / "stale"
    stale.mkdir()
    nss(stale, "-N", "--empty-password")
    with (computer.home / FIREFOX / "profiles.ini").open("a") as ini:
        ini.write("[Profile8]\r\nIsRelative=0\r\nPath=" + str(elsewhere) +
                  "\r\n[Profile9]\nIsRelative=1\nPath=gone\n"
                  "[Install0A]\nDefault=stale\n[General]\nVersion=2\n")
    before = tree(computer.home / FIREFOX / "never")
    assert computer.found("install")[1:] == [
        ("Firefox", f"{FIREFOX}/a.default", "added"),
        ("Firefox", f"{FIREFOX}/never", "added"),
        ("Firefox", str(elsewhere)[1:], "added")]
    assert entries(stale) == {}
    computer.run("remove")
    assert tree(computer.home / FIREFOX / "never") == before
    assert entries(elsewhere) == {}


def test_sandboxes(computer):
    """By the layout of their files alone."""
    for place in ("snap/chromium/current", ".var/app/org.chromium.Chromium",
                  ".var/app/com.google.Chrome/.pki/nssdb",
                  ".var/app/com.brave.Browser"):
        (computer.home / place).mkdir(parents=True)
    computer.profile("s", "snap/firefox/common/.mozilla/firefox")
    computer.profile("f", ".var/app/org.mozilla.firefox/.mozilla/firefox")
    computer.profile("l", ".librewolf")
    before = tree(computer.home)
    assert {f for f in computer.found("install") if f[2] == "added"} == {
        ("Chromium", NEW, "added"),
        ("Chromium (snap)", f"snap/chromium/current/{NEW}", "added"),
        ("Chromium (flatpak)",
         ".var/app/org.chromium.Chromium/data/pki/nssdb", "added"),
        ("Chrome (flatpak)",
         ".var/app/com.google.Chrome/.pki/nssdb", "added"),
        ("Brave (flatpak)",
         ".var/app/com.brave.Browser/data/pki/nssdb", "added"),
        ("Firefox (snap)",
         "snap/firefox/common/.mozilla/firefox/s", "added"),
        ("Firefox (flatpak)",
         ".var/app/org.mozilla.firefox/.mozilla/firefox/f", "added"),
        ("LibreWolf", ".librewolf/l", "added")}
    computer.run("remove")
    assert tree(computer.home).keys() == before.keys()


def test_never_started(computer):
    """Firefox is installed here, but this user has no profile."""
    assert ("Firefox", "", "never_started") in computer.found("install")
    (computer.home / FIREFOX).mkdir(parents=True)
    done = computer.run("install")
    assert "start it once" in done.out
    (computer.home / FIREFOX / "profiles.ini").write_text("[General]\n")
    assert ("Firefox", "", "never_started") in computer.found("status")


# ---- what is not ours ---------------------------------------------------

def test_what_others_put_there_stays(computer):
    """Certificates, keys and modules that came into a database that we made:
    it is somebody's now."""
    theirs = foreign_ca(computer.dir / "theirs")
    store = computer.home / NEW

    def certificate():
        nss(store, "-A", "-n", "theirs", "-t", "C,,", "-i", theirs)

    def key():
        noise = computer.dir / "noise"
        noise.write_bytes(bytes(range(64)))
        nss(store, "-S", "-n", "mine", "-s", "CN=mine", "-x", "-t", ",,",
            "-z", noise, "-f", "/dev/null", "-m", "1")
        nss(store, "-D", "-n", "mine")  # its key stays

    def module():
        with (store / "pkcs11.txt").open("a") as file:
            file.write("library=/usr/lib/opensc-pkcs11.so\nname=OpenSC\n\n")

    for put in (certificate, key, module):
        assert computer.found("install")[0] == ("Chromium", NEW, "added")
        put()
        assert computer.found("remove")[0] == ("Chromium", NEW, "removed")
        assert (store / "cert9.db").exists()
        assert set(entries(store)) <= {"theirs"}
        shutil.rmtree(computer.home / ".local")


def test_a_started_profile_keeps_its_database(computer):
    """The key of saved logins is in it, where no list shows it."""
    profile = computer.profile("new", started=False)
    computer.run("install")
    (profile / "prefs.js").write_text("// Mozilla\n")
    computer.run("remove")
    assert set(tree(profile)) == {"cert9.db", "key4.db", "pkcs11.txt",
                                  "prefs.js"}


def test_another_kenmend(computer):
    """Two in one home: each has its own place; a remove that names neither
    takes both away."""
    (computer.dir / "two").mkdir()
    two = Computer(computer.dir / "two")
    store = computer.store()
    for ca in (computer.ca, two.ca):
        computer.run("install", "--ca", ca)
    assert entries(store) == {f"kenmen {computer.ca}": "C,,",
                              f"kenmen {two.ca}": "C,,"}
    computer.run("remove", "--ca", two.ca)
    assert entries(store) == {f"kenmen {computer.ca}": "C,,"}
    computer.run("install", "--ca", two.ca)
    computer.run("remove", "--state-dir", computer.state)
    assert entries(store) == {f"kenmen {two.ca}": "C,,"}
    assert computer.found("status", status=SICK)[0][2] == "old"
    computer.run("install")
    computer.run("remove")
    assert entries(store) == {}


def test_under_another_name(computer):
    """As by hand, or by Firefox' policy: it counts, and goes."""
    store = computer.store()
    nss(store, "-A", "-n", "by hand", "-t", "CT,c,", "-i", computer.ca)
    assert computer.found("install")[0] == ("Chromium", NEW, "trusted")
    assert computer.found("remove")[0] == ("Chromium", NEW, "removed")
    assert entries(store) == {}


def test_an_older_one_beside_it(computer):
    """The new CA came in by hand, under another name: the old one goes."""
    store = computer.store()
    computer.run("install")
    computer.run("renew", env={"HOME": str(computer.dir)})
    nss(store, "-A", "-n", "by hand", "-t", "C,,", "-i", computer.ca)
    assert computer.found("install")[0] == ("Chromium", NEW, "replaced")
    assert entries(store) == {"by hand": "C,,"}


def test_more_profiles_than_there_is_room_for(computer):
    for n in range(65):
        computer.profile(f"p{n}", started=False)
    ini = computer.home / FIREFOX / "profiles.ini"
    assert ("-", "", "more") in computer.found(
        "status", status=SICK, env={"XDG_CONFIG_HOME": "/none"})
    assert ini.exists()


def test_there_and_not_trusted(computer):
    store = computer.store()
    nss(store, "-A", "-n", f"kenmen {computer.ca}", "-t", ",,", "-i",
        computer.ca)
    assert computer.found("status", status=SICK)[0][2] == "untrusted"
    assert computer.found("install")[0] == ("Chromium", NEW, "added")
    assert entries(store) == {f"kenmen {computer.ca}": "C,,"}


def test_what_a_browser_took_in_itself(computer):
    """Firefox' own NSS is newer and writes trust in a form that this certutil
    does not read: to it the certificate is there, and no more."""
    profile, name = computer.profile("f"), "kenmen local CA of a policy"
    nss(profile, "-A", "-n", name, "-t", ",,", "-i", computer.ca)
    assert ("Firefox", f"{FIREFOX}/f", "unclear") in \
        computer.found("status", status=SICK)
    computer.run("install")
    assert {f[2] for f in computer.found("status")} == {"trusted"}
    nss(profile, "-M", "-n", name, "-t", ",,")
    # an older one, too
    computer.run("renew")
    computer.run("remove")
    assert entries(profile) == {}


def test_odd_names(computer):
    """Colons, quotes and spaces in paths; two that look alike."""
    for name in ("a:b", "a%3Ab", "c d'\"$(x)"):
        directory = computer.dir / name
        shutil.copytree(computer.state, directory)
        profile = computer.profile(name, f"{FIREFOX}")
        computer.run("install", "--state-dir", directory)
        assert computer.found("status", "--state-dir", directory)
        assert len(entries(profile)) == 1
        computer.run("remove")
        assert entries(profile) == {}


def test_a_ca_that_could_vouch_for_more(computer):
    theirs = foreign_ca(computer.dir / "theirs", "-addext",
                        "nameConstraints=critical,permitted;DNS:localhost")
    before = tree(computer.home)
    done = computer.run("install", "--ca", theirs, status=UNTRUSTED)
    assert "could vouch for other sites" in done.err
    computer.run("install", "--system", "--root", computer.dir / "root",
                 "--ca", theirs, status=UNTRUSTED)
    assert tree(computer.home) == before
    assert not (computer.dir / "root").exists()


def test_no_ca(computer):
    done = computer.run("install", "--ca", computer.dir / "no", status=ERROR)
    assert "started for the first time" in done.err
    done = computer.run("install", "--ca", computer.dir / "no", "--lang",
                        "ja", status=ERROR)
    assert "起動すると作られます" in done.err
    # what was installed can be removed when it is gone
    store = computer.store()
    computer.run("install")
    computer.ca.unlink()
    computer.run("remove")
    assert entries(store) == {}


def test_usage(computer):
    for args in (["frob"], [], ["install", "remove"],
                 ["install", "--allow-origins"], ["status", "--root", "/x"],
                 ["remove", "--system", "--allow-origins"],
                 ["renew", "--ca", computer.ca], ["renew", "--system"]):
        computer.run(*args, status=USAGE)


def test_a_store_that_is_none(computer):
    store = computer.home / OLD
    store.mkdir(parents=True)
    (store / "cert9.db").write_bytes(b"no database" * 100)
    for command in ("status", "install", "remove"):
        assert computer.found(command, status=SICK)[0] == (
            "Chromium", OLD, "broken")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be in the place "
                    "of somebody else")
def test_with_sudo(computer):
    os.chown(computer.home, 12345, 12345)
    for command in ("install", "remove"):
        done = computer.run(command, status=ERROR)
        assert "without sudo" in done.err
    assert tree(computer.home) == {}


# ---- a primary password -------------------------------------------------

def test_primary_password(computer):
    password = computer.dir / "password"
    password.write_text("himitsu-1\n")
    profile = computer.profile("p", started=False)
    nss(profile, "-N", "-f", password)
    before = tree(profile)
    other = computer.profile("q")
    report = computer.run("install", "--json", status=SICK).json
    found = {pathlib.Path(f["place"]).name: f for f in report["found"]}
    assert found["p"]["state"] == "locked" and found["q"]["state"] == "added"
    assert entries(other) and tree(profile) == before
    assert "primary password" in found["p"]["detail"]
    assert "マスターパスワード" in found["p"]["detail_ja"]
    # what it says is what helps
    subprocess.run(["sh", "-c", found["p"]["about"] + f" -f '{password}'"],
                   check=True)
    assert {f[2] for f in computer.found("status")} == {"trusted"}
    assert {f[2] for f in computer.found("install")} == {"trusted"}
    # and back, without it
    computer.run("remove")
    assert entries(profile) == {}


# ---- what a status knows ------------------------------------------------

def presented(computer, **kw):
    return next(f["state"] for f in computer.run(
        "status", "--json", **kw).json["found"] if f["browser"] == "kenmend")


def test_status_asks_kenmend(computer):
    computer.store()
    computer.run("install")
    assert presented(computer) == "not_running"
    computer.start()
    assert presented(computer) == "of_this_ca"
    # of another state_dir
    (computer.dir / "two").mkdir()
    two = Computer(computer.dir / "two")
    two.start()
    port, computer.port = computer.port, two.port
    assert presented(computer, status=SICK) == "of_another_ca"
    two.stop()
    computer.port = port
    assert presented(computer) == "of_this_ca"


def test_status_lets_nss_judge(computer):
    """A store where the CA vouches, and the leaf is distrusted by name."""
    store = computer.store()
    computer.run("install")
    computer.start()
    nss(store, "-A", "-n", "bad leaf", "-t", "p,p,p", "-i",
        computer.state / "server.pem")
    assert computer.found("status", status=SICK)[0] == (
        "Chromium", NEW, "refused")
    nss(store, "-D", "-n", "bad leaf")
    assert computer.found("status")[0] == ("Chromium", NEW, "trusted")


def test_status_by_policy(computer):
    """--root is for files that are not this computer's: they do not count."""
    computer.store()
    computer.system("install")
    assert computer.found("status", status=SICK)[0][2] == "untrusted"


# ---- renew --------------------------------------------------------------

def test_renew(computer):
    store = computer.store()
    untouched = computer.profile("without")
    byhand = computer.profile("byhand")
    computer.run("install")
    old = computer.dir / "old.pem"
    shutil.copy(computer.ca, old)
    nss(untouched, "-D", "-n", f"kenmen {computer.ca}")
    nss(byhand, "-D", "-n", f"kenmen {computer.ca}")
    nss(byhand, "-A", "-n", "by hand", "-t", "C,,", "-i", old)
    computer.start()
    found = computer.found("renew")
    assert found == [("Chromium", NEW, "replaced"),
                     ("Firefox", f"{FIREFOX}/byhand", "added")]
    assert computer.ca.read_bytes() != old.read_bytes()
    assert set(p.name for p in computer.state.iterdir()) == {
        "ca.pem", "server.pem", "server.key"}
    assert entries(untouched) == {}
    for kept in (store, byhand):
        assert entries(kept) == {f"kenmen {computer.ca}": "C,,"}
    # until it is started again it presents the old one, and that is said
    assert presented(computer, status=SICK) == "of_another_ca"
    computer.stop()
    computer.start()
    assert presented(computer, status=SICK) == "of_this_ca"
    computer.run("install")
    assert presented(computer) == "of_this_ca"


def test_renew_by_somebody_else(computer):
    """Another user's home, after the daemon's owner renewed: its old CA is
    known by its name there."""
    store = computer.store()
    computer.run("install")
    nowhere = computer.dir / "nowhere"
    nowhere.mkdir()
    assert computer.found("renew", env={"HOME": str(nowhere)}) == []
    assert computer.found("status", status=SICK)[0][2] == "old"
    assert computer.found("install")[0] == ("Chromium", NEW, "replaced")
    assert list(entries(store).values()) == ["C,,"]


def test_nothing_to_renew(computer):
    shutil.rmtree(computer.state)
    assert "no certificates to renew" in \
        computer.run("renew", status=ERROR).err
    assert not computer.state.exists()
    computer.state.mkdir()
    computer.run("renew", status=ERROR)
    assert tree(computer.state) == {}


@pytest.mark.skipif(os.geteuid() != 0, reason="other users can be had as "
                    "root only")
def test_renew_and_users(computer):
    """Only as the daemon's user; root's is that user's doing."""
    for path in (computer.state, *computer.state.iterdir()):
        os.chown(path, 12345, 12346)
    computer.dir.chmod(0o755)
    before = tree(computer.state)
    done = computer.run("renew", status=ERROR, before=[
        "setpriv", "--reuid=12347", "--clear-groups"])
    assert "sudo kenmenctl trust renew" in done.err
    assert tree(computer.state) == before
    computer.run("renew")
    assert tree(computer.state).keys() == before.keys()
    for path in computer.state.iterdir():
        assert (path.stat().st_uid, path.stat().st_gid) == (12345, 12346)
        assert path.read_bytes() != before[path.name]


# ---- policies -----------------------------------------------------------

def root_of(computer, files=()):
    """The files of a computer, by path."""
    root = computer.dir / "root"
    shutil.rmtree(root, ignore_errors=True)
    for path, text in dict(files).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    root.mkdir(exist_ok=True)
    return root


def test_policies(computer):
    root = root_of(computer)
    states = computer.system("install")
    assert states == {**{p: "written" for p in POLICIES.values()},
                      FIREFOX_POLICY: "written", FIREFOX_CA: "written"}
    for path in POLICIES.values():
        assert list(json.loads((root / path).read_text())) == [
            "CACertificatesWithConstraints"]
        assert (root / path).stat().st_mode & 0o777 == 0o644
    assert json.loads((root / FIREFOX_POLICY).read_text()) == {"policies": {
        "Certificates": {"Install": ["/" + FIREFOX_CA]}}}
    assert subprocess.run(
        ["openssl", "x509", "-in", root / FIREFOX_CA, "-outform", "DER"],
        capture_output=True, check=True).stdout == subprocess.run(
        ["openssl", "x509", "-in", computer.ca, "-outform", "DER"],
        capture_output=True, check=True).stdout
    assert set(computer.system("status").values()) == {"holds"}
    after = tree(root)
    assert set(computer.system("install").values()) == {"holds"}
    assert tree(root) == after
    assert set(computer.system("remove").values()) == {"removed"}
    assert tree(root) == {}
    assert set(computer.system("remove").values()) == {"absent"}
    assert set(computer.system("status").values()) == {"absent"}


def test_policies_with_origins(computer):
    root = root_of(computer)
    computer.system("install", "--allow-origins")
    chromium = json.loads((root / POLICIES["Chromium"]).read_text())
    assert chromium["LoopbackNetworkAllowedForUrls"] == ORIGINS
    assert chromium["LocalNetworkAccessAllowedForUrls"] == ORIGINS
    firefox = json.loads((root / FIREFOX_POLICY).read_text())["policies"]
    assert firefox["LocalNetworkAccess"] == {
        "SkipDomains": ["drone.example", "two.example", "localhost"]}
    report = computer.run("status", "--system", "--root", root, "--json").json
    assert [f["about"] for f in report["found"][2:]] == [
        "origins: 4/4", "origins: 4/4", "origins: 4/4", "origins: 4/4", None,
        "origins: 4/4"]
    # what is asked for now is all there is
    computer.system("install")
    assert "SkipDomains" not in (root / FIREFOX_POLICY).read_text()
    assert "Allowed" not in (root / POLICIES["Chromium"]).read_text()
    computer.system("remove")
    assert tree(root) == {}


ADMINISTRATOR = ('{"policies" : {\n   "DisableTelemetry": true,\t\n'
                 '  "Certificates": {"ImportEnterpriseRoots": false, '
                 '"Install": ["corp.pem"]},\n  "LocalNetworkAccess": '
                 '{"SkipDomains": ["drone.example"]}, "Größe": 1.50}}')


def test_an_administrators_file(computer):
    """Nothing of it is lost, and it comes back byte for byte."""
    root = root_of(computer, {FIREFOX_POLICY: ADMINISTRATOR})
    (root / FIREFOX_POLICY).chmod(0o640)
    before = tree(root)
    for _ in range(2):
        computer.system("install", "--allow-origins")
        got = json.loads((root / FIREFOX_POLICY).read_text())
        wanted = json.loads(ADMINISTRATOR)
        wanted["policies"]["Certificates"]["Install"].append("/" + FIREFOX_CA)
        wanted["policies"]["LocalNetworkAccess"]["SkipDomains"] += [
            "two.example", "localhost"]
        assert got == wanted
        assert (root / FIREFOX_POLICY).stat().st_mode & 0o777 == 0o640
    computer.system("remove")
    assert tree(root) == before
    assert (root / FIREFOX_POLICY).stat().st_mode & 0o777 == 0o640


def test_a_file_that_changed_meanwhile(computer):
    """Then only what is ours goes; what was the administrator's own stays."""
    root = root_of(computer, {FIREFOX_POLICY: ADMINISTRATOR})
    computer.system("install", "--allow-origins")
    policies = json.loads((root / FIREFOX_POLICY).read_text())
    policies["policies"]["Proxy"] = {"Mode": "none"}
    (root / FIREFOX_POLICY).write_text(json.dumps(policies))
    computer.system("remove")
    wanted = json.loads(ADMINISTRATOR)
    wanted["policies"]["Proxy"] = {"Mode": "none"}
    assert json.loads((root / FIREFOX_POLICY).read_text()) == wanted

    # the same where the file was ours alone
    root = root_of(computer)
    computer.system("install", "--allow-origins")
    policies = json.loads((root / FIREFOX_POLICY).read_text())
    policies["policies"]["Proxy"] = {"Mode": "none"}
    (root / FIREFOX_POLICY).write_text(json.dumps(policies))
    computer.system("install")
    computer.system("remove")
    assert tree(root).keys() == {"etc", "etc/firefox", "etc/firefox/policies",
                                 FIREFOX_POLICY}
    assert json.loads((root / FIREFOX_POLICY).read_text()) == {
        "policies": {"Proxy": {"Mode": "none"}}}


def test_what_was_empty_stays_empty(computer):
    """In a file that changed meanwhile, too."""
    empty = {"policies": {"Certificates": {"Install": []}}}
    root = root_of(computer, {FIREFOX_POLICY: json.dumps(empty)})
    computer.system("install", "--allow-origins")
    policies = json.loads((root / FIREFOX_POLICY).read_text())
    policies["policies"]["Proxy"] = {}
    (root / FIREFOX_POLICY).write_text(json.dumps(policies))
    computer.system("remove")
    empty["policies"]["Proxy"] = {}
    assert json.loads((root / FIREFOX_POLICY).read_text()) == empty


def test_a_file_that_was_taken_away(computer):
    root = root_of(computer)
    computer.system("install")
    (root / POLICIES["Edge"]).unlink()
    states = computer.system("remove")
    assert states.pop(POLICIES["Edge"]) == "absent"
    assert set(states.values()) == {"removed"}
    assert tree(root) == {}


@pytest.mark.parametrize("text", [
    "no JSON", '{"policies": {}} and more', "[]", '{"policies": []}',
    '{"policies": {"Certificates": {"Install": "x.pem"}}}'])
def test_what_cannot_be_added_to(computer, text):
    root = root_of(computer, {FIREFOX_POLICY: text})
    states = computer.system("install", status=SICK)
    assert states[FIREFOX_POLICY] == "strange"
    assert states[POLICIES["Chromium"]] == "written"
    assert (root / FIREFOX_POLICY).read_text() == text
    computer.system("remove")
    assert (root / FIREFOX_POLICY).read_text() == text


def test_a_link(computer):
    root = root_of(computer, {"etc/elsewhere.json": "{}"})
    (root / FIREFOX_POLICY).parent.mkdir(parents=True)
    (root / FIREFOX_POLICY).symlink_to(root / "etc/elsewhere.json")
    assert computer.system("install", status=SICK)[FIREFOX_POLICY] == \
        "strange"
    assert (root / FIREFOX_POLICY).is_symlink()
    assert (root / "etc/elsewhere.json").read_text() == "{}"


def test_another_file_decides_the_same(computer):
    """Chromium takes a policy from one file: an administrator's stays the
    one that counts."""
    corp = "etc/chromium/policies/managed/corp.json"
    root = root_of(computer, {
        corp: '{"LoopbackNetworkAllowedForUrls": ["https://corp.example"]}'})
    states = computer.system("install", "--allow-origins", status=SICK)
    assert states[POLICIES["Chromium"]] == "conflict"
    assert states[POLICIES["Chrome"]] == "written"
    assert not (root / POLICIES["Chromium"]).exists()
    # without the origins there is none
    assert computer.system("install")[POLICIES["Chromium"]] == "written"
    (root / corp).write_text('{"CACertificatesWithConstraints": []}')
    assert computer.system("status")[POLICIES["Chromium"]] == "overruled"


def test_another_file_that_is_a_link(computer):
    """Chromium follows it, so it decides as any other."""
    corp = "srv/corp.json"
    root = root_of(computer, {
        corp: '{"CACertificatesWithConstraints": []}'})
    managed = root / POLICIES["Chromium"]
    managed.parent.mkdir(parents=True)
    (managed.parent / "corp.json").symlink_to(root / corp)
    assert computer.system("install", status=SICK)[POLICIES["Chromium"]] == \
        "conflict"
    assert not managed.exists()


def test_what_the_distribution_says(computer):
    """Firefox forgets its own file as soon as there is one in /etc."""
    own = "usr/lib/firefox-esr/distribution/policies.json"
    root = root_of(computer, {own: '{"policies": {"NoDefaultBookmarks": 1}}'})
    before = tree(root)
    computer.system("install")
    assert json.loads((root / FIREFOX_POLICY).read_text()) == {"policies": {
        "NoDefaultBookmarks": 1,
        "Certificates": {"Install": ["/" + FIREFOX_CA]}}}
    computer.system("remove")
    assert tree(root) == before


def test_policies_of_an_older_ca(computer):
    root = root_of(computer, {FIREFOX_POLICY: ADMINISTRATOR})
    before = tree(root)
    computer.system("install")
    computer.run("renew")
    states = computer.system("status", status=SICK)
    # that one only names the file
    assert states.pop(FIREFOX_POLICY) == "holds"
    assert set(states.values()) == {"old"}
    computer.system("install")
    assert set(computer.system("status").values()) == {"holds"}
    assert len(json.loads((root / POLICIES["Brave"]).read_text())[
        "CACertificatesWithConstraints"]) == 1
    computer.system("remove")
    assert tree(root) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="root's files are wanted")
def test_policies_by_who_may_not(computer):
    root = root_of(computer)
    computer.dir.chmod(0o755)
    states = computer.system("install", status=SICK, before=[
        "setpriv", "--reuid=12347", "--clear-groups"])
    assert set(states.values()) == {"denied"}
    assert tree(root) == {}


def test_a_list_that_lost_its_record(computer):
    """Nothing is guessed about files that no record is of."""
    root = root_of(computer)
    computer.system("install")
    shutil.rmtree(root / "var")
    before = tree(root)
    assert set(computer.system("remove").values()) == {"absent"}
    assert tree(root) == before
