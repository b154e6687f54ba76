"""Prometheus, Alertmanager, Grafana: the shared rules, who is asked, who is told, what is drawn."""

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import pytest

from automation.plan.inventory import Inventory, Secret
from automation.stack.document import stack_of
from components.configuration import PLATFORM_KEY
from providers.contract.alarms import BURN_RATES, alarm_rules
from providers.contract.dashboard import dashboard_rows
from providers.contract.prometheus import (
    CACHE_METRICS,
    DATABASE_METRICS,
    EXPRESSIONS,
    SERVICE_METRICS,
    prometheus_rules,
    rules_document,
)
from providers.docker.monitoring.panels import dashboard_document
from providers.docker.monitoring.rules import own_rules
from providers.docker.observability.configuration import alertmanager_document, prometheus_document
from tests.docker.asked import context_of, spec_of
from tests.docker.laid import container, files, items, uploads, variables
from tests.planning import DROP, plan, production

MAIL = {"SMTP_SMARTHOST": "mail.example.com:587", "SMTP_FROM": "a@example.com", "SMTP_USERNAME": "a"}
Words = Mapping[str, object]


def prometheus(prod: Inventory) -> Mapping[str, str]:
    return files(prod, "monitoring-prometheus")


def jobs() -> dict[str, Words]:
    document = json.loads(prometheus_document(context_of(), "abc"))
    return {job["job_name"]: job for job in document["scrape_configs"]}


def rules(changes: Mapping[str, object] | None = None) -> dict[str, dict[str, str]]:
    (group,) = json.loads(own_rules(spec_of(changes), alarm_rules(spec_of(changes))))["groups"]
    return {rule.get("alert") or rule["record"]: rule for rule in group["rules"]}


def test_the_alarms_are_the_contracts_word_for_word(prod: Inventory) -> None:
    # a stack file hands its keys over in order, so the services' order is that of the plan's own spec
    spec = stack_of("prod", {PLATFORM_KEY: production(cloud="docker")}).spec
    assert prometheus(prod)["platform.rules.yml"] == rules_document(spec, alarm_rules(spec))


def test_prometheus_reads_both_files_and_tells_alertmanager(prod: Inventory) -> None:
    document = json.loads(prometheus(prod)["prometheus.yml"])
    assert [path.rpartition("/")[2] for path in document["rule_files"]] == ["platform.rules.yml", "docker.rules.yml"]
    assert "alertmanager:9093" in json.dumps(document["alerting"])
    assert set(prometheus(prod)) == {"prometheus.yml", "platform.rules.yml", "docker.rules.yml"}


def test_every_job_that_a_rule_names_is_asked() -> None:
    named = {
        job
        for rule in prometheus_rules(spec_of(), alarm_rules(spec_of()))
        for job in re.findall(r'job="([\w-]+)"', rule.expression)
    }
    assert named <= set(jobs())


def test_the_copies_of_a_service_are_found_by_its_name() -> None:
    (found,) = cast("list[Words]", jobs()["chat"]["dns_sd_configs"])
    assert (found["names"], found["port"], found["type"]) == (["chat"], 8001, "A")


def test_a_worker_is_not_asked() -> None:
    assert "worker" not in jobs()


def test_proxy_host_and_containers_are_asked() -> None:
    assert {"proxy", "host", "containers"} <= set(jobs())


def test_the_cpu_of_the_databases_container_goes_by_the_databases_name() -> None:
    (relabelled,) = cast("list[Words]", jobs()["containers"]["metric_relabel_configs"])
    assert relabelled == {"source_labels": ["id"], "regex": ".*abc.*", "target_label": "job", "replacement": "database"}


def test_what_is_told_of_backups_goes_by_the_databases_name() -> None:
    (relabelled,) = cast("list[Words]", jobs()["host"]["metric_relabel_configs"])
    assert (relabelled["regex"], relabelled["replacement"]) == ("backup_.*", "database")


def test_every_series_of_the_rules_is_shown_by_somebody() -> None:
    asked = set(re.findall(r"[a-z]+(?:_[a-z]+)+", " ".join(EXPRESSIONS.values())))
    known = {*SERVICE_METRICS, *DATABASE_METRICS, *CACHE_METRICS}
    assert {word for word in asked if word.startswith(("pg_", "redis_", "backup_", "container_", "process_"))} <= known


def test_the_age_of_the_last_restored_backup_grows_by_itself() -> None:
    assert rules()["backup_verified_age_seconds"]["expr"] == "time() - max(backup_verified_timestamp_seconds)"


def test_a_backup_that_nobody_could_restore_for_a_day_is_an_alarm() -> None:
    told = rules()["backup-not-verified"]
    assert told["expr"] == "backup_verified_age_seconds > 93600 or absent(backup_verified_timestamp_seconds)"
    assert cast("Words", told["labels"])["severity"] == "critical"


def test_a_drill_that_failed_is_an_alarm_at_once() -> None:
    told = rules()["backup-verification-failed"]
    assert (told["expr"], told["for"]) == ("max(backup_verification_failed) > 0", "0s")


