"""kenmenctl doctor: each thing that may be wrong, made so, is named with its
remedy; what is right is not complained of; and nothing of the person, the
card or this computer's user stands in the report.
"""

import contextlib
import os
import pathlib
import socket
import ssl
import struct
import subprocess
import threading

import pytest

import rig as rig_module
from ctl import OK, SICK, TRUST, Ctl, Done, ctl
from desktop import DeskRig
from people import PEOPLE

pytestmark = pytest.mark.rig(start=False)
DAY = 86400
SECURITY_VIOLATION = 0x8010006A
# hanako's login certificate ends then
HANAKO_ENDS = 2059052399


class Report:
    """What the doctor said, check by check."""

    def __init__(self, done):
        self.done = done
        self.status = done.json["status"]
        self.found = done.json["checks"]

    def of(self, check):
        found = [f for f in self.found if f["check"] == check]
        assert found, check
        return found

    def statuses(self, check):
        return [f["status"] for f in self.of(check)]

    def one(self, check, status, word=""):
        """The check's one finding, or the one with that status; its detail
        holds the word."""
        found = [f for f in self.of(check) if f["status"] == status]
        assert len(found) == 1, self.of(check)
        assert word in found[0]["detail"], found
        return found[0]


def examine(ctl, *args, status=None, **kw):
    done = ctl.run("doctor", "--json", "--config", ctl.rig.config, *args, **kw)
    report = Report(done)
    assert done.status == (SICK if report.status == "fail" else OK), done
    assert not done.err, done
    if status:
        assert report.status == status, report.found
    for found in report.found:
        assert set(found) == {"check", "status", "about", "detail",
                              "detail_ja", "remedy", "remedy_ja"}
        assert (found["remedy"] is None) == (found["remedy_ja"] is None)
        # what is wrong has a remedy, what is right has none
        if found["status"] in ("warn", "fail"):
            assert found["remedy"], found
        if found["status"] == "ok":
            assert not found["remedy"], found
    return report


# ---- all is well --------------------------------------------------------

@pytest.mark.rig()
def test_well(ctl, rig):
    rig.card[0].clear_log()
    report = examine(ctl, "--port", rig.port)
    for check in ("pcscd", "readers", "card", "certificates", "configuration",
                  "prompt", "trust", "daemon", "port"):
        assert report.statuses(check) == ["ok"], report.of(check)
    assert report.one("readers", "ok")["about"] == "Virtual PCD"
    assert report.one("card", "ok")["about"] == \
        "auth 3, sign 5, attributes 3, face_b 10, face_a 10"
    assert report.one("configuration", "ok")["about"] == "2"
    assert report.one("port", "ok")["about"] == f"{rig.port} kenmend"
    assert report.one("agents", "ok", "none is needed")
    assert report.one("browsers", "unknown")
    assert rig.card[0].verifies() == []


def test_words(ctl, rig):
    """The same in two languages, for people."""
    for lang, marks in (("ja", ["カードリーダー:", "電子証明書:"]),
                        ("en", ["card readers:", "certificates:"])):
        done = ctl.run("doctor", "--lang", lang, "--config", rig.config)
        assert done.status == SICK      # no kenmend runs
        for mark in marks:
            assert mark in done.out
        assert "[FAIL] kenmend:" in done.out and "       -> " in done.out
        assert max(map(len, done.out.splitlines())) < 500


# ---- nothing personal ---------------------------------------------------

def secrets_of_hanako():
    """Everything on the card, and in its certificates, in every writing."""
    text = subprocess.run(
        ["openssl", "x509", "-in",
         rig_module.TOP / "tests/sim/keys/hanako-auth.crt", "-noout",
         "-serial", "-subject", "-nameopt", "multiline"],
        capture_output=True, text=True, check=True).stdout
    serial = text.split("serial=")[1].split()[0]
    subject = text.split("commonName")[1].split("=")[1].split()[0]
    hanako = PEOPLE["hanako"]
    return [serial, serial.lower(), subject, subject[-12:], "SIMUL",
            hanako["name"], "見本", "花子", hanako["address"], "千代田",
            "1990", "9004", "0401", "04-01", "Apr", "4月", "2035", "2059052",
            "123456789018", "1234", "SAMPLE", "4821", "female", "女"]


