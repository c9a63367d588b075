"""What docs/openapi.yaml says of a value, as a TypeScript type."""

import json

NAMES = {"string": "string", "boolean": "boolean", "integer": "number",
         "null": "null"}


def literals(values):
    return " | ".join(json.dumps(value) for value in values)


def type_of(schema):
    if "$ref" in schema:
        return schema["$ref"].rpartition("/")[2]
    if "const" in schema:
        return literals([schema["const"]])
    if "enum" in schema:
        return literals(schema["enum"])
    if "oneOf" in schema:
        return " | ".join(map(type_of, schema["oneOf"]))
    if "properties" not in schema and "items" not in schema and \
            "allOf" in schema:
        return " & ".join(map(type_of, schema["allOf"]))
    types = schema.get("type", [])      # bounds alone say nothing of a type
    types = types if isinstance(types, list) else [types]
    return " | ".join(one_type(name, schema) for name in types) or "unknown"


def one_type(name, schema):
    if name == "object":
        required = schema.get("required", ())
        members = (f"{key}{'' if key in required else '?'}: {type_of(value)}"
                   for key, value in schema.get("properties", {}).items())
        return "{ " + "; ".join(members) + " }"
    if name == "array":
        return f"({type_of(schema['items'])})[]"
    return NAMES[name]


def module(schemas):
    """All of them, as exported types."""
    return "".join(f"export type {name} = {type_of(schema)};\n"
                   for name, schema in schemas.items())
