"""What the tests inside the booted system share: commands, the packages, a
card in the virtual reader, people at desktops, pages."""

import json
import os
import pathlib
import pwd
import re
import socket
import subprocess
import time

LIMIT = 20
PORT = 25366
DRONE = "https://drone.example"
TWO = "https://two.example"
CA = pathlib.Path("/var/lib/kenmen/ca.pem")
SIM = "/usr/libexec/kenmen-demo/kenmen-sim"
RESULTS = pathlib.Path("/srv/results")
FINAL = ("done", "failed", "cancelled")


class Trouble(AssertionError):
    """What the test asked for could not be had."""


def run(*command, user=None, check=True, env=None, timeout=60):
    """A command's output; it must succeed."""
    done = subprocess.run(
        [str(word) for word in command], user=user, env=env, timeout=timeout,
        capture_output=True, text=True, cwd="/",
        group=user and pwd.getpwnam(user).pw_gid,
        extra_groups=[] if user else None)
    if check and done.returncode != 0:
        raise Trouble(f"{command}: status {done.returncode}\n"
                      f"{done.stdout}{done.stderr}")
    return done.stdout


def wait(what, true, seconds=LIMIT):
    """Until true() is; its value. For what nothing tells us about."""
    end = time.monotonic() + seconds
    while not (value := true()):
        if time.monotonic() > end:
            raise Trouble(f"{what}: not within {seconds} s")
        time.sleep(0.02)
    return value


# ---- packages and units -------------------------------------------------

def apt_install(folder, *names):
    files = [str(path) for name in names
             for path in pathlib.Path(folder).glob(f"{name}_[0-9]*.deb")]
    assert len(files) == len(names), files
    return run("apt-get", "install", "-y", "--no-install-recommends",
               "--allow-downgrades", *files,
               env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})


def apt_remove(*names, purge=False):
    return run("apt-get", "purge" if purge else "remove", "-y", *names)


def version(name):
    return run("dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}",
               name, check=False)


def state(unit):
    return run("systemctl", "is-active", unit, check=False).strip()


def prop(unit, name):
    return run("systemctl", "show", "-P", name, unit).strip()


def main_pid(unit="kenmend.service"):
    return int(prop(unit, "MainPID"))


def alive(pid):
    """Neither gone nor a zombie."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return text.rsplit(")", 1)[1].split()[0] not in "ZX"


def journal(unit="kenmend.service", since=None):
    """Of a unit, or None: all of it."""
    return run("journalctl", "--no-pager", *(["-u", unit] if unit else []),
               *(["--after-cursor", since] if since else []))


def cursor():
    """Where the journal ends now."""
    text = run("journalctl", "-n", "0", "--show-cursor")
    return re.search(r"cursor: (.*)", text)[1]


# ---- what is on the disk ------------------------------------------------

MACHINE_FILES = set()  # before the first package
# Not ours: kernel's, logs and books of the system, what the tests brought.
ELSEWHERE = ("/proc", "/sys", "/dev", "/run", "/tmp", "/srv", "/var/log",
             "/var/cache", "/var/tmp", "/root", "/home", "/var/lib/dpkg",
             "/var/lib/apt", "/var/lib/systemd", "/usr/lib/python3")


def files():
    found = set()
    for folder, folders, names in os.walk("/"):
        folders[:] = [name for name in folders
                      if not os.path.join(folder, name).startswith(ELSEWHERE)]
        found |= {os.path.join(folder, name) for name in folders + names}
    return found


# ---- the card -----------------------------------------------------------

class Card:
    """A simulated card in the system's pcscd's virtual reader."""

    def __init__(self):
        self.path = "/run/kenmen-test-card"
        self.process = subprocess.Popen(
            [SIM, "--port", "35963", "--control", self.path],
            stdout=subprocess.PIPE, text=True, stderr=subprocess.STDOUT)
        while "ready" not in (line := self.process.stdout.readline()):
            if not line:
                raise Trouble("kenmen-sim does not run")
        self.control = socket.socket(socket.AF_UNIX)
        self.control.settimeout(LIMIT)
        self.control.connect(self.path)
        self.stream = self.control.makefile("rw", newline="\n")

    def say(self, line):
        """One command of kenmen-sim's; its lines but the ok."""
        self.stream.write(line + "\n")
        self.stream.flush()
        lines = []
        while (got := self.stream.readline().rstrip("\n")) != "ok":
            if not got or got.startswith("error"):
                raise Trouble(f"kenmen-sim: {line}: {got}")
            lines.append(got)
        return lines

    def insert(self, person="hanako"):
        """pcscd, which ends itself after an idle minute, must run."""
        wait("the virtual reader", lambda: "35963" in run("ss", "-Hltn"))
        self.say(f"insert {person}")

    def state(self):
        """Which PINs are verified, or "none", and the tries that are left."""
        words = self.say("state")[0].split()
        tries, verified = words[words.index("tries") + 1:-1], words[-1]
        return verified.removeprefix("verified="), tries

    def verifies(self):
        """How many VERIFYs with a PIN in them it has got."""
        return sum(bool(re.match(r"> 0020[0-9A-F]{5}", line))
                   for line in self.say("log"))

    def stop(self):
        self.process.terminate()
        self.process.wait(LIMIT)


# ---- pages --------------------------------------------------------------

class Page:
    """A web page of one origin in a user's browser, by curl."""

    def __init__(self, user, origin=DRONE, host="127.0.0.1", port=PORT, ca=CA):
        self.user, self.origin, self.token = user, origin, None
        self.url, self.ca = f"https://{host}:{port}", ca

    def ask(self, path, body=None, method=None, seconds=40):
        """(status, JSON or None)"""
        command = ["curl", "--silent", "--show-error", "--cacert", self.ca,
                   "--max-time", seconds, "-w", "\n%{http_code}",
                   "-H", f"Origin: {self.origin}",
                   "-H", "Sec-Fetch-Site: cross-site",
                   "-H", "Sec-Fetch-Mode: cors", "-H", "Sec-Fetch-Dest: empty"]
        if self.token:
            command += ["-H", f"Authorization: Bearer {self.token}"]
        if body is not None:
            command += ["-H", "Content-Type: application/json",
                        "--data", json.dumps(body)]
        if method:
            command += ["-X", method]
        text, _, status = run(*command, self.url + path,
                              user=self.user).rpartition("\n")
        return int(status), json.loads(text) if text else None

    def good(self, *args, **more):
        status, reply = self.ask(*args, **more)
        if not 200 <= status < 300:
            raise Trouble(f"{args}: {status} {reply}")
        return reply

    def session(self):
        self.token = self.good("/v1/sessions", {"lang": "ja"})["token"]
        return self

    def read(self, kinds):
        return Read(self, self.good("/v1/reads", {"kinds": kinds}))


class Read:
    def __init__(self, page, reply):
        self.page, self.id = page, reply["id"]
        self.now = reply

    def until(self, *states):
        end = time.monotonic() + LIMIT
        while self.now["state"] not in states:
            if self.now["state"] in FINAL or time.monotonic() > end:
                raise Trouble(f"waited for {states}: {self.now}")
            self.now = self.page.good(
                f"/v1/reads/{self.id}?wait=10&after={self.now['seq']}")
        return self

    def to_end(self):
        return self.until(*FINAL)
