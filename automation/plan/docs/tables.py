"""Markdown tables, and how a schema's type and default read in one of their cells. Pure."""

import json
from collections.abc import Iterable, Sequence
from typing import cast

from automation.plan.docs.schema import Node, value_node
from providers.contract.diagnostics import listed

WORDS = {"integer": "whole number", "number": "number", "boolean": "true or false", "string": "text"}


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; what Markdown would take for a border or for HTML is escaped."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    spoken_and_code = text.replace("|", "\\|").split("`")
    spoken_and_code[::2] = [spoken.replace("<", "&lt;") for spoken in spoken_and_code[::2]]
    return "`".join(spoken_and_code)


def code(value: object) -> str:
    """The value as it would stand in a stack file."""
    text = value if isinstance(value, str) and value else json.dumps(value)
    return f"`{text}`"


def type_of(node: Node) -> str:
    """What a key takes: `whole number, 1 to 4`, `list of text`, `aws or gcp`."""
    members = [member for member in cast("list[Node]", node.get("anyOf", [])) if member.get("type") != "null"]
    if len(members) > 1:
        return listed(type_of(member) for member in members)
    node = members[0] if members else node
    if "enum" in node:
        return ", ".join(code(word) for word in cast("list[object]", node["enum"]))
    if "$ref" in node:
        return "object"
    kind = cast("str", node.get("type", "object"))
    if kind == "array":
        return f"list of {_each(cast('Node', node['items']))}"
    if kind == "object":
        return f"{_each(value_node(node))} by name"
    return f"{WORDS[kind]}{_bounds(node)}{_shape(node)}"


def _each(node: Node) -> str:
    return type_of({key: value for key, value in node.items() if key != "maxLength"})


def _bounds(node: Node) -> str:
    """`, 1 to 4`, `, above 0 and up to 100`, `, below 100`."""
    low, above = node.get("minimum"), node.get("exclusiveMinimum")
    high, below = node.get("maximum"), node.get("exclusiveMaximum")
    if low is not None and high is not None:
        return f", {low} to {high}"
    parts = (("from", low), ("above", above), ("up to", high), ("below", below))
    told = " and ".join(f"{word} {number}" for word, number in parts if number is not None)
    return f", {told}" if told else ""


def _shape(node: Node) -> str:
    return f" matching `{node['pattern']}`" if "pattern" in node else ""


def default_of(node: Node, required: bool) -> str:
    """`needed`, `none`, or the value."""
    if required:
        return "needed"
    value = node.get("default")
    if value is None:
        return "none"
    return "empty" if value in ({}, []) else code(value)
