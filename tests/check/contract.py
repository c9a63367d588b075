"""docs/openapi.yaml, and what it says of a value, a reply or an event."""

import json
import re

import yaml

from common import TOP

API = yaml.safe_load((TOP / "docs/openapi.yaml").read_text())
SCHEMAS = API["components"]["schemas"]
METHODS = ("get", "post", "delete")
# Any request may be refused with these, whatever its path says.
ANYWHERE = {400, 401, 403, 404, 405, 413, 415, 500}
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


def operation_of(asked):
    """(path as described, method, what is described), or Nones."""
    method, _, path = asked.partition(" ")
    for described, item in API["paths"].items():
        pattern = re.sub(r"\{\w+\}", "[^/]+", described)
        if re.fullmatch(pattern, path) and method.lower() in item \
                and method in ("GET", "POST", "DELETE"):
            return described, method.lower(), item[method.lower()]
    return None, None, None


def event_of(text):
    """(event, its data) of one event of a stream; Nones for a comment."""
    if text.startswith(":"):
        return None, None
    match = re.fullmatch(r"id: \d+\nevent: (\w+)\ndata: (.*)\n\n", text)
    if not match or match[1] not in EVENTS:
        return text, None
    return match[1], json.loads(match[2])


def event_faults(text):
    event, data = event_of(text)
    if event is None:
        return []
    if event not in EVENTS:
        return [f"no event: {text!r}"]
    return list(faults(SCHEMAS[EVENTS[event]], data))


def request_faults(asked, status, body):
    """Of a request that was not refused: its body is as described."""
    operation = operation_of(asked)[2]
    if not operation or status >= 400 or not body:
        return
    content = operation.get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get(
        "schema", {"$ref": "#/components/schemas/Nothing"})
    yield from faults(schema, json.loads(body))


def reply_faults(asked, status, kind, text):
    """Of one reply; asked: "METHOD /path", kind: its Content-Type."""
    _, _, operation = operation_of(asked)
    responses = operation["responses"] if operation else {}
    if status >= 400 and kind == "application/problem+json":
        yield from faults(SCHEMAS["Problem"], json.loads(text))
        if asked and status not in ANYWHERE and str(status) not in responses:
            yield f"status {status} is not described"
        return
    if asked.startswith("OPTIONS "):
        return
    if str(status) not in responses:
        yield f"status {status} is not described"
        return
    content = resolve(responses[str(status)]).get("content", {})
    if kind not in content and (kind or content):
        yield f"type {kind!r} is not described"
    elif kind == "application/json":
        yield from faults(content[kind]["schema"], json.loads(text))


def header_faults(asked, status, headers):
    """Of the headers that the reply is described with."""
    _, _, operation = operation_of(asked)
    response = resolve(operation["responses"].get(str(status), {})) \
        if operation else {}
    for name, header in response.get("headers", {}).items():
        value = headers.get(name)
        if value is None:
            yield f"no {name}"
        elif resolve(header)["schema"]["type"] == "integer":
            value = int(value)
        for fault in faults(resolve(header)["schema"], value):
            yield f"{name}: {fault}"


def described():
    """Every (path, method, status)."""
    return {(path, method, int(status))
            for path, item in API["paths"].items()
            for method in METHODS if method in item
            for status in item[method]["responses"]}


def bodies():
    """Every body that is described: (where, status or "request", content
    type, what is described of it)."""
    for path, item in API["paths"].items():
        for method in METHODS:
            operation = item.get(method, {})
            parts = {"request": operation.get("requestBody", {}),
                     **operation.get("responses", {})}
            for status, part in parts.items():
                for kind, media in resolve(part).get("content", {}).items():
                    yield (f"{method.upper()} {path} {status}", status, kind,
                           media)


def examples():
    """Their examples: (where, status, content type, schema, name, value)."""
    for where, status, kind, media in bodies():
        for name, example in media.get("examples", {}).items():
            yield (where, status, kind, media["schema"], name,
                   resolve(example)["value"])


def example_faults(status, kind, schema, value):
    if kind == "text/event-stream":
        for text in value.split("\n\n")[:-1]:
            yield from event_faults(text + "\n\n")
        return
    yield from faults(schema, value)
    if kind == "application/problem+json" and str(value["status"]) != status:
        yield f"an example of status {value['status']}"
