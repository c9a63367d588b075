"""kenmen.js against the real daemon: a page without a browser (tests/js/
page.mjs), whose requests are real. What only a browser has, its permissions
and policies, is in tests/js and tests/browser."""

import base64
import json
import re
import subprocess
import threading

import pytest

from rig import (DRONE, LIMIT, TOP, TWO, Trouble, deadline, left,
                 wait_gone)

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


def test_the_page_of_the_documentation(rig, page):
    """docs/developers.md, "in 20 lines", as it stands there."""
    text = (TOP / "docs/developers.md").read_text()
    script = re.search(r'<script type="module">\n(.*?)</script>', text,
                       re.S)[1]
    assert len(script.splitlines()) <= 20
    script = script.replace('import { connect } from "/kenmen.js"',
                            "const { connect } = kenmen")
    script = script.replace("connect({", "connect({ PORT,")
    rig.windows.answer("pin 1234", "cancel")
    page.run("""
        const parts = { "#read": {}, "#say": {} };
        globalThis.document = Object.assign(new EventTarget(),
            { querySelector: (name) => parts[name] });
        page.parts = parts;""" + script)
    for said in ("見本　花子 東京都千代田区見本町１－２－３",
                 "暗証番号の入力が取り消されました  "
                 "必要であれば、もう一度読み取ってください。"):
        page.run('await page.parts["#read"].onclick()')
        assert page.run('return page.parts["#say"].textContent') == said
    assert "氏名と住所の入力" in rig.windows.shown()[0].text


EVERYTHING = pytest.mark.rig(config={f'origin "{DRONE}"': {"kinds": ALL}})
HOURS = pytest.mark.rig(clock=True, config={
    "prompt": {"timeout": 3600}, "reader": {"card_timeout": 3600}})


@EVERYTHING
def test_a_challenge_and_digests_as_bytes(rig, page):
    """What a page has as bytes goes through as it is."""
    rig.windows.answer("pin 1234", "pin SAMPLE1234")
    page.connect()
    got = page.run("""
        return page.card.read(["authenticate", "sign"], {
            challenge: new Uint8Array(32).fill(251), hash: "sha256",
            digests: [new Uint8Array(32).fill(255)], titles: ["契約書"] });""")
    claims = got["authenticate"]["jws"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(claims + "=="))
    assert claims["nonce"] == "-_v7" * 10 + "-_s"
    assert claims["aud"] == DRONE
    assert len(got["sign"]["signatures"]) == 1
    assert "契約書" in rig.windows.shown()[1].text


@EVERYTHING
def test_a_my_number_is_fetched_once(rig, page):
    rig.windows.answer("pin 1234")
    page.connect()
    got = page.run('return page.card.read(["my_number", "attributes"])')
    assert len(got["my_number"]["my_number"]) == 12
    assert rig.client(DRONE, page.token()).get("/v1/reads").json == []


@pytest.mark.shows("read:pin_wrong")
def test_what_went_wrong_in_words(rig, page):
    rig.windows.answer("pin 0000", "pin 0000")
    rig.seen.add("read:pin_wrong")      # below, by the page
    error = page.connect().fails('await page.card.read(["attributes"])')
    assert error["code"] == "pin_wrong"
    assert error["extra"] == {"tries_left": 1, "pin": "attributes"}
    assert error["ja"]["title"] == "暗証番号が違います"
    assert "残り1回" in error["ja"]["detail"]
    assert "Tries left: 1." in error["en"]["detail"]


def test_an_abort_closes_the_window(rig, page):
    rig.windows.answer("hang")
    page.connect()
    got = page.start("""
        page.cut = new AbortController();
        await page.card.read(["attributes"], { signal: page.cut.signal });""")
    rig.windows.wait_shown()
    page.run("page.cut.abort()")
    assert page.answer(got)["error"]["code"] == "aborted"
    rig.windows.wait_closed()
    assert rig.card[0].verifies() == []
    rig.windows.answer("pin 1234")
    assert page.run('return page.card.read(["attributes"])')


