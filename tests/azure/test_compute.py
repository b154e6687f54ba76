"""Services as Container Apps with their own identity, reachable along `path` and `calls`."""

import pytest

from automation.plan.inventory import Inventory
from providers.azure.base import roles
from providers.azure.compute.containers import digest, secrets_version
from providers.azure.compute.health import grace_seconds, liveness_probe, probe_refusals, startup_probe
from providers.azure.compute.sizes import MEMORY_GIB_BY_VCPU, app_size_refusals
from providers.contract.diagnostics import Effect
from providers.contract.results import Environment
from providers.contract.spec.service import Health
from tests.azure.plans import (
    adjustments,
    containers,
    depends_on,
    error_keys,
    input_at,
    mapping_at,
    mappings_at,
    refusals,
    revealed_inputs,
    spec_of,
    variables,
)
from tests.planning import SECRET, revealed


def test_the_environment_has_no_public_access(prod: Inventory) -> None:
    environment = prod.one("prod-environment")
    assert input_at(environment, "vnetConfiguration.internal") is True
    assert environment.inputs["publicNetworkAccess"] == "Disabled"


def test_the_environment_is_zone_redundant_and_encrypts_peer_traffic(prod: Inventory) -> None:
    environment = prod.one("prod-environment")
    assert environment.inputs["zoneRedundant"] is True
    assert input_at(environment, "peerTrafficConfiguration.encryption.enabled") is True


def test_a_routed_service_has_external_ingress_and_a_called_one_internal(prod: Inventory) -> None:
    assert input_at(prod.one("prod-compute-gateway"), "configuration.ingress.external") is True
    assert input_at(prod.one("prod-compute-chat"), "configuration.ingress.external") is False


def test_no_ingress_allows_plain_http(prod: Inventory) -> None:
    for name in ("gateway", "chat"):
        assert input_at(prod.one(f"prod-compute-{name}"), "configuration.ingress.allowInsecure") is False


def test_a_worker_has_no_ingress_and_no_probe(prod: Inventory) -> None:
    assert "ingress" not in mapping_at(prod.one("prod-compute-worker"), "configuration")
    assert "probes" not in containers(prod, "worker")[0]


def test_a_service_without_callers_has_no_ingress(minimal: Inventory) -> None:
    assert "ingress" not in mapping_at(minimal.one("prod-compute-chat"), "configuration")


def test_secrets_are_read_from_the_vault_with_the_services_identity(prod: Inventory) -> None:
    secret, password = mappings_at(prod.one("prod-compute-chat"), "configuration.secrets")
    assert (secret["name"], password["name"]) == ("database-url", "libpq-password")
    assert revealed(secret["keyVaultUrl"]) == (
        "<keyvault:Secret prod-database-database-url>.properties.secretUriWithVersion"
    )
    assert secret["identity"] == "<managedidentity:UserAssignedIdentity prod-identity-service-chat>.id"
    assert "value" not in secret


def test_a_new_version_of_a_secret_changes_a_variable_of_its_readers_only(prod: Inventory) -> None:
    versions = {name: variables(prod, name).get("SECRETS_VERSION") for name in ("gateway", "chat", "worker")}
    assert len({str(version) for version in versions.values()}) == 3 and None not in versions.values()
    assert secrets_version(Environment({})) == {}


def test_the_secrets_version_depends_on_each_secret(prod: Inventory) -> None:
    stored = [
        f"<keyvault:Secret prod-{name}>.properties.secretUriWithVersion"
        for name in ("database-database-url", "database-libpq-password", "cache-redis-url")
    ]
    assert variables(prod, "worker")["SECRETS_VERSION"] == digest(stored) == digest(stored[::-1]) != digest(stored[:1])


def test_an_app_depends_on_the_roles_that_it_needs(prod: Inventory) -> None:
    prerequisites = depends_on(prod.one("prod-compute-chat"))
    assert "prod-database-database-url-read-by-chat" in prerequisites and "prod-registry-pull" in prerequisites


def test_the_identity_that_pulls_images_is_hidden_from_the_containers(prod: Inventory) -> None:
    assert input_at(prod.one("prod-compute-chat"), "configuration.identitySettings.0.lifecycle") == "None"


def test_callers_receive_the_address_of_the_called_service(prod: Inventory) -> None:
    chat = variables(prod, "gateway")["CHAT_URL"]
    assert chat == "https://prod-chat.internal.<app:ManagedEnvironment prod-environment>.defaultDomain"


def test_a_service_with_a_port_has_a_metrics_collector_with_prometheus(prod: Inventory, minimal: Inventory) -> None:
    assert containers(prod, "chat")[1]["name"] == "metrics"
    assert len(containers(prod, "worker")) == len(containers(minimal, "chat")) == 1


def test_the_deployer_has_one_role_on_each_app(prod: Inventory) -> None:
    assignment = prod.one("prod-compute-chat-deployer")
    assert assignment.inputs["scope"] == "<app:ContainerApp prod-compute-chat>.id"
    assert str(assignment.inputs["roleDefinitionId"]).endswith(roles.CONTAINER_APPS_CONTRIBUTOR)


