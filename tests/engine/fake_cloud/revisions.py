"""Revision of a service after an update or a rollback, and version of a stored secret, in the outputs of each cloud."""

import secrets

from google.protobuf import struct_pb2

NUMBERED_REVISIONS = {
    "gcp:cloudrunv2/service:Service": ("name", "latestCreatedRevision", "latestReadyRevision"),
    "gcp:cloudrunv2/workerPool:WorkerPool": ("name", "latestCreatedRevision", "latestReadyRevision"),
    "azure-native:app:ContainerApp": ("containerAppName", "latestRevisionName", "latestReadyRevisionName"),
}
"""Types with numbered revisions: the input with the name, the output with the latest and with the running revision."""
REVISION_ADDRESS = {"azure-native:app:ContainerApp": "latestRevisionFqdn"}
"""Output with the address of the latest revision."""
REVISION_INPUTS = {"aws:ecs/service:Service": "taskDefinition"}
"""Types whose running revision is an input that the cloud resets in a rollback."""
VERSIONED_SECRET = "azure-native:keyvault:Secret"
"""Type whose every update creates a version of the value."""


def after_create(token: str, outputs: struct_pb2.Struct) -> struct_pb2.Struct:
    """Return the outputs of a new object with its first revision."""
    if token in NUMBERED_REVISIONS:
        name, newest, running = NUMBERED_REVISIONS[token]
        for key in (newest, running):
            outputs.fields[key].string_value = f"{outputs.fields[name].string_value}-00001"
        _set_address(token, outputs, newest)
    return outputs


def after_update(
    token: str, outputs: struct_pb2.Struct, old: struct_pb2.Struct, rolled_back: bool = False
) -> struct_pb2.Struct:
    """Return the outputs after an update with the next revision, or after a rollback with the previous one.

    A cloud makes a revision for a new template only: another split of the requests has none.
    """
    if token in NUMBERED_REVISIONS and outputs.fields["template"] != old.fields["template"]:
        _, newest, running = NUMBERED_REVISIONS[token]
        stem, _, number = old.fields[newest].string_value.rpartition("-")
        outputs.fields[newest].string_value = f"{stem}-{(int(number) if number.isdecimal() else 0) + 1:05d}"
        outputs.fields[running].CopyFrom(old.fields[running] if rolled_back else outputs.fields[newest])
        _set_address(token, outputs, newest)
    if token == VERSIONED_SECRET:
        bag = outputs.fields["properties"].struct_value.fields
        bag["secretUri"].CopyFrom(old.fields["properties"].struct_value.fields["secretUri"])
        bag["secretUriWithVersion"].string_value = f"{bag['secretUri'].string_value}/{secrets.token_hex(16)}"
    if rolled_back and token in REVISION_INPUTS:
        outputs.fields[REVISION_INPUTS[token]].CopyFrom(old.fields[REVISION_INPUTS[token]])
    return outputs


def _set_address(token: str, outputs: struct_pb2.Struct, newest: str) -> None:
    if token in REVISION_ADDRESS:
        outputs.fields[REVISION_ADDRESS[token]].string_value = f"{outputs.fields[newest].string_value}.fake.example"