@pytest.mark.rig(config={"trust": {"dir": TRUST}})
def test_nothing_personal(ctl, rig, tmp_path):
    """A marked card, a marked home, marked profiles and a marked file."""
    home = tmp_path / "MARKEDHOME"
    profile = home / ".mozilla/firefox/x1y2.MARKEDPROFILE"
    firefox_profile(profile)
    config = tmp_path / "MARKEDFOLDER/site.conf"
    config.parent.mkdir()
    config.write_text("[server]\nlisten = MARKEDVALUE\n")
    env = {"HOME": str(home), "USER": "MARKEDUSER", "LOGNAME": "MARKEDUSER"}
    texts = [ctl.run("doctor", *args, "--port", rig.port, "--state-dir",
                     rig.dir / "state", env=env).out
             for args in (["--lang", "ja"], ["--lang", "en"], ["--json"],
                          ["--config", config], ["--config", rig.config])]
    names = [rig.reader(0)]
    assert all("Firefox: 0/1" in text for text in texts)
    for text in texts:
        for secret in [*secrets_of_hanako(), "MARKED", str(tmp_path), *names,
                       socket.gethostname() + ".", str(rig.dir)]:
            assert secret not in text, secret
    assert "site.conf 2" in texts[3]


# ---- pcscd --------------------------------------------------------------

def test_no_pcscd(make_rig):
    report = examine(Ctl(make_rig(pcscd=False, people=(), start=False)),
                     status="fail")
    assert "pcscd.socket" in report.one("pcscd", "fail", "not there")["remedy"]
    assert report.statuses("readers") == ["unknown"]
    assert report.statuses("card") == ["unknown"]


