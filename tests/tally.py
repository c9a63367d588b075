"""Counts single test cases: tally.py meson|junit FILE, tally.py codes JUNIT.

meson   meson's testlog.json: cmocka's cases by their lines, other programs
        by exit status
junit   pytest's report
codes   holds the codes of api.md against the tests that showed them

The first line of the output is "PASSED FAILED SKIPPED", the rest names what
failed or was skipped.
"""

import json
import pathlib
import re
import sys
import xml.etree.ElementTree

TOP = pathlib.Path(__file__).resolve().parent.parent

# Codes that no read of this version can end in, and why.
LATER = {}


def meson(path):
    counts, notes = [0, 0, 0], []
    for line in pathlib.Path(path).read_text().splitlines():
        test = json.loads(line)
        text = test.get("stderr", "") + "\n" + test.get("stdout", "")
        passed = len(re.findall(r"^\[       OK \] ", text, re.M))
        failed = set(re.findall(r"^\[  FAILED  \] (?!\d+ test)(.+)", text,
                                re.M))
        skipped = set(re.findall(r"^\[  SKIPPED \] (?!\d+ test)(.+)", text,
                                 re.M))
        name = test["name"]
        ok = test["returncode"] == 0 and test["result"] in (
            "OK", "EXPECTEDFAIL")
        skip = test["result"] == "SKIP"
        if skip:
            skipped.add(name)
        elif not ok and not failed:
            failed.add(f"{name}: {test['result']} ({test['returncode']})\n" +
                       text[-4000:])
        elif ok and not passed and not skipped:
            passed = 1
        for n, found in enumerate((range(passed), failed, skipped)):
            counts[n] += len(found)
        notes += [f"failed: {name}: {f}" for f in sorted(failed)]
        notes += [f"skipped: {name}: {s}" for s in sorted(skipped)]
        if failed and passed:
            notes.append(text[-4000:])
    return counts, notes


def cases(path):
    """(name, what, text) of each case; what: passed, failed, skipped."""
    for case in xml.etree.ElementTree.parse(path).iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        bad = [e for e in case if e.tag in ("failure", "error")]
        skip = case.find("skipped")
        if bad:
            yield name, "failed", "\n".join(e.text or "" for e in bad), case
        elif skip is not None:
            yield name, "skipped", skip.get("message") or "", case
        else:
            yield name, "passed", "", case


def junit(path):
    counts, notes = {"passed": 0, "failed": 0, "skipped": 0}, []
    for name, what, text, _ in cases(path):
        counts[what] += 1
        if what != "passed":
            notes.append(f"{what}: {name}\n{text[-6000:]}")
    return list(counts.values()), notes


def enum(header, prefix):
    text = (TOP / header).read_text()
    names = re.findall(rf"^\t{prefix}_(\w+),", text, re.M)
    return {n.lower() for n in names} - {"code_n", "n", "none"}


def codes(path):
    """Every code of the daemon's own tables, and the tests that show it."""
    wanted = {f"http:{n}" for n in enum("daemon/api.h", "API")} | \
        {f"read:{n}" for n in enum("daemon/kind.h", "CODE")}
    shown = {}
    for name, what, _, case in cases(path):
        for p in case.iter("property"):
            if p.get("name") == "code" and what == "passed":
                shown.setdefault(p.get("value"), []).append(name)
    counts, notes = [0, 0, 0], []
    for code in sorted(wanted):
        if code in LATER:
            notes.append(f"{code:28} later: {LATER[code]}")
        elif code in shown:
            counts[0] += 1
            notes.append(f"{code:28} {shown[code][0]}" +
                         (f" and {len(shown[code]) - 1} more"
                          if shown[code][1:] else ""))
        else:
            counts[1] += 1
            notes.append(f"{code:28} NO TEST SHOWS IT")
    for code in sorted(set(shown) - wanted):
        counts[1] += 1
        notes.append(f"{code:28} IS NOT A CODE OF THE DAEMON")
    return counts, notes


def main():
    counts, notes = {"meson": meson, "junit": junit, "codes": codes}[
        sys.argv[1]](sys.argv[2])
    print(*counts)
    print("\n".join(notes))


main()
