"""Neutral targets as Cloud Run's scaling: the arithmetic, and what is told of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.plan.inventory import Inventory
from providers.contract.load import requests_in_flight
from providers.contract.spec import Autoscaling, MonitoringSpec, Platform, Replicas, Service, Slo
from providers.gcp.compute.scaling import (
    CONCURRENCY_UTILIZATION,
    DEFAULT_CONCURRENCY,
    MOST_CONCURRENCY,
    autoscaling_adjustments,
    concurrency,
    cpu_utilization,
    scaling_of,
)
from tests.gcp.variants import spec_of, staging

AUTOSCALING = "services.gateway.autoscaling"


def routed(**targets: int) -> Service:
    return Service(
        image="api:1", port=80, path="/", replicas=Replicas(min=1, max=9), autoscaling=Autoscaling(**targets)
    )


def platform(service: Service, slo: Slo | None = None) -> Platform:
    return Platform(cloud="gcp", services={"api": service}, monitoring=MonitoringSpec(slo=slo))


def told(spec: Platform) -> dict[str, str]:
    return {found.key: found.reason for found in autoscaling_adjustments(spec)}


@given(st.integers(1, 100))
def test_a_cpu_target_is_a_share_within_cloud_runs_bounds(percent: int) -> None:
    share = cpu_utilization(routed(cpu_percent=percent))
    assert 0.1 <= share <= 0.95
    assert share == pytest.approx(percent / 100) or percent < 10 or percent > 95


@given(st.integers(1, 1_000_000), st.floats(0.05, 600))
def test_a_copy_filled_to_its_share_holds_what_it_should_serve(requests: int, seconds: float) -> None:
    service = routed(requests_per_replica_per_minute=requests)
    spec = platform(service, Slo(latency_p95_seconds=seconds))
    held = concurrency(spec, service)
    assert 1 <= held <= MOST_CONCURRENCY
    wanted = requests_in_flight(spec, service)
    assert held == MOST_CONCURRENCY or held * CONCURRENCY_UTILIZATION >= wanted - 1e-5
    assert held == 1 or (held - 1) * CONCURRENCY_UTILIZATION < wanted


def test_a_request_is_reckoned_with_the_promise_or_else_the_alarm() -> None:
    service = routed(requests_per_replica_per_minute=600)
    assert requests_in_flight(platform(service, Slo(latency_p95_seconds=2)), service) == 20
    assert requests_in_flight(platform(service), service) == 50


def test_the_arithmetic_of_requests_is_told_in_numbers() -> None:
    assert told(spec_of())[f"{AUTOSCALING}.requests_per_replica_per_minute"] == (
        "56 requests at once: 1000 / 60 a second x 2 s each are 33.3 in flight, and Cloud Run adds a copy at 60% of what "
        "one may hold"
    )


def test_more_requests_than_a_copy_can_hold_are_told_to_be_cut() -> None:
    given = told(spec_of({f"{AUTOSCALING}.requests_per_replica_per_minute": 100_000}))
    assert "1000 requests at once, the most there is" in given[f"{AUTOSCALING}.requests_per_replica_per_minute"]


def test_targets_that_cloud_run_does_not_know_are_told() -> None:
    found = told(spec_of())
    assert "does not scale on memory" in found[f"{AUTOSCALING}.memory_percent"]
    assert found[f"{AUTOSCALING}.scale_out_cooldown_seconds"].startswith("0:")
    assert found[f"{AUTOSCALING}.scale_in_cooldown_seconds"].startswith("up to 900:")


def test_a_cpu_target_out_of_bounds_is_told() -> None:
    assert told(spec_of({f"{AUTOSCALING}.cpu_percent": 99}))[f"{AUTOSCALING}.cpu_percent"].startswith("95,")


def test_a_worker_pools_own_cpu_target_is_told() -> None:
    assert told(spec_of())["services.worker.autoscaling.cpu_percent"] == "60, the target of every worker pool"
    wanted: dict[str, object] = {"services.worker.autoscaling": {"cpu_percent": 60}}
    assert "services.worker.autoscaling.cpu_percent" not in told(spec_of(wanted))


def test_a_fixed_number_of_copies_has_no_targets_and_nothing_to_tell() -> None:
    spec = spec_of({"services.gateway.replicas": {"min": 4, "max": 4}})
    scaling = scaling_of(spec, spec.services["gateway"])
    assert scaling.fixed and scaling.cpu_utilization is None and scaling.concurrency == DEFAULT_CONCURRENCY
    assert not [path for path in told(spec) if path.startswith("services.gateway")]


def test_bounds_and_targets_stand_on_the_service(prod: Inventory) -> None:
    service = prod.one("prod-compute-gateway").inputs
    assert service["scaling"] == {"scalingMode": "AUTOMATIC", "minInstanceCount": 3, "maxInstanceCount": 12}
    template = service["template"]
    assert isinstance(template, dict)
    assert template["maxInstanceRequestConcurrency"] == 56
    assert template["scaling"] == {"maxInstanceCount": 12, "cpuUtilization": 0.7, "concurrencyUtilization": 0.6}


def test_a_worker_pool_scales_by_itself_between_its_bounds(prod: Inventory) -> None:
    scaling = prod.one("prod-compute-worker").inputs["scaling"]
    assert scaling == {"scalingMode": "AUTOMATIC", "minInstanceCount": 2, "maxInstanceCount": 8}


@pytest.mark.parametrize("name", ["worker", "chat"])
def test_equal_bounds_fix_the_number_of_copies(name: str) -> None:
    scaling = staging().one(f"prod-compute-{name}").inputs["scaling"]
    assert scaling == {"scalingMode": "MANUAL", "manualInstanceCount": 2}


def test_the_room_declares_nothing_of_its_own(prod: Inventory) -> None:
    assert not [resource for resource in prod.custom if prod.scope_of(resource) == "Autoscaling"]
