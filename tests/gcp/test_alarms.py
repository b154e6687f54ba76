"""Alert policies of the alarm rules, uptime checks, Prometheus alarms and dashboard."""

import json

import pytest

from automation.plan.inventory import Inventory
from providers.contract.alarms import COST_SIGNALS, AlarmRule, Signal, alarm_rules
from providers.gcp.monitoring.metrics import METRICS, alignment_seconds, duration_seconds, series
from tests.contract.signals import reported_signals
from tests.gcp.plans import mapping_at, number_at, private, staging, text_at, unchecked_spec, value_at, values_at
from tests.planning import revealed

RULES = tuple(alarm_rules(unchecked_spec()).of_cloud)


def condition(plan: Inventory, key: str, part: str = "conditionThreshold") -> dict[str, object]:
    policy = plan.one(f"prod-monitoring-{key}", "monitoring:AlertPolicy").inputs
    return mapping_at(policy, "conditions", 0, part)


def dashboard(plan: Inventory) -> object:
    return json.loads(text_at(plan.one("prod-monitoring-dashboard").inputs, "dashboardJson"))


def rule_of(signal: Signal, name: str) -> AlarmRule:
    return next(rule for rule in RULES if (rule.signal, rule.name) == (signal, name))


def test_every_signal_has_a_metric() -> None:
    assert set(METRICS) | set(COST_SIGNALS) == reported_signals("gcp")


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
        ("database-cpu-percent", 0.8, "300s"),
        ("database-connections-percent", 160, "600s"),
        ("database-storage-percent", 456340275200, "600s"),
        ("cache-memory-percent", 0.8, "300s"),
        ("cache-evictions", 0, "300s"),
    ],
)
def test_a_threshold_is_declared_in_the_unit_of_the_metric(
    prod: Inventory, key: str, threshold: float, duration: str
) -> None:
    declared = condition(prod, key)
    assert (declared["thresholdValue"], declared["duration"]) == (threshold, duration)


def test_a_threshold_of_the_spec_changes_its_alarm() -> None:
    assert condition(staging(), "gateway-cpu-percent")["thresholdValue"] == 0.5


def test_errors_are_a_share_of_all_responses(prod: Inventory) -> None:
    declared = condition(prod, "gateway-error-percent")
    of_all = text_at(declared, "denominatorFilter")
    assert declared["filter"] == f'{of_all} AND metric.labels.response_code_class="5xx"'
    assert 'resource.labels.service_name="prod-gateway"' in of_all


def test_missing_replicas_fire_even_without_data(prod: Inventory) -> None:
    declared = condition(prod, "gateway-missing-replicas")
    assert declared["comparison"] == "COMPARISON_LT"
    assert declared["evaluationMissingData"] == "EVALUATION_MISSING_DATA_ACTIVE"


def test_the_counted_containers_have_the_declared_name(prod: Inventory) -> None:
    name = value_at(prod.one("prod-compute-gateway").inputs, "template", "containers", 0, "name")
    assert f'metric.labels.container_name="{name}"' in text_at(condition(prod, "gateway-missing-replicas"), "filter")


def test_a_worker_is_monitored_as_a_worker_pool(prod: Inventory) -> None:
    series_filter = text_at(condition(prod, "worker-cpu-percent"), "filter")
    assert 'resource.type="cloud_run_worker_pool" AND resource.labels.worker_pool_name="prod-worker"' in series_filter


def test_the_database_is_monitored_by_its_identifier(prod: Inventory) -> None:
    series_filter = text_at(condition(prod, "database-cpu-percent"), "filter")
    assert 'resource.labels.database_id="acme-agents:<sql:DatabaseInstance prod-database>.name"' in series_filter


def test_the_alignment_is_not_shorter_than_the_interval_of_the_health_check() -> None:
    spec = unchecked_spec({"services.gateway.health.interval_seconds": 150})
    rule = rule_of(Signal.UNHEALTHY_REPLICAS, "gateway")
    assert (alignment_seconds(spec, rule), duration_seconds(spec, rule)) == (180, 540)


def test_a_starting_replica_is_not_unhealthy() -> None:
    text = series(unchecked_spec(), "prod", rule_of(Signal.UNHEALTHY_REPLICAS, "gateway"), "prod-gateway")
    assert text.endswith('metric.labels.is_healthy=false AND metric.labels.probe_type!="STARTUP"')


