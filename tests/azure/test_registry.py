"""Images: by digest, from a registry that only the platform reaches."""

import pytest

from providers.azure.base import roles as rights
from providers.azure.limits import LIMITS
from tests.azure.laid import at, depends_on, laid, spec_of

DIGEST = "sha256:" + "7" * 64


def test_the_registry_has_no_user_and_no_public_address() -> None:
    inputs = laid().one("prod-registry").inputs
    assert (inputs["adminUserEnabled"], inputs["anonymousPullEnabled"]) == (False, False)
    assert (inputs["publicNetworkAccess"], at(laid().one("prod-registry"), "sku.name")) == ("Disabled", "Premium")


def test_the_registry_accepts_the_tokens_that_container_apps_pulls_with() -> None:
    assert at(laid().one("prod-registry"), "policies.azureADAuthenticationAsArmPolicy.status") == "enabled"


def test_untagged_images_stay_because_services_run_them_by_digest() -> None:
    assert "retentionPolicy" not in dict(laid().one("prod-registry").inputs["policies"])  # pyright: ignore[reportArgumentType, reportCallIssue]  # an object


def test_one_identity_pulls_and_may_nothing_else() -> None:
    grant = laid().one("prod-registry-pull")
    assert str(grant.inputs["roleDefinitionId"]).endswith(rights.ACR_PULL)
    assert grant.inputs["scope"] == "<containerregistry:Registry prod-registry>.id"


def test_the_registry_is_reached_by_its_private_endpoint() -> None:
    endpoint = laid().one("prod-registry-endpoint")
    assert at(endpoint, "privateLinkServiceConnections.0.groupIds") == ["registry"]
    assert "prod-network-endpoints" in depends_on(endpoint)


def test_without_private_endpoints_a_workflow_pushes_to_a_standard_registry() -> None:
    plan = laid(profile="staging", network__private_endpoints=False)
    assert at(plan.one("prod-registry"), "sku.name") == "Standard"
    assert str(plan.one("prod-registry-deployer").inputs["roleDefinitionId"]).endswith(rights.ACR_PUSH)
    assert at(plan.one("prod-registry"), "policies.exportPolicy.status") == "enabled"


def test_without_images_of_its_own_the_platform_has_no_registry() -> None:
    elsewhere = f"ghcr.io/acme/x@{DIGEST}"
    plan = laid(services__chat__image=elsewhere, services__worker__image=elsewhere)
    assert not plan.of_type("containerregistry:Registry")
    assert "prod-network-registry-zone" not in {r.name for r in plan.custom}


@pytest.mark.parametrize("name", ["chat__x.", "Chat", "a//b"])
def test_a_repository_that_the_registry_does_not_take_is_refused(name: str) -> None:
    spec = spec_of()
    chat = spec.services["chat"].model_copy(update={"image": f"{name}@{DIGEST}"})
    changed = spec.model_copy(update={"services": {**spec.services, "chat": chat}})
    (refusal,) = LIMITS.refusals(changed, "prod")
    assert refusal.key == "services.chat.image"


def test_without_egress_an_image_from_the_world_is_refused() -> None:
    told = [
        str(refusal)
        for refusal in LIMITS.refusals(spec_of({"network.egress": "none", "monitoring.prometheus": False}), "prod")
    ]
    assert [sentence.partition(":")[0] for sentence in told] == ["services.gateway.image"]
