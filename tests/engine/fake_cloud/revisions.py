"""Which revision of a service runs after an update, as each cloud tells it; one that it rolled back stays behind.

And which version of a value is stored, where a cloud counts versions of one object.
"""

import secrets

from google.protobuf import struct_pb2

COUNTED = {
    "gcp:cloudrunv2/service:Service": ("name", "latestCreatedRevision", "latestReadyRevision"),
    "azure-native:app:ContainerApp": ("containerAppName", "latestRevisionName", "latestReadyRevisionName"),
}
"""Types that number their revisions: the input that names them, the newest revision, the one that runs."""
POINTED = {"aws:ecs/service:Service": "taskDefinition"}
"""Types whose running revision is an input that the cloud may set back."""
STORED = "azure-native:keyvault:Secret"
"""The type whose every update is a new version of the value."""


def after_create(token: str, outputs: struct_pb2.Struct) -> struct_pb2.Struct:
    """The outputs of a new object, with its first revision running."""
    if token in COUNTED:
        name, newest, running = COUNTED[token]
        for key in (newest, running):
            outputs.fields[key].string_value = f"{outputs.fields[name].string_value}-00001"
    return outputs


def after_update(
    token: str, outputs: struct_pb2.Struct, old: struct_pb2.Struct, rolled_back: bool = False
) -> struct_pb2.Struct:
    """The outputs after a change, with the next revision running, or still the one before it."""
    if token in COUNTED:
        _, newest, running = COUNTED[token]
        stem, _, number = old.fields[newest].string_value.rpartition("-")
        outputs.fields[newest].string_value = f"{stem}-{int(number or 0) + 1:05d}"
        outputs.fields[running].CopyFrom(old.fields[running] if rolled_back else outputs.fields[newest])
    if token == STORED:
        bag = outputs.fields["properties"].struct_value.fields
        bag["secretUri"].CopyFrom(old.fields["properties"].struct_value.fields["secretUri"])
        bag["secretUriWithVersion"].string_value = f"{bag['secretUri'].string_value}/{secrets.token_hex(16)}"
    if rolled_back and token in POINTED:
        outputs.fields[POINTED[token]].CopyFrom(old.fields[POINTED[token]])
    return outputs
