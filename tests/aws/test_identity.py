"""Roles of services, permissions on models, and the deployer role."""

import json

import pytest

from automation.plan.inventory import Inventory
from providers.aws.base.limits import deployer_adjustments
from providers.aws.base.models import ENDED, model_adjustments, model_refusals, profile_model_arns
from providers.contract.diagnostics import Effect
from providers.contract.spec import AwsBlock, Platform, Service
from tests.aws.plans import GLOBAL_PROFILE, PROFILE, changed, context_of, development, spec_of
from tests.aws.readers import statements, strings
from tests.planning import DROP

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
    profile = "arn:aws:bedrock:us-west-2:111122223333:inference-profile/us.anthropic.claude-sonnet-4-6"
    assert policy.inputs["role"] == "<iam:Role prod-identity-gateway-task>.name"
    assert [statement["Resource"] for statement in statements(policy)] == [
        profile,
        "arn:aws:bedrock:us-*::foundation-model/anthropic.claude-sonnet-4-6",
    ]


def test_a_model_id_is_granted_in_the_region_of_the_stack() -> None:
    policy = changed({"aws.models": ["amazon.nova-pro-v1:0"]}).one("prod-identity-gateway-models")
    model = "arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-pro-v1:0"
    assert statements(policy) == [{"Effect": "Allow", "Action": INVOKE, "Resource": [model]}]


def test_a_region_outside_the_geography_serves_its_own_requests() -> None:
    context = context_of({"aws.region": "ca-central-1"}, region="ca-central-1")
    assert profile_model_arns(context, "us.anthropic.claude-sonnet-4-6") == [
        "arn:aws:bedrock:us-*::foundation-model/anthropic.claude-sonnet-4-6",
        "arn:aws:bedrock:ca-central-1::foundation-model/anthropic.claude-sonnet-4-6",
    ]


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
            "Resource": "arn:aws:bedrock:us-*::foundation-model/anthropic.claude-opus-4-6-v1",
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


@pytest.mark.parametrize(
    ("region", "model", "proposed"),
    [
        ("eu-west-1", "us.anthropic.claude-sonnet-4-6", "eu.anthropic.claude-sonnet-4-6"),
        ("us-west-2", "eu.anthropic.claude-sonnet-4-6", "us.anthropic.claude-sonnet-4-6"),
        ("us-west-2", "apac.amazon.nova-pro-v1:0", "us.amazon.nova-pro-v1:0"),
        ("ap-southeast-2", "jp.anthropic.claude-sonnet-4-6", "global.anthropic.claude-sonnet-4-6"),
        ("us-gov-west-1", "us.anthropic.claude-sonnet-4-6", None),
        ("ca-central-1", "us.anthropic.claude-sonnet-4-6", None),
        ("ap-northeast-1", "jp.anthropic.claude-sonnet-4-6", None),
        ("sa-east-1", "global.anthropic.claude-sonnet-4-6", None),
    ],
)
def test_a_profile_of_another_geography_is_refused_with_that_of_the_region(
    region: str, model: str, proposed: str | None
) -> None:
    fixes = [refusal.fix for refusal in model_refusals(_with_models(model, region=region), "prod")]
    assert fixes == ([f"use {proposed}"] if proposed else [])


@pytest.mark.parametrize("prefix", ["", "us.", "global."])
@pytest.mark.parametrize("model", ENDED)
def test_the_plan_says_when_a_model_has_ended_and_proposes_a_current_one(prefix: str, model: str) -> None:
    spec = _with_models(f"{prefix}{model}")
    (adjustment,) = model_adjustments(spec)
    assert adjustment.effect is Effect.IGNORED
    assert f"ended on {ENDED[model]}, so calls fail; use us.anthropic.claude-sonnet-4-6" in adjustment.reason
    assert model_refusals(spec, "prod") == []


@pytest.mark.parametrize(
    ("model", "profile"),
    [
        ("anthropic.claude-sonnet-4-6", "us.anthropic.claude-sonnet-4-6"),
        ("anthropic.claude-haiku-4-5-20251001-v1:0", "us.anthropic.claude-haiku-4-5-20251001-v1:0"),
        ("amazon.nova-2-lite-v1:0", "us.amazon.nova-2-lite-v1:0"),
        ("amazon.nova-pro-v1:0", None),
        ("openai.gpt-oss-120b-1:0", None),
        ("us.anthropic.claude-sonnet-4-6", None),
    ],
)
def test_the_plan_proposes_the_profile_of_a_model_that_needs_one(model: str, profile: str | None) -> None:
    proposed = [adjustment.reason.rpartition(" ")[2] for adjustment in model_adjustments(_with_models(model))]
    assert proposed == ([profile] if profile else [])


def test_the_plan_reports_what_a_deployment_can_read() -> None:
    (adjustment,) = deployer_adjustments(spec_of())
    assert (adjustment.key, adjustment.requested, adjustment.effect) == (
        "deployer.github",
        "acme/agents",
        Effect.PARTIAL,
    )
    assert "whoever may deploy from the environment prod can read them" in adjustment.reason
    assert deployer_adjustments(spec_of({"deployer": DROP})) == []


def _with_models(*models: str, region: str = "us-west-2") -> Platform:
    block = AwsBlock(region=region, account_id="111122223333", models=models)
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