@contextlib.contextmanager
def false_pcscd(rig, answers):
    """Takes pcscd's place: answers(command, body) -> body of the answer, or
    None for none (MSG_PROTOCOL of pcsc-lite's winscard_msg.h)."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(rig.site.socket))
    listener.listen()
    ended = threading.Event()

    def serve():
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            with peer, contextlib.suppress(OSError, struct.error):
                while True:
                    size, command = struct.unpack("II", peer.recv(8))
                    answer = answers(command, peer.recv(size))
                    if answer is None:
                        ended.wait(30)
                        return
                    peer.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        listener.close()
        os.unlink(rig.site.socket)


VERSION, ESTABLISH = 0x11, 0x01


def test_pcscd_refuses(make_rig):
    """What a pcscd with polkit says to a session that is not at the desk."""
    rig = make_rig(pcscd=False, people=(), start=False)

    def refuse(command, body):
        if command == VERSION:
            return body
        return body[:-4] + struct.pack("I", SECURITY_VIOLATION)

    with false_pcscd(rig, refuse):
        report = examine(Ctl(rig), status="fail")
    found = report.one("pcscd", "fail", "polkit")
    for text in (found["remedy"], found["remedy_ja"]):
        assert "org.debian.pcsc-lite.access_pcsc" in text
        assert "org.debian.pcsc-lite.access_card" in text


def test_pcscd_silent(make_rig):
    rig = make_rig(pcscd=False, people=(), start=False)
    with false_pcscd(rig, lambda command, body: None):
        report = examine(Ctl(rig), status="fail")
    assert report.one("pcscd", "fail", "does not answer")


# ---- readers, card ------------------------------------------------------

def test_no_reader(make_rig):
    rig = make_rig(pcscd=False, people=(), start=False)
    rig.start_pcscd(readers=False)
    report = examine(Ctl(rig), status="fail")
    assert report.one("readers", "fail", "none was found")
    assert report.statuses("card") == ["unknown"]


def test_no_card(ctl, rig):
    rig.card[0].remove()
    assert examine(ctl).one("card", "unknown", "no card")


def test_foreign_card(make_rig):
    ctl = Ctl(make_rig(people=("foreign", None), start=False))
    report = examine(ctl)
    assert report.one("card", "fail", "no My Number Card")
    assert report.statuses("certificates") == ["unknown"]


def test_foreign_card_beside_ours(make_rig):
    ctl = Ctl(make_rig(people=("foreign", "hanako"), start=False))
    assert examine(ctl).statuses("card") == ["ok"]


def test_counters(ctl, rig):
    rig.card[0].set_tries("sign", 0)
    rig.card[0].set_tries("auth", 0)
    rig.card[0].set_tries("attributes", 1)
    report = examine(ctl)
    assert report.one("card", "fail")["about"] == "auth, sign"
    assert report.one("card", "warn")["about"] == "attributes"
    assert report.one("card", "ok")["about"] == "face_b 10, face_a 10"
    assert rig.card[0].verifies() == []


@pytest.mark.plain("a sanitizer's runtime comes first")
@pytest.mark.parametrize("before, status", [
    (91 * DAY, "ok"), (90 * DAY, "ok"), (90 * DAY - 1, "warn"), (0, "warn"),
    (-1, "fail")])
def test_certificate_near_its_end(ctl, before, status):
    env = {"LD_PRELOAD": str(rig_module.BUILD / "tests/e2e/wall-clock.so"),
           "KENMEN_TIME": str(HANAKO_ENDS - before)}
    report = examine(ctl, env=env)
    found = report.one("certificates", status)
    # no day, no count of days: it is a birthday
    assert found["about"] is None


@pytest.mark.parametrize("person, status", [
    ("expired", "fail"), ("child", "warn"), ("phone", "unknown")])
def test_certificates_of(make_rig, person, status):
    ctl = Ctl(make_rig(people=(person, None), start=False))
    assert examine(ctl).statuses("certificates") == [status]


def test_held_card(ctl, rig):
    """By this process, which the doctor can see has libpcsclite."""
    with rig.pcsc.connect(rig.reader(0), rig_module.Pcsc.EXCLUSIVE):
        report = examine(ctl)
    found = report.one("holder", "fail", "to itself")
    mine = pathlib.Path("/proc/self/comm").read_text().strip()
    assert mine in found["about"].split(", ")
    assert report.statuses("card") == ["unknown"]
    assert report.one("pcscd", "ok")


def test_card_in_use(ctl, rig):
    """A transaction that does not end: the doctor does not wait for ever."""
    with rig.pcsc.connect(rig.reader(0)) as card:
        card.begin()
        report = examine(ctl)
        card.end()
    assert report.one("holder", "fail", "our turn does not come")
    assert examine(ctl).statuses("holder")[-1] == "ok"


# ---- kenmend and what it needs ------------------------------------------

def test_no_daemon(ctl, rig):
    report = examine(ctl, "--port", str(rig.site.ports(1)), status="fail")
    assert report.one("daemon", "fail", "nobody listens")
    assert report.one("port", "ok", "free")


@contextlib.contextmanager
def listener(handle=lambda peer: peer.close()):
    """Somebody on a port, as this process; yields the port."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                peer, _ = server.accept()
            except OSError:
                return
            with contextlib.suppress(OSError):
                handle(peer)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield server.getsockname()[1]
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


def make_ca(directory, name):
    """A CA of our own making with a leaf: ca.pem, leaf.pem, leaf.key."""
    directory.mkdir(exist_ok=True)

    def openssl(*args):
        subprocess.run(["openssl", *args], cwd=directory, check=True,
                       capture_output=True)

    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out",
            "ca.pem", "-subj", f"/CN={name}", "-days", "30")
    (directory / "ext").write_text("subjectAltName=IP:127.0.0.1\n")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-keyout", "leaf.key", "-out", "leaf.csr", "-subj",
            "/CN=leaf")
    openssl("x509", "-req", "-in", "leaf.csr", "-CA", "ca.pem", "-CAkey",
            "ca.key", "-CAcreateserial", "-out", "leaf.pem", "-days", "30",
            "-extfile", "ext")
    return directory


