"""Installing: what one has after apt-get install and nothing else."""

import json
import pathlib
import pwd
import re
import stat
import subprocess
import time

import pytest

import box


def test_install(kenmen):
    assert box.version("kenmen") == "installed 0.0.9"
    assert box.state("kenmend.socket") == "active"
    user = pwd.getpwnam("kenmen")
    assert user.pw_shell.endswith("nologin") and user.pw_uid < 1000


def test_certificate(kenmen):
    """Made by the first start, and that was the installation's."""
    assert stat.S_IMODE(box.CA.stat().st_mode) == 0o644
    assert stat.S_IMODE(box.CA.parent.stat().st_mode) == 0o755
    box.run("cat", box.CA, user="alice")
    with pytest.raises(box.Trouble):
        box.run("cat", box.CA.with_name("server.key"), user="alice")


def test_units_are_good(kenmen):
    units = ["kenmend.service", "kenmend.socket", "kenmen-trust.service"]
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *units],
                          capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_site_brings_its_own_file(kenmen):
    """A drop-in is all that has to be configured."""
    pathlib.Path("/etc/kenmen/conf.d/drone.conf").write_text(
        f'[origin "{box.DRONE}"]\nname = ドローン登録デモ\n'
        "kinds = card_info, attributes\n"
        f'[origin "{box.TWO}"]\nkinds = card_info\n')
    box.run("kenmend", "--check-config")
    box.run("systemctl", "try-restart", "kenmend.service")


def test_first_request(kenmen):
    """The first connection starts the service, on both addresses."""
    for host in ("127.0.0.1", "[::1]"):
        box.run("systemctl", "stop", "kenmend.service")
        assert box.state("kenmend.service") == "inactive"
        status, reply = box.Page("alice", host=host).ask("/v1/health")
        assert (status, reply["service"]) == (200, "kenmend")
        assert box.state("kenmend.service") == "active"


def test_leaves_by_itself(kenmen):
    """With nobody there for a minute; the next connection starts it again."""
    box.run("systemctl", "restart", "kenmend.service")
    box.Page("alice").good("/v1/health")
    began, pid = time.monotonic(), box.main_pid()
    box.wait("leaving", lambda: box.state("kenmend.service") == "inactive",
             seconds=90)
    assert time.monotonic() - began > 50
    assert box.prop("kenmend.service", "Result") == "success"
    assert box.state("kenmend.socket") == "active"
    box.Page("alice").good("/v1/health")
    assert box.main_pid() != pid


def test_this_computer_only(kenmen):
    """No socket of ours listens anywhere else."""
    box.Page("alice").good("/v1/health")
    listening = re.findall(r"\S+:25366\s", box.run("ss", "-Hltn"))
    assert sorted(word.strip() for word in listening) == [
        "127.0.0.1:25366", "[::1]:25366"]


def test_confinement(kenmen):
    """As the kernel sees it, not as the unit says it."""
    box.Page("alice").good("/v1/health")
    pid = box.main_pid()
    status = dict(re.findall(r"(?m)^(\w+):\t(.*)$", pathlib.Path(
        f"/proc/{pid}/status").read_text()))
    uid = pwd.getpwnam("kenmen").pw_uid
    assert status["Uid"].split() == [str(uid)] * 4
    assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2"
    assert {int(status[name], 16) for name in
            ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
    mounts = pathlib.Path(f"/proc/{pid}/mountinfo").read_text()
    options = {line.split()[4]: line.split()[5].split(",")
               for line in mounts.splitlines()}
    assert {"ro", "noexec"} <= set(options["/"])
    assert {"rw"} <= set(options["/var/lib/kenmen"])
    for place in ("/home", "/root"):
        assert "ro" in options[place]
        assert not list(pathlib.Path(f"/proc/{pid}/root{place}").iterdir())
    assert "noexec" not in options["/usr/libexec/kenmen"]


def test_a_strangers_program_in_its_place(kenmen):
    """What the unit keeps from whatever runs in it: each is refused."""
    unit = box.run("systemctl", "cat", "kenmend.service")
    unit = re.sub(r"(?m)^(Type|ExecStart|ExecReload|WatchdogSec|Restart|"
                  r"Requires|After|(State|Runtime)Directory(Mode)?|"
                  r"RestartPreventExitStatus)=.*$", "", unit)
    # Python is no program of ours: the only hole that this test makes.
    unit += ("\n[Service]\nType=oneshot\nExecPaths=/usr/bin\n"
             "ExecStart=/usr/bin/python3 /srv/tests/hostile.py\n")
    path = pathlib.Path("/run/systemd/system/hostile.service")
    path.write_text(unit)
    # An address that is not loopback's, and that would answer.
    box.run("ip", "address", "add", "192.0.2.1/32", "dev", "lo")
    box.run("systemctl", "daemon-reload")
    try:
        box.run("systemctl", "start", "hostile.service", check=False)
        said = box.journal("hostile.service")
    finally:
        path.unlink()
        box.run("ip", "address", "del", "192.0.2.1/32", "dev", "lo")
        box.run("systemctl", "daemon-reload")
    tried = re.findall(r"hostile: (\w+): (\w+)", said)
    assert len(tried) == 15, said
    assert [name for name, how in tried if how != "refused"] == []


def test_polkit(kenmen):
    """pcsc-lite 2's two actions for our user, and nothing else."""
    actions = pathlib.Path("/usr/share/polkit-1/actions/kenmen-test.policy")
    actions.write_text(POLICY)
    box.run("systemctl", "restart", "polkit.service")
    allowed = {}
    try:
        for user in ("kenmen", "bob"):
            sleeper = subprocess.Popen(["sleep", "60"], user=user)
            for action in ACTIONS:
                allowed[user, action] = subprocess.run(
                    ["pkcheck", "--action-id", action, "--process",
                     str(sleeper.pid)], capture_output=True).returncode == 0
            sleeper.kill()
            sleeper.wait()
    finally:
        actions.unlink()
    assert {key for key, value in allowed.items() if value} == {
        ("kenmen", ACTIONS[0]), ("kenmen", ACTIONS[1])}


ACTIONS = ["org.debian.pcsc-lite.access_pcsc",
           "org.debian.pcsc-lite.access_card", "org.example.another"]
POLICY = "<policyconfig>" + "".join(
    f'<action id="{action}"><defaults><allow_any>no</allow_any>'
    "<allow_inactive>no</allow_inactive><allow_active>no</allow_active>"
    "</defaults></action>" for action in ACTIONS) + "</policyconfig>"


def test_browsers_trust_it(kenmen):
    """Chromium's and Firefox's policies, for all users."""
    ca = box.CA.read_text()
    der = "".join(ca.split("-----")[2].split())
    chromium = "".join(
        path.read_text() for path in
        pathlib.Path("/etc/chromium/policies/managed").glob("*.json"))
    assert der in chromium
    firefox = json.loads(pathlib.Path(
        "/etc/firefox/policies/policies.json").read_text())
    assert firefox["policies"]["Certificates"]["Install"]
