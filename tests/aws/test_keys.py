"""KMS keys and their policies."""

import json
from functools import cache

from automation.plan.inventory import Inventory
from providers.aws.base.keys import create_keys, publishing_services
from providers.aws.observability.channels import publishers
from tests.aws.plans import component, context_of
from tests.aws.readers import json_objects, text
from tests.planning import DROP

ACCOUNT = "111122223333"
Statement = dict[str, object]


@cache
def prod() -> Inventory:
    return component("keys", lambda scope: create_keys(scope, context_of()))


def statements(plan: Inventory, key: str) -> dict[str, Statement]:
    policy = json.loads(text(plan.one(f"prod-keys-{key}", "kms:Key").inputs["policy"]))
    return {text(statement["Sid"]): statement for statement in json_objects(policy["Statement"])}


def test_every_key_rotates_and_its_deletion_can_be_cancelled_for_thirty_days() -> None:
    keys = prod().of_type("kms:Key")
    assert len(keys) == 2
    assert all(key.inputs["enableKeyRotation"] is True and key.inputs["deletionWindowInDays"] == 30 for key in keys)


def test_outside_production_a_key_is_deleted_after_seven_days() -> None:
    plan = component("keys", lambda scope: create_keys(scope, context_of({"profile": "development"})))
    assert {key.inputs["deletionWindowInDays"] for key in plan.of_type("kms:Key")} == {7}


def test_every_key_has_an_alias() -> None:
    names = {alias.inputs["name"] for alias in prod().of_type("kms:Alias")}
    assert names == {"alias/agent-platform/prod/data", "alias/agent-platform/prod/telemetry"}


def test_each_key_policy_delegates_to_iam() -> None:
    for key in ("data", "telemetry"):
        statement = statements(prod(), key)["LetIamGrant"]
        assert statement["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
        assert statement["Action"] == "kms:*"


def test_only_the_account_has_full_access_to_a_key() -> None:
    every = [s for key in ("data", "telemetry") for s in statements(prod(), key).values()]
    assert [s["Sid"] for s in every if s["Action"] == "kms:*"] == ["LetIamGrant", "LetIamGrant"]


def test_cloudwatch_logs_may_encrypt_log_groups_of_this_stack_only() -> None:
    statement = statements(prod(), "telemetry")["EncryptLogs"]
    prefix = f"arn:aws:logs:us-west-2:{ACCOUNT}:log-group:"
    assert statement["Principal"] == {"Service": "logs.us-west-2.amazonaws.com"}
    assert statement["Condition"] == {
        "ArnLike": {
            "kms:EncryptionContext:aws:logs:arn": [
                f"{prefix}/agent-platform/prod/*",
                f"{prefix}/aws/ecs/containerinsights/prod-agents/performance",
                f"{prefix}aws-waf-logs-prod",
                f"{prefix}/aws/rds/instance/prod-database/*",
            ]
        }
    }


def test_alarm_publishers_may_use_the_key_for_this_account_only() -> None:
    statement = statements(prod(), "telemetry")["EncryptAlarms"]
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    assert statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]


def test_every_publisher_may_use_the_telemetry_key() -> None:
    for changes in ({}, {"budget": DROP, "monitoring.prometheus": False}):
        context = context_of(changes)
        assert publishing_services(context.spec) == [publisher.service for publisher in publishers(context)]


def test_fargate_may_encrypt_disks_of_this_cluster_only() -> None:
    found = statements(prod(), "data")
    cluster = {
        "kms:EncryptionContext:aws:ecs:clusterAccount": ACCOUNT,
        "kms:EncryptionContext:aws:ecs:clusterName": "prod-agents",
    }
    assert found["EncryptDisks"]["Condition"] == {"StringEquals": cluster}
    assert found["ReadDisks"]["Condition"] == {
        "StringEquals": cluster,
        "ForAllValues:StringEquals": {"kms:GrantOperations": ["Decrypt"]},
    }


def test_the_data_key_policy_names_no_service_but_fargate() -> None:
    principals = [statement["Principal"] for statement in statements(prod(), "data").values()]
    assert [p for p in principals if p != {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}] == [
        {"Service": "fargate.amazonaws.com"}
    ] * 2
