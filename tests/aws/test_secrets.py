"""Secrets and the permissions of their readers."""

import json
from functools import cache

import pulumi

from automation.plan.inventory import Inventory, Secret
from providers.aws.base.resources import create_base_resources
from providers.aws.base.secrets import create_secret
from providers.contract.component import Scope
from providers.contract.results import SecretRef
from tests.aws.plans import component, context_of
from tests.aws.readers import json_objects, text

DATA_KEY = "<kms:Key prod-secrets-keys-data>.arn"
VALUE = "marker-of-a-value"


@cache
def stored(profile: str = "production", readers: tuple[str, ...] = ("gateway", "worker")) -> Inventory:
    return component("secrets", lambda scope: create(scope, profile, readers))


def create(scope: Scope, profile: str, readers: tuple[str, ...]) -> SecretRef:
    base = create_base_resources(scope, context_of({"profile": profile}))
    return create_secret(scope, base, "API_KEY", pulumi.Output.from_input(VALUE), readers)


def policy_of(reader: str) -> list[dict[str, object]]:
    grant = stored().one(f"prod-secrets-API_KEY-read-by-{reader}", "iam:RolePolicy")
    return json_objects(json.loads(text(grant.inputs["policy"]))["Statement"])


def test_a_secret_is_encrypted_by_the_key_of_the_data() -> None:
    assert stored().one("prod-secrets-API_KEY").inputs["kmsKeyId"] == DATA_KEY


def test_a_deleted_secret_of_production_can_be_restored_for_thirty_days() -> None:
    assert stored().one("prod-secrets-API_KEY").inputs["recoveryWindowInDays"] == 30


def test_a_deleted_secret_of_development_cannot_be_restored() -> None:
    assert stored("development").one("prod-secrets-API_KEY").inputs["recoveryWindowInDays"] == 0


def test_a_plain_value_becomes_secret() -> None:
    assert stored().one("prod-secrets-API_KEY-value").inputs["secretString"] == Secret(VALUE)


def test_the_physical_name_is_left_to_pulumi() -> None:
    assert "name" not in stored().one("prod-secrets-API_KEY").inputs


def test_a_reader_may_read_this_secret_and_no_other() -> None:
    read, _ = policy_of("gateway")
    assert read["Action"] == "secretsmanager:GetSecretValue"
    assert read["Resource"] == "<secretsmanager:Secret prod-secrets-API_KEY>.arn"


def test_a_reader_may_use_the_key_for_this_secret_only() -> None:
    _, decrypt = policy_of("gateway")
    assert decrypt["Action"] == "kms:Decrypt"
    assert decrypt["Resource"] == DATA_KEY
    assert decrypt["Condition"] == {
        "StringEquals": {
            "kms:ViaService": "secretsmanager.us-west-2.amazonaws.com",
            "kms:EncryptionContext:SecretARN": "<secretsmanager:Secret prod-secrets-API_KEY>.arn",
        }
    }


def test_only_execution_roles_may_read_a_secret() -> None:
    roles = {policy.inputs["role"] for policy in stored().of_type("iam:RolePolicy") if "API_KEY" in policy.name}
    assert roles == {
        "<iam:Role prod-secrets-identity-gateway-execution>.name",
        "<iam:Role prod-secrets-identity-worker-execution>.name",
    }


def test_only_readers_have_permission_on_a_secret() -> None:
    grants = [
        policy.name for policy in stored(readers=("gateway",)).of_type("iam:RolePolicy") if "API_KEY" in policy.name
    ]
    assert grants == ["prod-secrets-API_KEY-read-by-gateway"]


def test_a_secret_reference_contains_its_value_and_grants() -> None:
    references: list[SecretRef] = []
    component("secrets", lambda scope: references.append(create(scope, "production", ("gateway",))))
    needed = references[0].prerequisites("gateway")
    assert [type(resource).__name__ for resource in needed] == ["SecretVersion", "RolePolicy"]
