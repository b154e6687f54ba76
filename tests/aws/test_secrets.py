"""A stored value, and who may read it."""

import json
from functools import cache
from types import SimpleNamespace
from typing import cast

import pulumi

from automation.plan.inventory import Inventory, Secret
from providers.aws.base.identity import create_identity
from providers.aws.base.resources import AwsBaseResources
from providers.aws.base.secrets import create_secret
from providers.contract.component import Scope
from providers.contract.results import SecretRef
from tests.aws.alone import KEYS, alone, context_of, keys

VALUE = "marker-of-a-value"


@cache
def stored(profile: str = "production", readers: tuple[str, ...] = ("gateway", "worker")) -> Inventory:
    return alone("secrets", lambda scope: create(scope, profile, readers))


def create(scope: Scope, profile: str, readers: tuple[str, ...]) -> SecretRef:
    context = context_of({"profile": profile})
    base = SimpleNamespace(context=context, spec=context.spec, keys=keys(), identity=create_identity(scope, context))
    return create_secret(scope, cast("AwsBaseResources", base), "API_KEY", pulumi.Output.from_input(VALUE), readers)


def policy_of(reader: str) -> list[dict[str, object]]:
    grant = stored().one(f"prod-secrets-API_KEY-read-by-{reader}", "iam:RolePolicy")
    return cast("list[dict[str, object]]", json.loads(cast("str", grant.inputs["policy"]))["Statement"])


def test_a_secret_is_encrypted_by_the_key_of_the_data() -> None:
    assert stored().one("prod-secrets-API_KEY").inputs["kmsKeyId"] == KEYS[0]


def test_a_deleted_secret_of_production_can_be_restored_for_thirty_days() -> None:
    assert stored().one("prod-secrets-API_KEY").inputs["recoveryWindowInDays"] == 30


def test_a_deleted_secret_of_a_development_stack_is_gone_at_once() -> None:
    assert stored("development").one("prod-secrets-API_KEY").inputs["recoveryWindowInDays"] == 0


def test_the_value_is_secret_even_if_it_was_handed_over_in_the_open() -> None:
    assert stored().one("prod-secrets-API_KEY-value").inputs["secretString"] == Secret(VALUE)


def test_the_name_in_the_cloud_is_left_to_pulumi_so_that_a_deleted_one_blocks_nothing() -> None:
    assert "name" not in stored().one("prod-secrets-API_KEY").inputs


def test_a_reader_may_read_this_secret_and_no_other() -> None:
    read, _ = policy_of("gateway")
    assert read["Action"] == "secretsmanager:GetSecretValue"
    assert read["Resource"] == "<secretsmanager:Secret prod-secrets-API_KEY>.arn"


def test_a_reader_may_use_the_key_for_this_secret_only() -> None:
    _, decrypt = policy_of("gateway")
    assert decrypt["Action"] == "kms:Decrypt"
    assert decrypt["Resource"] == KEYS[0]
    assert decrypt["Condition"] == {
        "StringEquals": {
            "kms:ViaService": "secretsmanager.us-west-2.amazonaws.com",
            "kms:EncryptionContext:SecretARN": "<secretsmanager:Secret prod-secrets-API_KEY>.arn",
        }
    }


def test_the_right_to_read_is_the_execution_roles_and_never_the_codes() -> None:
    roles = {policy.inputs["role"] for policy in stored().of_type("iam:RolePolicy") if "API_KEY" in policy.name}
    assert roles == {
        "<iam:Role prod-secrets-gateway-execution>.name",
        "<iam:Role prod-secrets-worker-execution>.name",
    }


def test_a_service_that_does_not_read_a_secret_has_no_right_to_it() -> None:
    grants = [
        policy.name for policy in stored(readers=("gateway",)).of_type("iam:RolePolicy") if "API_KEY" in policy.name
    ]
    assert grants == ["prod-secrets-API_KEY-read-by-gateway"]


def test_readers_are_told_of_the_value_and_of_their_rights() -> None:
    seen: list[SecretRef] = []
    alone("secrets", lambda scope: seen.append(create(scope, "production", ("gateway",))))
    assert [type(resource).__name__ for resource in seen[0].grants] == ["SecretVersion", "RolePolicy"]
