"""Settings that public frameworks list: production passes, and each of them fails for another value."""

import json
from collections.abc import Callable, Mapping

import pytest

from automation.audit.evaluation import CheckVerdict
from automation.plan.inventory import Inventory
from providers.aws.audit import hardening as aws
from providers.azure.audit import hardening as azure
from providers.contract.audit_requirements import Requirement, admits_everybody
from providers.gcp.audit import hardening as gcp
from providers.kubernetes.audit import hardening as kubernetes
from tests.audits import audited, inventory_of, result_of, with_input, with_resource, without

MODULES = {"aws": aws, "gcp": gcp, "azure": azure, "kubernetes": kubernetes}
GROUPS = {"NETWORK": "network-is-hardened", "STORES": "stores-are-hardened", "SERVICES": "services-are-hardened"}
ROWS = [
    (cloud, check, row)
    for cloud, module in MODULES.items()
    for group, check in GROUPS.items()
    for row in getattr(module, group, ())
]
OTHER_VALUES = (None, "other", True, False, [], 0, "-1", "admin", "allUsers", "host", "RSA_1024", aws.ADMINISTRATOR)
NOT_IN_PRODUCTION = {"network:WebApplicationFirewallPolicy"}
"""Types of the other entry, which a test adds."""


def refused(row: Requirement) -> object:
    return next(value for value in OTHER_VALUES if not row.test(value))


@pytest.mark.parametrize(("cloud", "check", "row"), ROWS, ids=[f"{c}-{r.type}-{r.path}" for c, _, r in ROWS])
def test_a_setting_with_another_value_fails(cloud: str, check: str, row: Requirement) -> None:
    inventory = inventory_of(cloud)
    if row.type in NOT_IN_PRODUCTION:
        changed = with_resource(inventory, f"azure-native:{row.type}", "prod-added", {row.path: refused(row)})
        name = "prod-added"
    else:
        name = next(each.name for each in inventory.custom if each.short_type == row.type)
        changed = with_input(inventory, f"{row.type} {name}", row.path, refused(row))
    result = result_of(audited(cloud, changed), check)
    failed = [each.evidence for each in result.findings if each.verdict is CheckVerdict.FAIL]
    assert [(each.resource, each.property) for each in failed] == [(f"{row.type} {name}", row.path)]
    assert failed[0].why == row.why and set(row.controls) <= set(result.controls)


def put(subject: str, path: str, value: object) -> Callable[[Inventory], Inventory]:
    return lambda inventory: with_input(inventory, subject, path, value)


def drop(*types: str) -> Callable[[Inventory], Inventory]:
    return lambda inventory: without(inventory, *types)


OPEN = json.dumps({"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:Decrypt"}]})
PLANTED: Mapping[str, tuple[str, str, Callable[[Inventory], Inventory]]] = {
    "key for every account": ("aws", "stores", put("kms:Key prod-keys-data", "policy", OPEN)),
    "topic for every account": ("aws", "stores", put("sns:TopicPolicy prod-channels-critical-policy", "policy", OPEN)),
    "statements not logged": ("aws", "stores", put("rds:ParameterGroup prod-database-parameters", "parameters", [])),
    "no events": ("aws", "stores", drop("rds:EventSubscription")),
    "no lifecycle": ("aws", "stores", drop("s3:BucketLifecycleConfiguration")),
    "no notifications": ("aws", "stores", drop("s3:BucketNotification")),
    "images stay": ("aws", "services", drop("ecr:LifecyclePolicy")),
    "no endpoint": ("aws", "network", drop("ec2:VpcEndpoint")),
    "no container log": ("aws", "services", put("ecs:TaskDefinition prod-compute-chat-task", "containerDefinitions", json.dumps([{"name": "chat"}]))),
    "privileged": ("aws", "services", put("ecs:TaskDefinition prod-compute-chat-task", "containerDefinitions", json.dumps([{"name": "chat", "logConfiguration": {"a": 1}, "privileged": True}]))),
    "silent alarm": ("aws", "services", put("cloudwatch:MetricAlarm prod-monitoring-cache-evictions", "alarmActions", [])),
    "disabled alarm": ("aws", "services", put("cloudwatch:MetricAlarm prod-monitoring-cache-evictions", "actionsEnabled", False)),
    "flags unset": ("gcp", "stores", put("sql:DatabaseInstance prod-database", "settings.databaseFlags", [])),
    "log in itself": ("gcp", "stores", put("storage:Bucket prod-storage", "logging", {"logBucket": "<storage:Bucket prod-storage>.name"})),
    "default account": ("gcp", "services", put("projects:IAMMember prod-identity-chat-logs", "member", "serviceAccount:1-compute@developer.gserviceaccount.com")),
    "short flow log": ("azure", "network", put("network:FlowLog prod-network-flow-logs", "retentionPolicy.days", 89)),
    "parameter off": ("azure", "stores", put("dbforpostgresql:Configuration prod-database-log_connections", "value", "off")),
    "no private endpoint": ("azure", "stores", drop("network:PrivateEndpoint")),
    "no subnet": ("azure", "stores", put("dbforpostgresql:Server prod-database", "network.delegatedSubnetResourceId", None)),
    "network of the node": ("kubernetes", "services", put("apps:Deployment prod-compute-chat", "spec.template.spec.hostNetwork", True)),
    "default namespace": ("kubernetes", "services", put("apps:Deployment prod-compute-chat", "metadata.namespace", "default")),
}  # fmt: skip


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_fails(name: str) -> None:
    cloud, group, change = PLANTED[name]
    check = f"{group}-{'is' if group == 'network' else 'are'}-hardened"
    assert result_of(audited(cloud, change(inventory_of(cloud))), check).verdict is CheckVerdict.FAIL
    assert result_of(audited(cloud), check).verdict is CheckVerdict.PASSED


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ({"Effect": "Allow", "Principal": "*"}, True),
        ({"Effect": "Allow", "Principal": {"AWS": ["*"]}}, True),
        (
            {"Effect": "Allow", "Principal": {"AWS": "*"}, "Condition": {"StringEquals": {"aws:SourceAccount": "1"}}},
            False,
        ),
        ({"Effect": "Deny", "Principal": "*"}, False),
        ({"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}}, False),
        ("text", False),
    ],
)
def test_everybody_is_a_principal_without_a_condition(statement: object, expected: bool) -> None:
    assert admits_everybody(statement) is expected
