"""Container registry: private, pulled from by one identity; images by digest."""

import pytest

from automation.plan.inventory import Secret
from providers.azure.base import roles
from providers.azure.limits import LIMITS
from providers.contract.diagnostics import Effect
from providers.contract.images import own_images
from tests.azure.plans import (
    adjustments,
    base_plan,
    depends_on,
    error_keys,
    input_at,
    mapping_at,
    mappings_at,
    revealed_inputs,
    spec_of,
    variables,
)
from tests.planning import plan, production, revealed

DIGEST = "sha256:" + "7" * 64


def test_the_registry_has_no_admin_user_and_no_public_access() -> None:
    registry = base_plan().one("prod-registry")
    assert (registry.inputs["adminUserEnabled"], registry.inputs["anonymousPullEnabled"]) == (False, False)
    assert (registry.inputs["publicNetworkAccess"], input_at(registry, "sku.name")) == ("Disabled", "Premium")


def test_the_registry_accepts_the_arm_tokens_of_container_apps() -> None:
    registry = base_plan().one("prod-registry")
    assert input_at(registry, "policies.azureADAuthenticationAsArmPolicy.status") == "enabled"


def test_untagged_images_are_kept_because_services_run_them_by_digest() -> None:
    assert "retentionPolicy" not in mapping_at(base_plan().one("prod-registry"), "policies")


def test_the_identity_that_pulls_has_the_pull_role_only() -> None:
    assignment = base_plan().one("prod-registry-pull")
    assert str(assignment.inputs["roleDefinitionId"]).endswith(roles.ACR_PULL)
    assert assignment.inputs["scope"] == "<containerregistry:Registry prod-registry>.id"


def test_the_registry_has_a_private_endpoint() -> None:
    endpoint = base_plan().one("prod-registry-endpoint")
    assert input_at(endpoint, "privateLinkServiceConnections.0.groupIds") == ["registry"]
    assert "prod-network-endpoints" in depends_on(endpoint)


def test_without_private_endpoints_the_deployer_pushes_to_a_standard_registry() -> None:
    plan = base_plan(profile="staging", network__private_endpoints=False)
    assert input_at(plan.one("prod-registry"), "sku.name") == "Standard"
    assert str(plan.one("prod-registry-deployer").inputs["roleDefinitionId"]).endswith(roles.ACR_PUSH)
    assert input_at(plan.one("prod-registry"), "policies.exportPolicy.status") == "enabled"


def test_without_images_to_store_there_is_no_registry() -> None:
    external = f"ghcr.io/acme/x@{DIGEST}"
    plan = base_plan(services__chat__image=external, services__worker__image=external)
    assert not plan.of_type("containerregistry:Registry")
    assert "prod-network-registry-zone" not in {r.name for r in plan.custom}


@pytest.mark.parametrize("name", ["chat__x.", "Chat", "a//b"])
def test_an_invalid_repository_name_is_refused(name: str) -> None:
    spec = spec_of()
    chat = spec.services["chat"].model_copy(update={"image": f"{name}@{DIGEST}"})
    changed = spec.model_copy(update={"services": {**spec.services, "chat": chat}})
    (refusal,) = LIMITS.refusals(changed, "prod")
    assert refusal.key == "services.chat.image" and refusal.problem.startswith(name)


def test_a_private_image_is_pulled_with_credentials_that_only_its_service_reads() -> None:
    changes = {"services.gateway.image_credentials": "GHCR_LOGIN"}
    declared = plan(production(changes, cloud="azure"), secret="robot:t0ken")
    app = declared.one("prod-compute-gateway")
    (registry,) = mappings_at(app, "configuration.registries")
    assert (registry["server"], revealed(registry["username"])) == ("ghcr.io", "robot")
    assert registry["passwordSecretRef"] == "prod-compute-gateway-image-password" or (
        registry["passwordSecretRef"] == "gateway-image-password"
    )
    stored = declared.one("prod-compute-gateway-image-password")
    assert isinstance(input_at(stored, "properties.value"), Secret)
    assert revealed(input_at(stored, "properties.value")) == "t0ken"
    readers = [each.name for each in declared.custom if each.name.startswith(f"{stored.name}-read-by-")]
    assert readers == [f"{stored.name}-read-by-gateway"] and readers[0] in depends_on(app)
    assert "t0ken" not in str(revealed_inputs(app))
    assert "GHCR_LOGIN" not in str(variables(declared, "gateway"))


def test_images_that_are_pulled_without_credentials_are_reported() -> None:
    reported = adjustments()["services.gateway.image"]
    assert "ghcr.io must allow anonymous pulls" in reported.reason
    assert "services.gateway.image" not in adjustments({"services.gateway.image_credentials": "GHCR_LOGIN"})
    image = f"mcr.microsoft.com/acme/x@{DIGEST}"
    assert "services.gateway.image" not in adjustments({"services.gateway.image": image})


def test_credentials_of_the_platforms_registry_are_ignored_and_reported() -> None:
    changes = {"services.chat.image_credentials": "GHCR_LOGIN"}
    assert adjustments(changes)["services.chat.image_credentials"].effect is Effect.IGNORED


def test_an_image_that_is_still_to_be_built_is_in_the_platforms_registry() -> None:
    changes = {"services.gateway.build": {"context": "gateway"}, "services.gateway.image": "gateway:unbuilt"}
    assert "gateway" in own_images(spec_of(changes))


def test_without_egress_an_image_of_a_public_registry_is_refused() -> None:
    assert error_keys({"network.egress": "none", "monitoring.prometheus": False}) == ["services.gateway.image"]
