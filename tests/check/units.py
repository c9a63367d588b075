#!/usr/bin/python3
"""systemd accepts the units, and rates the service's confinement."""

import pathlib
import re
import subprocess
import tempfile

from common import BUILD, TOP, check, finish

SYSTEM = TOP / "packaging/systemd/system"
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


def run(*command):
    result = subprocess.run([str(word) for word in command],
                            capture_output=True, text=True)
    said = (result.stdout + result.stderr).strip()
    if result.returncode != 0 or "verify" in command and said:
        yield said or f"exit status {result.returncode}"


def units_into(folder):
    """The units with this build's programs, which need not be installed."""
    for path in [*SYSTEM.glob("*"), *(BUILD / "packaging").glob("*.service")]:
        if path.suffix in (".service", ".socket"):
            text = re.sub(r"^(Exec\w+=[-+!]*)(\S*/)(kenmen\w*)\b",
                          rf"\1{BUILD}/daemon/\3", path.read_text(),
                          flags=re.M)
            (folder / path.name).write_text(text)
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


with tempfile.TemporaryDirectory() as name:
    units = units_into(pathlib.Path(name))
    check("units are accepted", run("systemd-analyze", "verify", "--man=no",
                                    *units))
    for unit in units:
        if unit.suffix == ".service":
            if unit.name not in USERS:
                check(f"confinement of {unit.name}",
                      run("systemd-analyze", "security", "--offline=true",
                          f"--threshold={EXPOSURE_MAX}", unit))
            check(f"what {unit.name} must not have", forbidden(unit))
finish()
