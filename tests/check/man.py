#!/usr/bin/python3
"""Man pages and the packaged configuration agree with the program."""

import re
import subprocess
import tempfile

from common import BUILD, TOP, check, fail, finish

KENMEND = BUILD / "daemon/kenmend"
PACKAGED = (TOP / "packaging/kenmen.conf").read_text()
KENMENCTL = BUILD / "daemon/kenmenctl"
KENMEN_PROMPT = BUILD / "daemon/kenmen-prompt"
PAGES = ["kenmend.8", "kenmen.conf.5", "kenmenctl.1", "kenmen-prompt.8"]
# In Japanese the sections have Japanese names, which mandoc warns of.
LANGUAGES = {"docs/man": "warning", "docs/man/ja": "error"}


def run(*command):
    return subprocess.run([str(word) for word in command],
                          capture_output=True, text=True)


def program_keys():
    """Section and key, out of the table in config.c."""
    source = (TOP / "daemon/config.c").read_text()
    table = source[source.index("keys[] = {"):]
    table = table[:table.index("};")]
    rows = re.findall(r'\{ (?:"([\w-]+)"|SECTION_ORIGIN),\s*"(\w+)"', table)
    return {(section or "origin", key) for section, key in rows}


def packaged_keys():
    """(Section, key) -> default; sections of sites are only examples."""
    found, section = {}, None
    for line in PACKAGED.splitlines():
        if match := re.match(r"\[(\S+)\]", line):
            section = match[1]
        elif match := re.match(r";(\w+) =(.*)", line):
            found[section, match[1]] = match[2].strip()
    return found


def page_keys(text):
    """(Section, key) -> what is said of it."""
    found, section = {}, None
    for part in re.split(r"^(?=\.Sh |\.Ss |\.It |\.El)", text, flags=re.M):
        if match := re.match(r"\.Sh \[([\w-]+)", part):
            section = match[1]
        elif re.match(r"\.S[hs] ", part):
            section = None
        elif section and (match := re.match(r"\.It Ic (\w+)", part)):
            found[section, match[1]] = part
    return found


def differences(wanted, found):
    for section, key in sorted(wanted - found):
        yield f"[{section}] {key} is missing"
    for section, key in sorted(found - wanted):
        yield f"[{section}] {key} is no key"


def load_faults(text):
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write(text)
        file.flush()
        result = run(KENMEND, "--config", file.name, "--check-config")
    if result.returncode != 0:
        yield f"exit status {result.returncode}: {result.stderr.strip()}"


def page_faults(folder, page):
    result = run("mandoc", "-K", "utf-8", "-T", "lint",
                 "-W", LANGUAGES[folder], TOP / folder / page)
    if result.returncode != 0:
        yield result.stdout.strip() or result.stderr.strip()


def default_faults(said, defaults):
    for name, value in sorted(defaults.items()):
        text = re.sub(r"^\.(Li|Pa|Cm) (.*?)( \.)?$", r"\2",
                      said.get(name, ""), flags=re.M)
        if value and value not in text:
            yield f"[{name[0]}] {name[1]}: default {value} is not there"


keys, packaged = program_keys(), packaged_keys()
if not keys:
    fail("keys of config.c", "none were found")
check("packaging/kenmen.conf has every key", differences(
    {name for name in keys if name[0] != "origin"}, set(packaged)))
for folder in LANGUAGES:
    for page in PAGES:
        check(f"{folder}/{page} is well-formed", page_faults(folder, page))
    said = page_keys((TOP / folder / PAGES[1]).read_text())
    check(f"{folder}/{PAGES[1]} has every key", differences(keys, set(said)))
    check(f"{folder}/{PAGES[1]} has every default",
          default_faults(said, packaged))
def programs_words():
    """What kenmenctl.1 must name: (what, pattern in the page, words)."""
    said = run(KENMENCTL, "--lang", "en", "--help").stdout
    parts = said.split("\n\n")
    header = (TOP / "daemon/ctl/ctl.h").read_text()
    checks = (TOP / "daemon/ctl/doctor-words.c").read_text()
    kinds = (TOP / "daemon/kind.c").read_text()
    return [
        ("command", "Cm {}", re.findall(r"^  ([a-z-]+) ", parts[1], re.M)),
        ("option", "Fl Fl {}", re.findall(r"^  --([a-z-]+)", said, re.M)),
        ("exit status", ".It {}\n", re.findall(r"CTL_\w+ = (\d)", header)),
        ("kind", ".It Cm {}\n",
         re.findall(r'\[KIND_\w+\] = "(\w+)"', kinds)),
        ("check", ".It Cm {}\n",
         re.findall(r'\[CHECK_\w+\] = \{ "(\w+)"', checks)),
    ]


if KENMENCTL.exists():
    for folder in LANGUAGES:
        text = (TOP / folder / PAGES[2]).read_text()
        for what, pattern, words in programs_words():
            check(f"{folder}/{PAGES[2]} has every {what}",
                  [f"{word} is missing" for word in words
                   if pattern.format(word) not in text] if words
                  else [f"no {what} was found"])
else:
    fail("kenmenctl.1", f"no {KENMENCTL}: build first")
if KENMEND.exists():
    check("packaging/kenmen.conf is accepted", load_faults(PACKAGED))
    check("packaging/kenmen.conf is accepted, all of it", load_faults(
        re.sub(r"^(;|#   (?=\[|\w+ = ))", "", PACKAGED, flags=re.M)))
    for program, page in (KENMEND, PAGES[0]), (KENMEN_PROMPT, PAGES[3]):
        options = re.findall(r"--([\w-]+)", run(program, "--help").stdout)
        for folder in LANGUAGES:
            text = (TOP / folder / page).read_text()
            check(f"{folder}/{page} has every option", (
                f"--{option} is missing" for option in sorted(set(options))
                if f"Fl Fl {option}" not in text))
else:
    fail("packaging/kenmen.conf is accepted", f"no {KENMEND}: build first")
finish()
