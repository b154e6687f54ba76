"""Health checks, start order, refusals and adjustments of services."""

from collections.abc import Mapping

import pytest

from components.validation.parse import read
from providers.aws.compute.calls import connected, start_order
from providers.aws.compute.health import container_check
from providers.aws.compute.limits import compute_adjustments, compute_refusals
from providers.contract.spec import Platform
from tests.planning import DROP, production


def platform(changes: Mapping[str, object] | None = None) -> Platform:
    spec, _ = read(production(changes, cloud="aws"))
    assert spec is not None
    return spec


def refused(changes: Mapping[str, object]) -> list[str]:
    return [refusal.key for refusal in compute_refusals(platform(changes), "prod")]


def adjusted(changes: Mapping[str, object]) -> dict[str, str]:
    return {adjustment.key: adjustment.reason for adjustment in compute_adjustments(platform(changes))}


def test_production_has_no_refusals() -> None:
    assert refused({}) == []


@pytest.mark.parametrize(("app", "path"), [("agentos", "/health"), ("streamlit", "/_stcore/health")])
def test_a_python_app_checks_its_own_port_and_path(app: str, path: str) -> None:
    spec = platform({"services.gateway.app": app, "services.gateway.port": 9000})
    assert f"http://127.0.0.1:9000{path}" in container_check(spec.services["gateway"])[3]


def test_a_health_command_replaces_the_http_check() -> None:
    spec = platform({"services.chat.health": {"command": ["CMD", "/healthy"]}})
    assert container_check(spec.services["chat"]) == ("CMD", "/healthy")


def test_a_quote_in_a_path_does_not_end_the_check() -> None:
    spec = platform({"services.chat.health": {"path": "/it's"}})
    compile(container_check(spec.services["chat"])[3], "check", "exec")


def test_a_custom_service_without_a_command_has_no_check() -> None:
    custom = {"services.worker.app": "custom"}
    assert container_check(platform(custom).services["worker"]) == ()
    assert "no health check" in adjusted(custom)["services.worker.health"]


def test_a_routed_custom_service_is_checked_by_the_load_balancer_only() -> None:
    custom = {"services.gateway.app": "custom", "services.gateway.port": 9000, "services.gateway.health": {"path": "/"}}
    assert "load balancer" in adjusted(custom)["services.gateway.health.command"]


def test_a_private_service_is_healthy_after_one_successful_check() -> None:
    threshold = {"healthy_threshold": 3}
    assert "services.chat.health.healthy_threshold" in adjusted({"services.chat.health": threshold})
    assert "services.gateway.health.healthy_threshold" not in adjusted({"services.gateway.health": threshold})


def test_a_health_path_is_ignored_when_a_command_is_set() -> None:
    adjustments = adjusted({"services.chat.health": {"path": "/ready", "command": ["CMD", "/healthy"]}})
    assert "services.chat.health.path" in adjustments


def test_a_check_longer_than_a_minute_is_refused() -> None:
    numbers = {"interval_seconds": 120, "timeout_seconds": 61}
    assert refused({"services.chat.health": numbers}) == ["services.chat.health.timeout_seconds"]
    assert refused({"services.chat.health": {**numbers, "timeout_seconds": 60}}) == []


def test_a_privileged_port_is_refused() -> None:
    assert refused({"services.chat.port": 1023}) == ["services.chat.port"]
    assert refused({"services.chat.port": 1024}) == []


def test_prometheus_is_refused_when_the_collector_image_cannot_be_pulled() -> None:
    assert refused({"network.egress": "none"}) == ["monitoring.prometheus"]
    assert refused({"network.egress": "none", "monitoring.prometheus": False}) == []
    unmeasured: dict[str, object] = {"services.gateway.metrics": "none", "services.chat.metrics": "none"}
    assert refused({"network.egress": "none", **unmeasured}) == []


def test_a_worker_without_a_port_is_not_scraped() -> None:
    assert "worker" in adjusted({})["monitoring.prometheus"]
    assert "monitoring.prometheus" not in adjusted({"monitoring.prometheus": False})


def test_sidecars_and_files_are_part_of_the_size_of_a_task() -> None:
    without_sidecars: dict[str, object] = {"services.gateway.calls": [], "monitoring.prometheus": False}
    files = (
        "the task's memory includes up to 512 MiB of files in /tmp (HOME, the only folder that user 10001 may write to)"
    )
    proxy, collector = "64 MiB for the Service Connect proxy", "256 MiB for the metrics collector"
    assert adjusted({})["services.gateway.size"] == f"{files}, {collector} and {proxy}"
    assert adjusted({"services.gateway.metrics": "none"})["services.gateway.size"] == f"{files} and {proxy}"
    assert adjusted(without_sidecars)["services.gateway.size"] == files


def test_a_size_that_is_refused_has_no_shares() -> None:
    assert "services.chat.size" not in adjusted({"services.chat.size": {"vcpu": 0.25, "memory_gib": 16}})


def test_a_callee_starts_before_its_caller() -> None:
    assert start_order(platform()) == ("chat", "gateway", "worker")


def test_services_without_calls_start_in_the_order_of_the_file() -> None:
    assert start_order(platform({"services.gateway.calls": DROP})) == ("gateway", "chat", "worker")


def test_only_services_that_call_or_are_called_are_connected() -> None:
    assert [name for name in platform().services if connected(platform(), name)] == ["gateway", "chat"]


def test_services_that_call_each_other_are_refused_once() -> None:
    assert refused({"services.chat.calls": ["gateway"]}) == ["services.chat.calls"]


def test_an_indirect_cycle_of_calls_is_refused() -> None:
    cycle: dict[str, object] = {
        "services.extra": {"app": "fastapi", "image": "extra:1", "calls": ["gateway"]},
        "services.chat.calls": ["extra"],
    }
    assert len(refused(cycle)) == 1
