#!/usr/bin/python3
"""systemd accepts the units, and rates the service's confinement."""

import os
import pathlib
import re
import subprocess
import tempfile

from common import BUILD, TOP, check, finish

UNITS = {kind: TOP / "packaging/systemd" / kind for kind in ("system", "user")}
# A person's own programs may do what the person may.
USERS = {path.name.removesuffix(".in")
         for path in (TOP / "packaging/systemd/user").glob("*")}
EXPOSURE_MAX = 15  # of 100, which systemd prints as 1.5 of 10
# What the service cannot be without, whatever the rating says.
NEVER = {
    "PrivateUsers": "the kernel would call every user nobody (sock_diag)",
    "PrivateNetwork": "no browser could reach the loopback",
    "DynamicUser": "nobody could read ca.pem",
}


def run(folder, *command):
    result = subprocess.run([str(word) for word in command],
                            env={**os.environ, "XDG_RUNTIME_DIR": folder},
                            capture_output=True, text=True)
    said = (result.stdout + result.stderr).strip()
    if result.returncode != 0 or "verify" in command and said:
        yield said or f"exit status {result.returncode}"


def units_into(folder, kind):
    """The units with this build's programs, which need not be installed."""
    for source in UNITS[kind].iterdir():
        name = source.name.removesuffix(".in")
        made = BUILD / "packaging" / name
        text = (made if source.suffix == ".in" else source).read_text()
        (folder / name).write_text(
            re.sub(r"^(Exec\w+=[-+!]*)(\S*/)(kenmen[\w-]*)",
                   rf"\1{BUILD}/daemon/\3", text, flags=re.M))
    return sorted(folder.iterdir())


def forbidden(unit):
    for line in unit.read_text().splitlines():
        name, _, value = line.partition("=")
        if name in NEVER and value in ("yes", "true", "on", "1"):
            yield f"{name}: {NEVER[name]}"
    for line in re.findall(r"^RestrictAddressFamilies=(.*)$",
                           unit.read_text(), flags=re.M):
        if "AF_NETLINK" not in line:
            yield "without AF_NETLINK nobody's connection is known (sock_diag)"


for kind in UNITS:
    with tempfile.TemporaryDirectory() as name:
        units = units_into(pathlib.Path(name), kind)
        check(f"{kind} units are accepted", run(
            name, "systemd-analyze", f"--{kind}", "verify", "--man=no", *units))
        for unit in units:
            if kind == "system" and unit.suffix == ".service":
                check(f"confinement of {unit.name}", run(
                    name, "systemd-analyze", "security", "--offline=true",
                    f"--threshold={EXPOSURE_MAX}", unit))
            if unit.name == "kenmend.service":
                check(f"what {unit.name} must not have", forbidden(unit))
finish()
