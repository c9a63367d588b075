"""kenmenctl history: what a person gave to whom, where they let it be kept.

By the service of their own (mode = pinentry) and on their desktop (agent).
"""

import json
import os
import pwd
import re
import stat
import subprocess

import pytest

import rig as rig_module
from ctl import CTL, ERROR, OK, USAGE, Ctl, Done
from desktop import NOBODY, DeskRig
from rig import DRONE
from test_agent import AS_ROOT, OtherUser
from whole import ALL_KINDS, ask

NAME = rig_module.DEFAULTS[f'origin "{DRONE}"']["name"]
pytestmark = pytest.mark.rig(config=ALL_KINDS)


@pytest.fixture(params=["pinentry", "agent"])
def mode(request, monkeypatch):
    if request.param == "agent":
        monkeypatch.setattr(rig_module, "Rig", DeskRig)
    return request.param


@pytest.fixture
def make_rig(mode, make_rig):
    return make_rig


@pytest.fixture
def ctl(rig):
    return Ctl(rig)


@pytest.fixture
def kept(ctl):
    """A list that is kept from the start."""
    assert ctl.run("history", "--on").status == OK
    return ctl


def place(rig):
    return rig.dir / "home/.local/state/kenmen"


def entries(ctl):
    done = ctl.run("history", "--json")
    assert done.status == OK, done
    return done.json["entries"]


def outcomes(ctl):
    return [entry["outcome"] for entry in entries(ctl)]


def reads(rig, *windows, kinds="attributes", **how):
    """A read that is over."""
    return ask(rig, kinds, answers=windows, **how).to_end()


# ---- whether ------------------------------------------------------------

def test_off_by_default(rig, ctl):
    """Nothing is kept, nothing is left, and that is said."""
    reads(rig, "pin 1234")
    reads(rig, "no")
    home = rig.dir / "home"
    assert [p for p in home.rglob("*")] == []
    done = ctl.run("history")
    assert (done.status, done.out) == (OK, "")
    assert "nothing is kept" in done.err and "--on" in done.err
    assert ctl.run("history", "--json").json == {
        "kept": False, "damaged": 0, "entries": []}
    assert [p for p in home.rglob("*")] == []


def test_on_off_clear(rig, kept):
    reads(rig, "pin 1234")
    done = kept.run("history", "--off")
    assert done.status == OK and "(1)" in done.err and "--clear" in done.err
    reads(rig, "pin 1234")
    assert outcomes(kept) == ["given"]
    assert kept.run("history", "--lang", "ja").err.count("残っている1件")
    assert kept.run("history", "--clear").status == OK
    assert list(place(rig).iterdir()) == []
    assert kept.run("history", "--on").status == OK
    reads(rig, "pin 1234")
    assert outcomes(kept) == ["given"]
    assert kept.run("history", "--off", "--clear").status == OK
    assert list(place(rig).iterdir()) == []


def test_usage(ctl):
    for words in (["more"], ["--on", "--off"], ["--on", "--clear"],
                  ["--reader", "x"]):
        assert ctl.run("history", *words).status == USAGE
    assert ctl.run("history", env={"HOME": ""}).status == ERROR


# ---- what ---------------------------------------------------------------

def test_given(rig, kept):
    """To whom, what, when and how it ended; nothing of what was read."""
    marks = ["marked-purpose-9x", "９８７６"]
    page = rig.session()
    marks.append(page.token)
    read = reads(rig, f"pin {marks[1]}", "pin 1234", page=page,
                 kinds=["attributes", "my_number"], purpose=marks[0])
    got = read.results
    marks += [v for v in (*got["attributes"].values(),
                          *got["my_number"].values())
              if isinstance(v, str) and len(v) > 3 and v not in (
                  "male", "female", "consistent")]
    assert len(marks) > 7
    entry, = entries(kept)
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ",
                        entry.pop("time"))
    assert entry == {"origin": DRONE, "origin_name": NAME, "user": None,
                     "kinds": ["attributes", "my_number"],
                     "outcome": "given"}
    line = kept.run("history", env={"TZ": "Asia/Tokyo"}).out
    assert re.fullmatch(
        r"20\S+ \d\d:\d\d:\d\d \+0900  " + re.escape(
            f"{DRONE} ({NAME}): attributes, my_number: given\n"), line)
    assert kept.run("history", "--lang", "ja").out.endswith(
        f"{DRONE}（{NAME}）: 基本4情報、個人番号（マイナンバー）: 渡した\n")
    file = place(rig) / "history"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    text = file.read_text()
    for mark in [*marks, "1234"]:
        assert mark not in text


