"""Scaling of Cloud Run from the spec's targets: the arithmetic, and the adjustments that report it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.plan.inventory import Inventory
from providers.contract.diagnostics import Adjustment, Effect
from providers.contract.load import requests_in_flight
from providers.contract.spec import Autoscaling, MonitoringSpec, Platform, Replicas, Service, Slo
from providers.gcp.compute.scaling import (
    CONCURRENCY_UTILIZATION,
    DEFAULT_CONCURRENCY,
    MAX_CONCURRENCY,
    autoscaling_adjustments,
    concurrency,
    cpu_utilization,
    service_scaling,
)
from tests.gcp.plans import mapping_at, staging, unchecked_spec

AUTOSCALING = "services.gateway.autoscaling"
REQUESTS = f"{AUTOSCALING}.requests_per_replica_per_minute"


def routed(**targets: int) -> Service:
    return Service(
        image="api:1", port=80, path="/", replicas=Replicas(min=1, max=9), autoscaling=Autoscaling(**targets)
    )


def platform(service: Service, slo: Slo | None = None) -> Platform:
    return Platform(cloud="gcp", services={"api": service}, monitoring=MonitoringSpec(slo=slo))


def by_key(changes: dict[str, object] | None = None) -> dict[str, Adjustment]:
    return {adjustment.key: adjustment for adjustment in autoscaling_adjustments(unchecked_spec(changes))}


@given(st.integers(1, 100))
def test_a_cpu_target_is_a_share_within_the_bounds_of_cloud_run(percent: int) -> None:
    share = cpu_utilization(routed(cpu_percent=percent))
    assert 0.1 <= share <= 0.95
    assert share == pytest.approx(percent / 100) or percent < 10 or percent > 95


@given(st.integers(1, 1_000_000), st.floats(0.05, 600))
def test_a_replica_at_its_target_share_serves_the_requested_rate(requests: int, seconds: float) -> None:
    service = routed(requests_per_replica_per_minute=requests)
    spec = platform(service, Slo(latency_p95_seconds=seconds))
    limit = concurrency(spec, service)
    assert 1 <= limit <= MAX_CONCURRENCY
    in_flight = requests_in_flight(spec, service)
    assert limit == MAX_CONCURRENCY or limit * CONCURRENCY_UTILIZATION >= in_flight - 1e-5
    assert limit == 1 or (limit - 1) * CONCURRENCY_UTILIZATION < in_flight


def test_the_seconds_per_request_are_those_of_the_slo_or_else_of_the_alarm() -> None:
    service = routed(requests_per_replica_per_minute=600)
    assert requests_in_flight(platform(service, Slo(latency_p95_seconds=2)), service) == 20
    assert requests_in_flight(platform(service), service) == 50


def test_the_concurrency_is_reported_with_its_arithmetic() -> None:
    assert by_key()[REQUESTS] == Adjustment(
        REQUESTS,
        requested=1000,
        effect=Effect.ADJUSTED,
        reason="56 concurrent requests per replica; 1000 / 60 requests per second x 2 s each are 33.3 in flight, and Cloud "
        "Run adds a replica at 60% of the limit",
    )


def test_a_request_rate_above_the_maximum_concurrency_is_adjusted() -> None:
    adjustment = by_key({REQUESTS: 100_000})[REQUESTS]
    assert adjustment.requested == 100_000
    assert "1000 concurrent requests per replica, the maximum" in adjustment.reason


def test_targets_that_cloud_run_does_not_have_are_ignored() -> None:
    adjustments = by_key()
    for target, reason in (
        ("memory_percent", "does not scale on memory"),
        ("scale_out_cooldown_seconds", "without a cooldown"),
        ("scale_in_cooldown_seconds", "at most 900 seconds"),
    ):
        adjustment = adjustments[f"{AUTOSCALING}.{target}"]
        assert adjustment.effect == Effect.IGNORED and reason in adjustment.reason


def test_a_cpu_target_out_of_bounds_is_adjusted() -> None:
    adjustment = by_key({f"{AUTOSCALING}.cpu_percent": 99})[f"{AUTOSCALING}.cpu_percent"]
    assert (adjustment.requested, adjustment.effect) == (99, Effect.ADJUSTED)
    assert adjustment.reason.startswith("95 %,")


def test_a_range_of_workers_becomes_its_minimum_in_words() -> None:
    adjustment = by_key()["services.worker.replicas"]
    assert (adjustment.requested, adjustment.effect) == ({"min": 2, "max": 8}, Effect.ADJUSTED)
    assert adjustment.reason == (
        "2 replicas at any load; a worker pool of Cloud Run has a fixed number. For more, set replicas.min and replicas.max "
        "to the number that the highest load needs"
    )
    assert "services.worker.replicas" not in by_key({"services.worker.replicas": {"min": 4, "max": 4}})


def test_targets_of_a_worker_are_ignored() -> None:
    key = "services.worker.autoscaling.cpu_percent"
    assert by_key({key: 60})[key].effect == Effect.IGNORED
    assert key not in by_key()


def test_a_fixed_number_of_replicas_has_no_targets_and_no_adjustments() -> None:
    changes: dict[str, object] = {"services.gateway.replicas": {"min": 4, "max": 4}}
    spec = unchecked_spec(changes)
    scaling = service_scaling(spec, spec.services["gateway"])
    assert scaling.is_fixed and scaling.cpu_utilization is None and scaling.concurrency == DEFAULT_CONCURRENCY
    assert not [key for key in by_key(changes) if key.startswith("services.gateway")]


def test_bounds_and_targets_are_declared_on_the_service(prod: Inventory) -> None:
    service = prod.one("prod-compute-gateway").inputs
    assert service["scaling"] == {"scalingMode": "AUTOMATIC", "minInstanceCount": 3, "maxInstanceCount": 12}
    template = mapping_at(service, "template")
    assert template["maxInstanceRequestConcurrency"] == 56
    assert template["scaling"] == {"maxInstanceCount": 12, "cpuUtilization": 0.7, "concurrencyUtilization": 0.6}


def test_a_worker_pool_has_the_one_setting_that_the_api_knows(prod: Inventory) -> None:
    for plan in (prod, staging()):
        assert plan.one("prod-compute-worker").inputs["scaling"] == {"manualInstanceCount": 2}


def test_equal_bounds_fix_the_number_of_replicas() -> None:
    scaling = staging().one("prod-compute-chat").inputs["scaling"]
    assert scaling == {"scalingMode": "MANUAL", "manualInstanceCount": 2}


def test_scaling_has_no_component(prod: Inventory) -> None:
    assert not [resource for resource in prod.resources if resource.type.endswith(":Autoscaling")]
