"""Scaling targets as KEDA rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.plan.inventory import Inventory
from providers.azure.compute.scaling import concurrent_requests
from providers.contract.diagnostics import Effect
from providers.contract.load import seconds_per_request
from tests.azure.plans import adjustments, error_keys, mapping_at, mappings_at, spec_of

SPEC = spec_of()
GATEWAY = "services.gateway.autoscaling"


def rules(plan: Inventory, service: str) -> dict[object, dict[str, object]]:
    return {rule["name"]: rule for rule in mappings_at(plan.one(f"prod-compute-{service}"), "template.scale.rules")}


def test_cpu_and_memory_scale_every_service(prod: Inventory) -> None:
    assert set(rules(prod, "worker")) == {"cpu", "memory"}
    cpu = mapping_at(prod.one("prod-compute-worker"), "template.scale.rules.0.custom")
    assert cpu["metadata"] == {"type": "Utilization", "value": "70"}


def test_concurrent_requests_scale_routed_services(prod: Inventory) -> None:
    assert rules(prod, "gateway")["requests"]["http"] == {"metadata": {"concurrentRequests": "34"}}


def test_bounds_and_cooldown_are_those_of_the_spec(prod: Inventory) -> None:
    scale = mapping_at(prod.one("prod-compute-gateway"), "template.scale")
    assert (scale["minReplicas"], scale["maxReplicas"], scale["cooldownPeriod"]) == (3, 12, 600)


def test_a_fixed_number_of_replicas_has_no_rule(minimal: Inventory) -> None:
    assert rules(minimal, "gateway") == {}


@given(st.integers(min_value=1, max_value=100_000))
def test_concurrent_requests_cover_the_rate_by_littles_law(requests: int) -> None:
    autoscaling = SPEC.services["gateway"].autoscaling.model_copy(update={"requests_per_replica_per_minute": requests})
    service = SPEC.services["gateway"].model_copy(update={"autoscaling": autoscaling})
    concurrent = concurrent_requests(SPEC, service)
    assert concurrent >= requests / 60 * seconds_per_request(SPEC) - 1e-6 and concurrent >= 1


def test_the_converted_rate_and_the_cooldown_are_reported() -> None:
    reported = adjustments()
    rate = reported[f"{GATEWAY}.requests_per_replica_per_minute"]
    assert rate.effect is Effect.ADJUSTED and "33.3 in flight" in rate.reason
    cooldown = reported[f"{GATEWAY}.scale_in_cooldown_seconds"]
    assert cooldown.effect is Effect.PARTIAL and cooldown.reason.startswith("300 s")


@pytest.mark.parametrize("key", ["cpu_percent", "memory_percent"])
def test_a_fraction_of_a_percent_is_rounded_and_reported(key: str) -> None:
    assert adjustments({f"{GATEWAY}.{key}": 62.4})[f"{GATEWAY}.{key}"].reason.startswith("62 %")
    for whole in (62, 62.0):
        assert f"{GATEWAY}.{key}" not in adjustments({f"{GATEWAY}.{key}": whole})


def test_more_replicas_than_an_app_can_have_are_refused() -> None:
    changes = {"services.chat.replicas": {"min": 1, "max": 1001}, "network.cidr": "10.0.0.0/8"}
    assert "services.chat.replicas.max" in error_keys(changes)