def test_all_of_a_read_is_one_entry(rig, kept):
    page = rig.session()
    kinds = ["attributes", "sign", "card_info"]
    ask(rig, kinds, page=page).to_end("done")
    # What no window asks for is in no list.
    page.read(["card_info"]).to_end("done")
    entry, = entries(kept)
    assert (entry["kinds"], entry["outcome"]) == (kinds[:2], "given")


def blocked(rig):
    rig.card[0].set_tries("attributes", 0)


def last(rig):
    rig.card[0].set_tries("attributes", 1)


ENDS = {
    "cancelled": ("pin_cancelled", ["attributes"], ["no"], None),
    "closed": ("pin_cancelled", ["attributes"], ["close"], None),
    "timeout": ("prompt_timeout", ["attributes"], ["timeout"], None),
    "wrong": ("pin_wrong", ["attributes"], ["pin 9999", "pin 8888"], None),
    "no pin": ("pin_format", ["attributes"], ["pin 1", "pin 2", "pin 3"],
               None),
    "refused": ("consent_refused", ["certificate"], ["no"], None),
    "last try": ("last_try_refused", ["attributes"], ["no"], last),
    "locked": ("pin_blocked", ["attributes"], ["ok"], blocked),
}


@pytest.mark.parametrize("code, kinds, windows, first", ENDS.values(),
                         ids=ENDS)
def test_not_given(rig, kept, code, kinds, windows, first):
    if first:
        first(rig)
    assert reads(rig, *windows, kinds=kinds).error["code"] == code
    entry, = entries(kept)
    assert (entry["outcome"], entry["kinds"]) == (code, kinds)
    assert "not given: " in kept.run("history").out


def test_the_card_goes(rig, kept):
    rig.windows.answer("hang")
    read = rig.session().read()
    rig.windows.wait_shown()
    rig.card[0].remove()
    read.failed("card_removed")
    assert outcomes(kept) == ["card_removed"]


def test_the_page_goes(rig, kept):
    """Before it was answered: nothing was given, and it says so. After: it may
    have been."""
    rig.windows.answer("hang")
    page = rig.session()
    read = page.read()
    rig.windows.wait_shown()
    read.cancel()
    rig.windows.wait_closed()
    assert outcomes(kept) == ["withdrawn"]
    rig.card[0].switch("slow", 200)
    rig.windows.answer("pin 1234")
    read = page.read()
    read.until("reading")
    read.cancel()
    assert outcomes(kept) == ["withdrawn", "unknown"]
    assert "perhaps given" in kept.run("history").out
    rig.card[0].switch("slow", "off")


def test_a_reader_that_hangs(make_rig):
    """The end that only a watchdog can tell."""
    rig = make_rig(config={**ALL_KINDS, "reader": {"read_timeout": 1}})
    kept = Ctl(rig)
    kept.run("history", "--on")
    rig.windows.answer("hold pin 1234")
    read = rig.session().read()
    rig.windows.wait_shown()
    rig.card[0].switch("slow", 1500)
    rig.windows.release()
    read.failed("timeout")
    assert outcomes(kept) == ["timeout"]
    rig.card[0].switch("slow", "off")


def test_a_local_program(rig, kept):
    """kenmenctl read asks with the same voice."""
    kept.read("attributes", windows=["pin 1234"])
    entry, = entries(kept)
    user = pwd.getpwuid(os.getuid()).pw_name
    assert (entry["origin"], entry["user"]) == (None, user)
    assert f"a program of user {user}" in kept.run("history").out


# ---- whose --------------------------------------------------------------

