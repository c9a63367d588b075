#!/usr/bin/python3
"""docs/openapi.yaml against what the API says.

Runs the unit tests of the API, which write down every exchange, and holds
each reply and event against its schema; then everything that is described
must have happened. (tests/e2e/test_contract.py asks the daemon itself.)
"""

import json
import os
import subprocess
import tempfile

from common import BUILD, check, finish
from contract import (API, EVENTS, SCHEMAS, bodies, described, event_faults,
                      event_of, example_faults, examples, operation_of,
                      reply_faults, request_faults)

# Said by the door before a request comes to the API.
BY_DOOR = {421}


def exchanges():
    """What the unit test asked and was told: dicts."""
    with tempfile.TemporaryDirectory() as folder:
        record = os.path.join(folder, "record")
        for test in ("test-api", "test-api-kinds"):
            subprocess.run([BUILD / "tests/unit" / test], check=True,
                           capture_output=True,
                           env={**os.environ, "KENMEN_API_RECORD": record})
        with open(record, encoding="utf-8", errors="replace") as lines:
            return [json.loads(line) for line in lines]


seen, codes_seen, read_codes_seen, events_seen = set(), set(), set(), set()
kinds_seen = set()
said = []       # refusals and errors of reads, whole


def note(line):
    """Keeps what happened in a line of the record."""
    status = line["status"]
    if status == 0:
        events_seen.add(event_of(line["text"])[0])
        return
    path, method, operation = operation_of(line["asked"])
    if operation:
        seen.add((path, method, status))
    if line["type"] not in ("application/json", "application/problem+json"):
        return
    body = json.loads(line["text"])
    if status >= 400:
        codes_seen.add(body.get("code"))
        said.append(body)
    elif isinstance(body, dict):
        read_codes_seen.add(body.get("error", {}).get("code"))
        said.append(body.get("error"))
        kinds_seen.update(body.get("results", {}))


wrong, count = [], 0
for line in exchanges():
    count += 1
    note(line)
    if line["status"] == 0:
        found = event_faults(line["text"])
    else:
        found = [*reply_faults(line["asked"], line["status"], line["type"],
                               line["text"]),
                 *request_faults(line["asked"], line["status"], line["body"])]
    wrong += [f"{line['asked']} {line['status']}: {fault}" for fault in found]
check(f"{count} requests, replies and events are as described", wrong)

check(f"all of {len(described())} described statuses were seen",
      [f"{m} {p} {s}" for p, m, s in sorted(described() - seen)
       if s not in BY_DOOR])
check("all codes of refusals were seen",
      set(SCHEMAS["ProblemCode"]["enum"]) ^ codes_seen)
check("all codes of failed reads were seen",
      set(SCHEMAS["ReadError"]["properties"]["code"]["enum"]) ^
      (read_codes_seen - {None}))
check("all kinds were returned",
      set(SCHEMAS["Kind"]["enum"]) ^ kinds_seen)
check("all kinds have a schema",
      set(SCHEMAS["Kind"]["enum"]) ^
      set(SCHEMAS["Read"]["properties"]["results"]["properties"]))
check("all events were seen", set(EVENTS) ^ (events_seen - {None}))

# ---- examples ------------------------------------------------------------

SHOWN = API["components"]["examples"]


def without_id(body):
    return {name: value for name, value in body.items() if name != "id"}


def unsaid():
    """Examples of what the API never says, and what has none."""
    had = [without_id(body) for body in said if body]
    for code in SCHEMAS["ProblemCode"]["enum"]:
        if without_id(SHOWN[code]["value"]) not in had:
            yield code
    for code in SCHEMAS["ReadError"]["properties"]["code"]["enum"]:
        if SHOWN["read_" + code]["value"]["error"] not in had:
            yield "read_" + code


check("each body has an example",
      [where for where, _, kind, media in bodies()
       if kind != "text/html" and not media.get("examples")])
check("each example is as described",
      [f"{where} {name}: {fault}"
       for where, status, kind, schema, name, value in examples()
       for fault in example_faults(status, kind, schema, value)])
check("each code's example is what the API says, to the letter", unsaid())
check("each code is said when", [name for name, example in SHOWN.items()
                                 if not example.get("summary")])
check("each kind has an example",
      [kind for kind in SCHEMAS["Kind"]["enum"]
       if list(SHOWN["read_done_" + kind]["value"]["results"]) != [kind]])
check("each example has its place",
      # A wrong method is told of no operation.
      set(SHOWN) - {name for *_, name, _ in examples()} -
      {"method_not_allowed"})
check("the example of events has them all",
      set(EVENTS) ^ {event_of(text + "\n\n")[0]
                     for *_, kind, _, _, value in examples()
                     if kind == "text/event-stream"
                     for text in value.split("\n\n")[:-1]} - {None})
finish()
