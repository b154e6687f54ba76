"""The services: Container Apps with their own identity, reached along `path` and `calls`."""

from typing import cast

import pytest

from automation.plan.inventory import Inventory
from providers.azure.base import roles as rights
from providers.azure.compute.containers import digest, secrets_version
from providers.azure.compute.health import liveness_probe, probe_refusals, startup_probe
from providers.azure.compute.sizes import PAIRS, app_size_refusals
from providers.azure.limits import LIMITS
from providers.contract.results import Environment
from providers.contract.spec.service import Health
from tests.azure.laid import at, depends_on, opened, spec_of
from tests.planning import SECRET, revealed


def container(plan: Inventory, service: str, place: int = 0) -> dict[str, object]:
    containers = cast("list[dict[str, object]]", at(plan.one(f"prod-compute-{service}"), "template.containers"))
    return containers[place]


def variables(plan: Inventory, service: str) -> dict[str, object]:
    told = cast("list[dict[str, object]]", container(plan, service)["env"])
    return {str(each["name"]): each.get("value") for each in told}


def test_the_environment_takes_no_public_traffic(prod: Inventory) -> None:
    environment = prod.one("prod-environment")
    assert at(environment, "vnetConfiguration.internal") is True
    assert environment.inputs["publicNetworkAccess"] == "Disabled"


def test_the_environment_spans_zones_and_encrypts_between_machines(prod: Inventory) -> None:
    environment = prod.one("prod-environment")
    assert environment.inputs["zoneRedundant"] is True
    assert at(environment, "peerTrafficConfiguration.encryption.enabled") is True


def test_a_routed_service_answers_the_network_and_a_called_one_the_environment(prod: Inventory) -> None:
    assert at(prod.one("prod-compute-gateway"), "configuration.ingress.external") is True
    assert at(prod.one("prod-compute-chat"), "configuration.ingress.external") is False


def test_no_way_in_is_insecure(prod: Inventory) -> None:
    for name in ("gateway", "chat"):
        assert at(prod.one(f"prod-compute-{name}"), "configuration.ingress.allowInsecure") is False


def test_a_worker_has_no_way_in_and_no_probe(prod: Inventory) -> None:
    worker = prod.one("prod-compute-worker")
    assert "ingress" not in cast("dict[str, object]", at(worker, "configuration"))
    assert "probes" not in container(prod, "worker")


def test_a_service_that_nobody_calls_has_no_way_in(plain: Inventory) -> None:
    assert "ingress" not in cast("dict[str, object]", at(plain.one("prod-compute-chat"), "configuration"))


def test_secrets_are_read_from_the_vault_by_the_services_identity(prod: Inventory) -> None:
    secrets = cast("list[dict[str, object]]", at(prod.one("prod-compute-chat"), "configuration.secrets"))
    (secret,) = cast("list[dict[str, object]]", revealed(secrets))
    assert secret["keyVaultUrl"] == "<keyvault:Secret prod-database-database-url>.properties.secretUriWithVersion"
    assert secret["identity"] == "<managedidentity:UserAssignedIdentity prod-identity-service-chat>.id"
    assert "value" not in secret


def test_a_new_version_of_a_secret_is_a_new_revision_of_its_readers_alone(prod: Inventory) -> None:
    told = {name: variables(prod, name).get("SECRETS_VERSION") for name in ("gateway", "chat", "worker")}
    assert len({str(version) for version in told.values()}) == 3 and None not in told.values()
    assert secrets_version(Environment({})) == {}


def test_the_version_of_the_secrets_follows_each_of_them(prod: Inventory) -> None:
    stored = [
        f"<keyvault:Secret prod-{name}>.properties.secretUriWithVersion"
        for name in ("database-database-url", "cache-redis-url")
    ]
    assert variables(prod, "worker")["SECRETS_VERSION"] == digest(stored) == digest(stored[::-1]) != digest(stored[:1])


