"""The JSON schema of a stack file, made from the spec, so that editors complete and check it.

The spec's own schema knows the shape only. Rules over two keys, and what a cloud refuses, are told by the plan.
"""

import json
from collections.abc import Iterator
from functools import cache
from typing import cast

from components.configuration import PLATFORM_KEY, PROJECT
from providers.contract.spec import Platform
from providers.contract.spec.defaults import PROFILES, Raw

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Node = dict[str, object]
"""One schema."""


def schema_text() -> str:
    """The schema as it stands in docs/."""
    return json.dumps(stack_schema(), indent=2) + "\n"


def stack_schema() -> Node:
    """A stack file: the platform, its secrets, and any other key that Pulumi or a provider reads."""
    platform = platform_schema()
    definitions = platform.pop("$defs")
    sealed: Node = {"type": "object", "properties": {"secure": {"type": "string"}}, "required": ["secure"]}
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
                "properties": {PLATFORM_KEY: platform},
                "patternProperties": {f"^{PROJECT}:[A-Z_][A-Z0-9_]*$": {**sealed, "description": "A secret."}},
            }
        },
        "$defs": definitions,
    }


def platform_schema() -> Node:
    """The spec's schema: unknown names refused everywhere, defaults that hang on the profile told as such."""
    schema = cast("Node", Platform.model_json_schema())
    for node in _nodes(schema):
        node.pop("title", None)
        if "patternProperties" in node:
            node["additionalProperties"] = False
        if "$ref" in node:
            node.pop("default", None)
    for path, values in profile_defaults().items():
        node = node_at(schema, path)
        node.pop("default", None)
        told = ", ".join(f"{profile} {json.dumps(value)}" for profile, value in values.items())
        node["description"] = f"{node.get('description', '')} Default: {told}.".strip()
    return schema


@cache
def profile_defaults() -> dict[str, dict[str, object]]:
    """Path -> default by profile, for each key whose default hangs on the profile."""
    schema = cast("Node", Platform.model_json_schema())
    lowered = {profile: dict(_leaves("", raw)) for profile, raw in PROFILES.items()}
    paths = sorted({path for leaves in lowered.values() for path in leaves})
    return {
        path: {profile: leaves.get(path, node_at(schema, path)["default"]) for profile, leaves in lowered.items()}
        for path in paths
    }


def _leaves(path: str, raw: object) -> Iterator[tuple[str, object]]:
    if not isinstance(raw, dict):
        yield path, raw
        return
    for key, inner in cast("Raw", raw).items():
        yield from _leaves(f"{path}.{key}".lstrip("."), inner)


def node_at(schema: Node, path: str) -> Node:
    """The schema of a key by its path; `*` stands for a user's own name."""
    node = schema
    for part in path.split("."):
        within = value_node(node) if part == "*" else cast("dict[str, Node]", node["properties"])[part]
        node = resolved(within, schema)
    return node


def value_node(node: Node) -> Node:
    """The schema of the values of an object with users' own names."""
    patterns = cast("dict[str, Node]", node.get("patternProperties", {}))
    return next(iter(patterns.values()), cast("Node", node.get("additionalProperties", {})))


def resolved(node: Node, schema: Node) -> Node:
    """The definition behind a reference, also behind one that may be null; else the node itself."""
    members = cast("list[Node]", node.get("anyOf", [node]))
    reference = cast("str | None", members[0].get("$ref"))
    if reference is None:
        return node
    return cast("dict[str, Node]", schema["$defs"])[reference.rpartition("/")[2]]


def _nodes(value: object) -> Iterator[Node]:
    """Every object of a JSON document, the outermost first."""
    if isinstance(value, dict):
        node = cast("Node", value)
        yield node
        for inner in node.values():
            yield from _nodes(inner)
    elif isinstance(value, list):
        for inner in cast("list[object]", value):
            yield from _nodes(inner)
