"""Validation of properties before a creation: unknown names, missing names and values of another type."""

from collections.abc import Iterator, Mapping
from enum import Enum
from types import UnionType
from typing import Literal, Union, cast, get_args, get_origin

from google.protobuf import struct_pb2
from pulumi import Output, _types  # the SDK's own reading of its annotations

from automation.plan.inventory import Secret, Unknown, Value
from automation.plan.sdk_internals import decode
from tests.engine.fake_cloud.sdk_schema import shape_of


def property_errors(token: str, properties: struct_pb2.Struct) -> list[tuple[str, str]]:
    """Return each invalid property of a resource with its problem."""
    shape, values = shape_of(token), decode(properties)
    missing = [(name, "is required and missing") for name in sorted(shape.required) if values.get(name) is None]
    return [*missing, *_bag(values, shape.inputs, "")]


def _bag(values: Mapping[str, Value], known: Mapping[str, object], path: str) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if name == "__defaults":
            continue
        if name not in known:
            yield f"{path}{name}", f"is not a property; properties are {', '.join(sorted(known))}"
        else:
            yield from _value(value, known[name], f"{path}{name}")


def _value(value: Value, kind: object, path: str) -> Iterator[tuple[str, str]]:
    value = value.value if isinstance(value, Secret) else value
    if value is None or isinstance(value, Unknown):
        return
    wrong = [list(_one(value, member, path)) for member in members(kind)]
    if wrong and all(wrong):
        yield min(wrong, key=len)[0]


def members(kind: object) -> list[object]:
    """Return the types that a value may have, without None, Awaitable and Output."""
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return [member for part in get_args(kind) for member in members(part)]
    if kind is type(None) or origin is Output or getattr(origin, "__name__", "") == "Awaitable":
        return []
    return [kind]


def _one(value: Value, kind: object, path: str) -> Iterator[tuple[str, str]]:
    """Return the reasons why a value does not have a type."""
    origin = get_origin(kind)
    if isinstance(kind, type) and _types.is_input_type(kind):
        yield from _inner(value, kind, path)
    elif origin is list or getattr(origin, "__name__", "") == "Sequence":
        items = cast("list[Value]", value) if isinstance(value, list) else None
        if items is None:
            yield path, "must be a list"
        for number, item in enumerate(items or []):
            yield from _value(item, get_args(kind)[0], f"{path}[{number}]")
    elif origin is dict or getattr(origin, "__name__", "") == "Mapping":
        if not isinstance(value, dict):
            yield path, "must be an object"
        else:
            for key, item in cast("dict[str, Value]", value).items():
                yield from _value(item, get_args(kind)[1], f"{path}.{key}")
    elif not _scalar(value, kind):
        yield path, f"must be {getattr(kind, '__name__', kind)}, not {type(value).__name__}"


def _inner(value: Value, kind: type, path: str) -> Iterator[tuple[str, str]]:
    if not isinstance(value, dict):
        yield path, "must be an object"
        return
    values = cast("dict[str, Value]", value)
    required = _types._required_property_names(kind)  # noqa: SLF001
    yield from ((f"{path}.{name}", "is required and missing") for name in sorted(required) if name not in values)
    yield from _bag(values, cast("Mapping[str, object]", _types.input_type_types(kind)), f"{path}.")


def _scalar(value: Value, kind: object) -> bool:
    if get_origin(kind) is Literal:
        return value in get_args(kind)
    if kind is bool or kind is str:
        return isinstance(value, kind)
    if kind is int or kind is float:
        return isinstance(value, int if kind is int else int | float) and not isinstance(value, bool)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return value in [member.value for member in kind]
    return True
