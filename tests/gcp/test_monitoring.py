"""Alarms: one alert policy for every rule of the contract, on the right metric, told to the right people."""

import json
from typing import cast

import pytest

from automation.plan.inventory import Inventory
from providers.contract.alarms import AlarmRule, Signal, alarm_rules
from providers.gcp.monitoring.metrics import METRICS, alignment_seconds, duration_seconds, series
from tests.gcp.variants import deep, private, spec_of, staging
from tests.planning import revealed

RULES = alarm_rules(spec_of())


def condition(plan: Inventory, key: str, part: str = "conditionThreshold") -> dict[str, object]:
    policy = plan.one(f"prod-monitoring-{key}", "monitoring:AlertPolicy").inputs
    return cast("dict[str, object]", deep(policy, "conditions", 0, part))


def rule_of(signal: Signal, name: str) -> AlarmRule:
    return next(rule for rule in RULES if (rule.signal, rule.name) == (signal, name))


@pytest.mark.parametrize("signal", list(Signal))
def test_every_signal_has_a_metric(signal: Signal) -> None:
    assert signal in METRICS


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.key)
def test_every_rule_has_an_alarm_of_its_severity(prod: Inventory, rule: AlarmRule) -> None:
    policy = prod.one(f"prod-monitoring-{rule.key}").inputs
    assert policy["severity"] == rule.severity.upper()
    assert policy["notificationChannels"] == [
        "<monitoring:NotificationChannel prod-channels-email-d876c66b>.name",
        "<monitoring:NotificationChannel T0000000/C0000000>.name",
    ]


@pytest.mark.parametrize(
    ("key", "threshold", "duration"),
    [
        ("gateway-cpu-percent", 0.8, "300s"),
        ("gateway-memory-percent", 0.85, "180s"),
        ("gateway-error-percent", 0.1, "120s"),
        ("gateway-latency-p95-seconds", 5000, "300s"),
        ("gateway-missing-replicas", 3, "300s"),
        ("database-failed-connections", 0, "0s"),
        ("database-cpu-percent", 0.8, "300s"),
        ("database-connections-percent", 160, "600s"),
        ("database-storage-percent", 456340275200, "600s"),
        ("database-backup-failed", 0, "0s"),
        ("cache-memory-percent", 0.8, "300s"),
        ("cache-evictions", 0, "300s"),
    ],
)
def test_a_rules_number_is_written_in_the_metrics_own_unit(
    prod: Inventory, key: str, threshold: float, duration: str
) -> None:
    found = condition(prod, key)
    assert (found["thresholdValue"], found["duration"]) == (threshold, duration)


def test_a_threshold_of_the_spec_moves_its_alarm() -> None:
    assert condition(staging(), "gateway-cpu-percent")["thresholdValue"] == 0.5


def test_errors_are_a_share_of_all_answers(prod: Inventory) -> None:
    found = condition(prod, "gateway-error-percent")
    of_all = cast("str", found["denominatorFilter"])
    assert found["filter"] == f'{of_all} AND metric.labels.response_code_class="5xx"'
    assert 'resource.labels.service_name="prod-gateway"' in of_all


def test_too_few_copies_fire_even_when_none_is_left_to_report(prod: Inventory) -> None:
    found = condition(prod, "gateway-missing-replicas")
    assert found["comparison"] == "COMPARISON_LT"
    assert found["evaluationMissingData"] == "EVALUATION_MISSING_DATA_ACTIVE"


def test_the_containers_that_are_counted_bear_the_name_they_are_given(prod: Inventory) -> None:
    name = deep(prod.one("prod-compute-gateway").inputs, "template", "containers", 0, "name")
    assert f'metric.labels.container_name="{name}"' in cast(
        "str", condition(prod, "gateway-missing-replicas")["filter"]
    )


def test_a_worker_is_watched_as_a_worker_pool(prod: Inventory) -> None:
    watched = cast("str", condition(prod, "worker-cpu-percent")["filter"])
    assert 'resource.type="cloud_run_worker_pool" AND resource.labels.worker_pool_name="prod-worker"' in watched


def test_the_database_is_watched_by_its_own_identifier(prod: Inventory) -> None:
    watched = cast("str", condition(prod, "database-cpu-percent")["filter"])
    assert 'resource.labels.database_id="acme-agents:<sql:DatabaseInstance prod-database>.name"' in watched


def test_health_checks_that_come_rarely_are_looked_at_as_rarely() -> None:
    spec = spec_of({"services.gateway.health.interval_seconds": 150})
    rule = rule_of(Signal.UNHEALTHY_REPLICAS, "gateway")
    assert (alignment_seconds(spec, rule), duration_seconds(spec, rule)) == (180, 540)