def test_port_of_a_stranger(ctl, rig, tmp_path):
    make_ca(tmp_path / "ours", "ours")
    for handle in (lambda peer: (peer.sendall(b"SSH-2.0\r\n"), peer.close()),
                   lambda peer: peer.close()):
        with listener(handle) as port:
            report = examine(ctl, "--port", str(port), "--state-dir",
                             tmp_path / "ours", status="fail")
        assert report.one("daemon", "fail", "no TLS")
        mine = pathlib.Path("/proc/self/comm").read_text().strip()
        assert report.one("port", "fail", "no kenmend")["about"] == \
            f"{port} {mine}"


def test_port_that_never_answers(ctl, rig, tmp_path):
    make_ca(tmp_path / "ours", "ours")
    kept = []
    with listener(kept.append) as port:
        report = examine(ctl, "--port", str(port), "--state-dir",
                         tmp_path / "ours", status="fail")
    assert report.one("daemon", "fail", "no TLS")


def tls_server(directory, answer):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "leaf.pem", directory / "leaf.key")

    def handle(peer):
        with context.wrap_socket(peer, server_side=True) as tls:
            tls.recv(4096)
            tls.sendall(answer)
    return handle


def test_port_of_a_pretender(ctl, rig, tmp_path):
    """TLS and kenmend's very answer, by another authority."""
    make_ca(tmp_path / "ours", "the same name")
    make_ca(tmp_path / "theirs", "the same name")
    answer = b'HTTP/1.1 200 OK\r\n\r\n{"service":"kenmend"}'
    with listener(tls_server(tmp_path / "theirs", answer)) as port:
        report = examine(ctl, "--port", str(port), "--state-dir",
                         tmp_path / "ours", status="fail")
        assert report.one("daemon", "fail", "not ca.pem's")
        assert report.one("port", "fail", "no kenmend")
        report = examine(ctl, "--port", str(port), "--state-dir",
                         tmp_path / "none", status="fail")
        assert report.one("daemon", "fail", "ca.pem is missing")
    with listener(tls_server(tmp_path / "ours", b"hello")) as port:
        report = examine(ctl, "--port", str(port), "--state-dir",
                         tmp_path / "ours", status="fail")
        assert report.one("daemon", "fail", "not kenmend's")
    with listener(tls_server(tmp_path / "ours", answer[:-1] +
                             b',"prompt":"unavailable"}')) as port:
        report = examine(ctl, "--port", str(port), "--state-dir",
                         tmp_path / "ours")
        assert report.one("daemon", "warn", "no PIN window")


@pytest.mark.rig(config={"local-tools": {"allow": "no"}})
def test_daemon_that_lets_no_program_in(ctl, rig):
    assert examine(ctl, "--port", rig.port).one("daemon", "ok")


@pytest.mark.rig(config={"server": {"listen": "127.0.0.1:0, [::1]:0"}})
def test_daemon_on_the_other_address(ctl, rig):
    """One that listens on ::1 alone is found too."""
    port = rig.wait_log(r"ready on https://\[::1\]:(\d+)")[1]
    assert examine(ctl, "--port", port).one("daemon", "ok")


def test_agents(make_rig, monkeypatch):
    """Whether one is there is asked of kenmend, as one more of them."""
    monkeypatch.setattr(rig_module, "Rig", DeskRig)
    rig = make_rig(agent=False)
    ctl = Ctl(rig)
    assert examine(ctl).one("agents", "warn", "no kenmen-prompt of this user")
    agent = rig.agent()
    assert examine(ctl).one("agents", "ok", "is connected")
    assert rig.session().health()["prompt"] == "ok"
    assert agent.child.poll() is None
    rig.stop_kenmend()
    assert examine(ctl).one("agents", "unknown")


