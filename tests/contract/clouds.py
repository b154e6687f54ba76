"""Knowledge of each cloud that the contract tests need: tags of resources and permissions.

A new cloud joins `providers.AVAILABLE` and adds one entry here.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import cast

from automation.plan.inventory import Declared, Inventory


@dataclass(frozen=True)
class Permission:
    """Permission that a program grants: `action` on `target`."""

    resource: str
    action: str
    target: str


@dataclass(frozen=True)
class Knowledge:
    """Readers of the plan of one cloud."""

    tags_of: Callable[[Inventory, Declared], Mapping[str, object] | None]
    """Tags of a resource; None for a type without tags."""
    rights: Callable[[Inventory], Iterator[Permission]]
    broad: Callable[[Permission], bool]
    """True for an action that is broader than any service needs."""
    unbounded: Callable[[Permission], bool]
    """True for a target beyond the resources of the stack."""
    unbounded_reasons: Mapping[str, str]
    """Actions that may have an unbounded target, with the reason."""


def provider_setting(plan: Inventory, resource: Declared, key: str) -> Mapping[str, object] | None:
    """A setting of the resource's provider; provider inputs are JSON text on the wire."""
    provider = next(p for p in plan.resources if resource.provider.startswith(f"{p.urn}::"))
    return cast("Mapping[str, object]", json.loads(cast("str", provider.inputs.get(key, "null"))))


def aws_tags(plan: Inventory, resource: Declared) -> Mapping[str, object] | None:
    if not resource.type.startswith("aws:"):
        return None
    setting = provider_setting(plan, resource, "defaultTags") or {}
    return cast("Mapping[str, object]", setting.get("tags", {}))


def aws_rights(plan: Inventory) -> Iterator[Permission]:
    """Every allowed action of every identity policy."""
    for resource in (*plan.of_type("iam:RolePolicy"), *plan.of_type("iam:Policy")):
        document = json.loads(cast("str", resource.inputs["policy"]))
        for statement in document["Statement"]:
            if statement["Effect"] == "Allow":
                for action in as_list(statement["Action"]):
                    for target in as_list(statement["Resource"]):
                        yield Permission(resource.name, action, target)


def azure_tags(plan: Inventory, resource: Declared) -> Mapping[str, object] | None:
    """Tags of a resource; the class in the SDK shows whether a type has any, as the provider adds none.

    Those of a saved search are a list by which Log Analytics sorts searches.
    """
    if not resource.type.startswith("azure-native:") or resource.short_type == "operationalinsights:SavedSearch":
        return None
    _, module, name = resource.type.split(":")
    kind = getattr(import_module(f"pulumi_azure_native.{module}"), name)
    return cast("Mapping[str, object]", resource.inputs.get("tags", {})) if hasattr(kind, "tags") else None


def azure_rights(plan: Inventory) -> Iterator[Permission]:
    """Every role assignment by the GUID of the role and its scope; of a custom role each of its actions."""
    custom = {str(role.inputs["roleDefinitionId"]): role for role in plan.of_type("authorization:RoleDefinition")}
    for resource in plan.of_type("authorization:RoleAssignment"):
        role = cast("str", resource.inputs["roleDefinitionId"]).rpartition("/")[2]
        (permission,) = (
            cast("list[dict[str, list[str]]]", custom[role].inputs["permissions"]) if role in custom else ({},)
        )
        for action in permission.get("actions", [role]):
            yield Permission(resource.name, action, cast("str", resource.inputs["scope"]))


AZURE_BROAD = {
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
    "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": "User Access Administrator",
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168": "Role Based Access Control Administrator",
}
AZURE_GROUP = re.compile(r"/subscriptions/[^/]+(/resourceGroups/[^/]+)?/?|<resources:ResourceGroup [^>]*>\.id")
"""A subscription or a whole group."""


def as_list(value: object) -> list[str]:
    return [value] if isinstance(value, str) else cast("list[str]", value)