# ---- Reload, and what else may come in between ---------------------------

def test_reload_finds_session_and_read(rig, new_page):
    rig.windows.answer("hold pin 1234")
    first = new_page().connect()
    first.start('await page.card.read(["attributes"])')
    rig.windows.wait_shown()
    first.stop()
    page = new_page()
    found = page.run("""
        const { session, ended } = await kenmen.resume({PORT});
        page.card = session;
        page.found = await session.pending();
        return { ended, kinds: page.found.kinds };""")
    assert found == {"ended": None, "kinds": ["attributes"]}
    got = page.start("return page.found.result()")
    rig.windows.release()
    assert page.wait(got)["attributes"]["name"] == "見本　花子"
    assert page.run("return page.card.pending()") is None
    assert len(rig.windows.shown()) == 1
    # Nothing was put on the screen or asked for by finding it again.
    assert page.run("return page.asked")[:2] == [
        "GET /v1/session", "GET /v1/reads"]


def test_reload_while_the_card_was_read(rig, new_page):
    """The result waits for the page."""
    rig.windows.answer("hold pin 1234")
    first = new_page().connect()
    first.start('await page.card.read(["attributes"])')
    rig.windows.wait_shown()
    token = first.token()
    first.stop()
    rig.windows.release()
    client = rig.client(DRONE, token)
    end = deadline()
    while client.get("/v1/reads").json[0]["state"] != "done":
        assert left(end)
    page = new_page()
    assert page.run("""
        const { session } = await kenmen.resume({PORT});
        const found = await session.pending();
        return (await found.result()).attributes.name;""") == "見本　花子"


def test_a_read_that_reload_left_makes_way(rig, new_page):
    rig.windows.answer("hang", "pin 1234")
    first = new_page().connect()
    first.start('await page.card.read(["attributes"])')
    rig.windows.wait_shown()
    first.stop()
    page = new_page().connect()
    assert page.run('return page.card.read(["attributes"])')
    assert len(rig.windows.shown()) == 2


@HOURS
def test_a_closed_tab_takes_its_window_along(rig, new_page):
    rig.windows.answer("hang")
    page = new_page().connect()
    page.start('await page.card.read(["attributes"])')
    rig.windows.wait_shown()
    client = rig.client(DRONE, page.token())
    page.stop()
    client.health()     # the daemon has seen the line go
    rig.jump(11)
    rig.windows.wait_closed()
    assert rig.card[0].verifies() == []


def test_kenmend_restarts(rig, new_page):
    page = new_page().connect()
    told = page.start("""return new Promise((done) =>
        page.card.on("ended", ({ why }) => done(why)))""")
    page.run('return new Promise((done) => page.card.on("snapshot", done))')
    rig.stop_kenmend()
    rig.config.write_text(rig.config.read_text().replace(
        "127.0.0.1:0", f"127.0.0.1:{rig.port}"))
    rig.start_kenmend()
    assert page.wait(told) == "unknown"
    page.connect()
    assert page.run("return page.card.readers()")


def test_kenmend_restarts_while_nobody_looks(rig, new_page):
    new_page().connect().stop()
    rig.stop_kenmend()
    rig.config.write_text(rig.config.read_text().replace(
        "127.0.0.1:0", f"127.0.0.1:{rig.port}"))
    rig.start_kenmend()
    assert new_page().run("return kenmen.resume({PORT})") == {
        "session": None, "ended": "unknown"}


@HOURS
def test_sixty_minutes_pass(rig, new_page):
    page = new_page().connect()
    told = page.start("""return new Promise((done) =>
        page.card.on("ended", ({ why }) => done(why)))""")
    page.run('return new Promise((done) => page.card.on("snapshot", done))')
    rig.jump(3601)
    assert page.wait(told) == "expired"
    assert page.fails("await page.card.readers()")["code"] == "session_expired"
    assert json.loads(page.storage.read_text()) == []


