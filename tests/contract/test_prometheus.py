"""Alarm rules as Prometheus alerting rules."""

import json
import re
from typing import cast

import yaml

from providers.contract.alarms import ACCOUNT_PERMISSIONS, NETWORK_FLOWS, ONLY_IN_CLOUDS, Signal, alarm_rules
from providers.contract.prometheus import (
    CACHE_METRICS,
    DATABASE_METRICS,
    ENTRY_METRICS,
    EXPRESSIONS,
    JOB_METRICS,
    SERVICE_METRICS,
    TOKEN_METRICS,
    PrometheusRule,
    ScrapeEndpoint,
    expression,
    metrics_path,
    path_setting,
    prometheus_rules,
    rules_document,
    scrape_endpoint,
)
from providers.contract.spec.service import Health, Metrics
from tests.contract.test_alarms import spec_of
from tests.planning import DRILL, JOBS

METRIC = re.compile(r"\b([a-z_]+)\{")


def alert(key: str) -> PrometheusRule:
    return next(rule for rule in prometheus_rules(spec_of(), alarm_rules(spec_of())) if rule.rule.key == key)


def test_every_signal_has_an_expression() -> None:
    assert set(EXPRESSIONS) == set(Signal) - ONLY_IN_CLOUDS


def test_the_document_is_yaml_with_every_rule_on_a_scraped_subject() -> None:
    groups = yaml.safe_load(rules_document(spec_of(), alarm_rules(spec_of())))["groups"]
    written = {rule["alert"] for group in groups for rule in group["rules"]}
    elsewhere = ("worker", ACCOUNT_PERMISSIONS, NETWORK_FLOWS, "models")
    expected = {rule.key for rule in alarm_rules(spec_of()) if rule.name not in elsewhere}
    assert written == expected


def test_a_worker_without_a_port_has_no_rule() -> None:
    assert "worker" not in {rule.rule.name for rule in prometheus_rules(spec_of(), alarm_rules(spec_of()))}


def test_a_document_can_be_limited_to_some_subjects() -> None:
    groups = json.loads(rules_document(spec_of(), alarm_rules(spec_of()), subjects=("service",)))["groups"]
    assert [group["name"] for group in groups] == ["gateway", "chat"]


def test_a_rule_carries_severity_service_and_summary() -> None:
    written = alert("chat-memory-percent").document()
    assert written["labels"] == {"severity": "critical", "service": "chat"}
    assert written["annotations"] == {"summary": "chat uses more than 85 % of its memory"}


def test_window_and_for_together_equal_the_window_of_the_rule() -> None:
    for rule in prometheus_rules(spec_of(), alarm_rules(spec_of())):
        assert rule.seconds + rule.rule.period_seconds == rule.rule.periods * rule.rule.period_seconds


def test_the_expression_ends_with_the_threshold() -> None:
    assert cast("str", alert("gateway-latency-p95-seconds").document()["expr"]).endswith(" > 5")


def test_errors_are_a_percentage_of_all_requests() -> None:
    assert alert("gateway-error-percent").expression == (
        '100 * sum(rate(http_server_request_duration_seconds_count{job="gateway",http_response_status_code=~"5.."}[60s]))'
        ' / sum(rate(http_server_request_duration_seconds_count{job="gateway"}[60s]))'
    )


def test_memory_is_a_percentage_of_the_size_of_the_service() -> None:
    spec = spec_of(services__chat__size={"vcpu": 1, "memory_gib": 3})
    rule = next(rule for rule in alarm_rules(spec) if rule.key == "chat-memory-percent")
    assert expression(spec, rule).endswith(f"/ {3 * 2**30}")


def test_replicas_are_missing_below_the_minimum() -> None:
    assert alert("chat-missing-replicas").expression == (
        '(3 - (count(up{job="chat"} == 1) or vector(0)) and max(max_over_time(up{job="chat"}[1d])) == 1)'
    )


