"""What a read costs, and what kenmend costs when nobody reads.

Run by tests/bench/run. Everything compared is measured in one run, in
alternating pairs; a line ends in "aim ...: met" or "MISSED".
"""

import http.client
import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "e2e"))
import rig as rig_module    # noqa: E402

QUICK = "--quick" in sys.argv[1:]
PAIRS = 5 if QUICK else 30
IDLE_SECONDS = 5 if QUICK else 30
REQUESTS = 100 if QUICK else 1000


def median_and_spread(values):
    values = sorted(values)
    n = len(values)
    return (statistics.median(values), values[n // 10], values[-1 - n // 10])


def line(what, values, unit="", aim=None):
    """One figure: median (10th to 90th percentile)."""
    median, low, high = median_and_spread(values)
    text = f"{what:<58} {median:9.3f} {unit:<3} ({low:.3f} .. {high:.3f})"
    print(text + verdict(median, aim))


def verdict(value, aim):
    if aim is None:
        return ""
    return f"  aim {aim:g}: " + ("met" if value <= aim else "MISSED")


# ---- exchanges and bytes ------------------------------------------------

def cost(rig, kinds, answers):
    """Exchanges and bytes of one read, by the card's own log."""
    card = rig.card[0]
    card.clear_log()
    rig.windows.answer(*answers)
    page = rig.session(takeover=True)
    page.read(kinds).to_end("done")
    got = card.exchanges()
    return len(got), sum(len(e.command) + len(e.response) for e in got)


def exchanges(rig):
    print("\nExchanges and bytes, by the card's log")
    for what, kinds, answers in (
            ("attributes, short ids and extended length", ["attributes"],
             ["pin 1234"]),
            ("card_info", ["card_info"], []),
            ("both in one read", ["card_info", "attributes"], ["pin 1234"])):
        n, size = cost(rig, kinds, answers)
        print(f"{what:<58} {n:5d} exchanges {size:6d} bytes")


# ---- a read beside the shortest program that does it ---------------------

def direct(rig, *how):
    start = time.monotonic()
    subprocess.run([rig_module.BUILD / "tests/bench/direct", "1234", *how],
                   check=True, stdout=subprocess.DEVNULL,
                   env=rig.environment())
    return time.monotonic() - start


class KeptPage(rig_module.Client):
    """A page that keeps its connection, as browsers do."""

    connection = None

    def request(self, method, path, body=None, **_):
        if self.connection is None:
            self.connection = http.client.HTTPSConnection(
                "127.0.0.1", self.rig.port, context=self.rig.trust)
        headers = {"Origin": self.origin}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body)
        self.connection.request(method, path, body, headers)
        got = self.connection.getresponse()
        return rig_module.Reply(got.status, got.headers, got.read())


def kept_page(rig):
    page = KeptPage(rig)
    made = page.post("/v1/sessions", {"takeover": True}).expect(201)
    page.token = made.json["token"]
    return page


def ours(rig, page):
    """A read over HTTP without the time its window was open."""
    rig.windows.answer("pin 1234")
    start = time.monotonic()
    read = page.read(["attributes"])
    read.until("waiting_for_pin")
    asked = time.monotonic()
    read.until("reading", "done")
    answered = time.monotonic()
    read.to_end("done")
    return time.monotonic() - start - (answered - asked)


def beside_direct(rig, ms):
    """Pairs, alternating, ours / direct."""
    rig.card[0].switch("slow", str(ms))
    page = kept_page(rig)
    careful, short, mine = [], [], []
    for _ in range(PAIRS):
        careful.append(direct(rig, "careful"))
        mine.append(ours(rig, page))
        short.append(direct(rig))
    rig.card[0].switch("slow", "0")
    print(f"\nA read of attributes, {PAIRS} alternating pairs, "
          f"{ms} ms an exchange")
    line("kenmen, POST to done, less the window", [t * 1e3 for t in mine],
         "ms")
    line("60 lines of C, the same 7 exchanges", [t * 1e3 for t in careful],
         "ms")
    line("60 lines of C, the 3 exchanges that must be",
         [t * 1e3 for t in short], "ms")
    line("ratio to the same 7 exchanges",
         [a / b for a, b in zip(mine, careful)],
         aim=1.10 if ms else None)
    line("ratio to the 3", [a / b for a, b in zip(mine, short)])


# ---- the daemon alone -----------------------------------------------------

def start_up(rig):
    times = []
    for _ in range(PAIRS):
        rig.stop_kenmend()
        start = time.monotonic()
        rig.start_kenmend()
        times.append((time.monotonic() - start) * 1e3)
    print("\nThe daemon alone")
    line("start to ready, keys existing", times, "ms", aim=20)


def memory(rig):
    text = pathlib.Path(f"/proc/{rig.kenmend.pid}/smaps_rollup").read_text()
    return int(text.split("Pss:")[1].split()[0]) / 1024


def switches(rig):
    text = pathlib.Path(f"/proc/{rig.kenmend.pid}/status").read_text()
    return sum(int(row.split()[1]) for row in text.splitlines()
               if "ctxt_switches" in row)


def idle(rig, what):
    before = switches(rig)
    time.sleep(IDLE_SECONDS)
    n = switches(rig) - before
    print(f"{f'context switches in {IDLE_SECONDS} s, {what}':<58} {n:5d}"
          + verdict(n, 0))
    try:
        pss = memory(rig)
    except PermissionError:
        print("PSS: only root may read it of an undumpable process")
        return
    print(f"{f'PSS, {what}':<58} {pss:9.2f} MB" + verdict(pss, 5))


def health(rig):
    for kind in ("kept", "new"):
        out = subprocess.run(
            [rig_module.BUILD / "tests/bench/health", str(rig.port),
             rig.dir / "state/ca.pem", rig_module.DRONE, kind, str(REQUESTS)],
            check=True, capture_output=True, text=True).stdout.split()
        print(f"{f'health, {kind} connection: p50 / p99':<58} "
              f"{out[0]:>5} / {out[1]} us")


def main():
    directory = tempfile.mkdtemp(prefix="kenmen-bench-")
    site = rig_module.Site(directory)
    inside = pathlib.Path(tempfile.mkdtemp(prefix="r", dir=directory))
    rig = rig_module.Rig(site, inside)
    try:
        start_up(rig)
        idle(rig, "never asked")
        health(rig)
        exchanges(rig)
        for ms in (0, 15):
            beside_direct(rig, ms)
        print()
        rig.session(takeover=True).end()
        idle(rig, "after all that")
    finally:
        rig.stop()
        site.stop()
        shutil.rmtree(directory)


if __name__ == "__main__":
    main()
