"""Markdown tables, and the type and default of a schema as text in their cells. Pure."""

import json
from collections.abc import Iterable, Sequence

from automation.plan.docs.schema import Node, value_node
from providers.contract.diagnostics import listed

TYPE_NAMES = {"integer": "whole number", "number": "number", "boolean": "true or false", "string": "text"}


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; characters that Markdown would read as a border or as HTML are escaped."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    parts = text.replace("|", "\\|").split("`")
    parts[::2] = [prose.replace("<", "&lt;") for prose in parts[::2]]
    return "`".join(parts)


def code(value: object) -> str:
    """Return the value as in a stack file."""
    text = value if isinstance(value, str) and value else json.dumps(value)
    return f"`{text}`"


def type_of(node: Node) -> str:
    """Return the type of a key as text: `whole number, 1 to 4`, `list of text`, `aws or gcp`."""
    members = [member for member in node.get("anyOf", []) if member.get("type") != "null"]
    if len(members) > 1:
        return listed(type_of(member) for member in members)
    node = members[0] if members else node
    if "enum" in node:
        return ", ".join(code(word) for word in node["enum"])
    if "$ref" in node:
        return "object"
    kind = node.get("type", "object")
    if kind == "array":
        return f"list of {_item_type(node.get('items', {}))}"
    if kind == "object":
        return f"{_item_type(value_node(node))} by name"
    return f"{TYPE_NAMES[kind]}{_bounds(node)}{_pattern(node)}"


def _item_type(node: Node) -> str:
    item = node.copy()
    item.pop("maxLength", None)
    return type_of(item)


def _bounds(node: Node) -> str:
    """Return `, 1 to 4`, `, above 0 and up to 100` or `, below 100`."""
    minimum, exclusive_minimum = node.get("minimum"), node.get("exclusiveMinimum")
    maximum, exclusive_maximum = node.get("maximum"), node.get("exclusiveMaximum")
    if minimum is not None and maximum is not None:
        return f", {minimum} to {maximum}"
    limits = (("from", minimum), ("above", exclusive_minimum), ("up to", maximum), ("below", exclusive_maximum))
    text = " and ".join(f"{word} {number}" for word, number in limits if number is not None)
    return f", {text}" if text else ""


def _pattern(node: Node) -> str:
    return f" matching `{node['pattern']}`" if "pattern" in node else ""


def default_of(node: Node, required: bool) -> str:
    """Return `required`, `none`, or the value."""
    if required:
        return "required"
    value = node.get("default")
    if value is None:
        return "none"
    return "empty" if value in ({}, []) else code(value)
