"""Answers to the provider functions that programs call, so that a plan needs no cloud.

A function without an entry raises: an invented answer would give a plan that no cloud would give.
"""

import json
from collections.abc import Callable, Mapping

from pulumi.runtime.config import get_config

from automation.plan.inventory import Value

Arguments = Mapping[str, Value]


def _managed_zones(arguments: Arguments) -> dict[str, Value]:
    """Return the DNS zone of the stack: the function lists all zones, and the program selects one by DNS name."""
    ingress = json.loads(get_config("agent-platform:platform") or "{}").get("ingress", {})
    zone = ingress.get("dns_zone") or ingress.get("domain", "").partition(".")[2]
    selected = {"dnsName": f"{zone}.", "name": f"<dns:ManagedZone {zone}>.name", "visibility": "public"}
    unused: dict[str, Value] = {
        "description": "",
        "id": f"<dns:ManagedZone {zone}>.id",
        "managedZoneId": "1",
        "nameServers": [],
    }
    return {"id": "<zones>", "project": arguments.get("project"), "managedZones": [{**selected, **unused}]}


ANSWERS: dict[str, Callable[[Arguments], dict[str, Value]]] = {
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
            f"no recorded answer for the provider function {token}; add it to automation/plan/invokes.py"
        ) from error
