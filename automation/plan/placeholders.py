"""Placeholders of a plan: computed outputs of resources, and answers to the provider functions that programs call.

`<rds:Instance prod-database>.address` is a string that names its origin; numbers are 0 and booleans false, because
their types cannot hold text.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Union, get_args, get_origin

import pulumi
from google.protobuf import struct_pb2

from automation.plan import existing_networks
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

KUBERNETES_MODULES = "pulumi_kubernetes."
METADATA_NAME = "metadata.name"
MAX_DEPTH = 4
"""Output types may contain themselves; programs read no deeper than this."""


def placeholder(token: str, name: str) -> str:
    """Return `<rds:Instance prod-database>`."""
    return f"<{short_type(token)} {name}>"


@dataclass(frozen=True)
class Outputs:
    """Outputs of a resource as its provider returns them: the inputs, and a value for each output that is no input.

    Nested settings of an input are completed, and lists of identities are maps: only Azure computes values inside an
    input, and the types of such inputs end in `Response`. Computed values are placeholders, or unknown values.
    """

    inputs: struct_pb2.Struct
    resource: type[pulumi.Resource] | None
    subject: str
    unknown: bool = False

    @property
    def names(self) -> set[str]:
        """Names of all outputs; a provider in a preview returns none that is computed."""
        return {*self.inputs.fields, *(() if self.unknown else _outputs(self.resource))}

    def part(self, names: Iterable[str]) -> struct_pb2.Struct:
        """Return the outputs of these names, without names that the resource does not have."""
        part, kinds, computed = struct_pb2.Struct(), _outputs(self.resource), dict[str, Value]()
        for name in names:
            if name in self.inputs.fields:
                part.fields[name].CopyFrom(self.inputs.fields[name])
                if name in kinds:
                    _complete(part.fields[name], _without_none(kinds[name]), f"{self.subject}.{name}", self.unknown)
            elif name in kinds and not self.unknown:
                computed[name] = placeholder_value(kinds[name], f"{self.subject}.{name}")
        part.MergeFrom(encode(computed))
        if self.resource is not None and self.resource.__module__.startswith(KUBERNETES_MODULES):
            _generate_name(part, UNKNOWN_TEXT if self.unknown else f"{self.subject}.{METADATA_NAME}")
        return part


def fill_outputs(inputs: struct_pb2.Struct, resource: type[pulumi.Resource] | None, subject: str) -> struct_pb2.Struct:
    """Return `inputs` and a placeholder for each output of `resource` that the inputs do not contain."""
    outputs = Outputs(inputs, resource, subject)
    return outputs.part(outputs.names)


def echo(
    inputs: struct_pb2.Struct, resource: type[pulumi.Resource] | None, subject: str, unknown: bool = False
) -> struct_pb2.Struct:
    """Return `inputs` as a provider returns them."""
    return Outputs(inputs, resource, subject, unknown).part(inputs.fields)


def _generate_name(filled: struct_pb2.Struct, name: str) -> None:
    """Give an object of Kubernetes without a name one, as its provider does from the logical name."""
    metadata = filled.fields["metadata"].struct_value if "metadata" in filled.fields else None
    if metadata is not None and "name" not in metadata.fields:
        metadata.MergeFrom(encode({"name": name}))


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


Arguments = Mapping[str, Value]


def _managed_zones(arguments: Arguments) -> dict[str, Value]:
    """Return the public DNS zone of each platform and the private ones: the program selects among all zones of a project."""
    visibilities = dict.fromkeys((zone for each in existing_networks.declared if (zone := each.ingress.zone)), "public")
    visibilities |= dict.fromkeys(existing_networks.private_zones(), "private")
    zones: list[Value] = [
        {
            "description": "",
            "dnsName": f"{zone}.",
            "id": f"<dns:ManagedZone {zone}>.id",
            "managedZoneId": "1",
            "name": f"<dns:ManagedZone {zone}>.name",
            "nameServers": [],
            "visibility": visibility,
        }
        for zone, visibility in visibilities.items()
    ]
    return {"id": "<zones>", "project": arguments.get("project"), "managedZones": zones}


ANSWERS: dict[str, Callable[[Arguments], dict[str, Value]]] = {
    **existing_networks.ANSWERS,
    "aws:index/getAvailabilityZones:getAvailabilityZones": lambda _: {
        "id": "<zones>",
        "names": [f"<zone {letter}>" for letter in "abcdef"],
        "zoneIds": [f"<zone id {letter}>" for letter in "abcdef"],
    },
    "gcp:logging/getProjectCmekSettings:getProjectCmekSettings": lambda arguments: {
        "id": f"projects/{arguments.get('project')}/cmekSettings",
        "serviceAccountId": "cmek-p111111111111@gcp-sa-logging.iam.gserviceaccount.com",
    },
    "gcp:storage/getProjectServiceAccount:getProjectServiceAccount": lambda _: {
        "emailAddress": "service-111111111111@gs-project-accounts.iam.gserviceaccount.com",
        "member": "serviceAccount:service-111111111111@gs-project-accounts.iam.gserviceaccount.com",
    },
    "gcp:storage/getTransferProjectServiceAccount:getTransferProjectServiceAccount": lambda _: {
        "email": "project-111111111111@storage-transfer-service.iam.gserviceaccount.com",
        "member": "serviceAccount:project-111111111111@storage-transfer-service.iam.gserviceaccount.com",
    },
    "gcp:organizations/getProject:getProject": lambda arguments: {
        "id": f"projects/{arguments.get('projectId')}",
        "projectId": arguments.get("projectId"),
        "name": arguments.get("projectId"),
        "number": "111111111111",
        "billingAccount": "<billing account>",
    },
    "gcp:dns/getManagedZones:getManagedZones": _managed_zones,
    "gcp:monitoring/getNotificationChannel:getNotificationChannel": lambda arguments: {
        "id": f"<monitoring:NotificationChannel {arguments.get('displayName')}>.id",
        "name": f"<monitoring:NotificationChannel {arguments.get('displayName')}>.name",
        "displayName": arguments.get("displayName"),
        "type": arguments.get("type"),
    },
    "azure-native:logic:listWorkflowTriggerCallbackUrl": lambda arguments: {
        "basePath": "",
        "method": "POST",
        "queries": None,
        "relativePath": "",
        "relativePathParameters": [],
        "value": f"<logic:Workflow {arguments.get('workflowName')}>.callbackUrl",
    },
    "azure-native:redisenterprise:listDatabaseKeys": lambda arguments: {
        "primaryKey": f"<redisenterprise:Keys {arguments.get('clusterName')}>.primaryKey",
        "secondaryKey": f"<redisenterprise:Keys {arguments.get('clusterName')}>.secondaryKey",
    },
    "aws:route53/getZone:getZone": lambda arguments: {
        "id": f"<route53:Zone {arguments.get('name')}>.id",
        "zoneId": f"<route53:Zone {arguments.get('name')}>.zoneId",
        "name": arguments.get("name"),
        "arn": f"<route53:Zone {arguments.get('name')}>.arn",
    },
}


def answer(token: str, arguments: Arguments) -> dict[str, Value]:
    """Return the answer of the function `token`; raises LookupError for one without an entry."""
    try:
        return ANSWERS[token](arguments)
    except KeyError as error:
        raise LookupError(
            f"no recorded answer for the provider function {token}; add it to automation/plan/placeholders.py"
        ) from error