def gcp_tags(plan: Inventory, resource: Declared) -> Mapping[str, object] | None:
    """Default labels, or the separate label field of Cloud SQL and Cloud Monitoring."""
    settings = cast("Mapping[str, object]", resource.inputs.get("settings", {}))
    own = resource.inputs.get("userLabels", settings.get("userLabels"))
    if own is not None:
        return cast("Mapping[str, object]", own)
    merged = cast("list[str]", resource.options.get("additionalSecretOutputs", []))
    return provider_setting(plan, resource, "defaultLabels") if "pulumiLabels" in merged else None


def gcp_rights(plan: Inventory) -> Iterator[Permission]:
    """Every role of a member, and every permission of a custom role."""
    for resource in plan.custom:
        if {"role", "member"} <= set(resource.inputs):
            target = "project" if resource.short_type == "projects:IAMMember" else resource.name
            yield Permission(resource.name, str(resource.inputs["role"]), target)
    for role in plan.of_type("projects:IAMCustomRole"):
        for permission in as_list(role.inputs["permissions"]):
            yield Permission(role.name, permission, role.name)


def docker_tags(plan: Inventory, resource: Declared) -> Mapping[str, object] | None:
    """Labels of containers, networks and volumes; other types have none."""
    if resource.short_type not in ("docker:Container", "docker:Network", "docker:Volume"):
        return None
    labels = cast("list[Mapping[str, str]]", resource.inputs.get("labels", []))
    return {label["label"]: label["value"] for label in labels}


def docker_rights(plan: Inventory) -> Iterator[Permission]:
    """Networks, added capabilities and host paths of each container."""
    for container in plan.of_type("docker:Container"):
        inputs = container.inputs
        for attachment in cast("list[Mapping[str, str]]", inputs.get("networksAdvanced", [])):
            yield Permission(container.name, "join", attachment["name"])
        for added in cast("Mapping[str, list[str]]", inputs["capabilities"]).get("adds", []):
            yield Permission(container.name, f"capability {added}", container.name)
        if inputs.get("privileged") or inputs.get("networkMode") == "host" or inputs.get("pidMode") == "host":
            yield Permission(container.name, "all", "the host")
        for volume in cast("list[Mapping[str, object]]", inputs.get("volumes", [])):
            if "hostPath" in volume:
                action = "read" if volume.get("readOnly") else "write"
                yield Permission(container.name, f"{action} {volume['hostPath']}", "the host")


def kubernetes_tags(plan: Inventory, resource: Declared) -> Mapping[str, object] | None:
    """Labels of objects; a provider has none."""
    if not resource.type.startswith("kubernetes:"):
        return None
    metadata = cast("Mapping[str, object]", resource.inputs.get("metadata", {}))
    return cast("Mapping[str, object]", metadata.get("labels", {}))


def kubernetes_rights(plan: Inventory) -> Iterator[Permission]:
    """Connections that network policies allow, rules of roles, and privileges of containers."""
    for policy in plan.of_type("networking.k8s.io:NetworkPolicy"):
        spec = cast("Mapping[str, list[Mapping[str, list[object]]]]", policy.inputs["spec"])
        for direction, key in (("ingress", "from"), ("egress", "to")):
            for rule in spec.get(direction, []):
                numbers = cast("list[Mapping[str, object]]", rule.get("ports", []))
                action = f"{direction} {','.join(str(port.get('port', '*')) for port in numbers)}"
                for peer in rule.get(key, [{"ipBlock": {"cidr": "*"}}]):
                    yield Permission(policy.name, action, json.dumps(peer, sort_keys=True))
    for role in (
        *plan.of_type("rbac.authorization.k8s.io:Role"),
        *plan.of_type("rbac.authorization.k8s.io:ClusterRole"),
    ):
        for rule in cast("list[Mapping[str, list[str]]]", role.inputs["rules"]):
            for verb in rule["verbs"]:
                for kind in rule.get("resources", []):
                    yield Permission(role.name, f"{verb} {kind}", role.name)


PRIMITIVE_ROLES = ("roles/owner", "roles/editor", "roles/viewer")

