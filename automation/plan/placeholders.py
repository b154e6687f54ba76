"""Readable placeholders for computed outputs, of the types that the SDK annotates.

`<rds:Instance prod-database>.address` is a string that names its origin; numbers are 0 and booleans false, because
their types cannot hold text.
"""

from collections.abc import Mapping
from functools import cache
from types import UnionType
from typing import Union, get_args, get_origin

import pulumi
from google.protobuf import struct_pb2

from automation.plan.inventory import Value
from automation.plan.sdk_internals import (
    SIGNATURE,
    UNKNOWN_TEXT,
    encode,
    is_output_type,
    nested_output_types,
    output_types,
)
from automation.urn import short_type

MAX_DEPTH = 4
"""Output types may contain themselves; programs read no deeper than this."""


def placeholder(token: str, name: str) -> str:
    """Return `<rds:Instance prod-database>`."""
    return f"<{short_type(token)} {name}>"


def fill_outputs(inputs: struct_pb2.Struct, resource: type[pulumi.Resource] | None, subject: str) -> struct_pb2.Struct:
    """Return `inputs` and a placeholder for each output of `resource` that the inputs do not contain."""
    filled = echo(inputs, resource, subject)
    missing = {key: kind for key, kind in _outputs(resource).items() if key not in inputs.fields}
    filled.MergeFrom(encode({key: placeholder_value(kind, f"{subject}.{key}") for key, kind in missing.items()}))
    return filled


def echo(
    inputs: struct_pb2.Struct, resource: type[pulumi.Resource] | None, subject: str, unknown: bool = False
) -> struct_pb2.Struct:
    """Return `inputs` as a provider returns them: nested settings completed, lists of identities as maps.

    Only Azure computes values inside an input; the types of such inputs end in `Response`. Computed values are
    placeholders, or unknown values.
    """
    filled = struct_pb2.Struct()
    filled.CopyFrom(inputs)
    for key, kind in _outputs(resource).items():
        if key in filled.fields:
            _complete(filled.fields[key], _without_none(kind), f"{subject}.{key}", unknown)
    return filled


def _complete(value: struct_pb2.Value, kind: object, path: str, unknown: bool) -> None:
    if value.HasField("list_value") and _is_map(kind):
        keys = [item.string_value for item in value.list_value.values]
        value.struct_value.CopyFrom(encode({key: {} for key in keys}))
    if not isinstance(kind, type) or not kind.__name__.endswith("Response") or not value.HasField("struct_value"):
        return
    settings = value.struct_value
    types = nested_output_types(kind)
    for key, inner in types.items():
        if key in settings.fields:
            _complete(settings.fields[key], _without_none(inner), f"{path}.{key}", unknown)
    if SIGNATURE in settings.fields:
        return
    computed = {key: inner for key, inner in types.items() if key not in settings.fields}
    settings.MergeFrom(
        encode(
            {
                key: UNKNOWN_TEXT if unknown else placeholder_value(inner, f"{path}.{key}", 1)
                for key, inner in computed.items()
            }
        )
    )


def _without_none(kind: object) -> object:
    """Return the type of an optional value; any other type unchanged."""
    if get_origin(kind) not in (Union, UnionType):
        return kind
    return next(arg for arg in get_args(kind) if arg is not type(None))


def _is_map(kind: object) -> bool:
    origin = get_origin(kind)
    return origin is dict or getattr(origin, "__name__", "") == "Mapping"


@cache
def _outputs(resource: type[pulumi.Resource] | None) -> Mapping[str, object]:
    if resource is None:
        return {}
    return {key: kind for key, kind in output_types(resource).items() if key not in ("id", "urn")}


def placeholder_value(kind: object, path: str, depth: int = MAX_DEPTH) -> Value:
    """Return a value of type `kind` whose strings contain `path`."""
    kind = _without_none(kind)
    origin = get_origin(kind)
    if origin in (list, tuple) or (origin is not None and getattr(origin, "__name__", "") == "Sequence"):
        return [placeholder_value(get_args(kind)[0], f"{path}[0]", depth - 1)] if depth else []
    if _is_map(kind):
        return {}
    if isinstance(kind, type) and issubclass(kind, bool | int | float):
        return kind()
    if isinstance(kind, type) and is_output_type(kind):
        if not depth:
            return {}
        types = nested_output_types(kind)
        return {key: placeholder_value(inner, f"{path}.{key}", depth - 1) for key, inner in types.items()}
    return path
