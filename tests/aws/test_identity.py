"""Roles of services, permissions on models, and the deployer role."""

import json

import pytest

from automation.plan.inventory import Inventory
from providers.aws.base.models import model_refusals
from providers.contract.spec import AwsBlock, Platform, Service
from tests.aws.plans import GLOBAL_PROFILE, PROFILE, development
from tests.aws.readers import statements, strings

SERVICES = ("gateway", "chat", "worker")
INVOKE = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("kind", ["execution", "task"])
def test_a_role_trusts_ecs_for_this_account_and_region_only(prod: Inventory, service: str, kind: str) -> None:
    (statement,) = statements(prod.one(f"prod-identity-{service}-{kind}"), "assumeRolePolicy")
    assert statement["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "111122223333"},
        "ArnLike": {"aws:SourceArn": "arn:aws:ecs:us-west-2:111122223333:*"},
    }


def test_a_role_has_no_inline_or_managed_policies_of_its_own(prod: Inventory) -> None:
    for role in prod.of_type("iam:Role"):
        assert not {"inlinePolicies", "managedPolicyArns"} & set(role.inputs)


def test_a_service_that_uses_models_may_invoke_the_listed_one(prod: Inventory) -> None:
    policy = prod.one("prod-identity-gateway-models")
    model = "arn:aws:bedrock:us-west-2::foundation-model/anthropic.claude-sonnet-4-20250514-v1:0"
    assert policy.inputs["role"] == "<iam:Role prod-identity-gateway-task>.name"
    assert statements(policy) == [{"Effect": "Allow", "Action": INVOKE, "Resource": [model]}]


@pytest.mark.parametrize("service", ["chat", "worker"])
def test_a_service_that_uses_no_models_may_invoke_none(prod: Inventory, service: str) -> None:
    role = f"<iam:Role prod-identity-{service}-task>.name"
    policies = [policy for policy in prod.of_type("iam:RolePolicy") if policy.inputs["role"] == role]
    assert not any("bedrock:" in str(policy.inputs["policy"]) for policy in policies)


def test_a_profile_grants_its_model_through_the_profile_only() -> None:
    profile_arn = f"arn:aws:bedrock:us-west-2:111122223333:inference-profile/{PROFILE}"
    assert statements(development().one("dev-identity-gateway-models"))[:2] == [
        {"Effect": "Allow", "Action": INVOKE, "Resource": profile_arn},
        {
            "Effect": "Allow",
            "Action": INVOKE,
            "Resource": "arn:aws:bedrock:us-*::foundation-model/anthropic.claude-sonnet-4-20250514-v1:0",
            "Condition": {"StringEquals": {"bedrock:InferenceProfileArn": profile_arn}},
        },
    ]


def test_a_global_profile_grants_its_model_in_every_region() -> None:
    behind = statements(development().one("dev-identity-gateway-models"))[3]
    assert behind["Resource"] == f"arn:aws:bedrock:*::foundation-model/{GLOBAL_PROFILE.removeprefix('global.')}"


@pytest.mark.parametrize(
    "model", ["arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-pro-v1:0", "claude", "amazon.*", "*"]
)
def test_an_invalid_model_id_is_refused(model: str) -> None:
    (refusal,) = model_refusals(_with_models(model), "prod")
    assert str(refusal).startswith("aws.models: ")
    assert "Use a model id (anthropic.claude-...)" in str(refusal)


@pytest.mark.parametrize("model", [PROFILE, GLOBAL_PROFILE, "amazon.nova-pro-v1:0", "openai.gpt-oss-120b-1:0"])
def test_a_model_id_is_accepted(model: str) -> None:
    assert model_refusals(_with_models(model), "prod") == []


def _with_models(*models: str) -> Platform:
    block = AwsBlock(region="us-west-2", account_id="111122223333", models=models)
    return Platform(cloud="aws", aws=block, services={"api": Service(image="api:1")})


def test_the_deployer_role_trusts_one_environment_of_one_repository(prod: Inventory) -> None:
    (statement,) = statements(prod.one("prod-identity-deployer"), "assumeRolePolicy")
    issuer = "token.actions.githubusercontent.com"
    assert statement["Principal"] == {"Federated": f"arn:aws:iam::111122223333:oidc-provider/{issuer}"}
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert statement["Condition"] == {
        "StringEquals": {
            f"{issuer}:aud": "sts.amazonaws.com",
            f"{issuer}:repository": "acme/agents",
            f"{issuer}:environment": "prod",
        },
        "StringLike": {f"{issuer}:sub": ["repo:acme/agents:environment:prod", "repo:acme@*/agents@*:environment:prod"]},
    }


def test_the_deployer_role_is_limited_to_this_stack(prod: Inventory) -> None:
    for statement in statements(prod.one("prod-identity-deployer-policy")):
        if statement["Action"] not in ("ecr:GetAuthorizationToken", "ecs:DescribeTaskDefinition"):
            assert "prod" in json.dumps(statement["Resource"]), statement


def test_the_deployer_role_may_pass_roles_to_tasks_only(prod: Inventory) -> None:
    passing = [
        statement
        for statement in statements(prod.one("prod-identity-deployer-policy"))
        if statement["Action"] == "iam:PassRole"
    ]
    roles = {f"<iam:Role prod-identity-{name}-{kind}>.arn" for name in SERVICES for kind in ("execution", "task")}
    assert [set(_listed(each["Resource"])) for each in passing] == [roles]
    assert passing[0]["Condition"] == {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}


def test_the_deployer_role_may_update_services_of_this_cluster_only(prod: Inventory) -> None:
    cluster = str(prod.one("prod-compute", "ecs:Cluster").inputs["name"])
    rolling = next(
        statement
        for statement in statements(prod.one("prod-identity-deployer-policy"))
        if "ecs:UpdateService" in _listed(statement["Action"])
    )
    assert rolling["Resource"] == f"arn:aws:ecs:us-west-2:111122223333:service/{cluster}/*"
    assert rolling["Condition"] == {
        "ArnEquals": {"ecs:cluster": f"arn:aws:ecs:us-west-2:111122223333:cluster/{cluster}"}
    }


def test_the_deployer_role_can_neither_read_secrets_nor_change_permissions(prod: Inventory) -> None:
    actions = {
        action
        for statement in statements(prod.one("prod-identity-deployer-policy"))
        for action in _listed(statement["Action"])
    }
    services = {action.partition(":")[0] for action in actions if action != "iam:PassRole"}
    assert services == {"ecr", "ecs"}


def test_without_a_deployer_there_is_no_deployer_role() -> None:
    assert not [role for role in development().of_type("iam:Role") if "deployer" in role.name]


def _listed(value: object) -> list[str]:
    return [value] if isinstance(value, str) else strings(value)
