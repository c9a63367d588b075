#!/usr/bin/python3
"""Nobody calls upwards: holds the sources against docs/architecture.md.

Reads every #include of lib/, daemon/ and web-demo/server/, and, in the build,
every symbol that one object takes from another. A new file must be given its place here.
"""

import re

from common import BUILD, TOP, check, fail, finish, output, sources

# File (without suffix; a full name goes first) -> room, floor in it.
PLACES = {
    # libkenmen: what a card says
    "lib/kenmen": ("public", 0),
    "lib/apdu": ("lib", 0),
    "lib/blob": ("lib", 0),
    "lib/error": ("lib", 0),
    "lib/image": ("lib", 0),
    "lib/reader-pcsc": ("lib", 0),
    "lib/secret": ("lib", 0),
    "lib/tlv": ("lib", 0),
    "lib/card": ("lib", 1),
    "lib/record": ("lib", 1),
    "lib/sigcheck": ("lib", 2),
    "lib/cv": ("lib", 3),
    "lib/jws": ("lib", 3),
    "lib/trust": ("lib", 4),
    "lib/genuine": ("lib", 5),
    "lib/mynumber": ("lib", 6),
    "lib/verify": ("lib", 6),
    # what all programs share
    "daemon/agent-wire": ("base", 0),
    "daemon/kind": ("base", 0),
    "daemon/control-wire": ("base", 1),
    "daemon/log": ("base", 0),
    "daemon/ration": ("base", 0),
    "daemon/pack": ("base", 0),
    "daemon/utf8": ("base", 0),
    "daemon/wipe": ("base", 0),
    "daemon/wire": ("base", 1),
    "daemon/spawn": ("base", 1),
    # the voice's wire: not for the door, it carries the PIN
    "daemon/prompt-wire": ("prompt-wire", 0),
    # a person's own list: not for the door
    "daemon/history.h": ("history", 0),
    "daemon/history": ("history", 0),
    "daemon/history-file": ("history", 1),
    # the door
    "daemon/config.h": ("door", 2),  # data; what reads it is above
    "daemon/seats": ("door", 1),
    "daemon/local": ("door", 1),
    "daemon/agents": ("door", 2),
    "daemon/job": ("door", 2),
    "daemon/audit": ("door", 2),
    "daemon/origin": ("door", 3),
    "daemon/session": ("door", 3),
    "daemon/readers": ("door", 3),
    "daemon/reads": ("door", 3),
    "daemon/json-check": ("door", 3),
    "daemon/codes": ("door", 3),
    "daemon/base64": ("door", 3),
    "daemon/watch": ("door", 3),
    "daemon/api-json": ("door", 3),
    "daemon/api-fault": ("door", 3),
    "daemon/api-form": ("door", 3),
    "daemon/api-body": ("door", 3),
    "daemon/api-result": ("door", 3),
    "daemon/api-answer": ("door", 3),
    "daemon/api-wait": ("door", 3),
    "daemon/api-route": ("door", 3),
    "daemon/api": ("door", 3),
    "daemon/cert-ca": ("door", 3),
    "daemon/cert-make": ("door", 3),
    "daemon/cert": ("door", 4),
    "daemon/config": ("door", 4),
    "daemon/control": ("door", 4),
    "daemon/crowd": ("door", 4),
    "daemon/peer": ("door", 4),
    "daemon/rules": ("door", 4),
    "daemon/remedy": ("door", 4),
    "daemon/request-log": ("door", 4),
    "daemon/http": ("door", 4),
    "daemon/tls-priorities": ("door", 4),
    "daemon/service": ("door", 5),
    "daemon/main": ("door", 6),
    # the runner
    "daemon/reader/watchdog": ("runner", 0),
    "daemon/reader/confine": ("runner", 0),
    "daemon/reader/confine-none": ("runner", 0),
    "daemon/reader/report": ("runner", 0),
    "daemon/reader/ask": ("runner", 1),
    "daemon/reader/seek": ("runner", 1),
    "daemon/reader/list": ("runner", 1),
    "daemon/reader/steps": ("runner", 1),
    "daemon/reader/windows": ("runner", 1),
    "daemon/reader/errand.h": ("runner", 0),  # data; the errand is above
    "daemon/reader/errand": ("runner", 2),
    "daemon/reader/read-main": ("runner", 3),
    # the voice
    "daemon/prompt/sentences": ("voice", 0),
    "daemon/prompt/texts": ("voice", 0),
    "daemon/prompt/wrap": ("voice", 0),
    "daemon/prompt/assuan": ("voice", 0),
    "daemon/prompt/pinentry": ("voice", 0),
    "daemon/prompt/ledger": ("voice", 0),
    "daemon/prompt/window": ("voice", 1),
    "daemon/prompt/resident": ("voice", 1),
    "daemon/prompt/prompt-main": ("voice", 2),
    "daemon/prompt/terminal-main": ("voice", 2),
    # the card from the command line
    "daemon/ctl/ctl": ("ctl", 0),
    "daemon/ctl/curl": ("ctl", 1),
    "daemon/ctl/verify": ("ctl", 1),
    "daemon/ctl/errand-run": ("ctl", 1),
    "daemon/ctl/show": ("ctl", 2),
    "daemon/ctl/read": ("ctl", 3),
    "daemon/ctl/sessions": ("ctl", 1),
    "daemon/ctl/history": ("ctl", 3),
    "daemon/ctl/program": ("ctl", 0),
    "daemon/ctl/policy-text": ("ctl", 0),
    "daemon/ctl/door": ("ctl", 0),
    "daemon/ctl/nss": ("ctl", 1),
    "daemon/ctl/browser": ("ctl", 2),
    "daemon/ctl/policy": ("ctl", 3),
    "daemon/ctl/trust.h": ("ctl", 4),  # data; what is done is above
    "daemon/ctl/trust-words": ("ctl", 4),
    "daemon/ctl/trust-report": ("ctl", 4),
    "daemon/ctl/trust-renew": ("ctl", 4),
    "daemon/ctl/trust": ("ctl", 4),
    "daemon/ctl/doctor.h": ("ctl", 1),  # data; what looks is above
    "daemon/ctl/doctor-words": ("ctl", 1),
    "daemon/ctl/doctor-report": ("ctl", 2),
    "daemon/ctl/doctor-browser": ("ctl", 4),
    "daemon/ctl/doctor-card": ("ctl", 3),
    "daemon/ctl/doctor-door": ("ctl", 3),
    "daemon/ctl/doctor-machine": ("ctl", 3),
    "daemon/ctl/doctor": ("ctl", 5),
    "daemon/ctl/kenmenctl": ("ctl", 6),
    # the demo's web system
    "web-demo/server/moment": ("site", 0),
    "web-demo/server/token": ("site", 0),
    "web-demo/server/letters": ("site", 0),
    "web-demo/server/problem": ("site", 0),
    "web-demo/server/files": ("site", 0),
    "web-demo/server/tls": ("site", 0),
    "web-demo/server/challenge": ("site", 1),
    "web-demo/server/sheet": ("site", 1),
    "web-demo/server/document": ("site", 2),
    "web-demo/server/compare": ("site", 2),
    "web-demo/server/accounts": ("site", 2),
    "web-demo/server/visit": ("site", 3),
    "web-demo/server/check": ("site", 3),
    "web-demo/server/body": ("site", 4),
    "web-demo/server/answer": ("site", 4),
    "web-demo/server/desk": ("site", 5),
    "web-demo/server/web": ("site", 6),
    "web-demo/server/main": ("site", 7),
}

