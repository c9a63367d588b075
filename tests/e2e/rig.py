"""The rig: everything a read needs, for real, in one temporary directory.

A Rig is

  pcscd       a real one of its own, with two virtual readers (slots 0 and 1),
              on a socket of its own
  card[0|1]   a simulated card in each reader (tests/sim/kenmen-sim), driven
              over a control socket: insert, remove, swap, switches, counters,
              and a log of every byte that reached the card
  kenmend     the daemon under test with a written configuration, its
              kenmen-read and kenmen-prompt
  windows     what asks for PINs: a scripted pinentry that answers what the
              test told it and logs what it was told to show (class Windows),
              or the real pinentry-gtk-2 on an Xvfb (class Screen)

A test takes the fixture `rig` (started, hanako's card in reader 0), or
`make_rig(...)` for another set-up, and talks to the daemon as a page does:

    def test_name(rig):
        rig.windows.answer("pin 1234")
        page = rig.session()                     # https://drone.example
        read = page.read(["attributes"]).to_end()
        assert read.results["attributes"]["name"] == "..."
        assert len(rig.card[0].exchanges()) == 11

Rules for tests on this rig:

- Wait for events, never for time: Read.until(state), Read.to_end(),
  rig.wait_log(regex), windows.wait_shown(), rig.wait_card(), wait_gone(pid).
  All give up after LIMIT seconds (longer under sanitizers).
- No two rigs at once in one test process: libpcsclite keeps the socket's path.
- What a test starts it stops. Rig.stop() fails the test when a process or a
  window is left, when a sanitizer spoke, when a token or something read from
  a card stands in the daemon's log, or when a program died of a signal that
  the test did not announce (rig.expect_death).
- A test that shows an error code of api.md says so:
  @pytest.mark.shows("read:pin_wrong", "http:busy"); conftest checks that the
  code was seen on the wire, and tests/run that every code is shown.

Environment: KENMEN_BUILD the build directory (default build/), KENMEN_SLOW a
factor on every limit, KENMEN_VALGRIND a directory: kenmen-read and kenmen-prompt
run under valgrind, and their reports are kept there.
"""

import contextlib
import ctypes
import fcntl
import http.client
import json
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
import typing
import urllib.parse

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("KENMEN_BUILD") or TOP / "build").resolve()
SLOW = float(os.environ.get("KENMEN_SLOW") or 1)
VALGRIND = os.environ.get("KENMEN_VALGRIND")
# A sanitizer build: its programs may stay dumpable, or their leaks could not
# be looked for (tests/sanitizer.h).
SANITIZED = "sanitize" in (BUILD / "build.ninja").read_text()
LIMIT = 20 * SLOW
DRONE = "https://drone.example"
TWO = "https://two.example"
FINAL = ("done", "failed", "cancelled")


class Trouble(AssertionError):
    """The rig could not do what the test asked, or found a rule broken."""


def deadline(seconds=None):
    """A moment on the monotonic clock, LIMIT seconds from now by default."""
    return time.monotonic() + (LIMIT if seconds is None else seconds * SLOW)


def left(end):
    return max(0.0, end - time.monotonic())


# ---- processes ----------------------------------------------------------