def test_an_app_contains_no_secret_value(prod: Inventory) -> None:
    assert SECRET not in str(revealed_inputs(prod.one("prod-compute-gateway")))


def test_every_size_has_2_gib_of_memory_per_vcpu() -> None:
    assert (MEMORY_GIB_BY_VCPU[0.25], MEMORY_GIB_BY_VCPU[4.0], len(MEMORY_GIB_BY_VCPU)) == (0.5, 8.0, 16)


@pytest.mark.parametrize(
    ("vcpu", "memory_gib", "fix"),
    [
        (1, 4, "use {vcpu: 1, memory_gib: 2} or {vcpu: 2, memory_gib: 4}"),
        (0.3, 0.5, "use {vcpu: 0.5, memory_gib: 1} or {vcpu: 0.25, memory_gib: 0.5}"),
        (8, 16, "use {vcpu: 4, memory_gib: 8}"),
    ],
)
def test_a_size_that_is_not_offered_is_refused_with_the_nearest(vcpu: float, memory_gib: float, fix: str) -> None:
    size = {"vcpu": vcpu, "memory_gib": memory_gib}
    (refusal,) = app_size_refusals(spec_of({"services.chat.size": size}), "prod")
    assert (refusal.key, refusal.fix) == ("services.chat.size", fix)


@pytest.mark.parametrize("size", [(1, 2), (1.0, 2.0), (1, 2.0), (0.5, 1)])
def test_a_size_that_is_offered_is_accepted_as_int_and_as_float(size: tuple[float, float]) -> None:
    changes = {"services.chat.size": {"vcpu": size[0], "memory_gib": size[1]}}
    assert not app_size_refusals(spec_of(changes), "prod")


def test_the_largest_replica_cannot_have_a_metrics_collector() -> None:
    changes = {"services.chat.size": {"vcpu": 4, "memory_gib": 8}}
    (refusal,) = app_size_refusals(spec_of(changes), "prod")
    assert "collector's 0.25 exceed the 4 vCPU" in refusal.problem
    assert not app_size_refusals(spec_of({**changes, "monitoring.prometheus": False}), "prod")


def test_ten_startup_checks_cover_the_start_period() -> None:
    probe = startup_probe(Health(start_period_seconds=300, interval_seconds=30, unhealthy_threshold=10))
    assert (probe.period_seconds, probe.failures) == (60, 10)


def test_the_failures_of_a_probe_are_limited_to_ten() -> None:
    assert liveness_probe(Health(unhealthy_threshold=10)).failures == 10


def test_a_replica_may_finish_a_streamed_response_before_it_ends(prod: Inventory) -> None:
    seconds = {
        name: input_at(prod.one(f"prod-compute-{name}"), "template.terminationGracePeriodSeconds")
        for name in ("gateway", "chat", "worker")
    }
    assert seconds == {"gateway": 120, "chat": 60, "worker": 60}
    longest = spec_of({"ingress.idle_timeout_seconds": 900})
    assert grace_seconds(longest, longest.services["gateway"]) == 240


def test_an_interval_above_the_maximum_period_is_refused() -> None:
    (refusal,) = probe_refusals(spec_of({"services.chat.health": {"interval_seconds": 241}}), "prod")
    assert refusal.key == "services.chat.health.interval_seconds"
    assert refusal.problem.startswith("241 s") and refusal.fix == "use at most 240"


def test_a_health_command_is_ignored_and_reported() -> None:
    reported = adjustments({"services.worker.health": {"command": ["true"]}})["services.worker.health.command"]
    assert reported.effect is Effect.IGNORED


def test_an_image_for_arm64_is_refused() -> None:
    (refusal,) = refusals({"services.chat.architecture": "arm64"})
    assert str(refusal) == (
        "services.chat.architecture: not supported on azure: Container Apps runs linux/amd64 images only, not "
        "linux/arm64. Build the image for linux/amd64 and remove the key."
    )
    assert not refusals({"services.chat.architecture": "amd64"})


def test_a_service_with_models_finds_them_by_the_variables_of_the_sdks(prod: Inventory) -> None:
    found = variables(prod, "gateway")
    assert found["AZURE_OPENAI_ENDPOINT"] == "<cognitiveservices:Account prod-models>.properties.endpoint"
    assert (found["AZURE_OPENAI_DEPLOYMENT"], found["OPENAI_API_VERSION"]) == ("gpt-5.4-mini", "2024-10-21")
    assert not {"AZURE_OPENAI_ENDPOINT", "OPENAI_API_VERSION"} & set(variables(prod, "chat"))


def test_a_users_variable_takes_precedence_over_one_of_the_models() -> None:
    assert not refusals({"services.gateway.environment": {"OPENAI_API_VERSION": "2025-04-01-preview"}})


def test_variables_of_container_apps_are_refused() -> None:
    key = "services.gateway.environment.CONTAINER_APP_NAME"
    assert error_keys({"services.gateway.environment": {"CONTAINER_APP_NAME": "x"}}) == [key]
