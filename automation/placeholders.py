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

from automation.inventory import Value, short_type

DEPTH = 4
"""Output types may contain themselves; nothing that a program reads lies deeper."""


def placeholder(token: str, name: str) -> str:
    """`<rds:Instance prod-database>`."""
    return f"<{short_type(token)} {name}>"


def fill_outputs(inputs: struct_pb2.Struct, resource: type[pulumi.Resource] | None, subject: str) -> struct_pb2.Struct:
    """`inputs` and a placeholder for each output of `resource` that the inputs do not name."""
    filled = struct_pb2.Struct()
    filled.CopyFrom(inputs)
    missing = {key: kind for key, kind in _outputs(resource).items() if key not in inputs.fields}
    filled.update({key: stand_in(kind, f"{subject}.{key}") for key, kind in missing.items()})
    return filled


@cache
def _outputs(resource: type[pulumi.Resource] | None) -> Mapping[str, object]:
    if resource is None:
        return {}
    types = cast("Mapping[str, object]", _types.resource_types(resource))
    return {key: kind for key, kind in types.items() if key not in ("id", "urn")}


def stand_in(kind: object, path: str, depth: int = DEPTH) -> Value:
    """A value of type `kind` that names its `path` wherever a string allows it."""
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return stand_in(next(arg for arg in get_args(kind) if arg is not type(None)), path, depth)
    if origin in (list, tuple) or (origin is not None and getattr(origin, "__name__", "") == "Sequence"):
        return [stand_in(get_args(kind)[0], f"{path}[0]", depth - 1)] if depth else []
    if origin is dict or (origin is not None and getattr(origin, "__name__", "") == "Mapping"):
        return {}
    if kind in (bool, int, float):
        return cast("type[int]", kind)()
    if isinstance(kind, type) and _types.is_output_type(kind):
        fields = cast("Mapping[str, object]", _types.output_type_types(kind)) if depth else {}
        return {key: stand_in(inner, f"{path}.{key}", depth - 1) for key, inner in fields.items()}
    return path