def become_reaper():
    """Orphans of what we start come to us, so that none is lost from sight."""
    PR_SET_CHILD_SUBREAPER = 36
    if ctypes.CDLL(None, use_errno=True).prctl(
            PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def children(pid):
    """The live and dead children of a process, by pid."""
    found = []
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return found    # it went while we looked
    for task in tasks:
        with contextlib.suppress(OSError):
            found += map(int, pathlib.Path(
                f"/proc/{pid}/task/{task}/children").read_text().split())
    return found


def descendants(pid):
    found = []
    for child in children(pid):
        found += [child] + descendants(child)
    return found


def command_line(pid):
    """argv of a process as one line; "" when it is gone or a zombie."""
    try:
        raw = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return ""
    return raw.replace(b"\0", b" ").decode(errors="replace").strip()


def wait_gone(pid, seconds=None):
    """Waits until a process has ended (a zombie counts); True when it has."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        return bool(poll.poll(left(deadline(seconds)) * 1000))
    finally:
        os.close(fd)


class Process:
    """A child whose stderr (and stdout) we read, line by line, as it comes."""

    def __init__(self, name, argv, env=None, **kw):
        self.name = name
        self.lines = []
        self.news = threading.Condition()
        self.ended = False
        self.child = subprocess.Popen(
            [str(a) for a in argv], env=env, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **kw)
        self.pid = self.child.pid
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.child.stdout:
            with self.news:
                self.lines.append(line.decode(errors="replace").rstrip("\n"))
                self.news.notify_all()
        with self.news:
            self.ended = True
            self.news.notify_all()

    def wait_line(self, pattern, seconds=None, start=0):
        """The match of the first line from `start` on that fits."""
        end = deadline(seconds)
        with self.news:
            while True:
                for line in self.lines[start:]:
                    if found := re.search(pattern, line):
                        return found
                if self.ended or not self.news.wait(left(end)):
                    break
        raise Trouble(f"{self.name} never said /{pattern}/; it said:\n" +
                      "\n".join(self.lines[-40:]))

    def text(self):
        with self.news:
            return "\n".join(self.lines)

    def send(self, number):
        if self.child.poll() is None:
            self.child.send_signal(number)

    def stop(self, number=signal.SIGTERM, seconds=None):
        """Ends it (SIGKILL after the limit) and returns the exit status."""
        self.send(number)
        try:
            self.child.wait(left(deadline(seconds)))
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            raise Trouble(f"{self.name} did not end on signal {number}")
        finally:
            self.reader.join(1)
        return self.child.returncode


# ---- PC/SC from the test's side -----------------------------------------

class ReaderState(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("user", ctypes.c_void_p),
                ("current", ctypes.c_ulong), ("event", ctypes.c_ulong),
                ("atr_len", ctypes.c_ulong), ("atr", ctypes.c_ubyte * 33)]


class IoRequest(ctypes.Structure):
    _fields_ = [("protocol", ctypes.c_ulong), ("length", ctypes.c_ulong)]


class Pcsc:
    """Another program's view of pcscd, by libpcsclite itself: used to wait
    until a reader has noticed its card, and to hold a card against kenmend."""

    PRESENT = 0x20
    EXCLUSIVE, SHARED = 1, 2
    LEAVE, RESET, UNPOWER = 0, 1, 2

    def __init__(self):
        self.lib = ctypes.CDLL("libpcsclite.so.1")
        self.context = ctypes.c_long()
        self._check("SCardEstablishContext", 2, None, None,
                    ctypes.byref(self.context))

    def _call(self, name, *args):
        return getattr(self.lib, name)(*args) & 0xffffffff

    def _check(self, name, *args):
        if code := self._call(name, *args):
            raise Trouble(f"{name}: {code:#010x}")

    def release(self):
        self._call("SCardReleaseContext", self.context)

    def readers(self):
        size = ctypes.c_ulong()
        if self._call("SCardListReaders", self.context, None, None,
                      ctypes.byref(size)):
            return []
        names = ctypes.create_string_buffer(size.value)
        self._check("SCardListReaders", self.context, None, names,
                    ctypes.byref(size))
        return [n.decode() for n in names.raw[:size.value].split(b"\0") if n]

    def _change(self, name, current, end):
        state = ReaderState(name=name.encode(), current=current)
        self._call("SCardGetStatusChange", self.context,
                   ctypes.c_ulong(int(left(end) * 1000)),
                   ctypes.byref(state), 1)
        return state.event

    def wait_readers(self, n):
        end = deadline()
        while len(self.readers()) < n:
            known = len(self.readers())
            self._change("\\\\?PnP?\\Notification", known << 16, end)
            if not left(end):
                raise Trouble(f"pcscd shows {self.readers()}, wanted {n}")

    def wait_card(self, name, present):
        end = deadline()
        event = 0
        while left(end):
            event = self._change(name, event, end)
            if bool(event & self.PRESENT) == present:
                return
            event &= ~2     # SCARD_STATE_CHANGED
        raise Trouble(f"{name}: card {'never came' if present else 'stays'}")

    @contextlib.contextmanager
    def connect(self, name, mode=SHARED, leave=LEAVE):
        """Yields a handle; see begin() and transmit()."""
        card, protocol = ctypes.c_long(), ctypes.c_ulong()
        self._check("SCardConnect", self.context, name.encode(),
                    ctypes.c_ulong(mode), ctypes.c_ulong(3),
                    ctypes.byref(card), ctypes.byref(protocol))
        try:
            yield PcscCard(self, card, protocol)
        finally:
            self._call("SCardDisconnect", card, ctypes.c_ulong(leave))


class PcscCard:
    def __init__(self, pcsc, card, protocol):
        self.pcsc, self.card, self.protocol = pcsc, card, protocol

    def begin(self):
        self.pcsc._check("SCardBeginTransaction", self.card)

    def end(self, leave=Pcsc.LEAVE):
        self.pcsc._check("SCardEndTransaction", self.card,
                         ctypes.c_ulong(leave))

    def transmit(self, command):
        send = IoRequest(self.protocol.value, ctypes.sizeof(IoRequest))
        room = ctypes.create_string_buffer(65538)
        size = ctypes.c_ulong(len(room))
        self.pcsc._check("SCardTransmit", self.card, ctypes.byref(send),
                         command, ctypes.c_ulong(len(command)), None, room,
                         ctypes.byref(size))
        return room.raw[:size.value]


# ---- the simulated card -------------------------------------------------

class Exchange:
    """One command and its response, as bytes."""

    def __init__(self, command, response):
        self.command, self.response = command, response

    @property
    def sw(self):
        return int.from_bytes(self.response[-2:], "big")

    @property
    def name(self):
        """SELECT, VERIFY (with a PIN), TRIES (without), READ or SIGN."""
        ins = self.command[1]
        if ins == 0x20:
            return "VERIFY" if len(self.command) > 5 else "TRIES"
        return {0xA4: "SELECT", 0xB0: "READ", 0x2A: "SIGN",
                0xC0: "GET RESPONSE"}.get(ins, f"{ins:02X}")

    def __repr__(self):
        return f"{self.name} {self.command.hex()} -> {self.response[-2:].hex()}"


class Keypad:
    """The keys of reader 0, and the person's fingers (tests/sim/keypad.c)."""

    def __init__(self, path):
        self.path = path
        self.door = socket.socket(socket.AF_UNIX)
        self.door.bind(str(path))
        self.door.listen(1)
        self.door.settimeout(LIMIT)
        self.keys = None

    def wait(self):
        """Until the reader waits for a PIN: (least, most) digits."""
        self.keys, _ = self.door.accept()
        self.keys.settimeout(LIMIT)
        word, *form = self.keys.recv(64).decode().split()
        assert word == "type"
        return tuple(map(int, form))

    def type(self, digits):
        """Digits and the reader's OK; "cancel": its own Cancel."""
        form = self.wait()
        self.keys.sendall(digits.encode() + b"\n")
        self.keys.close()
        return form

    def close(self):
        self.door.close()
        if self.keys:
            self.keys.close()


class Card:
    """kenmen-sim in one reader. Every method returns when the card has done
    it; what pcscd noticed is another matter (Rig.wait_card)."""

    def __init__(self, rig, slot, port):
        self.rig, self.slot = rig, slot
        path = rig.dir / f"sim{slot}"
        self.process = Process(f"kenmen-sim {slot}", [
            BUILD / "tests/sim/kenmen-sim", "--port", port,
            "--control", path], env=rig.environment())
        self.process.wait_line("kenmen-sim: ready")
        self.control = socket.socket(socket.AF_UNIX)
        self.control.settimeout(LIMIT)
        self.control.connect(str(path))
        self.stream = self.control.makefile("rw", encoding="utf-8",
                                            newline="\n")

    def command(self, line):
        """Sends one control line; the lines of the answer without its ok."""
        self.stream.write(line + "\n")
        self.stream.flush()
        answer = []
        for got in self.stream:
            got = got.rstrip("\n")
            if got == "ok":
                return answer
            if got.startswith("error"):
                raise Trouble(f"kenmen-sim: {line}: {got}")
            answer.append(got)
        raise Trouble(f"kenmen-sim ended at: {line}")

    def insert(self, person="hanako", wait=True):
        self.command(f"insert {person}")
        if wait:
            self.rig.wait_card(self.slot, True)

    def remove(self, wait=True):
        self.command("remove")
        if wait:
            self.rig.wait_card(self.slot, False)

    def swap(self, person):
        """Another card, quicker than pcscd looks."""
        self.command(f"swap {person}")

    def switch(self, name, value="on"):
        self.command(f"switch {name} {value}")

    def set_tries(self, pin, n):
        self.command(f"tries {pin} {n}")

    def state(self):
        """What the simulator says of itself: {"inserted": "yes", "connected",
        "exchanges", "person", "auth": "3" ..., "verified": "none"}."""
        return dict(word.split("=", 1) for line in self.command("state")
                    for word in line.split() if "=" in word)

    def tries(self, pin="attributes"):
        """The counter inside the card (not asked of it)."""
        return int(self.state()[pin])

    def verified(self):
        """Names of the PINs that count as verified now."""
        return set(self.state().get("verified", "none").split(",")) - {"none"}

    def log(self):
        return self.command("log")

    def clear_log(self):
        self.command("log clear")

    def exchanges(self):
        """What reached the card since clear_log, in order. A command without
        an answer (the card was pulled under it) has the response b''."""
        found, command = [], None
        for line in self.log():
            mark, _, rest = line.partition(" ")
            if mark == ">":
                if command is not None:
                    found.append(Exchange(command, b""))
                command = bytes.fromhex(rest)
            elif mark == "<" and command is not None:
                found.append(Exchange(command, bytes.fromhex(rest)))
                command = None
        if command is not None:
            found.append(Exchange(command, b""))
        return found

    def names(self):
        return [e.name for e in self.exchanges()]

    def verifies(self):
        """The exchanges that could cost a try."""
        return [e for e in self.exchanges() if e.name == "VERIFY"]

    def _wait(self, fits, what):
        """The simulator tells nobody that it was spoken to: asked often."""
        end = deadline()
        while not fits():
            if not left(end):
                raise Trouble(f"card {self.slot} never {what}: {self.log()}")
            time.sleep(0.005)

    def wait_exchange(self, name, n=1):
        """Until the nth command of that name is with the card."""
        self._wait(lambda: self.names().count(name) >= n, f"saw {name} {n}")

    def wait_forgotten(self):
        """Until no PIN counts as verified: after a death of who held the
        card; who gives it back does so before the read ends."""
        self._wait(lambda: not self.verified(), "forgot its PIN")

    def stop(self):
        with contextlib.suppress(Trouble, OSError):
            self.command("quit")
        self.control.close()
        self.process.stop()


# ---- windows ------------------------------------------------------------

class Window:
    """What one window was told to show: title, text (SETDESC), error, prompt,
    ok, cancel, notok (labels; "" where there is none), timeout (seconds as
    text), verb (GETPIN, CONFIRM or MESSAGE), lines (all of it, as sent)."""

    WORDS = {"SETTITLE": "title", "SETDESC": "text", "SETERROR": "error",
             "SETPROMPT": "prompt", "SETOK": "ok", "SETCANCEL": "cancel",
             "SETNOTOK": "notok", "SETTIMEOUT": "timeout"}

    def __init__(self, lines):
        self.lines = lines
        self.verb = ""
        for name in self.WORDS.values():
            setattr(self, name, "")
        for line in lines:
            verb, _, rest = line.partition(" ")
            if verb in self.WORDS:
                setattr(self, self.WORDS[verb], urllib.parse.unquote(rest))
            elif verb in ("GETPIN", "CONFIRM", "MESSAGE"):
                self.verb = verb

    def __repr__(self):
        return f"<{self.verb} {self.text!r} {self.error!r}>"


class Windows:
    """The scripted pinentry (tests/e2e/pinentry-script; the answers it knows
    stand there). Answers are used up one per window, in order; `hold ANSWER`
    leaves the window open until release(), `hang` for ever."""

    def __init__(self, rig, whose=""):
        self.rig = rig
        self.dir = rig.dir / f"{whose}windows"
        self.dir.mkdir()
        self.watch = FileWatch(self.dir)
        self.held = []
        self.program = rig.dir / f"{whose}pinentry"
        self.program.write_text(
            "#!/bin/sh\nexec /usr/bin/python3 "
            f"'{TOP}/tests/e2e/pinentry-script' '{self.dir}' \"$@\"\n")
        self.program.chmod(0o755)

    def answer(self, *answers):
        """Adds answers for windows to come."""
        with open(self.dir / "lock", "a") as lock, \
                open(self.dir / "answers", "a", encoding="utf-8") as f:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for answer in answers:
                word, _, rest = answer.partition(" ")
                if word == "hold":
                    go = self.dir / f"go{len(self.held)}"
                    self.held.append(go)
                    answer = f"wait {go} {rest}"
                f.write(answer + "\n")

    def release(self):
        """Lets every held window be answered, now or when it comes."""
        for go in self.held:
            go.touch()

    def _log(self):
        try:
            return (self.dir / "log").read_text(
                encoding="utf-8", errors="surrogateescape").splitlines()
        except FileNotFoundError:
            return []

    def shown(self):
        """The windows so far, in order: a list of Window."""
        found = []
        for line in self._log():
            if re.fullmatch(r"window \d+", line):
                found.append([])
            elif not line.startswith("# "):
                found[-1].append(line)
        return [Window(lines) for lines in found]

    def answered(self):
        """How they were answered: the first words, in order."""
        return [line.split(": ", 1)[1] for line in self._log()
                if line.startswith("# answered")]

    def wait_shown(self, n=1):
        """The nth window (from 1), once it is there."""
        end = deadline()
        while len(self.shown()) < n:
            if not self.watch.wait(end):
                raise Trouble(f"{len(self.shown())} windows, wanted {n}")
        return self.shown()[n - 1]

    def pids(self):
        try:
            return [int(p) for p in (self.dir / "pids").read_text().split()]
        except FileNotFoundError:
            return []

    def wait_closed(self, seconds=1):
        """Until no window is left; a second is all that they have."""
        end = deadline(seconds)
        for pid in self.pids():
            if not wait_gone(pid, left(end) / SLOW):
                raise Trouble(f"window of pid {pid} stays")


class FileWatch:
    """Tells that something was written or made in a directory (inotify)."""

    def __init__(self, directory):
        libc = ctypes.CDLL(None, use_errno=True)
        IN_MODIFY, IN_CREATE, IN_CLOEXEC = 0x2, 0x100, 0o2000000
        self.fd = libc.inotify_init1(IN_CLOEXEC)
        if self.fd < 0 or libc.inotify_add_watch(
                self.fd, os.fsencode(directory), IN_MODIFY | IN_CREATE) < 0:
            raise OSError(ctypes.get_errno(), "inotify")

    def wait(self, end):
        """True after a change since the last wait; False at the end."""
        if not select.select([self.fd], [], [], left(end))[0]:
            return False
        os.read(self.fd, 65536)
        return True

    def close(self):
        os.close(self.fd)


# ---- talking to kenmend -------------------------------------------------

class Reply:
    """An HTTP answer: status, headers (case-insensitive), body, json."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body) if self.body else None

    @property
    def code(self):
        """The code of a problem+json answer, else None."""
        kind = self.headers.get("Content-Type") or ""
        if not kind.startswith("application/problem+json"):
            return None
        return self.json["code"]

    def expect(self, status, code=None):
        """Itself, or an error that says what came instead."""
        if self.status != status or self.code != code:
            raise Trouble(f"wanted {status} {code or ''}, got {self.status} "
                          f"{self.body.decode(errors='replace')[:400]}")
        return self

    def __repr__(self):
        return f"<{self.status} {self.body[:200]!r}>"


class Client:
    """A page of one origin (None: a local program). Each request is a
    connection of its own, so clients may be used from several threads."""

    def __init__(self, rig, origin=DRONE, token=None):
        self.rig, self.origin, self.token = rig, origin, token

    def request(self, method, path, body=None, headers=None, timeout=None):
        """body: a value to be sent as JSON, or bytes as they are. A header
        of None is left out, where we would have sent it."""
        send = {}
        if self.origin is not None:
            send.update({"Origin": self.origin, "Sec-Fetch-Mode": "cors",
                         "Sec-Fetch-Site": "cross-site",
                         "Sec-Fetch-Dest": "empty"})
        if self.token is not None:
            send["Authorization"] = f"Bearer {self.token}"
        if body is not None:
            send["Content-Type"] = "application/json"
            if not isinstance(body, bytes):
                body = json.dumps(body).encode()
        send.update(headers or {})
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.rig.port, context=self.rig.trust,
            timeout=timeout or LIMIT + 30)
        try:
            connection.request(method, path, body, {
                k: v for k, v in send.items() if v is not None})
            got = connection.getresponse()
            return self.rig.saw(Reply(got.status, got.headers, got.read()))
        finally:
            connection.close()

    def get(self, path, **kw):
        return self.request("GET", path, **kw)

    def post(self, path, body=None, **kw):
        return self.request("POST", path, body, **kw)

    def delete(self, path, **kw):
        return self.request("DELETE", path, **kw)

    def health(self):
        return self.get("/v1/health").expect(200).json

    def read(self, kinds=("attributes",), **extra):
        """Starts a read; see class Read."""
        reply = self.post("/v1/reads", {"kinds": list(kinds), **extra})
        reply.expect(202)
        if reply.headers["Location"] != f"/v1/reads/{reply.json['id']}":
            raise Trouble(f"Location: {reply.headers['Location']}")
        return Read(self, reply.json)

    def end(self):
        self.delete("/v1/session").expect(204)


class Read:
    """One read, followed by long polls. `now` is the newest answer, `states`
    every state seen in order (no repeats side by side)."""

    def __init__(self, page, first):
        self.page, self.now, self.id = page, first, first["id"]
        self.states = [first["state"]]

    def poll(self, wait=0, after=None):
        """One GET. Checks that seq never falls."""
        after = self.now["seq"] if after is None else after
        reply = self.page.get(f"/v1/reads/{self.id}?wait={wait}&after={after}")
        new = reply.expect(200).json
        if new["seq"] < self.now["seq"]:
            raise Trouble(f"seq fell from {self.now['seq']} to {new['seq']}")
        self.now = new
        if self.states[-1] != new["state"]:
            self.states.append(new["state"])
        if new.get("error"):
            self.page.rig.seen.add("read:" + new["error"]["code"])
        self.page.rig.secret(*(str(v) for result in
            (new.get("results") or {}).values() for k, v in result.items()
            if k in ("name", "address")))
        return new

    def until(self, *states, seconds=None):
        """Polls until the read is in one of these states; its answer."""
        end = deadline(seconds)
        self.poll(after=0)
        while self.now["state"] not in states:
            if self.now["state"] in FINAL or not left(end):
                raise Trouble(f"wanted {states}, got {self.states}: "
                              f"{json.dumps(self.now.get('error'))}")
            self.poll(wait=max(1, min(30, int(left(end)))))
        return self.now

    def to_end(self, state=None, seconds=None):
        """Polls until the read is over (in that state, if one is given)."""
        self.until(*((state,) if state else FINAL), seconds=seconds)
        return self

    def failed(self, code, seconds=None):
        """Polls to the end, which must be this error; returns the error."""
        self.to_end(seconds=seconds)
        if self.now["state"] != "failed" or self.error["code"] != code:
            raise Trouble(f"wanted {code}, got {json.dumps(self.now)}")
        return self.error

    def cancel(self):
        self.page.delete(f"/v1/reads/{self.id}").expect(204)

    @property
    def state(self):
        return self.now["state"]

    @property
    def results(self):
        return self.now.get("results")

    @property
    def error(self):
        return self.now.get("error")


class Request(typing.NamedTuple):
    """One line of the daemon's log of requests; see kenmen.conf(5)."""
    method: str
    path: str
    status: str
    code: str       # "-": no refusal
    origin: str     # "unlisted", "none"


# ---- all of it ----------------------------------------------------------

class Site:
    """What one test process has for all its rigs: a directory, ports that no
    other process uses, libpcsclite's one socket path, one screen."""

    PORTS = 100

    def __init__(self, directory, number=0):
        self.dir = pathlib.Path(directory)
        self.socket = self.dir / "pcscd.comm"
        # Below the ports that the kernel gives to clients.
        self.first_port = 20000 + number * self.PORTS
        self.used = 0
        os.environ["PCSCLITE_CSOCK_NAME"] = str(self.socket)
        become_reaper()
        self._screen = None
        self.own = set()    # pids that live longer than a rig

    def ports(self, n):
        """The first of n ports; not those of the rig before, which may still
        be in TIME_WAIT."""
        if self.used + n > self.PORTS:
            self.used = 0
        self.used += n
        return self.first_port + self.used - n

    def screen(self):
        if self._screen is None:
            self._screen = Screen(self)
        return self._screen

    def stop(self):
        if self._screen is not None:
            self._screen.stop()


# The configuration's defaults; a Rig's `config` goes over them, section by
# section. None takes a key or a section away.
DEFAULTS = {
    "server": {"listen": "127.0.0.1:0"},
    "session": {},
    "prompt": {"mode": "pinentry", "timeout": int(LIMIT)},
    "reader": {"card_timeout": int(LIMIT), "read_timeout": int(LIMIT)},
    "trust": {},
    "local-tools": {"allow": "yes", "kinds": "card_info, attributes"},
    f'origin "{DRONE}"': {"name": "ドローン登録デモ",
                          "kinds": "card_info, attributes"},
    f'origin "{TWO}"': {"name": "二つ目のサイト",
                        "kinds": "card_info, attributes"},
}

TROUBLE_IN_LOG = re.compile(
    r"ERROR: \w+Sanitizer|runtime error:|SUMMARY: \w+Sanitizer|"
    r"Assertion .* failed|stack smashing|double free|corrupted|"
    r"libmicrohttpd.*[Ff]atal|killed by signal (?:6|11)\b")


class Rig:
    """See the module's text. Keyword arguments:

    config    {section: {key: value or None} or None} over DEFAULTS
    people    who lies in reader 0 and in reader 1 at the start (None: empty)
    switches  {name: value} of the card in reader 0
    pinentry  "script" (Windows), a path, or "gtk" (Screen; DISPLAY is set)
    pcscd     False: none is started (start_pcscd() later); people then ()
    state     kenmend's state_dir, where its CA has to outlive the rig
    start     False: kenmend is not started (start_kenmend() later)
    env       more environment for kenmend
    wrap      a function from kenmend's command line to another (desktop.py)
    keypad    True: reader 0 has one, rig.keypad
    inherit   True: kenmend gets what is inheritable here
    clock     True: jump() lets time pass for kenmend (its helpers keep the
              kernel's clock)
    """

    def __init__(self, site, directory, *, config=None,
                 people=("hanako", None), switches=None, pinentry="script",
                 pcscd=True, start=True, env=None, clock=False, state=None,
                 wrap=None, inherit=False, keypad=False):
        self.site, self.dir = site, pathlib.Path(directory)
        self.state = pathlib.Path(state or self.dir / "state")
        self.seen = set()           # codes on the wire: "http:busy" ...
        self.secrets = set()        # what no log may hold
        self.card = []
        self.pcscd = self.kenmend = self.pcsc = None
        self.old = []               # processes that have ended, for the logs
        self.more_env = env or {}
        self.wrap = wrap or (lambda argv: argv)
        self.inherit = inherit
        self.clock = self.dir / "clock" if clock else None
        self.ahead_us = 0
        self.screen = site.screen() if pinentry == "gtk" else None
        self.windows = Windows(self)
        self.port = None
        self.limit = LIMIT
        for name in ("home", "run", "trust", "reader.conf.d"):
            (self.dir / name).mkdir(mode=0o700)
        self.reader_port = site.ports(2)
        self.keypad = Keypad(self.dir / "keypad") if keypad else None
        self.config = self.dir / "kenmen.conf"
        self.config.write_text(self._config(config or {}, pinentry))
        try:
            if pcscd:
                self.start_pcscd()
            for slot, person in enumerate(people):
                self.card.append(Card(self, slot, self.reader_port + slot))
                if slot == 0:
                    for name, value in (switches or {}).items():
                        self.card[0].switch(name, value)
                if person:
                    self.card[slot].insert(person)
            if start:
                self.start_kenmend()
        except BaseException:
            with contextlib.suppress(Trouble):
                self.stop()
            raise

    # -- set-up

    def _config(self, over, pinentry):
        self.pinentry = {"script": self.windows.program,
            "gtk": "/usr/bin/pinentry-gtk-2"}.get(pinentry, pinentry)
        sections = {name: dict(keys) for name, keys in DEFAULTS.items()}
        sections["server"]["state_dir"] = self.state
        sections["prompt"]["pinentry"] = self.pinentry
        sections["trust"]["dir"] = self.dir / "trust"
        for name, keys in over.items():
            if keys is None:
                sections.pop(name, None)
            else:
                sections.setdefault(name, {}).update(keys)
        return "\n".join(
            f"[{name}]\n" + "".join(f"{key} = {value}\n"
                for key, value in keys.items() if value is not None)
            for name, keys in sections.items())

    def environment(self):
        env = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LANG": "C.UTF-8",
               "HOME": str(self.dir / "home"),
               "XDG_RUNTIME_DIR": str(self.dir / "run"),
               "PCSCLITE_CSOCK_NAME": str(self.site.socket)}
        if self.screen:
            env["DISPLAY"] = self.screen.display
            # Or a toolkit starts a session bus, which stays.
            env["DBUS_SESSION_BUS_ADDRESS"] = "disabled:"
        env.update(self.more_env)
        return env

    def start_pcscd(self, readers=True):
        """Starts pcscd and returns when it shows both readers, or, without
        them, none. (It never looks for a virtual reader again: readers come
        with the next pcscd.)"""
        driver = os.environ.get("KENMEN_VPCD") or \
            "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"
        env = self.environment()
        if self.keypad:
            env.update(KENMEN_VPCD=driver, KENMEN_KEYPAD=self.keypad.path)
            driver = BUILD / "tests/sim/libkeypad.so"
        port = f"0x{self.reader_port:04X}"
        (self.dir / "reader.conf.d/vpcd").write_text(
            f'FRIENDLYNAME "Virtual PCD"\nDEVICENAME /dev/null:{port}\n'
            f"LIBPATH {driver}\nCHANNELID {port}\n" if readers else "")
        with contextlib.suppress(FileNotFoundError):
            self.site.socket.unlink()
        self.pcscd = Process("pcscd", [
            BUILD / "tests/sim/pcscd-run", self.site.socket,
            self.dir / "reader.conf.d"], env=env)
        end = deadline()
        while True:
            try:
                self.pcsc = Pcsc()
                break
            except Trouble:
                if self.pcscd.child.poll() is not None or not left(end):
                    raise Trouble("pcscd: " + self.pcscd.text())
                time.sleep(0.005)   # its socket is not bound yet
        self.pcsc.wait_readers(2 if readers else 0)

    def stop_pcscd(self, number=signal.SIGTERM):
        """Ends pcscd; SIGKILL for a crash. Cards stay in their readers."""
        self.pcsc.release()
        self.pcscd.stop(number)
        self.old.append(self.pcscd)
        self.pcscd = self.pcsc = None

    def wait_card(self, slot, present=True):
        """Until pcscd has noticed."""
        self.pcsc.wait_card(self.reader(slot), present)

    def reader(self, slot):
        """pcscd's name of the reader."""
        return self.pcsc.readers()[slot]

    def start_kenmend(self, args=(), wait=True, before=()):
        program = BUILD / "daemon/kenmend"
        if VALGRIND:
            program = self._valgrind()
        argv = [*before, program, "--config", self.config, *args]
        env = self.environment()
        if VALGRIND:
            env["LD_PRELOAD"] = str(BUILD / "tests/e2e/late-kill.so")
        if self.clock:
            self._set_clock()
            env.update({"KENMEN_CLOCK": str(self.clock),
                        "LD_PRELOAD": str(BUILD / "tests/e2e/clock-jump.so"),
                        "ASAN_OPTIONS": "verify_asan_link_order=0"})
        self.kenmend = Process("kenmend", self.wrap(argv), env=env,
                               close_fds=not self.inherit)
        if wait:
            found = self.kenmend.wait_line(
                r"kenmend: ready on https://127\.0\.0\.1:(\d+)")
            self.is_ready(int(found[1]))
        return self.kenmend

    def is_ready(self, port):
        """kenmend has said that it listens there."""
        self.port = port
        self.trust = ssl.create_default_context(
            cafile=str(self.state / "ca.pem"))

    def _set_clock(self):
        with open(self.clock, "r+b" if self.clock.exists() else "wb") as f:
            f.write(self.ahead_us.to_bytes(8, "little", signed=True))

    def jump(self, seconds):
        """So much time has passed for kenmend when this returns."""
        self.ahead_us += int(seconds * 1e6)
        self._set_clock()
        # It looks at the clock when it wakes, whatever it answers.
        self.client().get("/v1/health")

    def _valgrind(self):
        """A kenmend beside helpers that run under valgrind: it looks for them
        beside itself. (valgrind 3.19 knows no pidfd_open, which kenmend
        needs: its own leaks are found by tests/run asan.) late-kill.so lets
        them end by themselves, which they would not be given the time to."""
        directory = self.dir / "bin"
        directory.mkdir(exist_ok=True)
        for name, program in (("kenmen-read", "kenmen-read-unconfined"),
                              ("kenmen-prompt", "kenmen-prompt")):
            wrapper = directory / name
            wrapper.write_text(
                "#!/bin/sh\nexec valgrind --leak-check=full "
                "--errors-for-leak-kinds=definite,possible "
                f"--log-file='{self.dir}/valgrind.{name}.%p' "
                f"'{BUILD}/daemon/{program}' \"$@\"\n")
            wrapper.chmod(0o755)
        return shutil.copy(BUILD / "daemon/kenmend", directory)

    def stop_kenmend(self, number=signal.SIGTERM):
        """Ends it; its exit status (negative: died of that signal)."""
        status = self.kenmend.stop(number)
        self.old.append(self.kenmend)
        self.kenmend = None
        return status

    # -- use

    def client(self, origin=DRONE, token=None):
        return Client(self, origin, token)

    def session(self, origin=DRONE, lang="ja", takeover=False):
        """A page with a session: a Client that has its token."""
        page = self.client(origin)
        reply = page.post("/v1/sessions", {"lang": lang, "takeover": takeover})
        page.token = reply.expect(201).json["token"]
        return page

    def tls(self, host="127.0.0.1"):
        """A connected TLS socket, for requests that no client would send."""
        plain = socket.create_connection((host, self.port), timeout=LIMIT)
        # As browsers and curl do: or a request waits for an ACK, 40 ms.
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.trust.wrap_socket(plain, server_hostname=host)

    def raw(self, data):
        """Sends these bytes, reads to the end: a Reply, or None when the
        daemon just closed. Ask for `Connection: close`, or it waits for the
        daemon's time-out."""
        with self.tls() as tls:
            tls.sendall(data)
            got = http.client.HTTPResponse(tls)
            try:
                got.begin()
            except (http.client.RemoteDisconnected, ConnectionResetError):
                return None
            return self.saw(Reply(got.status, got.headers, got.read()))

    def saw(self, reply):
        """Keeps the code of an answer, and its token as a secret."""
        if reply.code:
            self.seen.add("http:" + reply.code)
        elif reply.status == 201:
            self.secret(reply.json["token"])
        return reply

    def secret(self, *texts):
        self.secrets.update(t for t in texts if len(t) >= 3)

    def log(self):
        """All that kenmend and its helpers said."""
        return "\n".join(p.text() for p in self.old + [self.kenmend] if p)

    def requests(self):
        """What kenmend answered, in order, by its own log ([server]
        log_requests = yes): a list of Request."""
        return [Request(*found) for found in re.findall(
            r"^kenmend: request: (\S+) (\S+) (\d+) (\S+) (\S+)$",
            self.log(), re.M)]

    def wait_log(self, pattern, seconds=None):
        return self.kenmend.wait_line(pattern, seconds)

    def pids(self, name):
        """Our live processes whose program has this name: kenmen-read,
        kenmen-prompt, pinentry-script ..."""
        return [p for p in descendants(os.getpid())
                if any(pathlib.PurePath(word).name == name
                       for word in command_line(p).split()[:4])]

    # -- the end

    def stop(self):
        """Ends everything; raises Trouble with all that was wrong."""
        wrong = []

        def attempt(what, *args):
            try:
                return what(*args)
            except (Trouble, OSError) as e:
                wrong.append(str(e))

        if self.kenmend:
            status = attempt(self.stop_kenmend)
            if status not in (0, None):
                wrong.append(f"kenmend ended with {status}")
        wrong += self._leftovers()
        for card in self.card:
            attempt(card.stop)
        if self.keypad:
            self.keypad.close()
        if self.pcscd:
            attempt(self.stop_pcscd)
        with contextlib.suppress(FileNotFoundError):
            self.site.socket.unlink()
        self.windows.watch.close()
        if self.screen:
            wrong += self.screen.leftovers()
        wrong += self._wrong_in_logs()
        if wrong:
            raise Trouble("\n".join(wrong) + "\n-- kenmend's log:\n" +
                          self.log()[-8000:])

    def _leftovers(self):
        """What kenmend left behind: a second to go, then it is an error."""
        wrong = []
        mine = {p.pid for p in [self.pcscd, *(c.process for c in self.card)]
                if p} | self.site.own
        for pid in children(os.getpid()):
            if pid in mine:
                continue
            name = command_line(pid)
            if not wait_gone(pid, 1):
                wrong.append(f"left running: {pid} {name}")
                os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
        return wrong

    def _wrong_in_logs(self):
        wrong, log = [], self.log()
        if TROUBLE_IN_LOG.search(log):
            wrong.append("a sanitizer or an assertion spoke")
        for secret in self.secrets:
            if secret in log:
                wrong.append(f"the log holds a secret: {secret}")
        if VALGRIND:
            wrong += self._wrong_in_valgrind()
        return wrong

    def _wrong_in_valgrind(self):
        """What a process that ended by itself sums up at its end."""
        wrong, sums = [], []
        for report in self.dir.glob("valgrind.*"):
            text = report.read_text(errors="replace")
            found = re.findall(r"ERROR SUMMARY: (\d+) errors", text)
            if set(found) - {"0"}:
                wrong.append(f"{report.name}:\n{text}")
            sums += found
            shutil.copy(report, VALGRIND)
        return wrong or ([] if sums else ["valgrind summed up nothing"])


