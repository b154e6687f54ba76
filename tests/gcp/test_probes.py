"""Health numbers as Cloud Run's probes."""

from hypothesis import given
from hypothesis import strategies as st

from providers.contract.spec import Health
from providers.gcp.compute.health import (
    LONGEST_STARTUP_SECONDS,
    liveness_probe,
    probe_adjustments,
    readiness_probe,
    startup_probe,
)
from tests.gcp.variants import spec_of

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


@given(any_health)
def test_a_startup_probe_stays_within_cloud_runs_limits(health: Health) -> None:
    probe = startup_probe(health)
    assert probe.failures >= 1 and probe.period_seconds * probe.failures <= LONGEST_STARTUP_SECONDS
    assert probe.timeout_seconds < probe.period_seconds <= 240


@given(any_health)
def test_a_copy_leaves_traffic_before_it_is_restarted(health: Health) -> None:
    assert readiness_probe(health).failures == health.unhealthy_threshold < liveness_probe(health).failures
    assert readiness_probe(health).successes == health.healthy_threshold


def test_a_start_waits_for_the_grace_and_the_failures_after_it() -> None:
    probe = startup_probe(Health(start_period_seconds=60, interval_seconds=30, unhealthy_threshold=2))
    assert probe.period_seconds * probe.failures == 120


def test_a_grace_longer_than_cloud_run_waits_is_told_in_seconds() -> None:
    (told,) = probe_adjustments(spec_of({"services.gateway.health.start_period_seconds": 300}))[:1]
    assert told.key == "services.gateway.health.start_period_seconds" and told.asked == 300
    assert "240 seconds in all" in told.given and "360" in told.given


def test_a_workers_health_is_told_not_to_be_asked() -> None:
    told = {found.key: found for found in probe_adjustments(spec_of({"services.worker.health.interval_seconds": 40}))}
    worker = told["services.worker.health"]
    assert worker.asked == {"interval_seconds": 40} and "asks nothing of a worker" in worker.given


def test_a_command_beside_a_path_is_told_not_to_be_run() -> None:
    command = ["CMD", "true"]
    changes: dict[str, object] = {"services.chat.health": {"path": "/health", "command": command}}
    told = {found.key: found for found in probe_adjustments(spec_of(changes))}
    assert told["services.chat.health.command"].asked == command


def test_a_service_without_a_health_path_is_told_to_be_asked_for_its_port_alone() -> None:
    changes: dict[str, object] = {"services.tool": {"image": f"tool@sha256:{'a' * 64}", "port": 9000}}
    told = {found.key: found for found in probe_adjustments(spec_of(changes))}
    assert "a connection to port 9000" in told["services.tool.health"].given


def test_plain_health_numbers_are_nothing_to_tell() -> None:
    assert not [found for found in probe_adjustments(spec_of()) if "gateway" in found.key]