@HOURS
def test_sixty_minutes_pass_while_nobody_looks(rig, new_page):
    new_page().connect().stop()
    rig.jump(3601)
    page = new_page()
    assert page.run("return kenmen.resume({PORT})") == {
        "session": None, "ended": "expired"}
    assert page.run("return kenmen.resume({PORT})")["ended"] is None


@HOURS
def test_a_person_who_does_something(rig, page):
    page.connect()
    rig.jump(3000)
    assert page.run("return page.card.refresh()") in (599, 600)
    assert page.run("return page.card.touch()") in (3599, 3600)
    assert page.run("""await page.card.touch();
        return page.asked.filter((a) => a.includes("touch")).length""") == 1


# ---- tabs ----------------------------------------------------------------

@pytest.mark.shows("http:session_active")
def test_a_second_tab_takes_over(rig, new_page):
    first = new_page().connect()
    told = first.start("""return new Promise((done) =>
        page.card.on("ended", ({ why }) => done(why)))""")
    first.run('return new Promise((done) => page.card.on("snapshot", done))')
    second = new_page(tab="second")
    rig.seen.add("http:session_active")     # below, by the page
    error = second.fails("await kenmen.connect({PORT})")
    assert (error["code"], error["status"]) == ("session_elsewhere", 409)
    assert "引き継" in error["ja"]["next"]
    second.connect("takeover: true")
    assert first.wait(told) == "unknown"
    assert first.fails("await page.card.readers()")["code"] == "session_unknown"
    assert second.run("return page.card.readers()")


def test_another_language(rig, new_page):
    """The tab's own session, in the language that the page has now."""
    rig.windows.answer("pin 1234")
    page = new_page().connect()
    page.connect('lang: "en"')
    page.run('await page.card.read(["attributes"])')
    assert "PIN" in rig.windows.shown()[0].text


def test_two_sites_at_once(rig, new_page):
    one, two = new_page(), new_page(origin=TWO, tab="two")
    one.connect()
    two.connect()
    assert one.run("return page.card.origin") == DRONE
    assert two.run("return page.card.origin") == TWO
    one.run("await page.card.end()")
    assert two.run("return page.card.refresh()") > 3500


# ---- events --------------------------------------------------------------

def test_what_happens_at_the_reader(rig, page):
    page.connect()
    seen = page.start("""
        const seen = [];
        return new Promise((done) => {
            page.off = [
                page.card.on("snapshot", (s) => {
                    seen.push(s.readers.map((r) => r.card_present));
                    page.began = true;
                }),
                page.card.on("card", (c) => {
                    seen.push(c.present);
                    if (seen.length === 3) done(seen);
                })];
        });""")
    page.run('return new Promise((done) => page.card.on("snapshot", done))')
    rig.card[0].remove()
    rig.card[0].insert("hanako")
    assert page.wait(seen) == [[True, False], False, True]


def test_nobody_listens_any_more(rig, page):
    """The line is closed, and kenmend's watcher goes."""
    page.connect()
    page.run("""return new Promise((done) => {
        page.off = page.card.on("snapshot", done) })""")
    watchers = rig.pids("kenmen-read")
    assert len(watchers) == 1
    page.run("page.off()")
    assert wait_gone(watchers[0])
    assert page.run("return page.errors") == []


def test_a_pcscd_that_is_not_there(rig, page):
    page.connect()
    rig.stop_pcscd()
    rig.seen.add("http:pcsc_unavailable")
    assert page.fails("await page.card.readers()")["code"] == "pcsc_unavailable"
    rig.site.socket.unlink()    # systemd's, where pcscd is not installed
    error = page.run("""const e = await kenmen.diagnose({PORT});
        return e && [e.code, e.words("ja").next]""")
    assert error[0] == "pcsc_unavailable" and "pcscd" in error[1]
