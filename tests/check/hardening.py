#!/usr/bin/python3
"""Programs and library are built to be hard to take over.

With arguments: those programs and libraries instead of the build's, for
instance the ones out of a package."""

import pathlib
import platform
import re
import sys

from common import BUILD, check, fail, finish, output

PROGRAMS = ["daemon/kenmend", "daemon/kenmen-read", "daemon/kenmen-prompt",
            "daemon/kenmen-terminal", "daemon/kenmenctl",
            "lib/libkenmen.so.0"]
# Where each program's own objects are.
OBJECTS = ["daemon", "lib"]


def faults(program):
    dynamic = output("readelf", "-dW", program)
    segments = output("readelf", "-lW", program)
    symbols = output("nm", "-D", program)
    if not re.search(r"FLAGS_1.*\bNOW\b", dynamic):
        yield "symbols are not all bound at the start"
    if "GNU_RELRO" not in segments:
        yield "no RELRO"
    if ".so" not in program.name and "PIE" not in dynamic:
        yield "no PIE"
    if re.search(r"GNU_STACK.*RWE", segments):
        yield "its stack can be executed"
    if re.search(r"LOAD .* RWE ", segments):
        yield "a segment is both writable and executable"
    if re.search(r"RPATH|RUNPATH", dynamic) and BUILD not in program.parents:
        yield "looks for libraries in a place of its own"
    if "__stack_chk_fail" not in symbols:
        yield "no stack protector"
    # Little ones may have nothing to check.
    if not re.search(r"__(memcpy|snprintf|read)_chk", symbols) and \
            program.name != "kenmen-terminal":
        yield "nothing is checked by _FORTIFY_SOURCE"


def without_cet():
    """Objects of ours that the processor's guards cannot be used with. (The
    C library's own start files have no such note in Debian 12, so a linked
    program has none there.)"""
    for folder in OBJECTS:
        for path in sorted((BUILD / folder).rglob("*.o")):
            notes = output("readelf", "-nW", path)
            if not ("IBT" in notes and "SHSTK" in notes):
                yield str(path.relative_to(BUILD))


named = [pathlib.Path(word).resolve() for word in sys.argv[1:]]
for program in named or [BUILD / name for name in PROGRAMS]:
    if program.exists():
        check(f"hardening of {program.name}", faults(program))
    else:
        fail(f"hardening of {program.name}", "is not built")
if not named and platform.machine() == "x86_64":
    check("control flow is guarded (CET)", without_cet())
finish()