def test_configuration_wrong(ctl, rig):
    rig.config.write_text("[server]\nlisten = nowhere\n")
    found = examine(ctl, status="fail").one("configuration", "fail")
    assert found["about"] == "kenmen.conf 2"
    rig.config.write_text("[server]\nlisten = 127.0.0.1:25366\n")
    assert examine(ctl).one("configuration", "warn", "no site")
    rig.config.unlink()
    assert examine(ctl).one("configuration", "unknown")


def test_no_pinentry(ctl, rig):
    text = rig.config.read_text()
    rig.config.write_text(text.replace(str(rig.windows.program), "/none"))
    assert examine(ctl, status="fail").one("prompt", "fail")


def test_trust(ctl, rig, tmp_path):
    some = tmp_path / "some"
    some.mkdir()
    assert examine(ctl, "--trust", some).one("trust", "warn", "none")
    assert examine(ctl, "--trust", tmp_path / "no").one("trust", "warn")
    (some / "a.pem").write_bytes((TRUST / "auth-2023.pem").read_bytes())
    found = examine(ctl, "--trust", some).one("trust", "warn", "either")
    assert found["about"] == "1 + 0"
    (some / "b.pem").write_text("no certificate")
    found = examine(ctl, "--trust", some, status="fail").one("trust", "fail")
    assert found["about"] == "1"
    assert examine(ctl).one("trust", "ok")["about"] == "6 + 2"


# ---- browsers -----------------------------------------------------------

def nss(directory, *args):
    directory.mkdir(parents=True, exist_ok=True)
    subprocess.run(["certutil", *args, "-d", f"sql:{directory}"], check=True,
                   capture_output=True)


def firefox_profile(directory):
    """One that was started, and that profiles.ini names."""
    nss(directory, "-N", "--empty-password")
    with (directory.parent / "profiles.ini").open("a") as ini:
        ini.write(f"[Profile{directory.name}]\nPath={directory.name}\n")


def add(directory, ca, flags="C,,"):
    nss(directory, "-A", "-n", "kenmen test", "-t", flags, "-i", ca)


def test_browsers(ctl, rig, tmp_path):
    ours = make_ca(tmp_path / "ours", "ours") / "ca.pem"
    theirs = make_ca(tmp_path / "theirs", "ours") / "ca.pem"
    home = rig.dir / "home"

    def browsers():
        return {f["about"]: f["status"] for f in examine(
            ctl, "--state-dir", ours.parent).of("browsers")}

    assert browsers() == {None: "unknown"}
    firefox = home / ".mozilla/firefox"
    for profile in ("a.default", "b.default-esr"):
        firefox_profile(firefox / profile)
    add(firefox / "a.default", ours)
    assert browsers() == {"Firefox: 1/2": "fail"}
    add(firefox / "b.default-esr", theirs)
    assert browsers() == {"Firefox: 1/2": "fail"}
    nss(firefox / "b.default-esr", "-D", "-n", "kenmen test")
    add(firefox / "b.default-esr", ours, ",,")      # there, not trusted
    assert browsers() == {"Firefox: 1/2": "fail"}
    nss(firefox / "b.default-esr", "-M", "-n", "kenmen test", "-t", "CT,c,")
    assert browsers() == {"Firefox: 2/2": "ok"}

    # Chromium reads the old place alone, where it is there
    xdg, old = home / ".local/share/pki/nssdb", home / ".pki/nssdb"
    nss(xdg, "-N", "--empty-password")
    add(xdg, ours)
    assert browsers() == {"Firefox: 2/2": "ok", "Chromium: 1/1": "ok"}
    nss(old, "-N", "--empty-password")
    assert browsers() == {"Firefox: 2/2": "ok", "Chromium: 0/1": "fail"}

    snap = home / "snap/firefox/common/.mozilla/firefox/c"
    flatpak = home / ".var/app/org.mozilla.firefox/.mozilla/firefox/d"
    for profile in (snap, flatpak):
        firefox_profile(profile)
    add(flatpak, ours)
    assert browsers() == {
        "Firefox: 2/2": "ok", "Chromium: 0/1": "fail",
        "Firefox (snap): 0/1": "fail", "Firefox (flatpak): 1/1": "ok"}


