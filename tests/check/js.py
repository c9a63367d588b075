#!/usr/bin/python3
"""web-demo/kenmen.js is as small as it is said to be."""

import gzip

from common import TOP, check, finish

LIMIT = 10 * 1024

size = len(gzip.compress((TOP / "web-demo/kenmen.js").read_bytes(), 9))
check(f"kenmen.js is {size} bytes in gzip, of {LIMIT} at most",
      [f"{size} bytes"] if size > LIMIT else [])
finish()