def test_an_app_waits_for_its_right_to_read(prod: Inventory) -> None:
    waited = depends_on(prod.one("prod-compute-chat"))
    assert "prod-database-database-url-read-by-chat" in waited and "prod-registry-pull" in waited


def test_the_identity_that_pulls_is_hidden_from_the_containers(prod: Inventory) -> None:
    assert at(prod.one("prod-compute-chat"), "configuration.identitySettings.0.lifecycle") == "None"


def test_callers_know_the_address(prod: Inventory) -> None:
    chat = variables(prod, "gateway")["CHAT_URL"]
    assert chat == "https://prod-chat.internal.<app:ManagedEnvironment prod-environment>.defaultDomain"


def test_a_collector_stands_beside_what_listens(prod: Inventory, plain: Inventory) -> None:
    assert container(prod, "chat", 1)["name"] == "metrics"
    for plan, name in ((prod, "worker"), (plain, "chat")):
        assert len(cast("list[object]", at(plan.one(f"prod-compute-{name}"), "template.containers"))) == 1


def test_the_deployer_may_roll_each_app_and_nothing_more(prod: Inventory) -> None:
    grant = prod.one("prod-compute-chat-deployer")
    assert grant.inputs["scope"] == "<app:ContainerApp prod-compute-chat>.id"
    assert str(grant.inputs["roleDefinitionId"]).endswith(rights.CONTAINER_APPS_CONTRIBUTOR)


def test_no_secret_stands_in_an_app(prod: Inventory) -> None:
    assert SECRET not in str(opened(prod.one("prod-compute-gateway")))


def test_every_pair_has_twice_as_much_memory() -> None:
    assert (PAIRS[0.25], PAIRS[4.0], len(PAIRS)) == (0.5, 8.0, 16)


@pytest.mark.parametrize(
    ("vcpu", "memory_gib", "nearest"),
    [
        (1, 4, "{vcpu: 1, memory_gib: 2} or {vcpu: 2, memory_gib: 4}"),
        (0.3, 0.5, "{vcpu: 0.5, memory_gib: 1} or {vcpu: 0.25, memory_gib: 0.5}"),
        (8, 16, "take {vcpu: 4, memory_gib: 8}"),
    ],
)
def test_a_pair_that_is_not_sold_is_refused_with_the_nearest(vcpu: float, memory_gib: float, nearest: str) -> None:
    size = {"vcpu": vcpu, "memory_gib": memory_gib}
    (refusal,) = app_size_refusals(spec_of({"services.chat.size": size}), "prod")
    assert refusal.key == "services.chat.size" and nearest in str(refusal)


def test_the_largest_copy_has_no_room_for_a_collector() -> None:
    changes = {"services.chat.size": {"vcpu": 4, "memory_gib": 8}}
    (refusal,) = app_size_refusals(spec_of(changes), "prod")
    assert "takes 0.25" in str(refusal)
    assert not app_size_refusals(spec_of({**changes, "monitoring.prometheus": False}), "prod")


def test_ten_questions_fill_the_grace() -> None:
    probe = startup_probe(Health(start_period_seconds=300, interval_seconds=30, unhealthy_threshold=10))
    assert (probe.period_seconds, probe.failures) == (60, 10)


def test_no_probe_fails_more_often_than_azure_counts() -> None:
    assert liveness_probe(Health(unhealthy_threshold=10)).failures == 10


def test_an_interval_over_the_platforms_maximum_is_refused() -> None:
    (refusal,) = probe_refusals(spec_of({"services.chat.health": {"interval_seconds": 241}}), "prod")
    assert str(refusal).endswith("asks at least every 240 seconds; use that or less.")


def test_variables_of_container_apps_are_refused() -> None:
    found = LIMITS.refusals(spec_of({"services.gateway.environment": {"CONTAINER_APP_NAME": "x"}}), "prod")
    assert [refusal.key for refusal in found] == ["services.gateway.environment.CONTAINER_APP_NAME"]