KNOWLEDGE: dict[str, Knowledge] = {
    "aws": Knowledge(
        tags_of=aws_tags,
        rights=aws_rights,
        broad=lambda right: right.action.endswith("*"),
        unbounded=lambda right: right.target == "*",
        unbounded_reasons={
            "ecr:GetAuthorizationToken": "a registry token has no ARN",
            "xray:PutTraceSegments": "traces have no ARN",
            "xray:PutTelemetryRecords": "traces have no ARN",
            "cloudwatch:PutMetricData": "metrics have no ARN; a condition names the namespace",
            "ecs:DescribeTaskDefinition": "AWS offers no resource level for it",
            "cloudwatch:GetMetricData": "metrics have no ARN; Slack shows the chart of an alarm, and the deployer watches rollouts",
            "cloudwatch:GetMetricStatistics": "metrics have no ARN; Slack shows the chart of an alarm",
            "cloudwatch:GetMetricWidgetImage": "metrics have no ARN; Slack shows the chart of an alarm",
            "cloudwatch:DescribeAlarms": "composite alarms are returned only to principals with access to every alarm",
            "cloudwatch:DescribeAlarmHistory": "the history of composite alarms is returned with access to every alarm",
            "backup:DescribeRestoreJob": "restore jobs have no ARN",
            "backup:PutRestoreValidationResult": "restore jobs have no ARN",
            "logs:DescribeLogGroups": "AWS offers no resource level for it",
            "elasticloadbalancing:DescribeListeners": "AWS offers no resource level for it",
            "elasticloadbalancing:DescribeRules": "AWS offers no resource level for it",
            "elasticloadbalancing:DescribeTargetGroups": "AWS offers no resource level for it",
            "elasticloadbalancing:DescribeTargetHealth": "AWS offers no resource level for it",
        },
    ),
    "azure": Knowledge(
        tags_of=azure_tags,
        rights=azure_rights,
        broad=lambda right: right.action in AZURE_BROAD or "*" in right.action,
        unbounded=lambda right: AZURE_GROUP.fullmatch(right.target) is not None,
        unbounded_reasons={
            "43d0d8ad-25c7-4714-9337-8ba259a9fe05": "Monitoring Reader: Grafana shows the metrics of the resource group",
            **{
                f"Microsoft.DBforPostgreSQL/flexibleServers/{action}": "the resource group of drills has only their servers"
                for action in ("read", "write", "delete")
            },
        },
    ),
    "docker": Knowledge(
        tags_of=docker_tags,
        rights=docker_rights,
        broad=lambda right: right.action == "all" or right.action.startswith(("capability", "write")),
        unbounded=lambda right: right.target == "the host",
        unbounded_reasons={
            "read /proc": "the node exporter reads processes, memory and load from the kernel",
            "read /sys": "devices and control groups; the alternative would be the Docker socket",
        },
    ),
    "kubernetes": Knowledge(
        tags_of=kubernetes_tags,
        rights=kubernetes_rights,
        broad=lambda right: "*" in right.action,
        unbounded=lambda right: right.target == "*",
        unbounded_reasons={},
    ),
    "gcp": Knowledge(
        tags_of=gcp_tags,
        rights=gcp_rights,
        broad=lambda right: right.action in PRIMITIVE_ROLES or "admin" in right.action.lower() or "*" in right.action,
        unbounded=lambda right: right.target == "project",
        unbounded_reasons={
            "roles/logging.logWriter": "adding log entries has no finer grain than the project",
            "roles/monitoring.metricWriter": "adding metrics has no finer grain than the project",
            "roles/cloudtrace.agent": "adding traces has no finer grain than the project",
            "<projects:IAMCustomRole prod-identity-models>.name": "IAM knows no resource for a publisher's model",
            "<projects:IAMCustomRole prod-drill-copies>.name": "its condition names the instances of drills",
            "<projects:IAMCustomRole prod-drill-read-and-report>.name": (
                "creating an instance, listing instances and backups, and adding metrics have no finer grain than the project"
            ),
            # roles of Google's own agents, which have them in every project where the service was used first
            "roles/artifactregistry.serviceAgent": "the agent of a service works for all of its resources",
            "roles/cloudsql.serviceAgent": "the agent of a service works for all of its resources",
            "roles/redis.serviceAgent": "the agent of a service works for all of its resources",
            "roles/run.serviceAgent": "the agent of a service works for all of its resources",
            "roles/workflows.serviceAgent": "the agent of a service works for all of its resources",
        },
    ),
}
