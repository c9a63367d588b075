#!/usr/bin/python3
"""What each program is linked with: the walls between the three."""

import re

from common import BUILD, check, fail, finish, output

# What the card library needs.
CARD = {"libpcsclite", "libcrypto", "libopenjp2", "libpng16"}
# Program -> the libraries it may name, besides the C library's own.
PROGRAMS = {
    "daemon/kenmend": {"libsystemd", "libmicrohttpd", "libgnutls", "libcjson"},
    "daemon/kenmen-read": CARD | {"libseccomp"},
    "daemon/kenmen-prompt": {"libsystemd"},
    "daemon/kenmen-terminal": set(),
    "daemon/kenmenctl": CARD | {"libsystemd", "libcjson", "libgnutls"},
    # no reader, no card: of libkenmen it takes the verifier alone
    "web-demo/server/drone-server": {"libmicrohttpd", "libgnutls", "libcjson",
                                     "libcrypto"},
    "lib/libkenmen.so.0": CARD,
}
# The C library, and what a sanitizer brings.
COMMON = {"libc", "libm", "libgcc_s", "ld-linux-x86-64", "ld-linux-aarch64",
          "libasan", "libubsan", "liblsan", "libpthread", "libdl", "librt"}


def needed(program):
    text = output("readelf", "-d", BUILD / program)
    return {re.sub(r"\.so.*", "", name)
            for name in re.findall(r"NEEDED.*\[(.*)\]", text)}


def undefined_kenmen(program):
    text = output("nm", "-P", BUILD / program)
    return sorted(line.split()[0] for line in text.splitlines()
                  if re.match(r"kenmen_\S+ U", line))


for program, allowed in PROGRAMS.items():
    if not (BUILD / program).exists():
        fail(f"libraries of {program}", "is not built")
        continue
    extra = needed(program) - allowed - COMMON
    check(f"libraries of {program}",
          (f"{name} is not for it" for name in sorted(extra)))
for program in ("daemon/kenmend", "daemon/libdoor.a"):
    if (BUILD / program).exists():
        check(f"{program} calls nothing of libkenmen",
              undefined_kenmen(program))
    else:
        fail(f"{program} calls nothing of libkenmen", "is not built")
finish()
