"""Cloud Run probes from a service's health settings."""

from hypothesis import given
from hypothesis import strategies as st

from providers.contract.diagnostics import Adjustment, Effect
from providers.contract.spec import Health
from providers.gcp.compute.health import (
    MAX_STARTUP_SECONDS,
    liveness_probe,
    probe_adjustments,
    readiness_probe,
    startup_probe,
)
from tests.gcp.plans import unchecked_spec

any_health = st.integers(5, 300).flatmap(
    lambda interval: st.builds(
        Health,
        interval_seconds=st.just(interval),
        timeout_seconds=st.integers(2, max(2, min(120, interval - 1))),
        healthy_threshold=st.integers(2, 10),
        unhealthy_threshold=st.integers(2, 10),
        start_period_seconds=st.integers(0, 300),
    )
)


def by_key(changes: dict[str, object]) -> dict[str, Adjustment]:
    return {adjustment.key: adjustment for adjustment in probe_adjustments(unchecked_spec(changes))}


@given(any_health)
def test_a_startup_probe_stays_within_the_limits_of_cloud_run(health: Health) -> None:
    probe = startup_probe(health)
    assert probe.failures >= 1 and probe.period_seconds * probe.failures <= MAX_STARTUP_SECONDS
    assert probe.timeout_seconds < probe.period_seconds <= 240


@given(any_health)
def test_a_replica_is_removed_from_traffic_before_it_is_restarted(health: Health) -> None:
    assert readiness_probe(health).failures == health.unhealthy_threshold < liveness_probe(health).failures
    assert readiness_probe(health).successes == health.healthy_threshold


def test_the_startup_probe_allows_the_start_period_and_the_failures_after_it() -> None:
    probe = startup_probe(Health(start_period_seconds=60, interval_seconds=30, unhealthy_threshold=2))
    assert probe.period_seconds * probe.failures == 120


def test_a_start_period_above_the_maximum_is_adjusted() -> None:
    key = "services.gateway.health.start_period_seconds"
    adjustment = by_key({key: 300})[key]
    assert (adjustment.requested, adjustment.effect) == (300, Effect.ADJUSTED)
    assert "240 seconds" in adjustment.reason and "360" in adjustment.reason


def test_the_health_settings_of_a_worker_are_ignored() -> None:
    adjustment = by_key({"services.worker.health.interval_seconds": 40})["services.worker.health"]
    assert (adjustment.requested, adjustment.effect) == ({"interval_seconds": 40}, Effect.IGNORED)
    assert "no health checks for workers" in adjustment.reason


def test_a_health_command_is_ignored() -> None:
    command = ["CMD", "true"]
    adjustment = by_key({"services.chat.health": {"path": "/health", "command": command}})[
        "services.chat.health.command"
    ]
    assert (adjustment.requested, adjustment.effect) == (command, Effect.IGNORED)


def test_a_service_without_a_health_path_has_only_a_tcp_check() -> None:
    adjustment = by_key({"services.tool": {"image": f"tool@sha256:{'a' * 64}", "port": 9000}})["services.tool.health"]
    assert adjustment.effect == Effect.PARTIAL
    assert "a TCP check of port 9000" in adjustment.reason


def test_health_settings_within_the_limits_are_not_adjusted() -> None:
    assert not [key for key in by_key({}) if "gateway" in key]
