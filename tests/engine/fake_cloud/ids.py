"""Names, ids and outputs of new objects in the format of their cloud.

Each creation of a type with tags makes a new object, and a name that is in use is rejected. A type without tags is mostly
a relation between two objects (a route, a permission, a rule): creating it twice makes one object, so its id follows from
its inputs.
"""

import secrets
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256

from google.protobuf import json_format, struct_pb2

from automation.plan.inventory import Secret, Unknown, Value
from automation.plan.sdk_internals import SIGNATURE, decode, encode
from tests.engine.fake_cloud.addresses import ACCOUNT, identity_of, rule_of, table_of
from tests.engine.fake_cloud.sdk_schema import shape_of

NAMES = ("name", "bucket", "identifier", "replicationGroupId", "secretId", "repositoryId", "accountId")
"""Inputs with the name of an object; for Azure the import rule names the input."""
STORED_VALUE = ":SecretVersion"
"""Suffix of types whose every value is a separate object with a version."""
SALT_BYTES = 4


def name_key(token: str) -> str | None:
    """Return the input with the name of an object; None for a type without one."""
    if token.endswith(STORED_VALUE):
        return None  # its name is that of its secret
    inputs, row = shape_of(token).inputs, rule_of(token)
    names = (row.named, *NAMES) if row and token.startswith("azure-native:") else NAMES
    return next((key for key in names if key in inputs), None)


def place_key(token: str) -> str | None:
    """Return the input with the place in which a name is unique, when it is a part of the import id; None elsewhere."""
    row = rule_of(token)
    return next((key for key in ("location", "region") if row and f"{{{key}}}" in row.identity), None)


def taggable(token: str) -> bool:
    """True for a type with tags or labels."""
    return not {"tags", "labels", "userLabels"}.isdisjoint(shape_of(token).inputs)


def with_name(token: str, logical_name: str, inputs: struct_pb2.Struct, old: struct_pb2.Struct) -> struct_pb2.Struct:
    """Return the inputs with a generated name when the program sets none; an existing object keeps its name."""
    key, result = name_key(token), struct_pb2.Struct()
    result.CopyFrom(inputs)
    if key is None or key in inputs.fields or token.startswith("random:"):
        return result
    kept = old.fields[key].string_value if key in old.fields else ""
    result.fields[key].string_value = kept or f"{logical_name}-{secrets.token_hex(SALT_BYTES)[:7]}"
    return result


def new_id(token: str, logical_name: str, inputs: struct_pb2.Struct, config: Mapping[str, Value]) -> str:
    """Return the id of a new object: the import id when there is an import rule, else an id in the format of its cloud."""
    values, package = decode(inputs), token.partition(":")[0]
    name = values.get(name_key(token) or "")
    table = table_of(token)
    unique = package == "random" or (taggable(token) and token not in (table.again if table else ()))
    salt = secrets.token_hex(SALT_BYTES) if unique else digest(token, values)
    known = identity_of(token, values, config, salt)
    if known:
        return known
    word = name if isinstance(name, str) and unique else f"{name if isinstance(name, str) else logical_name}-{salt}"
    if package == "azure-native":
        group = values.get("resourceGroupName", "")
        return f"/subscriptions/{ACCOUNT}/resourceGroups/{group}/providers/{token.partition(':')[2].replace(':', '/')}/{word}"
    if package == "gcp":
        return f"projects/acme/{token.split(':')[1]}/{word}"
    return f"{token.rpartition(':')[2].lower()}-{salt}" if unique and not isinstance(name, str) else word


def digest(token: str, inputs: Mapping[str, Value]) -> str:
    """Return eight hexadecimal digits that follow from the plain inputs, and for a stored value also from the value."""
    plain = {key: value for key, value in inputs.items() if not isinstance(value, Secret | Unknown)}
    if token.endswith(STORED_VALUE):
        plain |= {key: value.value for key, value in inputs.items() if isinstance(value, Secret)}
    return sha256(f"{token} {sorted(plain.items(), key=str)}".encode()).hexdigest()[:8]


def with_realistic_values(outputs: struct_pb2.Struct, subject: str, identity: str) -> struct_pb2.Struct:
    """Replace the placeholders of `subject` by values in the format of a cloud."""
    real = struct_pb2.Struct()
    for key, value in outputs.fields.items():
        real.fields[key].CopyFrom(_real(value, subject, identity))
    return real


def _real(value: struct_pb2.Value, subject: str, identity: str) -> struct_pb2.Value:
    kind = value.WhichOneof("kind")
    if kind == "string_value" and value.string_value.startswith(f"{subject}."):
        return struct_pb2.Value(string_value=_word(value.string_value.removeprefix(f"{subject}."), identity))
    if kind == "list_value":
        items = [_real(item, subject, identity) for item in value.list_value.values]
        return struct_pb2.Value(list_value=struct_pb2.ListValue(values=items))
    if kind == "struct_value" and SIGNATURE not in value.struct_value.fields:
        return struct_pb2.Value(struct_value=with_realistic_values(value.struct_value, subject, identity))
    return value


def _word(path: str, identity: str) -> str:
    last, word = path.rpartition(".")[2], identity.rpartition("/")[2]
    if last.lower().endswith("arn"):
        return f"arn:aws:fake:us-west-2:{ACCOUNT}:{word}" + ("" if last == "arn" else f"/{last}")
    if last.lower().endswith(("endpoint", "host", "hostname", "fqdn", "address", "domain", "dnsname")):
        return f"{word}.{sha256(path.encode()).hexdigest()[:6]}.example.internal"
    return f"{last}-{sha256(f'{identity} {path}'.encode()).hexdigest()[:8]}"


def as_text(struct: struct_pb2.Struct) -> str:
    """Return a struct as JSON text."""
    return json_format.MessageToJson(struct, indent=None)


def as_struct(text: str) -> struct_pb2.Struct:
    """Return the struct of a JSON text."""
    return json_format.Parse(text, struct_pb2.Struct())


def random_outputs(token: str, inputs: Mapping[str, Value]) -> struct_pb2.Struct:
    """Return the outputs of the random package, which the program uses as values."""
    if token.endswith(":RandomPassword"):
        length = int(str(inputs["length"]))
        return encode({"result": secrets.token_hex(length)[:length], "bcryptHash": secrets.token_hex(16)})
    if token.endswith(":RandomString"):
        length = int(str(inputs["length"]))
        return encode({"result": secrets.token_hex(length)[:length]})
    if token.endswith(":RandomBytes"):
        value = secrets.token_hex(int(str(inputs["length"])))
        return encode({"hex": value, "base64": b64encode(bytes.fromhex(value)).decode()})
    value = secrets.token_hex(int(str(inputs.get("byteLength", SALT_BYTES))))
    return encode({"hex": value, "b64Std": value, "b64Url": value, "dec": str(int(value, 16))})
