#!/usr/bin/python3
"""The bash completion offers what kenmenctl takes, command by command."""

import re
import subprocess

from common import BUILD, TOP, check, fail, finish

KENMENCTL = BUILD / "daemon/kenmenctl"
COMPLETION = TOP / "packaging/completion/kenmenctl"
# A word that each command refuses, so that none does anything.
REFUSED = "a b c"


def bash(script):
    done = subprocess.run(["bash", "-euc", f". '{COMPLETION}'\n{script}"],
                          capture_output=True, text=True)
    return done.stdout.split("\n") if done.returncode == 0 else [done.stderr]


def complete(*words):
    """What is offered for the last of these words."""
    quoted = " ".join(f"'{word}'" for word in ("kenmenctl", *words))
    return set(bash(f"set +eu\nCOMP_WORDS=({quoted})\n"
                    f"COMP_CWORD={len(words)}\n_kenmenctl\n"
                    'printf "%s\\n" "${COMPREPLY[@]}"')) - {""}


def run(*args):
    return subprocess.run([KENMENCTL, *args], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, env={"LANG": "C"})


def commands_and_options():
    text = run("--help").stdout
    commands, options = text.split("\n\n")[1:3]
    return (re.findall(r"^  ([a-z-]+) ", commands, re.M),
            [(name, bool(value)) for name, value in
             re.findall(r"^  --([a-z-]+)( \S+)?", options, re.M)])


def takes(command, option, value):
    """Does the command know the option? (With what it refuses besides.)"""
    args = [f"--{option}"] + (["1"] if value else [])
    said = run(command, *args, *REFUSED.split()).stderr
    return "is not for this command" not in said


def faults(command, options):
    offered = complete(command, "--")
    for option, value in options:
        if option in ("help", "version", "tty"):
            continue
        if takes(command, option, value) != (f"--{option}" in offered):
            yield f"--{option} of {command}"


def differences(wanted, found):
    for word in sorted(wanted ^ found):
        yield f"{word} is {'missing' if word in wanted else 'too much'}"


if not KENMENCTL.exists():
    fail("completion", f"no {KENMENCTL}: build first")
else:
    commands, options = commands_and_options()
    check("completion of commands",
          differences(set(commands), complete("")))
    for command in commands:
        check(f"completion of {command}'s options",
              faults(command, options))
    kinds = set(re.findall(r'\[KIND_\w+\] = "(\w+)"',
                           (TOP / "daemon/kind.c").read_text()))
    check("completion of kinds", differences(kinds, complete("read", "")))
    check("completion behind an option", differences(
        {"sha256", "sha384", "sha512"},
        complete("read", "sign", "--hash", "sha")))
    check("completion of a value is no command", differences(
        {"--reader"}, complete("--lang", "ja", "card", "--r")))
finish()
