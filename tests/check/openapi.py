#!/usr/bin/python3
"""docs/openapi.yaml against what the API says.

Runs the unit tests of the API, which write down every exchange, and holds
each reply and event against its schema; then everything that is described
must have happened.
"""

import json
import os
import re
import subprocess
import tempfile

import yaml

from common import BUILD, TOP, check, finish

API = yaml.safe_load((TOP / "docs/openapi.yaml").read_text())
SCHEMAS = API["components"]["schemas"]
METHODS = ("get", "post", "delete")
# Any request may be refused with these, whatever its path says.
ANYWHERE = {400, 401, 403, 404, 405, 413, 415, 500}
# Said by the door before a request comes to the API.
BY_DOOR = {421}
EVENTS = {"snapshot": "EventSnapshot", "reader": "EventReader",
          "card": "EventCard", "read": "EventRead", "session": "EventSession"}


def resolve(node):
    while isinstance(node, dict) and "$ref" in node:
        at = API
        for part in node["$ref"].removeprefix("#/").split("/"):
            at = at[part]
        node = at
    return node


TYPES = {
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str),
    "boolean": lambda v: isinstance(v, bool),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "null": lambda v: v is None,
}


def same(a, b):
    return type(a) is type(b) and a == b


def object_faults(schema, value):
    for name in schema.get("required", ()):
        if name not in value:
            yield f"no {name}"
    if len(value) < schema.get("minProperties", 0):
        yield "too few members"
    properties = schema.get("properties", {})
    for name, item in value.items():
        if name in properties:
            for fault in faults(properties[name], item):
                yield f"{name}: {fault}"
        elif schema.get("additionalProperties", True) is False:
            yield f"unknown member {name}"


def array_faults(schema, value):
    if not (schema.get("minItems", 0) <= len(value) <=
            schema.get("maxItems", len(value))):
        yield "too few or too many items"
    if "contains" in schema and all(
            list(faults(schema["contains"], item)) for item in value):
        yield "none of the items fits"
    if schema.get("uniqueItems") and len(set(map(str, value))) < len(value):
        yield "repeated items"
    for i, item in enumerate(value):
        for fault in faults(schema.get("items", True), item):
            yield f"[{i}]: {fault}"


def combined_faults(schema, value):
    for part in schema.get("allOf", ()):
        yield from faults(part, value)
    if "oneOf" in schema:
        good = [s for s in schema["oneOf"] if not list(faults(s, value))]
        if len(good) != 1:
            yield f"{len(good)} of oneOf fit {value!r}"
    if "not" in schema and not list(faults(schema["not"], value)):
        yield f"{value!r} may not fit"
    if "if" in schema:
        branch = "else" if list(faults(schema["if"], value)) else "then"
        yield from faults(schema.get(branch, True), value)


KNOWN = {"$ref", "type", "const", "enum", "properties", "required",
         "additionalProperties", "items", "pattern", "minimum", "maximum",
         "minItems", "maxItems", "contains", "minProperties", "minLength",
         "maxLength", "uniqueItems", "allOf", "oneOf", "not", "if", "then",
         "else", "description", "examples", "default", "format"}


def faults(schema, value):
    """What is wrong with value: the part of JSON Schema that is used here."""
    schema = resolve(schema)
    if isinstance(schema, bool):
        if not schema:
            yield "must not be there"
        return
    if set(schema) - KNOWN:
        yield f"the schema has {set(schema) - KNOWN}, not known here"
    types = schema.get("type", list(TYPES))
    types = types if isinstance(types, list) else [types]
    if not any(TYPES[t](value) for t in types):
        yield f"{value!r} is no {types}"
        return
    if "const" in schema and not same(schema["const"], value):
        yield f"{value!r} is not {schema['const']!r}"
    if "enum" in schema and not any(same(e, value) for e in schema["enum"]):
        yield f"{value!r} is none of {schema['enum']}"
    if isinstance(value, str) and not re.search(
            schema.get("pattern", ""), value):
        yield f"{value!r} does not match {schema['pattern']}"
    if isinstance(value, str) and not (
            schema.get("minLength", 0) <= len(value) <=
            schema.get("maxLength", len(value))):
        yield f"{value!r} is too short or too long"
    if TYPES["integer"](value) and not (
            schema.get("minimum", value) <= value <=
            schema.get("maximum", value)):
        yield f"{value} is out of range"
    if isinstance(value, dict):
        yield from object_faults(schema, value)
    if isinstance(value, list):
        yield from array_faults(schema, value)
    yield from combined_faults(schema, value)


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


def operation_of(asked):
    """(path as described, method, what is described), or Nones."""
    method, _, path = asked.partition(" ")
    for described, item in API["paths"].items():
        pattern = re.sub(r"\{\w+\}", "[^/]+", described)
        if re.fullmatch(pattern, path) and method.lower() in item \
                and method in ("GET", "POST", "DELETE"):
            return described, method.lower(), item[method.lower()]
    return None, None, None


def event_faults(text):
    """Of one push: a comment, or an event that is described."""
    if text.startswith(":"):
        return []
    match = re.fullmatch(r"id: \d+\nevent: (\w+)\ndata: (.*)\n\n", text)
    if not match or match[1] not in EVENTS:
        return [f"no event: {text!r}"]
    events_seen.add(match[1])
    return list(faults(SCHEMAS[EVENTS[match[1]]], json.loads(match[2])))


def request_faults(line):
    """Of a request that was not refused: its body is as described."""
    operation = operation_of(line["asked"])[2]
    if not operation or line["status"] >= 400 or not line["body"]:
        return
    content = operation.get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get(
        "schema", {"$ref": "#/components/schemas/Nothing"})
    yield from faults(schema, json.loads(line["body"]))


def reply_faults(line):
    path, method, operation = operation_of(line["asked"])
    status, responses = line["status"], {}
    if operation:
        responses = operation["responses"]
        seen.add((path, method, status))
    if status >= 400:
        body = json.loads(line["text"])
        codes_seen.add(body.get("code"))
        yield from faults(SCHEMAS["Problem"], body)
        if line["asked"] and status not in ANYWHERE and \
                str(status) not in responses:
            yield f"status {status} is not described"
        return
    if line["asked"].startswith("OPTIONS "):
        return
    if str(status) not in responses:
        yield f"status {status} is not described"
        return
    content = resolve(responses[str(status)]).get("content", {})
    if line["type"] not in content and (line["type"] or content):
        yield f"type {line['type']!r} is not described"
    elif line["type"] == "application/json":
        body = json.loads(line["text"])
        if isinstance(body, dict):
            read_codes_seen.add(body.get("error", {}).get("code"))
            kinds_seen.update(body.get("results", {}))
        yield from faults(content[line["type"]]["schema"], body)


seen, codes_seen, read_codes_seen, events_seen = set(), set(), set(), set()
kinds_seen = set()
wrong, count = [], 0
for line in exchanges():
    count += 1
    found = event_faults(line["text"]) if line["status"] == 0 \
        else [*reply_faults(line), *request_faults(line)]
    wrong += [f"{line['asked']} {line['status']}: {fault}" for fault in found]
check(f"{count} requests, replies and events are as described", wrong)

described = {(path, method, int(status))
             for path, item in API["paths"].items()
             for method in METHODS if method in item
             for status in item[method]["responses"]}
check(f"all of {len(described)} described statuses were seen",
      [f"{m} {p} {s}" for p, m, s in sorted(described - seen)
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
check("all events were seen", set(EVENTS) ^ events_seen)
finish()