def test_a_service_that_was_never_scraped_sets_off_no_rule_on_its_replicas() -> None:
    for key in ("gateway-missing-replicas", "gateway-unhealthy-replicas"):
        assert alert(key).expression.endswith(' and max(max_over_time(up{job="gateway"}[1d])) == 1)')


def test_the_key_metrics_sets_path_and_port_or_turns_them_off() -> None:
    chat = spec_of().services["chat"]
    assert scrape_endpoint(chat) == ScrapeEndpoint("/metrics", 8001)
    own = chat.model_copy(update={"metrics": Metrics(path="/internal/metrics", port=9100)})
    assert scrape_endpoint(own) == ScrapeEndpoint("/internal/metrics", 9100)
    assert scrape_endpoint(chat.model_copy(update={"metrics": Metrics(path="/m")})) == ScrapeEndpoint("/m", 8001)
    assert scrape_endpoint(chat.model_copy(update={"metrics": "none"})) is None


def test_a_worker_is_scraped_at_the_port_that_it_names() -> None:
    worker = spec_of().services["worker"]
    assert scrape_endpoint(worker) is None
    assert scrape_endpoint(worker.model_copy(update={"metrics": Metrics()})) is None
    assert scrape_endpoint(worker.model_copy(update={"metrics": Metrics(port=9808)})) == ScrapeEndpoint(
        "/metrics", 9808
    )


def test_a_service_without_metrics_has_no_rule() -> None:
    spec = spec_of(services__chat__metrics="none")
    assert {rule.rule.name for rule in prometheus_rules(spec, alarm_rules(spec)) if rule.rule.subject == "service"} == {
        "gateway"
    }


def test_storage_is_a_percentage_of_the_maximum_size() -> None:
    assert alert("database-storage-percent").expression.endswith(f"/ {500 * 2**30}")


def test_no_placeholder_remains() -> None:
    assert not [
        rule.expression for rule in prometheus_rules(spec_of(), alarm_rules(spec_of())) if "$" in rule.expression
    ]


def test_the_rules_read_exactly_the_documented_metrics() -> None:
    exposed = {
        "service": (*SERVICE_METRICS, *TOKEN_METRICS),
        "job": JOB_METRICS,
        "database": DATABASE_METRICS,
        "cache": CACHE_METRICS,
        "entry": ENTRY_METRICS,
        "tokens": TOKEN_METRICS,
    }
    read: dict[str, set[str]] = {subject: set() for subject in exposed}
    spec = spec_of(jobs=JOBS, recovery__drill=DRILL, cost__services={"chat": {"per_hour_usd": 5}})
    for rule in prometheus_rules(spec, alarm_rules(spec)):
        read[rule.rule.subject] |= set(METRIC.findall(rule.expression))
    assert read == {subject: set(metrics) for subject, metrics in exposed.items()}


def test_brackets_are_balanced() -> None:
    for rule in prometheus_rules(spec_of(), alarm_rules(spec_of())):
        for opening, closing in ("()", "{}", "[]"):
            assert rule.expression.count(opening) == rule.expression.count(closing), rule.rule.key


def test_the_metrics_path_follows_the_app() -> None:
    services = spec_of().services
    assert {metrics_path(service) for service in services.values()} == {"/metrics"}
    assert path_setting(services["chat"]) == {}
    page = services["chat"].model_copy(update={"app": "streamlit"})
    assert (
        metrics_path(page.model_copy(update={"health": Health(path="/page/_stcore/health")})) == "/page/_stcore/metrics"
    )


def test_a_database_without_metrics_counts_as_unreachable() -> None:
    (rule,) = [
        found
        for found in prometheus_rules(spec_of(), alarm_rules(spec_of()))
        if found.rule.signal is Signal.DATABASE_FAILED_CONNECTIONS
    ]
    assert rule.document()["expr"] == '(sum(1 - pg_up{job="database"}) or sum(1 - up{job="database"})) > 0'