@pytest.mark.parametrize(
    ("signal", "pattern"),
    [
        (Signal.DATABASE_FAILED_CONNECTIONS, "password authentication failed"),
        (Signal.DATABASE_BACKUP_FAILED, 'NOT protoPayload.metadata.windowStatus="STATUS_SUCCEEDED"'),
    ],
)
def test_a_signal_without_a_metric_is_counted_in_the_logs(prod: Inventory, signal: Signal, pattern: str) -> None:
    metric = prod.one(f"prod-monitoring-count-{signal.value}")
    assert pattern in text_at(metric.inputs, "filter")
    rule = rule_of(signal, "database")
    declared = condition(prod, rule.key, "conditionPrometheusQueryLanguage")
    name = str(metric.inputs["name"]).replace("/", "_").replace("-", "_")
    assert declared == {
        "query": (
            f'sum(increase(logging_googleapis_com:user_{name}{{monitored_resource="cloudsql_database",'
            'database_id="acme-agents:<sql:DatabaseInstance prod-database>.name"}'
            f"[{rule.period_seconds}s])) > {rule.threshold:g}"
        ),
        "duration": "0s",
        "evaluationInterval": "60s",
        "disableMetricValidation": True,
    }


def test_no_alarm_names_a_new_log_metric_in_a_filter(prod: Inventory) -> None:
    """Cloud Monitoring answers 404 to such a filter for up to 10 minutes."""
    assert not [policy.name for policy in prod.of_type("monitoring:AlertPolicy") if "/user/" in str(policy.inputs)]


def test_an_alarm_depends_on_the_log_metric_of_its_query(prod: Inventory) -> None:
    assert any("logging/metric" in urn for urn in prod.one("prod-monitoring-database-backup-failed").depends_on)


def test_each_public_service_has_an_uptime_check(prod: Inventory) -> None:
    check = prod.one("prod-monitoring-gateway-uptime").inputs
    assert value_at(check, "monitoredResource", "labels", "host") == "agents.example.com"
    assert value_at(check, "httpCheck", "path") == "/health" and value_at(check, "httpCheck", "validateSsl") is True
    series_filter = text_at(condition(prod, "gateway-unreachable"), "filter")
    assert "<monitoring:UptimeCheckConfig prod-monitoring-gateway-uptime>.uptimeCheckId" in series_filter


def test_without_open_ingress_there_is_no_uptime_check() -> None:
    assert not staging().of_type("monitoring:UptimeCheckConfig")
    assert not private().of_type("monitoring:UptimeCheckConfig")


def test_prometheus_alarms_use_the_series_of_the_sidecars(prod: Inventory) -> None:
    declared = condition(prod, "gateway-cpu-percent-prometheus", "conditionPrometheusQueryLanguage")
    query = text_at(declared, "query")
    assert 'job="prod-gateway"' in query and 'job="gateway"' not in query and query.endswith("> 80")
    assert declared["duration"] == "240s"
    config = text_at(revealed(prod.one("prod-compute-metrics-gateway-value").inputs["secretData"]))
    assert '"metadata": {"name": "prod-gateway"}' in config


def test_without_prometheus_there_are_no_prometheus_alarms() -> None:
    assert not [policy for policy in staging().custom if policy.name.endswith("-prometheus")]


def test_the_dashboard_shows_every_rule_with_its_threshold(prod: Inventory) -> None:
    document = dashboard(prod)
    widgets = [mapping_at(tile, "widget") for tile in values_at(document, "mosaicLayout", "tiles")]
    graphs = [mapping_at(widget, "xyChart") for widget in widgets if "xyChart" in widget]
    assert len([graph for graph in graphs if graph["thresholds"]]) == len(alarm_rules(unchecked_spec()).rules)
    assert [widget["title"] for widget in widgets if "sectionHeader" in widget] == [
        "chat", "gateway", "worker", "database", "cache", "entry firewall", "account permissions", "models", "tokens",
        "money",
    ]  # fmt: skip


def test_tiles_do_not_overlap(prod: Inventory) -> None:
    document = dashboard(prod)
    occupied: set[tuple[int, int]] = set()
    for tile in values_at(document, "mosaicLayout", "tiles"):
        x, y, width, height = (int(number_at(tile, key)) for key in ("xPos", "yPos", "width", "height"))
        covered = {(x + dx, y + dy) for dx in range(width) for dy in range(height)}
        assert not covered & occupied and x + width <= 48
        occupied |= covered


def test_the_dashboards_address_is_an_output(prod: Inventory) -> None:
    url = text_at(prod.outputs, "dashboard_url")
    assert url.startswith("https://console.cloud.google.com/monitoring/dashboards/") and url.endswith(
        "project=acme-agents"
    )
    assert staging().outputs["dashboard_url"] == "" and not staging().of_type("monitoring:Dashboard")
