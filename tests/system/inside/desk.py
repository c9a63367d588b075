"""A person at a desktop: a PAM session on seat0, an X server in it, and what
the session starts by itself, kenmen-prompt among it."""

import os
import pathlib
import pwd
import subprocess

import box

SESSION = pathlib.Path("/etc/systemd/user/test-session.target")
# graphical-session.target is started by a desktop's own target alone.
SESSION_TEXT = """[Unit]
BindsTo=graphical-session.target
After=graphical-session.target
"""


class Desktop:
    def __init__(self, user, display):
        self.user, self.display = user, f":{display}"
        self.unit = f"desk-{user}.service"
        self.uid = pwd.getpwnam(user).pw_uid
        self.env = {"HOME": f"/home/{user}", "PATH": os.environ["PATH"],
                    "USER": user, "LANG": "C.UTF-8", "DISPLAY": self.display,
                    "XDG_RUNTIME_DIR": f"/run/user/{self.uid}",
                    "DBUS_SESSION_BUS_ADDRESS":
                        f"unix:path=/run/user/{self.uid}/bus"}

    def start(self):
        box.run("systemd-run", f"--unit={self.unit}", "-p", "PAMName=login",
                "-p", f"User={self.user}", "-p", "KillMode=control-group",
                "-E", "XDG_SEAT=seat0", "-E", "XDG_SESSION_TYPE=x11",
                "-E", "XDG_SESSION_CLASS=user", "-E", f"DISPLAY={self.display}",
                "sh", "-c",
                f"Xvfb {self.display} -screen 0 1024x768x24 -nolisten tcp -ac "
                "-noreset & "
                "until xdpyinfo >/dev/null 2>&1; do sleep 0.05; done; "
                "exec openbox --startup 'touch /tmp/ready" + self.display + "'")
        box.wait("the window manager", lambda: os.path.exists(
            f"/tmp/ready{self.display}"))
        self.session = self.find_session()
        box.wait("the user's manager", lambda: os.path.exists(
            f"/run/user/{self.uid}/systemd/private"))
        self.systemctl("set-environment", f"DISPLAY={self.display}")
        self.systemctl("start", "test-session.target")
        return self

    def find_session(self):
        for line in box.run("loginctl", "--no-legend", "list-sessions") \
                .splitlines():
            number, uid = line.split()[:2]
            if int(uid) == self.uid:
                return number
        raise box.Trouble(f"{self.user} has no session")

    def systemctl(self, *words, check=True):
        return box.run("systemctl", "--user", *words, user=self.user,
                       env=self.env, check=check)

    def activate(self):
        """Switches the seat to this user."""
        box.run("loginctl", "activate", self.session)
        box.wait("the switch", lambda: box.run(
            "loginctl", "show-seat", "seat0", "-P", "ActiveSession").strip()
            == self.session)

    def lock(self, locked):
        """As a desktop tells logind that its screen is locked."""
        path = f"/org/freedesktop/login1/session/_3{self.session}"
        box.run("busctl", "call", "org.freedesktop.login1", path,
                "org.freedesktop.login1.Session", "SetLockedHint", "b",
                "true" if locked else "false")

    def wait_agent(self):
        """Until kenmend knows this desktop's kenmen-prompt."""
        box.wait(f"{self.user}'s agent", lambda: box.Page(self.user).good(
            "/v1/health")["prompt"] == "ok")

    # ---- windows --------------------------------------------------------

    def tool(self, *words, check=True):
        return subprocess.run(
            ["xdotool", *map(str, words)], env=self.env, user=self.user,
            check=check, capture_output=True, text=True, timeout=30
        ).stdout.split()

    def pinentries(self):
        return self.tool("search", "--onlyvisible", "--class", "pinentry",
                         check=False)

    def wait_window(self):
        return box.wait("the PIN window", self.pinentries)[0]

    def wait_no_window(self, seconds=2):
        box.wait("the end of the PIN window",
                 lambda: not self.pinentries(), seconds)

    def type(self, window, text):
        self.tool("windowfocus", "--sync", window)
        self.tool("type", "--delay", 5, text)
        self.tool("key", "Return")

    def picture(self, name):
        subprocess.run(["import", "-window", "root",
                        str(box.RESULTS / f"{name}.png")], env=self.env,
                       check=True, timeout=30)

    def stop(self):
        box.run("systemctl", "stop", self.unit, check=False)
        box.run("loginctl", "terminate-session", self.session, check=False)
