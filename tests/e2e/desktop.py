"""Desktops for mode = agent: who sits at this computer, and their agents.

Outside a booted systemd there is no logind, so its part is played:

  /run/systemd    what sd-login(3) reads, files written by the test, seen by
                  kenmend and its agents alone (a private mount over it)
  the system bus  a dbus-daemon of its own with fake-logind on it, which tells
                  whether a screen is locked

The agents are real: kenmen-prompt as a desktop starts it.
"""

import os
import signal
import subprocess

from rig import BUILD, LIMIT, Process, Rig, Trouble, Windows

BUS = """<busconfig><type>system</type><listen>unix:path={path}</listen>
<auth>EXTERNAL</auth><policy context="default"><allow user="*"/>
<allow own="*"/><allow send_destination="*"/><allow eavesdrop="true"/>
</policy></busconfig>
"""
NOBODY = 65534


class Logind:
    """See above. Sessions are files, replaced as logind replaces them."""

    def __init__(self, directory, bus=True):
        self.dir = directory / "systemd"
        for name in ("system", "seats", "sessions", "users", "machines"):
            (self.dir / name).mkdir(parents=True)
        self.dir.chmod(0o755)
        self.sessions = {}
        self.processes = []
        self.env = {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={directory}/nobus"}
        if bus:
            self._start_bus(directory)

    def _start_bus(self, directory):
        path = directory / "bus"
        (directory / "bus.conf").write_text(BUS.format(path=path))
        self.env["DBUS_SYSTEM_BUS_ADDRESS"] = f"unix:path={path}"
        bus = Process("dbus-daemon", [
            "dbus-daemon", f"--config-file={directory}/bus.conf", "--nofork",
            "--print-address"], env={**os.environ, **self.env})
        self.processes.append(bus)
        bus.wait_line("unix:path=")
        self.fake = subprocess.Popen(
            [BUILD / "tests/e2e/fake-logind"], env={**os.environ, **self.env},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.fake.stdout.readline() != "fake-logind: ready\n":
            raise Trouble("fake-logind did not start")

    def _write(self, path, **keys):
        new = path.with_name(".#" + path.name)
        new.write_text("".join(f"{k}={v}\n" for k, v in keys.items()))
        new.rename(path)

    def _write_user(self, uid):
        own = [(i, s) for i, s in self.sessions.items() if s["UID"] == uid]
        path = self.dir / "users" / str(uid)
        if not own:
            path.unlink()
            return
        self._write(path, NAME=f"user{uid}", STATE="active",
                    SESSIONS=" ".join(i for i, _ in own),
                    ACTIVE_SESSIONS=" ".join(
                        i for i, s in own if s["ACTIVE"] == 1))

    def session(self, name, uid=None, active=1, **keys):
        """A session as logind writes it, new or again."""
        uid = os.getuid() if uid is None else uid
        self.sessions[name] = {
            "UID": uid, "USER": f"user{uid}", "ACTIVE": int(active),
            "IS_DISPLAY": 1, "STATE": "active" if active else "online",
            "REMOTE": 0, "TYPE": "x11", "CLASS": "user", "SEAT": "seat0",
            **keys}
        self._write(self.dir / "sessions" / name, **{
            k: v for k, v in self.sessions[name].items() if v is not None})
        self._write_user(uid)

    def end(self, name):
        uid = self.sessions.pop(name)["UID"]
        (self.dir / "sessions" / name).unlink()
        self._write_user(uid)

    def lock(self, name, on=True):
        self.fake.stdin.write(f"{'lock' if on else 'unlock'} {name}\n")
        self.fake.stdin.flush()
        if self.fake.stdout.readline() != "ok\n":
            raise Trouble("fake-logind refuses")

    def wrap(self, argv, uid=None):
        """A command that sees these files as /run/systemd, as that user."""
        how = ["unshare", "--mount"]
        drop = ["setpriv", "--inh-caps=-all"]
        if os.geteuid() != 0:
            how += ["--map-current-user", "--keep-caps"]
            drop.append("--ambient-caps=-all")
        elif uid:
            drop += [f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]
        return [*how, "sh", "-c", "{ [ -d /run/systemd ] || "
                "{ mount -t tmpfs tmpfs /run && mkdir /run/systemd; }; } && "
                'mount --bind "$0" /run/systemd && exec "$@"',
                self.dir, *drop, "--", *argv]

    def pids(self):
        return {p.pid for p in self.processes} | (
            {self.fake.pid} if hasattr(self, "fake") else set())

    def stop(self):
        if hasattr(self, "fake"):
            self.fake.stdin.close()
            self.fake.wait(LIMIT)
            self.fake.stdout.close()
        for process in self.processes:
            process.stop()


class DeskRig(Rig):
    """A Rig in mode = agent, with a Logind; the first session, of the test's
    own user, is "1". Sockets and directories are for everybody, as the
    system's are."""

    def __init__(self, site, directory, *, config=None, bus=True, here=True,
                 agent=True, **arguments):
        self.agents = []
        self.logind = Logind(directory, bus)
        site.own |= self.logind.pids()
        self.socket = directory / "desk/prompt.sock"
        self.socket.parent.mkdir()
        config = dict(config or {})
        config["prompt"] = {"mode": "agent", "socket": self.socket,
                            **config.get("prompt", {})}
        if here:
            self.logind.session("1")
        super().__init__(site, directory, config=config, wrap=self.logind.wrap,
                         env={**self.logind.env, **arguments.pop("env", {})},
                         **arguments)
        if agent:
            self.agent()

    def agent(self, uid=None, wait="connected to kenmend", pinentry=None,
              home=None):
        """Starts a desktop's kenmen-prompt; ready when it said `wait`."""
        env = self.environment()
        if home:
            env["HOME"] = str(home)
        agent = Process("kenmen-prompt", self.logind.wrap([
            BUILD / "daemon/kenmen-prompt", "--socket", self.socket,
            "--pinentry", pinentry or self.pinentry], uid), env=env)
        self.agents.append(agent)
        if wait:
            agent.wait_line(wait)
        return agent

    def other_windows(self):
        """A scripted pinentry that the user nobody can run."""
        windows = Windows(self, "their")
        windows.dir.chmod(0o777)
        windows.answer()
        for path in windows.dir.iterdir():
            path.chmod(0o666)
        return windows

    def log(self):
        return "\n".join([super().log(), *(a.text() for a in self.agents)])

    def stop(self):
        for agent in self.agents:
            agent.send(signal.SIGCONT)
            if agent.stop() != 0 and not getattr(agent, "killed", False):
                raise Trouble("kenmen-prompt failed:\n" + agent.text())
        try:
            super().stop()
        finally:
            self.logind.stop()
