#!/usr/bin/python3
"""web-demo/kenmen.js: as small as it is said to be, as its unit tests want it
(tests/js, node's own runner), and as kenmen.d.ts promises (TypeScript)."""

import gzip
import pathlib
import re
import shutil
import subprocess

from common import TOP, check, count, finish
from contract import SCHEMAS
from typescript import module

SIZE_MAX = 10_000     # 10 KB, however one counts
TYPES = ["--noEmit", "--allowJs", "--target", "es2022", "--module", "esnext",
         "--moduleResolution", "bundler", "--lib", "es2023,dom,dom.iterable"]
# What TypeScript does not know: parts of browsers, and that {} is a default.
UNKNOWN = re.compile(
    r"'(featurePolicy|userAgentData)'|'PermissionName'|on type '\{\}'|"
    r"'HeadersInit'|type 'void' is not assignable to parameter of type '\{ ver")


def size():
    n = len(gzip.compress((TOP / "web-demo/kenmen.js").read_bytes(), 9))
    check(f"kenmen.js has {n} bytes in gzip, {SIZE_MAX} at most",
          [f"{n} bytes"] if n > SIZE_MAX else [])


def unit():
    """Counts node's tests as its own."""
    files = sorted((TOP / "tests/js").glob("*.test.mjs"))
    got = subprocess.run(["node", "--test", "--test-reporter=tap", *files],
                         cwd=TOP, capture_output=True, text=True)
    numbers = dict(re.findall(r"^# (tests|pass) (\d+)$", got.stdout, re.M))
    good = int(numbers.get("pass", 0))
    bad = int(numbers.get("tests", 0)) - good
    if bad or got.returncode or not good:
        print(got.stdout, got.stderr)
    count(good, bad or int(got.returncode != 0 or not good))


def compiler():
    """(its directory, with kenmen.js and what judges it)"""
    where = pathlib.Path(subprocess.run(
        ["bash", "-euc", 'root=$1; . "$root/tests/lib.sh"; '
         "npm_packages tests/js tests-js", "js", TOP], check=True,
        stdout=subprocess.PIPE, text=True).stdout.strip())
    for name in ("kenmen.js", "kenmen.d.ts"):
        shutil.copy(TOP / "web-demo" / name, where)
    shutil.copy(TOP / "web-demo/kenmen.js", where / "made.js")
    for file in (TOP / "tests/js/types").iterdir():
        shutil.copy(file, where)
    (where / "api.ts").write_text(module(SCHEMAS))
    return where


def complaints(where, *args):
    got = subprocess.run(["node_modules/.bin/tsc", *TYPES, *args], cwd=where,
                         capture_output=True, text=True)
    return [line for line in got.stdout.splitlines() + got.stderr.splitlines()
            if re.match(r"\S.*error|\S*:", line)]


size()
unit()
place = compiler()
check("a page that uses kenmen.d.ts compiles, strictly",
      complaints(place, "--strict", "page.ts"))
check("kenmen.d.ts and openapi.yaml say the same",
      complaints(place, "--strict", "contract.ts"))
check("kenmen.js has what kenmen.d.ts promises",
      complaints(place, "--strict", "false", "same.ts"))
check("TypeScript finds no fault in kenmen.js",
      [line for line in complaints(place, "--strict", "false", "--checkJs",
                                   "kenmen.js") if not UNKNOWN.search(line)])
finish()