def test_browser_store_that_is_none(ctl, rig, tmp_path):
    ours = make_ca(tmp_path / "ours", "ours")
    store = rig.dir / "home/.pki/nssdb"
    store.mkdir(parents=True)
    (store / "cert9.db").write_bytes(b"no database" * 100)
    found = examine(ctl, "--state-dir", ours).one("browsers", "fail")
    assert found["about"] == "Chromium: 0/1"


# ---- the machine, an invented one ---------------------------------------

class Machine:
    """A /proc, a /sys/bus and drivers as a test has written them, mounted
    over the real ones for one run of kenmenctl."""

    def __init__(self, ctl, directory):
        self.ctl, self.dir = ctl, directory
        self.pids = 100
        for name in ("proc/net", "bus/usb/devices", "drivers"):
            (directory / name).mkdir(parents=True)
        (directory / "proc/self").symlink_to(directory / "real/self")
        (directory / "real").mkdir()
        self.modules()
        self.sockets = []

    def modules(self, *names):
        (self.dir / "proc/modules").write_text("".join(
            f"{name} 16384 0 - Live 0x0\n" for name in ("ext4", *names)))

    def device(self, name, vendor, product, ccid=False):
        device = self.dir / "bus/usb/devices" / name
        device.mkdir()
        (device / "idVendor").write_text(vendor + "\n")
        (device / "idProduct").write_text(product + "\n")
        interface = self.dir / "bus/usb/devices" / f"{name}:1.0"
        interface.mkdir()
        (interface / "bInterfaceClass").write_text(
            "0b\n" if ccid else "ff\n")

    def ccid(self, *products):
        bundle = self.dir / "drivers/ifd-ccid.bundle/Contents"
        bundle.mkdir(parents=True, exist_ok=True)
        (bundle / "Info.plist").write_text("".join(
            f"<string>{product}</string>\n" for product in products))

    def process(self, name, inode=None, maps=""):
        self.pids += 1
        process = self.dir / f"proc/{self.pids}"
        (process / "fd").mkdir(parents=True)
        (process / "comm").write_text(name + "\n")
        (process / "maps").write_text(maps)
        if inode:
            (process / "fd/5").symlink_to(f"socket:[{inode}]")

    def listens(self, port, inode, v6=False):
        zeros = "0" * (32 if v6 else 8)
        (self.dir / f"proc/net/tcp{'6' if v6 else ''}").write_text(
            "  sl  local_address rem_address   st ...\n"
            f"   0: {zeros}:{port:04X} {zeros}:0000 0A 00000000:00000000 "
            f"00:00000000 00000000  1000        0 {inode} 1 0 100 0\n")

    def examine(self, *args):
        """As in test_* above, in a mount namespace of its own."""
        script = ("mount --rbind /proc $D/real && mount --bind $D/bus /sys/bus"
                  " && mount --bind $D/drivers /usr/lib/pcsc/drivers"
                  " && mount --bind $D/proc /proc && shift 1 && exec \"$@\"")
        argv = self.ctl.argv("doctor", "--json", "--config",
                             self.ctl.rig.config, *args)
        how = [] if os.geteuid() == 0 else ["--map-root-user"]
        done = subprocess.run(
            ["unshare", *how, "--mount", "sh", "-c",
             script.replace("$D", f"'{self.dir}'"), "sh", "-", *argv],
            env=self.ctl.env, capture_output=True, text=True)
        if "unshare failed" in done.stderr or "mount:" in done.stderr:
            pytest.skip("no mounts can be made here: " + done.stderr)
        return Report(Done(done.returncode, done.stdout, done.stderr))


@pytest.fixture
def machine(ctl, tmp_path):
    if not pathlib.Path("/usr/lib/pcsc/drivers").is_dir():
        pytest.skip("pcscd's drivers are elsewhere")
    return Machine(ctl, tmp_path)


