"""Image repositories and permissions to pull."""

import json

import pytest

from automation.plan.inventory import Inventory
from providers.aws.base.image_sources import registry_adjustments, registry_refusals
from providers.contract.spec import AwsBlock, Platform, Service
from tests.aws.plans import DIGEST, changed, development
from tests.aws.readers import statements, text
from tests.planning import DROP

PULL = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]


def image_of(plan: Inventory, stack: str, service: str) -> str:
    definitions = text(plan.one(f"{stack}-compute-{service}-task").inputs["containerDefinitions"])
    return next(each["image"] for each in json.loads(definitions) if each["name"] == service)


def test_an_image_without_a_registry_gets_an_immutable_scanned_encrypted_repository(prod: Inventory) -> None:
    inputs = prod.one("prod-registry-chat", "ecr:Repository").inputs
    assert inputs["name"] == "agent-platform/prod/chat"
    assert inputs["imageTagMutability"] == "IMMUTABLE"
    assert inputs["imageScanningConfiguration"] == {"scanOnPush": True}
    assert inputs["encryptionConfigurations"] == [{"encryptionType": "KMS", "kmsKey": "<kms:Key prod-keys-data>.arn"}]
    assert inputs["forceDelete"] is False


def test_outside_production_a_repository_is_deleted_with_its_images() -> None:
    assert development().one("dev-registry-chat", "ecr:Repository").inputs["forceDelete"] is True


def test_a_repository_expires_untagged_images_and_keeps_the_last_thirty(prod: Inventory) -> None:
    policy = json.loads(text(prod.one("prod-registry-chat-retention").inputs["policy"]))
    selections = [rule["selection"] for rule in policy["rules"]]
    assert [(s["tagStatus"], s["countType"], s["countNumber"]) for s in selections] == [
        ("untagged", "sinceImagePushed", 7),
        ("any", "imageCountMoreThan", 30),
    ]


def test_an_image_of_another_registry_gets_no_repository_and_no_pull_permission(prod: Inventory) -> None:
    assert {repository.name for repository in prod.of_type("ecr:Repository")} == {
        "prod-registry-chat",
        "prod-registry-worker",
    }
    assert not [policy for policy in prod.of_type("iam:RolePolicy") if policy.name == "prod-registry-gateway-pull"]
    assert image_of(prod, "prod", "gateway").startswith("ghcr.io/acme/gateway@sha256:")


def test_a_service_runs_its_image_by_digest_from_the_repository(prod: Inventory) -> None:
    image = image_of(prod, "prod", "chat")
    assert image.startswith("<ecr:Repository prod-registry-chat>.repositoryUrl@sha256:")


def test_two_services_of_one_image_share_its_repository() -> None:
    assert [repository.inputs["name"] for repository in development().of_type("ecr:Repository")] == [
        "agent-platform/dev/chat"
    ]
    assert image_of(development(), "dev", "worker") == f"<ecr:Repository dev-registry-chat>.repositoryUrl@{DIGEST}"


def test_the_execution_role_may_pull_this_repository_and_no_other(prod: Inventory) -> None:
    policy = prod.one("prod-registry-chat-pull")
    assert policy.inputs["role"] == "<iam:Role prod-identity-chat-execution>.name"
    token, pull = statements(policy)
    assert (token["Action"], token["Resource"]) == ("ecr:GetAuthorizationToken", "*")
    assert (pull["Action"], pull["Resource"]) == (PULL, "<ecr:Repository prod-registry-chat>.arn")


def test_an_image_of_another_ecr_registry_is_used_as_written_and_may_be_pulled() -> None:
    reference = f"444455556666.dkr.ecr.eu-west-1.amazonaws.com/team/gateway@{DIGEST}"
    assert image_of(development(), "dev", "gateway") == reference
    pull = statements(development().one("dev-registry-gateway-pull"))[1]
    assert pull["Resource"] == "arn:aws:ecr:eu-west-1:444455556666:repository/team/gateway"


@pytest.mark.parametrize(
    ("image", "credentials", "reason"),
    [
        ("ghcr.io/acme/chat:1", None, "so ghcr.io must allow anonymous pulls"),
        ("ghcr.io/acme/chat:1", "GHCR_LOGIN", None),
        ("public.ecr.aws/acme/chat:1", None, None),
        ("chat:1", None, None),
        ("111122223333.dkr.ecr.us-west-2.amazonaws.com/chat:1", None, None),
        (
            "444455556666.dkr.ecr.us-west-2.amazonaws.com/chat:1",
            None,
            "account 444455556666 must let account 111122223333",
        ),
    ],
)
def test_the_plan_says_what_another_registry_must_allow(
    image: str, credentials: str | None, reason: str | None
) -> None:
    service = Service(image=image, image_credentials=credentials)
    block = AwsBlock(region="us-west-2", account_id="111122223333")
    adjustments = registry_adjustments(Platform(cloud="aws", aws=block, services={"api": service}))
    assert [adjustment.key for adjustment in adjustments] == (["services.api.image"] if reason else [])
    assert all(reason in adjustment.reason for adjustment in adjustments if reason)


def test_credentials_of_ecr_are_refused() -> None:
    image = "444455556666.dkr.ecr.us-west-2.amazonaws.com/chat:1"
    spec = Platform(cloud="aws", services={"api": Service(image=image, image_credentials="ECR_LOGIN")})
    (refusal,) = registry_refusals(spec, "prod")
    assert (refusal.key, refusal.fix) == ("services.api.image_credentials", "remove it")


def test_an_image_that_is_not_built_yet_gets_its_repository() -> None:
    plan = changed({"services.chat.image": DROP, "services.chat.build": {}})
    assert plan.one("prod-registry-chat", "ecr:Repository").inputs["name"] == "agent-platform/prod/chat"


@pytest.mark.parametrize("image", ["Team/chat:1", "team//chat:1", "team/chat-:1", "a" * 250 + ":1"])
def test_an_invalid_repository_name_is_refused(image: str) -> None:
    service = Service.model_construct(image=image)
    spec = Platform.model_construct(cloud="aws", services={"api": service})
    (refusal,) = registry_refusals(spec, "prod")
    assert str(refusal).startswith("services.api.image: ")


@pytest.mark.parametrize("image", ["chat:1", "team/chat_v2:1", "ghcr.io/Team/chat:1"])
def test_valid_repository_names_and_external_images_are_accepted(image: str) -> None:
    spec = Platform(cloud="aws", services={"api": Service(image=image)})
    assert registry_refusals(spec, "prod") == []
