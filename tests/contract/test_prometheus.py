"""The alarm rules in Prometheus' words."""

import json
import re
from typing import cast

import yaml

from providers.contract.alarms import Signal, alarm_rules
from providers.contract.prometheus import (
    CACHE_METRICS,
    DATABASE_METRICS,
    EXPRESSIONS,
    SERVICE_METRICS,
    PrometheusRule,
    expression,
    metrics_path,
    path_setting,
    prometheus_rules,
    rules_document,
)
from providers.contract.spec.service import Health
from tests.contract.test_alarms import spec_of

METRIC = re.compile(r"\b([a-z_]+)\{")


def found(key: str) -> PrometheusRule:
    return next(rule for rule in prometheus_rules(spec_of(), alarm_rules(spec_of())) if rule.rule.key == key)


def test_every_signal_has_an_expression() -> None:
    assert set(EXPRESSIONS) == set(Signal)


def test_the_document_is_yaml_with_every_rule_of_what_is_scraped() -> None:
    groups = yaml.safe_load(rules_document(spec_of(), alarm_rules(spec_of())))["groups"]
    written = {rule["alert"] for group in groups for rule in group["rules"]}
    wanted = {rule.key for rule in alarm_rules(spec_of()) if rule.name != "worker"}
    assert written == wanted


def test_a_worker_without_a_port_has_no_rule() -> None:
    assert "worker" not in {rule.rule.name for rule in prometheus_rules(spec_of(), alarm_rules(spec_of()))}


def test_a_cloud_may_leave_out_what_it_does_not_scrape() -> None:
    groups = json.loads(rules_document(spec_of(), alarm_rules(spec_of()), subjects=("service",)))["groups"]
    assert [group["name"] for group in groups] == ["gateway", "chat"]


def test_a_rule_carries_severity_service_and_summary() -> None:
    written = found("chat-memory-percent").document()
    assert written["labels"] == {"severity": "critical", "service": "chat"}
    assert written["annotations"] == {"summary": "chat uses more than 85 % of its memory"}


def test_window_and_wait_together_last_as_long_as_the_rule() -> None:
    for rule in prometheus_rules(spec_of(), alarm_rules(spec_of())):
        assert rule.seconds + rule.rule.period_seconds == rule.rule.periods * rule.rule.period_seconds


def test_the_threshold_closes_the_expression() -> None:
    assert cast("str", found("gateway-latency-p95-seconds").document()["expr"]).endswith(" > 5")


def test_errors_are_a_share_of_all_requests() -> None:
    assert found("gateway-error-percent").expression == (
        '100 * sum(rate(http_server_request_duration_seconds_count{job="gateway",http_response_status_code=~"5.."}[60s]))'
        ' / sum(rate(http_server_request_duration_seconds_count{job="gateway"}[60s]))'
    )


def test_memory_is_a_share_of_the_service_s_own_size() -> None:
    spec = spec_of(services__chat__size={"vcpu": 1, "memory_gib": 3})
    rule = next(rule for rule in alarm_rules(spec) if rule.key == "chat-memory-percent")
    assert expression(spec, rule).endswith(f"/ {3 * 2**30}")


def test_copies_are_missing_below_the_smallest_number_asked() -> None:
    assert found("chat-missing-replicas").expression == '3 - (count(up{job="chat"} == 1) or vector(0))'


def test_the_disk_is_a_share_of_what_it_may_grow_to() -> None:
    assert found("database-storage-percent").expression.endswith(f"/ {500 * 2**30}")


def test_no_word_stays_unfilled() -> None:
    assert not [
        rule.expression for rule in prometheus_rules(spec_of(), alarm_rules(spec_of())) if "$" in rule.expression
    ]


def test_every_metric_that_is_read_is_one_that_must_be_exposed() -> None:
    exposed = {"service": SERVICE_METRICS, "database": DATABASE_METRICS, "cache": CACHE_METRICS}
    read: dict[str, set[str]] = {subject: set() for subject in exposed}
    for rule in prometheus_rules(spec_of(), alarm_rules(spec_of())):
        read[rule.rule.subject] |= set(METRIC.findall(rule.expression))
    assert read == {subject: set(metrics) for subject, metrics in exposed.items()}


def test_brackets_are_closed() -> None:
    for rule in prometheus_rules(spec_of(), alarm_rules(spec_of())):
        for opening, closing in ("()", "{}", "[]"):
            assert rule.expression.count(opening) == rule.expression.count(closing), rule.rule.key


def test_metrics_are_asked_for_where_the_app_shows_them() -> None:
    services = spec_of().services
    assert {metrics_path(service) for service in services.values()} == {"/metrics"}
    assert path_setting(services["chat"]) == {}
    page = services["chat"].model_copy(update={"app": "streamlit"})
    assert (
        metrics_path(page.model_copy(update={"health": Health(path="/page/_stcore/health")})) == "/page/_stcore/metrics"
    )


def test_a_database_of_which_nothing_is_told_counts_as_lost() -> None:
    (rule,) = [
        found
        for found in prometheus_rules(spec_of(), alarm_rules(spec_of()))
        if found.rule.signal is Signal.DATABASE_FAILED_CONNECTIONS
    ]
    assert rule.document()["expr"] == '(sum(1 - pg_up{job="database"}) or sum(1 - up{job="database"})) > 0'
