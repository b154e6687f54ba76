"""Settings without effect, the same on every cloud."""

from collections.abc import Mapping

import pytest

from components.adjustments import neutral_adjustments
from components.validation.parse import parse
from tests.planning import DROP, production

QUIET: Mapping[str, object] = {"recovery": {}}

ADJUSTED: dict[str, Mapping[str, object]] = {
    "services.chat.autoscaling": {
        "services.chat.replicas": {"min": 3, "max": 3},
        "services.chat.autoscaling": {"cpu_percent": 50},
    },
    "services.chat.autoscaling.requests_per_replica_per_minute": {
        "services.chat.autoscaling": {"requests_per_replica_per_minute": 9}
    },
    "ingress": {"services.gateway.path": DROP, "ingress": {"waf": True}},
    "monitoring.slo": {"services.gateway.path": DROP, "ingress": {}},
    "monitoring.alerts.error_percent": {"services.gateway.path": DROP, "ingress": {}},
    "monitoring.alerts.denied_flows": {"network.flow_logs": False, "monitoring.alerts.denied_flows": 5},
    "services.chat.metrics": {"services.chat.metrics": "none", "monitoring.prometheus": False},
    "recovery.standby_region": {"recovery": {"standby_region": "us-east-1"}},
    "aws.standby_region": {"recovery": {}, "aws.standby_region": "us-east-1"},
    "database.backup.window_start": {
        "database.backup": {"retention_days": 0, "window_start": "01:00"},
        "accept_risk": {"database.backup.retention_days": "copied by hand"},
    },
}


def adjusted_keys(changes: Mapping[str, object]) -> list[str]:
    return [adjustment.key for adjustment in neutral_adjustments(parse(production({**QUIET, **changes}), "prod"))]


@pytest.mark.parametrize(("path", "changes"), ADJUSTED.items(), ids=ADJUSTED)
def test_a_setting_without_effect_is_an_adjustment(path: str, changes: Mapping[str, object]) -> None:
    assert path in adjusted_keys(changes)


def test_metrics_of_a_routed_service_are_closed_at_the_entry_in_any_case() -> None:
    assert adjusted_keys({"services.gateway.metrics": {"path": "/m"}, "monitoring.prometheus": False}) == [
        "cost.models"
    ]


def test_production_has_no_setting_without_effect() -> None:
    assert adjusted_keys({}) == []


def test_the_standby_region_of_the_cloud_replaces_the_neutral_one() -> None:
    both = {"recovery": {"mode": "backup", "standby_region": "us-east-1"}, "aws.standby_region": "us-east-2"}
    assert adjusted_keys(both) == ["recovery.standby_region"]
    assert parse(production(both), "prod").standby_region == "us-east-2"


def test_a_standby_region_with_copies_is_no_adjustment() -> None:
    assert adjusted_keys({"recovery": {"mode": "backup", "standby_region": "us-east-1"}}) == []
