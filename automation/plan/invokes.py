"""Answers to the provider functions that programs call, so that a plan needs no cloud.

A function that is not in the table raises: an invented answer would make a plan that no cloud would give.
"""

import json
from collections.abc import Callable, Mapping

from pulumi.runtime.config import get_config

from automation.plan.inventory import Value

Arguments = Mapping[str, Value]


def _named_zone(given: Arguments) -> dict[str, Value]:
    """The zone that the stack names: Google Cloud lists zones whole, and a program picks its own by DNS name."""
    ingress = json.loads(get_config("agent-platform:platform") or "{}").get("ingress", {})
    zone = ingress.get("dns_zone") or ingress.get("domain", "").partition(".")[2]
    found = {"dnsName": f"{zone}.", "name": f"<dns:ManagedZone {zone}>.name", "visibility": "public"}
    unread: dict[str, Value] = {
        "description": "",
        "id": f"<dns:ManagedZone {zone}>.id",
        "managedZoneId": "1",
        "nameServers": [],
    }
    return {"id": "<zones>", "project": given.get("project"), "managedZones": [{**found, **unread}]}


ANSWERS: dict[str, Callable[[Arguments], dict[str, Value]]] = {
    "aws:index/getAvailabilityZones:getAvailabilityZones": lambda _: {
        "id": "<zones>",
        "names": [f"<zone {letter}>" for letter in "abcdef"],
        "zoneIds": [f"<zone id {letter}>" for letter in "abcdef"],
    },
    "gcp:logging/getProjectCmekSettings:getProjectCmekSettings": lambda given: {
        "id": f"projects/{given.get('project')}/cmekSettings",
        "serviceAccountId": "cmek-p111111111111@gcp-sa-logging.iam.gserviceaccount.com",
    },
    "gcp:storage/getProjectServiceAccount:getProjectServiceAccount": lambda _: {
        "emailAddress": "service-111111111111@gs-project-accounts.iam.gserviceaccount.com",
        "member": "serviceAccount:service-111111111111@gs-project-accounts.iam.gserviceaccount.com",
    },
    "gcp:organizations/getProject:getProject": lambda given: {
        "id": f"projects/{given.get('projectId')}",
        "projectId": given.get("projectId"),
        "name": given.get("projectId"),
        "number": "111111111111",
        "billingAccount": "<billing account>",
    },
    "gcp:dns/getManagedZones:getManagedZones": _named_zone,
    "gcp:monitoring/getNotificationChannel:getNotificationChannel": lambda given: {
        "id": f"<monitoring:NotificationChannel {given.get('displayName')}>.id",
        "name": f"<monitoring:NotificationChannel {given.get('displayName')}>.name",
        "displayName": given.get("displayName"),
        "type": given.get("type"),
    },
    "azure-native:logic:listWorkflowTriggerCallbackUrl": lambda given: {
        "basePath": "",
        "method": "POST",
        "queries": None,
        "relativePath": "",
        "relativePathParameters": [],
        "value": f"<logic:Workflow {given.get('workflowName')}>.callbackUrl",
    },
    "azure-native:redisenterprise:listDatabaseKeys": lambda given: {
        "primaryKey": f"<redisenterprise:Keys {given.get('clusterName')}>.primaryKey",
        "secondaryKey": f"<redisenterprise:Keys {given.get('clusterName')}>.secondaryKey",
    },
    "aws:route53/getZone:getZone": lambda given: {
        "id": f"<route53:Zone {given.get('name')}>.id",
        "zoneId": f"<route53:Zone {given.get('name')}>.zoneId",
        "name": given.get("name"),
        "arn": f"<route53:Zone {given.get('name')}>.arn",
    },
}


def answer(token: str, arguments: Arguments) -> dict[str, Value]:
    """The answer of the function `token`; raises LookupError for one without an entry."""
    try:
        return ANSWERS[token](arguments)
    except KeyError as missing:
        raise LookupError(
            f"no recorded answer for the provider function {token}; add it to automation/plan/invokes.py"
        ) from missing