@AS_ROOT
@pytest.mark.parametrize("mode", ["agent"], indirect=True)
def test_two_users(rig, kept):
    """Each has a list of their own, if they want one."""
    rig.dir.chmod(0o755)
    rig.site.dir.chmod(0o755)
    home = rig.dir / "their-home"
    home.mkdir()
    os.chown(home, NOBODY, NOBODY)
    theirs = rig.other_windows()
    rig.logind.session("2", NOBODY, active=0)
    rig.agent(NOBODY, pinentry=theirs.program, home=home)
    them = OtherUser(rig)
    reads(rig, "pin 1234")
    rig.logind.session("1", active=0)
    rig.logind.session("2", NOBODY)
    theirs.answer("pin 1234", "no")
    assert them.read()["state"] == "done"
    assert not list(home.rglob("kenmen"))
    assert as_nobody(kept, home, "--on").status == OK
    assert them.read()["state"] == "failed"
    assert outcomes(kept) == ["given"]
    assert [e["outcome"] for e in json.loads(
        as_nobody(kept, home, "--json").out)["entries"]] == ["pin_cancelled"]
    # Root's is not theirs, nor theirs root's.
    done = kept.run("history", env={"HOME": str(home)})
    assert done.status == ERROR and "not yours alone" in done.err
    assert as_nobody(kept, rig.dir / "home").status == ERROR


def as_nobody(ctl, home, *words):
    done = subprocess.run(
        [CTL, "history", *words], env={**ctl.env, "HOME": str(home)},
        user=NOBODY, group=NOBODY, extra_groups=[], capture_output=True,
        text=True, timeout=rig_module.LIMIT)
    return Done(done.returncode, done.stdout, done.stderr)


# ---- what is in its place -----------------------------------------------

def link(path, precious):
    path.unlink(missing_ok=True)
    path.symlink_to(precious)


def hard_link(path, precious):
    path.unlink(missing_ok=True)
    path.hardlink_to(precious)


def directory(path, precious):
    path.mkdir()


def pipe(path, precious):
    os.mkfifo(path)


@pytest.mark.parametrize("make", [link, hard_link, directory, pipe])
def test_something_else_in_its_place(rig, kept, make):
    """It is left alone, said in the log, and no reason for a read to fail."""
    precious = rig.dir / "precious"
    precious.write_text("precious")
    precious.chmod(0o600)       # all is right with it but the way there
    make(place(rig) / "history", precious)
    assert reads(rig, "pin 1234").state == "done"
    assert precious.read_text() == "precious"
    speaker = (getattr(rig, "agents", None) or [rig.kenmend])[-1]
    speaker.wait_line("is not written down")
    done = kept.run("history")
    assert done.status == ERROR and place(rig).name in done.err


def test_a_link_in_the_directorys_place(rig, kept):
    moved = rig.dir / "moved"
    place(rig).rename(moved)
    place(rig).symlink_to(moved)
    assert reads(rig, "pin 1234").state == "done"
    assert not (moved / "history").exists()
    assert kept.run("history").status == ERROR
    assert kept.run("history", "--clear").status == ERROR


def test_damage_and_deceit(rig, kept):
    """What is no line is counted and never shown."""
    reads(rig, "pin 1234")
    file = place(rig) / "history"
    line = file.read_bytes().splitlines()[-1]
    bad = [line.replace(DRONE.encode(), evil) for evil in (
        b"https://\x1b[2J\x1b]0;x\x07", "https://\u202e.example".encode(),
        "https://a\u2066b".encode(), b"https://\xff\xfe", b"a\rb", b"\x00")]
    with file.open("ab") as f:
        f.write(b"\n".join([*bad, b"1\thalf a li"]))
    for done in (kept.run("history"), kept.run("history", "--lang", "ja"),
                 kept.run("history", "--json")):
        assert done.status == OK
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e"
                             "\u2066-\u2069]", done.out + done.err)
    assert kept.run("history", "--json").json["damaged"] == len(bad) + 1
    reads(rig, "no")
    assert outcomes(kept) == ["given", "pin_cancelled"]
