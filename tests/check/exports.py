#!/usr/bin/python3
"""libkenmen's exports are what kenmen.h declares, no more and no less.

And each has its comment: a declaration stands under one, alone or in a row of
declarations without a blank line between them.
"""

import re

from common import BUILD, TOP, check, fail, finish, output

HEADER = (TOP / "lib/kenmen.h").read_text()
MAP = (TOP / "lib/libkenmen.map").read_text()
LIBRARY = BUILD / "lib/libkenmen.so.0"


def declared():
    """Function -> has a comment."""
    text = re.sub(r"#ifdef __cplusplus.*?#endif", "", HEADER, flags=re.S)
    text = re.sub(r"^[ \t]*/\*.*?\*/", "@", text, flags=re.S | re.M)
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    text = re.sub(r"^#.*$", "", text, flags=re.M)
    # What a struct holds is no function of ours, pointers to some included.
    while re.search(r"\{[^{}]*\}", text):
        text = re.sub(r"\{[^{}]*\}", "", text)
    found = {}
    for paragraph in re.split(r"\n\s*\n", text):
        for match in re.finditer(r"\b(kenmen_\w+)\s*\([^;]*;", paragraph):
            found[match[1]] = "@" in paragraph[:match.start()]
    return found


def mapped():
    body = MAP.split("global:")[1].split("local:")[0]
    return set(re.findall(r"[\w*]+(?=;)", body))


def exported():
    """Name -> version, functions and data."""
    found = {}
    for line in output("nm", "-D", "--defined-only", LIBRARY).splitlines():
        name, _, version = line.split()[2].partition("@@")
        if line.split()[1] != "A":
            found[name] = version
    return found


def differences(a, a_name, b, b_name):
    for name in sorted(a - b):
        yield f"{name} is in {a_name}, not in {b_name}"
    for name in sorted(b - a):
        yield f"{name} is in {b_name}, not in {a_name}"


functions = declared()
if not functions:
    fail("kenmen.h", "no declaration was found")
check("kenmen.h agrees with libkenmen.map", differences(
    set(functions), "kenmen.h", mapped(), "libkenmen.map"))
if LIBRARY.exists():
    names = exported()
    check("kenmen.h agrees with the library", differences(
        set(functions), "kenmen.h", set(names), "the library"))
    check("every export has a version", (
        f"{name} has none" for name in sorted(names) if not names[name]))
else:
    fail("kenmen.h agrees with the library", f"no {LIBRARY}: build first")
check("every function of kenmen.h has its comment", (
    f"{name} has none" for name in sorted(functions) if not functions[name]))
finish()
