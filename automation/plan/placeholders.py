"""Readable stand-ins for what a cloud would compute, of the type the SDK's annotations promise.

`<rds:Instance prod-database>.address` is a string that says whence it comes; numbers are 0 and booleans false,
because their types leave no room for words.
"""

from collections.abc import Mapping
from functools import cache
from types import UnionType
from typing import Union, cast, get_args, get_origin

import pulumi
from google.protobuf import struct_pb2
from pulumi import _types  # pyright: ignore[reportPrivateUsage]  # the SDK's own reading of its annotations
from pulumi.runtime import rpc

from automation.plan.inventory import Value
from automation.plan.wire import SIGNATURE, encode
from automation.urn import short_type

DEPTH = 4
"""Output types may contain themselves; nothing that a program reads lies deeper."""


def placeholder(token: str, name: str) -> str:
    """`<rds:Instance prod-database>`."""
    return f"<{short_type(token)} {name}>"


def fill_outputs(inputs: struct_pb2.Struct, resource: type[pulumi.Resource] | None, subject: str) -> struct_pb2.Struct:
    """`inputs` and a placeholder for each output of `resource` that the inputs do not name."""
    filled = echo(inputs, resource, subject)
    missing = {key: kind for key, kind in _outputs(resource).items() if key not in inputs.fields}
    filled.MergeFrom(encode({key: stand_in(kind, f"{subject}.{key}") for key, kind in missing.items()}))
    return filled


def echo(
    inputs: struct_pb2.Struct, resource: type[pulumi.Resource] | None, subject: str, unknown: bool = False
) -> struct_pb2.Struct:
    """`inputs` as a provider gives them back: bags of settings completed, lists of identities as maps.

    Azure alone computes values inside what it was given; the types of such bags end in Response. What is computed
    there is a placeholder, or an unknown value.
    """
    filled = struct_pb2.Struct()
    filled.CopyFrom(inputs)
    for key, kind in _outputs(resource).items():
        if key in filled.fields:
            _complete(filled.fields[key], _only(kind), f"{subject}.{key}", unknown)
    return filled


def _complete(value: struct_pb2.Value, kind: object, path: str, unknown: bool) -> None:
    if value.HasField("list_value") and _is_map(kind):
        keys = [item.string_value for item in value.list_value.values]
        value.struct_value.CopyFrom(encode({key: {} for key in keys}))
    if not isinstance(kind, type) or not kind.__name__.endswith("Response") or not value.HasField("struct_value"):
        return
    bag = value.struct_value
    fields = cast("Mapping[str, object]", _types.output_type_types(kind))
    for key, inner in fields.items():
        if key in bag.fields:
            _complete(bag.fields[key], _only(inner), f"{path}.{key}", unknown)
    computed = {key: inner for key, inner in fields.items() if key not in bag.fields and SIGNATURE not in bag.fields}
    bag.MergeFrom(
        encode(
            {key: rpc.UNKNOWN if unknown else stand_in(inner, f"{path}.{key}", 1) for key, inner in computed.items()}
        )
    )


def _only(kind: object) -> object:
    """The type itself where `kind` says that it may be absent."""
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
    types = cast("Mapping[str, object]", _types.resource_types(resource))
    return {key: kind for key, kind in types.items() if key not in ("id", "urn")}


def stand_in(kind: object, path: str, depth: int = DEPTH) -> Value:
    """A value of type `kind` that names its `path` wherever a string allows it."""
    kind = _only(kind)
    origin = get_origin(kind)
    if origin in (list, tuple) or (origin is not None and getattr(origin, "__name__", "") == "Sequence"):
        return [stand_in(get_args(kind)[0], f"{path}[0]", depth - 1)] if depth else []
    if _is_map(kind):
        return {}
    if isinstance(kind, type) and issubclass(kind, bool | int | float):
        return kind()
    if isinstance(kind, type) and _types.is_output_type(kind):
        fields = cast("Mapping[str, object]", _types.output_type_types(kind) if depth else {})
        return {key: stand_in(inner, f"{path}.{key}", depth - 1) for key, inner in fields.items()}
    return path