# Room -> the rooms below it, besides itself.
BELOW = {
    "public": set(),
    "lib": {"public"},
    "base": {"public"},
    "prompt-wire": {"public", "base"},
    "door": {"public", "base"},
    "runner": {"public", "base", "prompt-wire"},
    "history": {"public", "base"},
    "voice": {"public", "base", "prompt-wire", "history"},
    "ctl": {"public", "base", "door", "history"},
    "site": {"public", "base", "door"},
}

# Who may include what is not ours. Nobody else in lib/ and daemon/.
FOREIGN = {
    r"microhttpd\.h": {"daemon/http.c", "web-demo/server/web.c"},
    r"winscard\.h|pcsclite\.h|wintypes\.h|reader\.h|PCSC/.*":
        {"lib/reader-pcsc.c"},
    r"cjson/.*|cJSON\.h": {
        "daemon/api-json.c", "daemon/api-form.c", "daemon/api-body.c",
        "daemon/api-answer.c", "daemon/api-result.c", "daemon/ctl/show.c",
        "daemon/ctl/verify.c", "daemon/ctl/doctor-report.c",
        "daemon/ctl/trust-report.c", "daemon/ctl/policy.c",
        "daemon/ctl/policy-text.c", "daemon/ctl/history.c",
        "web-demo/server/answer.c", "web-demo/server/body.c"},
    r"openssl/.*": {"lib/sigcheck.c"},
    r"openjpeg\.h|png\.h": {"lib/image.c"},
    r"gnutls/.*": {
        "daemon/cert.c", "daemon/cert-ca.c", "daemon/cert-make.c",
        "daemon/cert-make.h", "daemon/http.c", "daemon/ctl/door.c",
        "web-demo/server/document.c", "web-demo/server/tls.c",
        "web-demo/server/token.c", "web-demo/server/web.c"},
    r"systemd/.*": {
        "daemon/agents.h", "daemon/api.h", "daemon/audit.c", "daemon/http.h", "daemon/job.h",
        "daemon/main.c", "daemon/seats.h", "daemon/seats.c",
        "daemon/service.h", "daemon/service.c", "daemon/spawn.h", "daemon/prompt/resident.c"},
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def place(path):
    return PLACES.get(path) or PLACES.get(path.rsplit(".", 1)[0])


def fault(user, used):
    """Why user must not use used (paths); None: it may."""
    (room, floor), (used_room, used_floor) = place(user), place(used)
    if room != used_room:
        return (None if used_room in BELOW[room] else
                f"{used} ({used_room}) is no room below {room}")
    return (None if used_floor <= floor else
            f"{used} is on floor {used_floor}, above {floor}")


def resolve(user, name):
    """The file that #include "name" means, or None."""
    folders = [user.rsplit("/", 1)[0], "daemon", "daemon/reader",
               "daemon/prompt", "web-demo/server", "lib"]
    for folder in folders:
        if (TOP / folder / name).is_file():
            return f"{folder}/{name}"
    return None


def include_faults(path):
    if not place(path):
        yield "has no place in PLACES"
        return
    for mark, name in INCLUDE.findall((TOP / path).read_text()):
        if mark == '"':
            used = resolve(path, name)
            if not used or not place(used):
                yield f'"{name}" is not known'
            elif fault(path, used):
                yield fault(path, used)
            continue
        for pattern, allowed in FOREIGN.items():
            if re.fullmatch(pattern, name) and path not in allowed:
                yield f"<{name}> is not for it"


def objects():
    """Object file -> source, of these folders in the build."""
    found = {}
    for folder in ("lib", "daemon", "web-demo/server"):
        for path in (BUILD / folder).rglob("*.c.o"):
            name = path.name[:-2]
            for option in (name, name.replace("_", "/", 1)):
                if (TOP / folder / option).is_file():
                    found[path] = f"{folder}/{option}"
    return found


def symbols():
    """Source -> (defined names, undefined names)."""
    table = {}
    for path, source in objects().items():
        defined, undefined = table.setdefault(source, (set(), set()))
        for line in output("nm", "-P", path).splitlines():
            name, kind = line.split()[:2]
            if kind == "U":
                undefined.add(name)
            elif kind.isupper():
                defined.add(name)
    return table


def call_faults(source, table, owners):
    for name in sorted(table[source][1]):
        owner = owners.get(name)
        if not owner or owner == source or not place(owner):
            continue
        # The public functions are declared in lib/kenmen.h; the door takes
        # types from there and calls none of them.
        if name.startswith("kenmen_"):
            room = place(source)[0]
            if room in ("door", "base"):
                yield f"calls {name}: only types of libkenmen are for it"
            elif room == "lib" and fault(source, owner):
                yield f"calls {name}: {fault(source, owner)}"
        elif fault(source, owner):
            yield f"calls {name}: {fault(source, owner)}"


def main():
    for path in sources("lib", "daemon", "web-demo/server"):
        check(f"includes {path}", include_faults(path))
    table = symbols()
    if not any(source.startswith("daemon/") for source in table):
        fail("calls", f"no objects in {BUILD}: build first")
    owners = {name: source for source, (defined, _) in table.items()
              for name in defined if name != "main"}
    for source in sorted(table):
        if place(source):
            check(f"calls {source}", call_faults(source, table, owners))
    finish()


if __name__ == "__main__":
    main()
