"""Pulumi's wire format -> plain data: secrets and unknown values keep their mark."""

from collections.abc import Mapping
from typing import cast

from google.protobuf import struct_pb2
from pulumi.runtime import rpc

from automation.plan.inventory import Secret, Unknown, Value

UNKNOWN = Unknown()
SIGNATURE = rpc._special_sig_key  # pyright: ignore[reportPrivateUsage]  # the SDK has no public name for it
SECRET_MARK = rpc._special_secret_sig  # pyright: ignore[reportPrivateUsage]
RESOURCE_MARK = rpc._special_resource_sig  # pyright: ignore[reportPrivateUsage]


def decode(struct: struct_pb2.Struct) -> dict[str, Value]:
    """The fields of a protobuf struct as plain data."""
    return {key: _value(value) for key, value in sorted(struct.fields.items())}


def encode(values: Mapping[str, Value]) -> struct_pb2.Struct:
    """Plain data without secrets as a protobuf struct."""
    struct = struct_pb2.Struct()
    struct.update(cast("dict[str, str]", values))  # its stub knows no nested data, which it takes as well
    return struct


def _value(value: struct_pb2.Value) -> Value:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return _object(value.struct_value)
    if kind == "list_value":
        return [_value(item) for item in value.list_value.values]
    if kind == "string_value":
        return UNKNOWN if value.string_value == rpc.UNKNOWN else value.string_value
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    return value.bool_value if kind == "bool_value" else None


def _object(struct: struct_pb2.Struct) -> Value:
    mark = struct.fields[SIGNATURE].string_value if SIGNATURE in struct.fields else None
    if mark == SECRET_MARK:
        return Secret(_value(struct.fields["value"]))
    if mark == RESOURCE_MARK:
        return struct.fields["urn"].string_value
    return decode(struct)