def test_a_starting_copy_is_not_an_unhealthy_one() -> None:
    text = series(spec_of(), "prod", rule_of(Signal.UNHEALTHY_REPLICAS, "gateway"), "prod-gateway")
    assert text.endswith('metric.labels.is_healthy=false AND metric.labels.probe_type!="STARTUP"')


@pytest.mark.parametrize(
    ("signal", "looks_for"),
    [
        (Signal.DATABASE_FAILED_CONNECTIONS, "password authentication failed"),
        (Signal.DATABASE_BACKUP_FAILED, 'NOT protoPayload.metadata.windowStatus="STATUS_SUCCEEDED"'),
    ],
)
def test_what_has_no_metric_is_counted_in_the_logs(prod: Inventory, signal: Signal, looks_for: str) -> None:
    counter = prod.one(f"prod-monitoring-count-{signal.value}")
    assert looks_for in cast("str", counter.inputs["filter"])
    watched = cast("str", condition(prod, rule_of(signal, "database").key)["filter"])
    assert f'metric.type="logging.googleapis.com/user/{counter.inputs["name"]}"' in watched


def test_an_alarm_waits_for_the_counter_that_its_filter_names(prod: Inventory) -> None:
    assert any("logging/metric" in urn for urn in prod.one("prod-monitoring-database-backup-failed").depends_on)


def test_each_public_service_is_asked_from_outside(prod: Inventory) -> None:
    check = prod.one("prod-monitoring-gateway-uptime").inputs
    assert deep(check, "monitoredResource", "labels", "host") == "agents.example.com"
    assert deep(check, "httpCheck", "path") == "/health" and deep(check, "httpCheck", "validateSsl") is True
    watched = cast("str", condition(prod, "gateway-unreachable")["filter"])
    assert "<monitoring:UptimeCheckConfig prod-monitoring-gateway-uptime>.uptimeCheckId" in watched


def test_nobody_asks_from_outside_where_outside_may_not_connect() -> None:
    assert not staging().of_type("monitoring:UptimeCheckConfig")
    assert not private().of_type("monitoring:UptimeCheckConfig")


def test_the_shared_rules_watch_what_the_sidecars_send(prod: Inventory) -> None:
    found = condition(prod, "gateway-cpu-percent-prometheus", "conditionPrometheusQueryLanguage")
    query = cast("str", found["query"])
    assert 'job="prod-gateway"' in query and 'job="gateway"' not in query and query.endswith("> 80")
    assert found["duration"] == "240s"
    config = cast("str", revealed(prod.one("prod-compute-metrics-gateway-value").inputs["secretData"]))
    assert '"metadata": {"name": "prod-gateway"}' in config


def test_without_prometheus_no_shared_rule_is_evaluated() -> None:
    assert not [policy for policy in staging().custom if policy.name.endswith("-prometheus")]


def test_the_dashboard_draws_every_rule_with_its_line(prod: Inventory) -> None:
    document = json.loads(cast("str", prod.one("prod-monitoring-dashboard").inputs["dashboardJson"]))
    widgets = [tile["widget"] for tile in document["mosaicLayout"]["tiles"]]
    drawn = [widget["xyChart"] for widget in widgets if "xyChart" in widget]
    assert len([graph for graph in drawn if graph["thresholds"]]) == len(RULES)
    assert [widget["title"] for widget in widgets if "sectionHeader" in widget] == [
        "chat", "gateway", "worker", "database", "cache", "money",
    ]  # fmt: skip


def test_tiles_do_not_overlap(prod: Inventory) -> None:
    document = json.loads(cast("str", prod.one("prod-monitoring-dashboard").inputs["dashboardJson"]))
    taken: set[tuple[int, int]] = set()
    for tile in document["mosaicLayout"]["tiles"]:
        x, y = tile.get("xPos", 0), tile.get("yPos", 0)
        covered = {(x + dx, y + dy) for dx in range(tile["width"]) for dy in range(tile["height"])}
        assert not covered & taken and x + tile["width"] <= 48
        taken |= covered


def test_the_dashboards_address_is_an_output(prod: Inventory) -> None:
    url = cast("str", prod.outputs["dashboard_url"])
    assert url.startswith("https://console.cloud.google.com/monitoring/dashboards/") and url.endswith(
        "project=acme-agents"
    )
    assert staging().outputs["dashboard_url"] == "" and not staging().of_type("monitoring:Dashboard")