# ---- a screen with real windows -----------------------------------------

class Screen:
    """An Xvfb with a window manager, for the real pinentry: judged by what
    stands on the screen, driven by xdotool."""

    def __init__(self, site):
        self.site = site
        read, write = os.pipe()
        os.set_inheritable(write, True)
        self.server = Process("Xvfb", [
            "Xvfb", "-displayfd", write, "-screen", "0", "1280x800x24",
            "-nolisten", "tcp", "-noreset"], pass_fds=(write,))
        os.close(write)
        with os.fdopen(read) as pipe:
            number = pipe.readline().strip()
        if not number:
            raise Trouble("Xvfb: " + self.server.text())
        self.display = ":" + number
        self.env = {**os.environ, "DISPLAY": self.display}
        # A window that is mapped while openbox starts is lost; and it owns
        # the screen long before it looks at what is there.
        self.manager = Process("openbox", [
            "openbox", "--startup", "echo openbox: ready"], env=self.env)
        site.own |= {self.server.pid, self.manager.pid}
        self.manager.wait_line("openbox: ready")

    def tool(self, *args, check=True):
        done = subprocess.run(["xdotool", *map(str, args)], env=self.env,
                              capture_output=True, text=True, timeout=LIMIT)
        if check and done.returncode:
            raise Trouble(f"xdotool {args}: {done.stderr}")
        return done.stdout.split()

    def windows(self, pattern="."):
        """Ids of visible windows whose title fits."""
        return self.tool("search", "--onlyvisible", "--name", pattern,
                         check=False)

    def wait_window(self, pattern):
        """The id of the first visible window with such a title."""
        end = deadline()
        while left(end):
            # --sync waits for the window itself; timeout bounds it.
            done = subprocess.run(
                ["timeout", str(max(1, left(end))), "xdotool", "search",
                 "--sync", "--onlyvisible", "--name", pattern],
                env=self.env, capture_output=True, text=True)
            if found := done.stdout.split():
                return found[0]
        raise Trouble(f"no window /{pattern}/ came")

    def type(self, window, text, enter=True):
        self.tool("windowfocus", "--sync", window)
        self.tool("type", "--delay", 5, text)
        if enter:
            self.tool("key", "Return")

    def key(self, window, *keys):
        self.tool("windowfocus", "--sync", window)
        self.tool("key", *keys)

    def picture(self, path, window=None):
        """Of a window with its frame, or of all."""
        what = ["-window", "root"] if window is None else \
            ["-frame", "-window", window]
        subprocess.run(["import", *what, str(path)],
                       env=self.env, check=True, timeout=LIMIT)

    def pinentries(self):
        """Ids of pinentry's windows, whatever their titles."""
        return self.tool("search", "--onlyvisible", "--class", "pinentry",
                         check=False)

    def leftovers(self):
        """Windows of pinentry still there: a second to go, then an error."""
        end = deadline(1)
        while found := self.pinentries():
            if not left(end):
                return [f"windows left: {found}"]
        return []

    def stop(self):
        self.manager.stop()
        self.server.stop()
