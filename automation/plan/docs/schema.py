"""JSON schema of a stack file, generated from the spec, for completion and validation in editors.

The schema describes shapes only. The plan checks rules over two keys and the limits of a cloud.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TypedDict, cast

from automation.plan.inventory import Value
from components.configuration import PLATFORM_KEY, PROJECT
from components.validation.schema import documentation
from providers.contract.spec import Platform, SpecModel
from providers.contract.spec.defaults import PROFILES, is_list, is_mapping

SCHEMA_FILE = "docs/config.schema.json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
Node = TypedDict(
    "Node",
    {
        "$ref": str,
        "additionalProperties": "Node | bool",
        "anyOf": list["Node"],
        "default": object,
        "description": str,
        "enum": list[object],
        "exclusiveMaximum": float,
        "exclusiveMinimum": float,
        "items": "Node",
        "maximum": float,
        "maxLength": int,
        "minimum": float,
        "pattern": str,
        "patternProperties": dict[str, "Node"],
        "properties": dict[str, "Node"],
        "required": list[str],
        "title": str,
        "type": str,
    },
    total=False,
)
"""One schema, with the keywords that the spec uses."""


class PlatformSchema(TypedDict):
    """Schema of the platform object and the definitions that it refers to."""

    root: Node
    definitions: dict[str, Node]


def schema_text() -> str:
    """Return the schema file of docs/."""
    return json.dumps(stack_schema(), indent=2) + "\n"


def stack_schema() -> dict[str, Value]:
    """Return the schema of a stack file: the platform, its secrets, and any key that Pulumi or a provider reads."""
    schema = platform_schema()
    return {
        "$schema": DIALECT,
        "title": f"Stack of {PROJECT}",
        "description": "Made by `agent-platform config schema --write` from the spec.",
        "type": "object",
        "required": ["config"],
        "properties": {
            "config": {
                "type": "object",
                "required": [PLATFORM_KEY],
                "properties": {PLATFORM_KEY: schema["root"]},
                "patternProperties": {
                    f"^{PROJECT}:[A-Z_][A-Z0-9_]*$": {
                        "type": "object",
                        "properties": {"secure": {"type": "string"}},
                        "required": ["secure"],
                        "description": "A secret.",
                    }
                },
            }
        },
        "$defs": schema["definitions"],
    }


def platform_schema() -> PlatformSchema:
    """Return the spec's schema: unknown names are refused, and descriptions list defaults that depend on the profile."""
    schema = _spec_schema()
    for node in _nodes(schema):
        node.pop("title", None)
        if "patternProperties" in node:
            node["additionalProperties"] = False
        if "$ref" in node:
            node.pop("default", None)
    _require_image_or_build(schema["definitions"]["Service"])
    for path, values in profile_defaults().items():
        node = node_at(schema, path)
        node.pop("default", None)
        defaults = ", ".join(f"{profile} {json.dumps(value)}" for profile, value in values.items())
        node["description"] = f"{node.get('description', '')} Default: {defaults}.".strip()
    return schema


def _require_image_or_build(service: Node) -> None:
    """Replace the required key `image` by a choice: the reader of stack files completes an image from `build`."""
    service["required"] = [key for key in service.get("required", []) if key != "image"]
    service["anyOf"] = [{"required": ["image"]}, {"required": ["build"]}]


def _spec_schema() -> PlatformSchema:
    root = cast("dict[str, Value]", Platform.model_json_schema())
    definitions = cast("dict[str, Node]", root.pop("$defs"))
    schema = PlatformSchema(root=cast("Node", root), definitions=definitions)
    _document(schema["root"], Platform)
    models = {model.__name__: model for model in _models(SpecModel)}
    for name, node in definitions.items():
        _document(node, models[name])
    return schema


def _models(base: type[SpecModel]) -> Iterator[type[SpecModel]]:
    """Yield the classes below a class of the spec."""
    for model in base.__subclasses__():
        yield model
        yield from _models(model)


def _document(node: Node, model: type[SpecModel]) -> None:
    """Add the documentation of the fields, with the keywords in alphabetical order as pydantic has them."""
    properties = node.get("properties", {})
    for name, text in documentation(model).items():
        described: dict[str, object] = {**properties[name], "description": text}
        properties[name] = cast("Node", dict(sorted(described.items())))


@cache
def profile_defaults() -> dict[str, dict[str, object]]:
    """Return the default by profile of each key whose default depends on the profile, by path."""
    schema = _spec_schema()
    by_profile = {profile: dict(_leaves("", raw)) for profile, raw in PROFILES.items()}
    paths = sorted({path for leaves in by_profile.values() for path in leaves})
    return {
        path: {
            profile: leaves[path] if path in leaves else node_at(schema, path).get("default")
            for profile, leaves in by_profile.items()
        }
        for path in paths
    }


def _leaves(path: str, value: Value) -> Iterator[tuple[str, Value]]:
    if not is_mapping(value):
        yield path, value
        return
    for key, inner in value.items():
        yield from _leaves(f"{path}.{key}".lstrip("."), inner)


def node_at(schema: PlatformSchema, path: str) -> Node:
    """Return the schema of a key by its path; `*` matches any name that the user chooses."""
    node = schema["root"]
    for part in path.split("."):
        inner = value_node(node) if part == "*" else properties_of(node)[part]
        node = resolved(inner, schema)
    return node


def properties_of(node: Node) -> Mapping[str, Node]:
    """Return the properties of an object; empty for another type."""
    return node.get("properties", {})


def value_node(node: Node) -> Node:
    """Return the schema of the values of an object whose keys the user chooses; empty for another type."""
    for inner in node.get("patternProperties", {}).values():
        return inner
    inner = node.get("additionalProperties", False)
    return {} if isinstance(inner, bool) else inner


def resolved(node: Node, schema: PlatformSchema) -> Node:
    """Return the definition that a node, or an optional one, refers to; else the node itself."""
    reference = node.get("anyOf", [node])[0].get("$ref")
    return node if reference is None else schema["definitions"][reference.rpartition("/")[2]]


def _nodes(value: Value) -> Iterator[Node]:
    """Yield every object of a JSON document, outermost first."""
    if is_mapping(value):
        yield cast("Node", value)
        for inner in value.values():
            yield from _nodes(inner)
    elif is_list(value):
        for inner in value:
            yield from _nodes(inner)
