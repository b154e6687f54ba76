"""Typed readers of resource inputs; each fails for a value of another type."""

import json
from typing import Any

from pydantic import TypeAdapter

from automation.plan.inventory import Declared

JsonObject = dict[str, Any]
_OBJECT = TypeAdapter(JsonObject)
_OBJECTS = TypeAdapter(list[JsonObject])
_LISTS = TypeAdapter(list[list[Any]])
_STRINGS = TypeAdapter(list[str])


def text(value: object) -> str:
    """String input."""
    assert isinstance(value, str), value
    return value


def number(value: object) -> int:
    """Integer input."""
    assert isinstance(value, int), value
    return value


def json_object(value: object) -> JsonObject:
    """Object input, or a JSON string of one."""
    return _OBJECT.validate_python(json.loads(value) if isinstance(value, str) else value)


def json_objects(value: object) -> list[JsonObject]:
    """List of objects, or a JSON string of one."""
    return _OBJECTS.validate_python(json.loads(value) if isinstance(value, str) else value)


def lists(value: object) -> list[list[Any]]:
    """List of lists."""
    return _LISTS.validate_python(value)


def optional_number(value: object) -> int | None:
    """Integer input, or None when it is absent."""
    return None if value is None else number(value)


def strings(value: object) -> list[str]:
    """List of strings."""
    return _STRINGS.validate_python(value)


def statements(resource: Declared, key: str = "policy") -> list[JsonObject]:
    """Statements of a policy document in an input."""
    return json_objects(json_object(resource.inputs[key])["Statement"])
