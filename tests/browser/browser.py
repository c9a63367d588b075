"""What the drivers of both browsers share.

    Browser   a process with a throw-away HOME and a private /etc, in PID and
              mount namespaces of its own: nothing of it is left behind
    Context   a person's fresh start in it: no cookies, no permissions
    Page      a tab

chromium.py and firefox.py say how each is done. A script is always an
expression; a promise is waited for; its value comes back as JSON.
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess

from rig import BUILD, Process, Trouble, deadline, left

SCREENS = pathlib.Path(os.environ.get("KENMEN_SCREENS") or
                       BUILD / "test-logs/screens")


def certutil(store, *args):
    subprocess.run(["certutil", "-d", f"sql:{store}", *map(str, args)],
                   check=True, capture_output=True)


def store_make(store, *authorities):
    """An NSS store that trusts these CAs, which are no kenmend's."""
    store.mkdir(parents=True, exist_ok=True)
    certutil(store, "-N", "--empty-password")
    for n, pem in enumerate(authorities):
        certutil(store, "-A", "-n", f"tests {n}", "-t", "C,,", "-i", pem)


def trust(home, *args, status=0):
    """kenmenctl trust, as the person whose home it is; its report."""
    done = subprocess.run(
        [BUILD / "daemon/kenmenctl", "trust", *map(str, args), "--json"],
        env={"PATH": "/usr/bin:/bin", "HOME": str(home)},
        stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == status, done
    return json.loads(done.stdout)


def alone(etc):
    """The words before a command that give it an /etc with our files over the
    machine's, and that end with it whatever it started."""
    how = ["unshare", "--mount", "--pid", "--fork", "--kill-child",
           "--mount-proc"]
    drop = []
    if os.geteuid() != 0:
        how += ["--map-current-user", "--keep-caps"]
        drop = ["setpriv", "--inh-caps=-all", "--ambient-caps=-all", "--"]
    return [*how, "--", "sh", "-c",
            f"mount -t overlay overlay -o 'lowerdir={etc}:/etc' /etc && "
            'exec "$@"', "alone", *drop]


class Browser:
    """name, wire; subclasses say argv(), policies(), connect(), and make(),
    which prepares the home. With one that is there already, as it is: it
    stays."""

    def __init__(self, town, headless=False, home=None):
        self.town, self.headless, self.kept = town, headless, bool(home)
        self.home = home or town.dir / (
            self.name + ("-headless" if headless else ""))
        if not self.kept:
            self.home.mkdir()
            self._write_policies()
            self.make(*town.page_cas)
            trust(self.home, "install", "--ca", town.kenmend_ca)
        env = {"PATH": "/usr/bin:/bin", "HOME": str(self.home),
               "LANG": "ja_JP.UTF-8", "LANGUAGE": "ja",
               "DISPLAY": town.screen.display, "NO_AT_BRIDGE": "1"}
        self.process = Process(self.name, [
            *alone(self.home / "etc"), *self.argv()], env=env)
        town.own.add(self.process.pid)
        self.connect()

    def _write_policies(self):
        etc = self.home / "etc"
        etc.mkdir()
        for path, value in self.policies().items():
            file = etc / path
            file.parent.mkdir(parents=True)
            file.write_text(json.dumps(value))

    def stop(self):
        self.wire.close()
        self.process.stop(signal.SIGKILL)
        self.town.own.discard(self.process.pid)
        if not self.kept:
            shutil.rmtree(self.home, ignore_errors=True)


class Context:
    """Made by Browser.context(); pages() are the tabs that a test opened."""

    def __init__(self, browser):
        self.browser = browser
        self.pages = []
        self.scripts = []

    @property
    def name(self):
        return self.browser.name

    def before_each(self, script):
        """Runs first in every document of the tabs to come."""
        self.scripts.append(script)

    def page(self, url=None):
        page = self.make_page()
        self.pages.append(page)
        for script in self.scripts:
            page.before_scripts(script)
        if url:
            page.goto(url)
        return page


class Page:
    """Subclasses say run(script), goto(), and what follows below."""

    def __init__(self, context):
        self.context, self.browser = context, context.browser
        self.wire = context.browser.wire

    def evaluate(self, script, seconds=None):
        """The value of an expression, waited for; as after a click."""
        value = self.run(
            f"(async () => JSON.stringify((await ({script})) ?? null))()",
            seconds)
        return json.loads(value)

    def wait(self, condition, seconds=None):
        """Until an expression over the document is true; its value. The
        document tells of its changes and of its end; of one that was kept for
        the Back button nothing is heard any more, hence the slices."""
        end = deadline(seconds)
        script = f"""new Promise(done => {{
            const look = () => {{
                let value;
                try {{ value = ({condition}); }} catch {{ return; }}
                if (value) {{ watch.disconnect(); done(value); }}
            }};
            const watch = new MutationObserver(look);
            watch.observe(document, {{subtree: true, childList: true,
                attributes: true, characterData: true}});
            addEventListener("load", look);
            addEventListener("pagehide", () => done(null));
            setTimeout(() => {{ look(); done(null); }}, 1000);
            look();
        }})"""
        why = None
        while left(end):
            try:
                if value := self.evaluate(script, 2):
                    return value
            except Trouble as e:
                why = e
        raise Trouble(f"never came true: {condition}\n{why or ''}\n" +
                      self.outline())

    def outline(self):
        """What the page shows, for a report."""
        try:
            return self.evaluate(
                "location.href + '\\n' + document.body.innerText", 5)
        except Trouble as e:
            return str(e)

    def text(self, selector):
        return self.evaluate(
            f"document.querySelector({json.dumps(selector)})?.textContent")

    def _middle(self, selector):
        """Of an element, scrolled into view."""
        return self.evaluate(f"""(element => {{
            element.scrollIntoView({{block: "center", behavior: "instant"}});
            const r = element.getBoundingClientRect();
            return {{x: Math.round(r.x + r.width / 2),
                    y: Math.round(r.y + r.height / 2)}};
        }})(document.querySelector({json.dumps(selector)}))""")

    def picture(self, name):
        """Test output: SCREENS/NAME-BROWSER.png."""
        SCREENS.mkdir(parents=True, exist_ok=True)
        path = SCREENS / f"{name}-{self.browser.name}.png"
        path.write_bytes(self.screenshot())
        return path
