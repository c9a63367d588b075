"""kenmen.js against the real daemon: a page without a browser (tests/js/
page.mjs), whose requests are real. What only a browser has, its permissions
and policies, is in tests/js and tests/browser."""

import json
import subprocess
import threading

import pytest

from rig import DRONE, LIMIT, TOP, TWO, Trouble, deadline, left

ALL = "card_info, attributes, my_number, face, certificate, authenticate, sign"


class Page:
    """One life of a tab."""

    def __init__(self, rig, origin=DRONE, tab="tab"):
        self.rig = rig
        self.storage = rig.dir / tab
        self.child = subprocess.Popen(
            ["node", TOP / "tests/js/page.mjs", origin, self.storage],
            env={**rig.environment(),
                 "NODE_EXTRA_CA_CERTS": str(rig.dir / "state/ca.pem")},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.sent, self.answers = 0, {}
        self.news = threading.Condition()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.port = f"port: {rig.port}"

    def _read(self):
        for line in self.child.stdout:
            answer = json.loads(line)
            with self.news:
                self.answers[answer["line"]] = answer
                self.news.notify_all()

    def start(self, script):
        """Starts a script; its number, for wait()."""
        self.child.stdin.write(json.dumps(
            {"script": script.replace("PORT", self.port)}) + "\n")
        self.child.stdin.flush()
        self.sent += 1
        return self.sent

    def answer(self, number):
        end = deadline()
        with self.news:
            while number not in self.answers:
                if not self.news.wait(left(end)):
                    raise Trouble(f"script {number} does not end")
            return self.answers[number]

    def wait(self, number):
        """The value of a script, which must not fail."""
        answer = self.answer(number)
        assert "value" in answer, answer
        return answer["value"]

    def run(self, script):
        return self.wait(self.start(script))

    def fails(self, script):
        """The error of a script, which must be a KenmenError."""
        answer = self.answer(self.start(script))
        assert answer.get("error", {}).get("code"), answer
        return answer["error"]

    def connect(self, more=""):
        self.run("page.card = await kenmen.connect({PORT, %s})" % more)
        return self

    def token(self):
        kept = json.loads(self.storage.read_text())
        return json.loads(dict(kept)[f"kenmen:{self.rig.port}"])["token"]

    def stop(self):
        """The tab's life ends, with nothing said to kenmend."""
        if self.child.poll() is None:
            self.child.stdin.close()
            self.child.wait(LIMIT)
        self.child.stdout.close()


@pytest.fixture
def new_page(rig):
    pages = []

    def make(**arguments):
        pages.append(Page(rig, **arguments))
        return pages[-1]

    yield make
    for page in pages:
        page.stop()


@pytest.fixture
def page(new_page):
    return new_page()


def test_a_read_from_connect_to_end(rig, page):
    rig.windows.answer("pin 1234")
    page.connect('lang: "en", minimum: "0.1.0"')
    got = page.run("""
        page.states = [];
        const got = await page.card.read(["attributes"], {
            onprogress: (p) => page.states.push(p.state) });
        return { got, states: page.states, kinds: page.card.kinds,
            lang: page.card.lang, left: page.card.expiresIn };""")
    assert got["got"]["attributes"]["name"] == "見本　花子"
    assert got["got"]["read_at"].endswith("Z")
    assert "waiting_for_pin" in got["states"]
    assert got["kinds"] == ["card_info", "attributes"]
    assert got["lang"] == "en" and 3590 < got["left"] <= 3600
    # kenmend has forgotten the result.
    assert rig.client(DRONE, page.token()).get("/v1/reads").json == []
    page.run("await page.card.end()")
    assert json.loads(page.storage.read_text()) == []
    assert page.fails("await page.card.readers()")["code"] == "session_unknown"
