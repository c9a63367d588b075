"""What the checks share: results as lines, the tree, the build."""

import os
import pathlib
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("KENMEN_BUILD", TOP / "build"))

passed = failed = 0


def ok(name):
    global passed
    passed += 1
    print(f"ok {name}")


def fail(name, why):
    global failed
    failed += 1
    print(f"FAIL {name}: {why}")


def count(good, bad):
    """Results of a run that has told them itself."""
    global passed, failed
    passed += good
    failed += bad


def check(name, faults):
    """One result: good when there are no faults."""
    faults = list(faults)
    if faults:
        fail(name, "; ".join(faults))
    else:
        ok(name)


def finish():
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


def output(*command):
    """A command's output; it must succeed."""
    return subprocess.run(
        [str(word) for word in command],
        cwd=TOP, check=True, capture_output=True, text=True).stdout


def sources(*folders, suffixes=(".c", ".h")):
    """Files of these folders, relative to the top, sorted."""
    found = []
    for folder in folders:
        for path in (TOP / folder).rglob("*"):
            if path.suffix in suffixes and path.is_file():
                found.append(str(path.relative_to(TOP)))
    return sorted(found)
