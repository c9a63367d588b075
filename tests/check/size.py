#!/usr/bin/python3
"""Functions past 60 lines say why, and half of all are under 20.

A function that must be longer has a comment directly above it with the words
"over 60 lines" and the reason.
"""

import re

from common import TOP, check, finish, sources

LIMIT = 60
HALF = 20


def functions(path):
    """Of formatted sources: (name, first line, lines, comment above)."""
    lines = (TOP / path).read_text().splitlines()
    for i, line in enumerate(lines):
        if line != "{":
            continue
        end = next((j for j in range(i, len(lines)) if lines[j] == "}"), i)
        start = i
        while start and lines[start - 1].strip() and \
                not lines[start - 1].endswith(("*/", ";", "}")) and \
                not lines[start - 1].startswith("#"):
            start -= 1
        name = re.search(r"(\w+)\(", " ".join(lines[start:i]))
        above = start
        while above and lines[above - 1].strip() and \
                re.match(r"\s*(/?\*|//)", lines[above - 1]):
            above -= 1
        yield (name[1] if name else "?", start + 1, end - start + 1,
               " ".join(lines[above:start]))


sizes = []
for path in sources("lib", "daemon", "ctl", "tests/sim", "web-demo",
                    suffixes=(".c",)):
    faults = []
    for name, line, size, comment in functions(path):
        sizes.append(size)
        if size > LIMIT and "over 60 lines" not in comment.lower():
            faults.append(f"{name} (line {line}) has {size} lines")
    check(f"functions of {path}", faults)
sizes.sort()
check(f"half of {len(sizes)} functions are under {HALF} lines",
      [f"the median is {sizes[len(sizes) // 2]}"]
      if sizes[len(sizes) // 2] >= HALF else [])
finish()
