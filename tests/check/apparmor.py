#!/usr/bin/python3
"""AppArmor's parser accepts the profiles, and each program has one."""

import re
import subprocess

from common import BUILD, check, finish

PROGRAMS = ("kenmend", "kenmen-read", "kenmen-prompt")


def parsed(path):
    # Compiled for the parser's own idea of a kernel, and loaded nowhere.
    done = subprocess.run(
        ["/usr/sbin/apparmor_parser", "--skip-kernel-load", "--skip-cache",
         "--stdout", "--quiet", str(path)],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    # This kernel need not have AppArmor: that is a word about its cache.
    said = [line for line in done.stderr.splitlines()
            if not line.startswith("Cache read/write disabled")]
    if done.returncode or said:
        yield "\n".join(said) or f"exit status {done.returncode}"


for name in PROGRAMS:
    profile = BUILD / "packaging" / name
    check(f"the profile of {name} is accepted", parsed(profile))
    text = profile.read_text()
    check(f"the profile of {name} is for that program", (
        () if re.search(rf"^profile {name} /\S*/{name} ", text, re.M)
        else ["names another program"]))
finish()
