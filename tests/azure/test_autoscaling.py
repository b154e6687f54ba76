"""Neutral targets as KEDA rules."""

from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from automation.plan.inventory import Inventory
from providers.azure.compute.scaling import concurrent_requests
from providers.azure.limits import LIMITS
from providers.contract.load import seconds_per_request
from tests.azure.laid import at, spec_of

SPEC = spec_of()


def rules(plan: Inventory, service: str) -> dict[object, dict[str, object]]:
    found = cast("list[dict[str, object]]", at(plan.one(f"prod-compute-{service}"), "template.scale.rules"))
    return {rule["name"]: rule for rule in found}


def test_cpu_and_memory_scale_every_service(prod: Inventory) -> None:
    worker = rules(prod, "worker")
    assert set(worker) == {"cpu", "memory"}
    assert cast("dict[str, object]", worker["cpu"]["custom"])["metadata"] == {"type": "Utilization", "value": "70"}


def test_requests_scale_what_is_routed(prod: Inventory) -> None:
    http = cast("dict[str, object]", rules(prod, "gateway")["requests"]["http"])
    assert http["metadata"] == {"concurrentRequests": "34"}


def test_bounds_are_the_specs(prod: Inventory) -> None:
    scale = cast("dict[str, object]", at(prod.one("prod-compute-gateway"), "template.scale"))
    assert (scale["minReplicas"], scale["maxReplicas"], scale["cooldownPeriod"]) == (3, 12, 600)


def test_a_fixed_number_of_copies_has_no_rule(plain: Inventory) -> None:
    assert rules(plain, "gateway") == {}


@given(st.integers(min_value=1, max_value=100_000))
def test_a_copy_is_never_asked_to_hold_less_than_its_rate_brings(requests: int) -> None:
    autoscaling = SPEC.services["gateway"].autoscaling.model_copy(update={"requests_per_replica_per_minute": requests})
    service = SPEC.services["gateway"].model_copy(update={"autoscaling": autoscaling})
    held = concurrent_requests(SPEC, service)
    assert held >= requests / 60 * seconds_per_request(SPEC) - 1e-6 and held >= 1


def test_the_arithmetic_is_told() -> None:
    told = {found.key: found.reason for found in LIMITS.adjustments(SPEC)}
    assert "33.3 in flight" in told["services.gateway.autoscaling.requests_per_replica_per_minute"]
    assert told["services.gateway.autoscaling.scale_in_cooldown_seconds"].startswith("300")


def test_more_copies_than_an_app_may_have_are_refused() -> None:
    found = LIMITS.refusals(
        spec_of({"services.chat.replicas": {"min": 1, "max": 1001}, "network.cidr": "10.0.0.0/8"}), "prod"
    )
    assert "services.chat.replicas.max" in [refusal.key for refusal in found]
