"""kenmenctl on a rig: runs it, and what its exit statuses are called."""

import json
import subprocess

import pytest

import rig as rig_module

CTL = rig_module.BUILD / "daemon/kenmenctl"
TRUST = rig_module.TOP / "tests/sim/trust"
OK, ERROR, USAGE, NO_CARD, REFUSED, PIN, NOT_GENUINE, UNTRUSTED, SICK = range(9)


class Done:
    """What a run of kenmenctl came to."""

    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    @property
    def json(self):
        return json.loads(self.out)

    def __repr__(self):
        return f"<{self.status}\n{self.out}\n{self.err}>"


class Ctl:
    def __init__(self, rig):
        self.rig = rig
        self.env = rig.environment()

    def argv(self, *args):
        """With the scripted pinentry for what asks, and a language."""
        if args[0] == "read" and "--tty" not in args and \
                "--pinentry" not in args:
            args += ("--pinentry", self.rig.windows.program)
        if args[0] in ("read", "verify", "doctor") and "--trust" not in args:
            args += ("--trust", TRUST)
        return [str(a) for a in (CTL, *args)]

    def start(self, *args, **kw):
        return subprocess.Popen(
            self.argv(*args), env=self.env, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **kw)

    def run(self, *args, env=None, text=""):
        done = subprocess.run(
            self.argv(*args), env={**self.env, **(env or {})}, input=text,
            capture_output=True, text=True, timeout=rig_module.LIMIT + 30)
        assert "Sanitizer" not in done.stderr, done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    def read(self, *args, windows=(), status=OK):
        """The results of a read with these windows."""
        self.rig.windows.answer(*windows)
        done = self.run("read", *args, "--json")
        assert done.status == status, done
        return done.json["results"] if status == OK else done.json["error"]


@pytest.fixture
def ctl(rig):
    return Ctl(rig)