def test_without_backups_none_is_missed() -> None:
    none = {"profile": "development", "database.backup": {"retention_days": 0}, "monitoring.slo": DROP}
    assert rules(none) == {}


def test_a_promise_is_watched_in_both_windows_of_each_pair() -> None:
    for rate in BURN_RATES:
        told = rules()[f"gateway-availability-burn-{rate.long_seconds // 3600}h"]["expr"]
        assert f"[{rate.long_seconds}s]" in told and f"[{rate.short_seconds}s]" in told
        assert told.count(f"> {rate.error_percent(99.9):g}") == 2


def test_everybody_hears_of_everything_and_of_its_end() -> None:
    document = json.loads(alertmanager_document(spec_of().monitoring, MAIL))
    (receiver,) = document["receivers"]
    assert receiver["email_configs"] == [{"to": "oncall@example.com", "send_resolved": True}]
    assert receiver["slack_configs"][0]["channel"] == "C0000000"
    assert receiver["slack_configs"][0]["send_resolved"]


def test_the_webhook_and_the_relays_password_stand_in_files_of_their_own() -> None:
    text = alertmanager_document(spec_of().monitoring, MAIL)
    assert '"api_url_file": "/etc/agent-platform/slack-webhook"' in text
    assert '"smtp_auth_password_file": "/etc/agent-platform/mail-password"' in text


def test_what_the_stack_holds_of_the_relay_is_secret(prod: Inventory) -> None:
    given = uploads(prod, "monitoring-alertmanager")
    assert {str(upload["file"]).rpartition("/")[2] for upload in given} == {
        "alertmanager.yml",
        "mail-password",
        "slack-webhook",
    }
    assert all(isinstance(upload["content"], Secret) for upload in given)


def test_with_nobody_to_tell_alertmanager_still_has_a_receiver() -> None:
    quiet = spec_of({"monitoring.emails": [], "monitoring.slack": DROP}).monitoring
    assert json.loads(alertmanager_document(quiet, {}))["receivers"] == [{"name": "everybody"}]


def test_the_dashboard_has_the_contracts_rows() -> None:
    document = json.loads(dashboard_document(spec_of(), "prod", alarm_rules(spec_of())))
    titles = [panel["title"] for panel in document["panels"] if panel["type"] == "row"]
    assert titles == [row.name for row in dashboard_rows(spec_of(), alarm_rules(spec_of()))]
    panels = [panel["title"] for panel in document["panels"] if panel["type"] != "row"]
    assert panels == [panel.title for row in dashboard_rows(spec_of(), alarm_rules(spec_of())) for panel in row.panels]


def test_a_graph_asks_what_its_alarm_asks_and_shows_its_threshold() -> None:
    asked = {rule.expression for rule in prometheus_rules(spec_of(), alarm_rules(spec_of()))}
    graphs = [
        panel
        for panel in json.loads(dashboard_document(spec_of(), "prod", alarm_rules(spec_of())))["panels"]
        if panel["type"] == "timeseries"
    ]
    drawn = {graph["targets"][0]["expr"] for graph in graphs}
    assert asked <= drawn
    cpu = next(graph for graph in graphs if graph["title"] == "CPU")
    assert cpu["fieldConfig"]["defaults"]["thresholds"]["steps"][1]["value"] == 80


def test_no_two_panels_lie_on_each_other() -> None:
    places = [
        panel["gridPos"]
        for panel in json.loads(dashboard_document(spec_of(), "prod", alarm_rules(spec_of())))["panels"]
    ]
    cells = [(x, y) for p in places for x in range(p["x"], p["x"] + p["w"]) for y in range(p["y"], p["y"] + p["h"])]
    assert len(cells) == len(set(cells))


def test_the_dashboard_is_shown_to_this_machine_alone(prod: Inventory) -> None:
    (port,) = items(container(prod, "monitoring-grafana"), "ports")
    assert (port["ip"], port["external"]) == ("127.0.0.1", 444)
    assert prod.outputs["dashboard_url"] == "https://localhost:444/d/agent-platform"


def test_grafanas_password_is_a_file(prod: Inventory) -> None:
    told = variables(container(prod, "monitoring-grafana"))
    assert told["GF_SECURITY_ADMIN_PASSWORD__FILE"] == "/etc/agent-platform/password"
    assert "GF_SECURITY_ADMIN_PASSWORD" not in told


def test_without_dashboards_there_is_no_grafana() -> None:
    none = plan(production({"monitoring.dashboards": False}, cloud="docker"))
    assert not [found for found in none.custom if "grafana" in found.name]
    assert none.outputs["dashboard_url"] == ""


def test_alertmanager_takes_the_file_with_mail_and_slack(tmp_path: Path) -> None:
    amtool = shutil.which("amtool")
    if amtool is None:
        pytest.skip("amtool is not installed (Debian: prometheus-alertmanager)")
    monitoring = spec_of().monitoring
    assert monitoring.emails and monitoring.slack
    file = tmp_path / "alertmanager.yml"
    file.write_text(alertmanager_document(monitoring, MAIL), encoding="utf-8")
    told = subprocess.run([amtool, "check-config", str(file)], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "1 receivers" in told.stdout