@pytest.fixture
def no_readers(make_rig, tmp_path):
    rig = make_rig(pcscd=False, people=(), start=False)
    rig.start_pcscd(readers=False)
    return Machine(Ctl(rig), tmp_path)


def test_machine_well(machine):
    machine.ccid("0x0DC8", "0x0DC9")
    machine.device("1-1", "054c", "0dc9", ccid=True)
    machine.process("bash")
    machine.process("pcscd")
    report = machine.examine()
    for check in ("driver", "modules", "holder"):
        assert report.statuses(check) == ["ok"], report.of(check)


def test_modules(machine):
    machine.ccid("0x0DC9")
    machine.modules("pn533_usb", "pn533", "nfc", "nfc_digital")
    found = machine.examine().one("modules", "warn")
    assert found["about"] == "pn533_usb, pn533, nfc"


def test_modules_that_took_the_reader(no_readers):
    no_readers.ccid("0x0DC9")
    no_readers.modules("port100", "nfc")
    found = no_readers.examine().one("modules", "fail")
    assert found["about"] == "port100, nfc"
    for text in (found["remedy"], found["remedy_ja"]):
        assert "blacklist" in text and "modprobe -r" in text


def test_no_driver(no_readers):
    found = no_readers.examine().one("driver", "fail", "libccid")
    assert "apt install libccid" in found["remedy"]
    no_readers.ccid("0x0DC9")
    assert no_readers.examine().statuses("driver") == ["ok"]


@pytest.mark.parametrize("product, word", [
    ("06c1", "RC-S380"), ("06c3", "RC-S380"), ("0dc8", "RC-S300"),
    ("0dc9", "RC-S300")])
def test_sony(no_readers, product, word):
    no_readers.ccid("0x1234")
    no_readers.device("1-2.3", "054c", product, ccid=word == "RC-S300")
    no_readers.device("1-2", "1d6b", "0002")
    assert no_readers.examine().one("driver", "fail", word)


def test_reader_that_pcscd_does_not_show(no_readers):
    no_readers.ccid("0x0DC8", "0x0DC9")
    no_readers.device("1-1", "072f", "223b", ccid=True)
    assert no_readers.examine().one("driver", "fail", "does not show it")


def test_scdaemon(no_readers):
    no_readers.ccid("0x0DC9")
    no_readers.process("gpg-agent")
    no_readers.process("scdaemon")
    found = no_readers.examine().one("holder", "warn", "scdaemon")
    assert "disable-ccid" in found["remedy"]


def test_candidates(machine, ctl):
    """Who could hold the card: by name, or by the libraries they have."""
    rig = ctl.rig
    machine.ccid("0x0DC9")
    machine.process("scdaemon")
    machine.process("firefox-esr",
                    maps="7f00-7f01 r-xp 0 0 /usr/lib/opensc-pkcs11.so\n")
    machine.process("innocent", maps="7f00-7f01 r-xp 0 0 /usr/lib/libc.so\n")
    machine.process("pcscd")
    machine.process("pcscd")
    with rig.pcsc.connect(rig.reader(0), rig_module.Pcsc.EXCLUSIVE):
        report = machine.examine()
    assert set(report.one("holder", "fail")["about"].split(", ")) == {
        "scdaemon", "firefox-esr"}
    assert report.one("holder", "warn", "more than one pcscd")


@pytest.mark.parametrize("v6", [False, True])
def test_listener_by_name(machine, v6):
    machine.ccid("0x0DC9")
    with listener() as port:
        machine.listens(port, 4711, v6)
        machine.process("squatter", inode=4711)
        report = machine.examine("--port", str(port))
        assert report.one("port", "fail")["about"] == f"{port} squatter"


def test_listener_of_another_user(machine):
    machine.ccid("0x0DC9")
    with listener() as port:
        machine.listens(port, 4711)
        report = machine.examine("--port", str(port))
        assert "ss -ltnp" in report.one("port", "unknown")["remedy"]
