"""Discovery documents of Google's APIs, in the release of google-api-python-client that the tests pin: calls and their bodies."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

import googleapiclient

DOCUMENTS = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents"
Document = Mapping[str, Any]
OF_CONNECTORS = frozenset({"body", "connector_params"})
"""Arguments of a connector of Workflows beside the parameters of the method."""
JSON_TYPES: Mapping[str, tuple[type, ...]] = {
    "boolean": (bool,), "integer": (int,), "number": (int, float), "string": (str,), "object": (dict,), "any": (object,),
}  # fmt: skip


@cache
def document(api: str, version: str) -> Document:
    """Return the discovery document of an API."""
    return json.loads((DOCUMENTS / f"{api}.{version}.json").read_text(encoding="utf-8"))


def call_errors(name: str, arguments: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with a call such as `sqladmin.v1.instances.get`: unknown or missing parameters, and its body."""
    api, version, *path = name.split(".")
    node: Document = document(api, version)
    for part in path[:-1]:
        node = node["resources"][part]
    method: Document = node["methods"][path[-1]]
    parameters: Mapping[str, Document] = method["parameters"]
    unknown = [f"{key}: no parameter of {name}" for key in arguments if key not in {*parameters, *OF_CONNECTORS}]
    missing = [f"{key}: missing" for key, each in parameters.items() if each.get("required") and key not in arguments]
    if "request" not in method:
        return [*unknown, *missing, *(["body: not accepted"] if "body" in arguments else [])]
    schema = {"$ref": method["request"]["$ref"]}
    return [*unknown, *missing, *value_errors(document(api, version), schema, arguments.get("body", {}), "body")]


def value_errors(api: Document, schema: Document, value: Any, path: str) -> Iterator[str]:
    """Yield what is wrong with a value: unknown fields, and other types than those of the schema."""
    if "$ref" in schema:
        schema = api["schemas"][schema["$ref"]]
    if schema["type"] == "array":
        if not isinstance(value, list):
            yield f"{path}: not a list"
            return
        for position, each in enumerate(cast("list[Any]", value)):
            yield from value_errors(api, schema["items"], each, f"{path}[{position}]")
        return
    if not isinstance(value, JSON_TYPES[schema["type"]]) or (isinstance(value, bool) and schema["type"] != "boolean"):
        yield f"{path}: {type(value).__name__}, not {schema['type']}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path}: {value!r} is not one of {', '.join(schema['enum'])}"
    if schema["type"] == "object":
        fields: Mapping[str, Document] = schema.get("properties", {})
        for key, each in cast("dict[str, Any]", value).items():
            if key in fields:
                yield from value_errors(api, fields[key], each, f"{path}.{key}")
            elif "additionalProperties" in schema:
                yield from value_errors(api, schema["additionalProperties"], each, f"{path}.{key}")
            else:
                yield f"{path}.{key}: no field"
