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
from whole import ALL_KINDS, CODES, ask, costs, extra   # noqa: E402

QUICK = "--quick" in sys.argv[1:]
PAIRS = 5 if QUICK else 30
SOME = 3 if QUICK else 9
IDLE_SECONDS = 5 if QUICK else 30
REQUESTS = 100 if QUICK else 1000


def parts(size):
    """READs of a file in parts of 256."""
    return -(-size // 256)


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

AUTH, SIGN, FACE = 1583, 1886, 12180    # hanako's files, in bytes
# Exchanges of one read without extended lengths: the least that any reader
# needs, and those of other programs, by reading their code (nobody ran them).
# jpki-rs seems to send each command twice over PC/SC.
LEAST = {"attributes": 3, "my_number": 3, "attributes + my_number": 4,
         "authenticate": 3 + parts(AUTH), "sign": 3 + parts(SIGN),
         "face": 2 + parts(FACE)}
OTHERS = {"attributes": (6, "-", "6 (12)"), "my_number": (5, "-", "5 (10)"),
          "attributes + my_number": ("-", "-", "-"),
          "authenticate": (16, 19, "14 (28)"),
          "sign": (9 + parts(SIGN - 7), 12 + parts(SIGN),
                   f"{7 + parts(SIGN)} ({2 * (7 + parts(SIGN))})"),
          "face": (10 + parts(FACE - 7), "-",
                   f"{5 + parts(FACE)} ({2 * (5 + parts(FACE))})")}


def size_of(rig):
    return sum(len(e.command) + len(e.response)
               for e in rig.card[0].exchanges())


def exchanges(rig):
    """Apart: before the first window, after it, what shows that the data is
    genuine (no other program of these reads that)."""
    print("\nExchanges of one read, by the card's log: before the window + "
          "after it + evidence;\nevidence of a card whose issuer is known by "
          "now (else 1, or 3, more for each application)\n" + " " * 38 +
          "without extended lengths")
    print(f"{'':<24}{'extended':>13} {'kenmen':>14}{'least':>7}"
          f"{'myna':>7}{'OpenSC':>8}{'jpki-rs':>10}  bytes")
    for what in OTHERS:
        kinds = what.split(" + ")
        rig.card[0].switch("no-extended", "off")
        rig.stop_kenmend()
        rig.start_kenmend()
        costs(rig, kinds)       # the issuer is known
        extended = costs(rig, kinds)
        size = size_of(rig)
        rig.card[0].switch("no-extended", "on")
        costs(rig, kinds)       # it learns that there are none
        short = costs(rig, kinds)
        myna, opensc, jpki_rs = OTHERS[what]
        print(f"{what:<24}{told(extended):>13} {told(short):>14}"
              f"{LEAST[what]:>7}{myna:>7}{opensc:>8}{jpki_rs:>10}  {size}")
    rig.card[0].switch("no-extended", "off")
    rig.stop_kenmend()
    rig.start_kenmend()
    rig.card[0].clear_log()
    ask(rig, "card_info").to_end("done")
    print(f"{'card_info':<24}{len(rig.card[0].exchanges()):>13}")


def told(numbers):
    return " + ".join(map(str, numbers))


# ---- OpenSC's tools and ours on one card ----------------------------------

class OpenSC:
    """Its tools on reader 0, told what card it is."""

    def __init__(self, rig):
        self.dir = rig.dir / "opensc"
        self.dir.mkdir()
        (self.dir / "opensc.conf").write_text(
            "app default {\n\tdebug = 0;\n\tcard_drivers = jpki;\n}\n")
        (self.dir / "digest").write_bytes(bytes(32))
        self.env = {**rig.environment(),
                    "OPENSC_CONF": str(self.dir / "opensc.conf")}

    def run(self, *command):
        subprocess.run([*command[:1], "--reader", "0", *command[1:]],
                       check=True, env=self.env, cwd=self.dir,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    def certificate(self, n, *how):
        self.run("pkcs15-tool", "--read-certificate", str(n), *how)

    def sign(self, key, pin):
        self.run("pkcs15-crypt", "--sign", "--key", str(key), "--pin", pin,
                 "--pkcs1", "--sha-256", "--raw", "--input", "digest",
                 "--output", "signature")

    def login(self):
        self.certificate(1)
        self.sign(1, CODES["hanako"]["auth"])

    def signature(self):
        self.certificate(2, "--auth-id", "2", "--verify-pin", "--pin",
                         CODES["hanako"]["sign"])
        self.sign(2, CODES["hanako"]["sign"])


def kenmenctl(rig, *command):
    subprocess.run([rig_module.BUILD / "daemon/kenmenctl", "read", "--json",
                    "--pinentry", rig.windows.program, *command], check=True,
                   env=rig.environment(),
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def timed(rig, run):
    """(exchanges, seconds) of one run."""
    rig.card[0].clear_log()
    start = time.monotonic()
    seconds = run()
    if seconds is None:
        seconds = time.monotonic() - start
    return len(rig.card[0].exchanges()), seconds


def beside_opensc(rig, ms):
    """The same things done by both, alternating. A window's time is not
    counted; OpenSC gets its PIN on the command line."""
    opensc, page = OpenSC(rig), kept_page(rig)
    ca = ["certificate", "--which", "auth_ca"]
    tasks = [
        ("a CA's certificate", lambda: opensc.certificate(3),
         lambda: ours(rig, page, "certificate", which="auth_ca", pins=())),
        ("a CA's certificate, kenmenctl", lambda: opensc.certificate(3),
         lambda: kenmenctl(rig, *ca)),
        ("login signature, its certificate", opensc.login,
         lambda: ours(rig, page, "authenticate", pins=("auth",))),
        ("signature, its certificate", opensc.signature,
         lambda: ours(rig, page, "sign", pins=("sign",))),
    ]
    rig.card[0].switch("slow", str(ms))
    for extended in (True, False):
        rig.card[0].switch("no-extended", "off" if extended else "on")
        print(f"\nBeside OpenSC's tools, {SOME} alternating pairs, {ms} ms an "
              f"exchange, extended lengths: {'yes' if extended else 'no'}\n"
              f"{'':<36}{'exchanges':>18}{'ms':>20}{'ratio':>8}\n"
              f"{'':<36}{'OpenSC':>9}{'ours':>9}{'OpenSC':>11}{'ours':>9}")
        for what, theirs, mine in tasks:
            if not extended:
                mine()      # it learns
            pairs = [(timed(rig, theirs), timed(rig, mine))
                     for _ in range(SOME)]
            n = [pairs[-1][i][0] for i in (0, 1)]
            t = [statistics.median(p[i][1] for p in pairs) * 1e3
                 for i in (0, 1)]
            print(f"{what:<36}{n[0]:>9}{n[1]:>9}{t[0]:>11.1f}{t[1]:>9.1f}"
                  f"{t[1] / t[0]:>8.2f}")
    rig.card[0].switch("no-extended", "off")
    rig.card[0].switch("slow", "0")


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


def ours(rig, page, kind="attributes", pins=("attributes",), **over):
    """A read over HTTP without the time its window was open."""
    rig.windows.answer(*("pin " + CODES["hanako"][pin] for pin in pins))
    start = time.monotonic()
    read = page.read([kind], **extra([kind], over))
    asked = answered = 0
    if pins:
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
    line("70 lines of C, the same 10 exchanges", [t * 1e3 for t in careful],
         "ms")
    line("70 lines of C, the 3 exchanges that must be",
         [t * 1e3 for t in short], "ms")
    line("ratio to the same 10 exchanges",
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
    rig = rig_module.Rig(site, inside, config=ALL_KINDS)
    try:
        start_up(rig)
        idle(rig, "never asked")
        health(rig)
        exchanges(rig)
        for ms in (0, 15):
            beside_direct(rig, ms)
        beside_opensc(rig, 15)
        print()
        rig.session(takeover=True).end()
        idle(rig, "after all that")
    finally:
        rig.stop()
        site.stop()
        shutil.rmtree(directory)


if __name__ == "__main__":
    main()
