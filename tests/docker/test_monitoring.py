"""Prometheus, Alertmanager and Grafana: scrape jobs, alert rules, receivers and dashboard."""

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from automation.plan.inventory import Inventory, Secret
from automation.stack.document import stack_of
from components.configuration import PLATFORM_KEY
from providers.contract.alarms import alarm_rules
from providers.contract.burn_rates import BURN_RATES
from providers.contract.dashboard import dashboard_rows
from providers.contract.prometheus import (
    CACHE_METRICS,
    DATABASE_METRICS,
    EXPRESSIONS,
    SERVICE_METRICS,
    prometheus_rules,
    rules_document,
)
from providers.docker.base.containers import script
from providers.docker.monitoring.alarms import docker_rules_document
from providers.docker.monitoring.panels import dashboard_document
from providers.docker.observability.channels import alertmanager_document
from providers.docker.observability.prometheus import prometheus_document, scraper_document
from providers.docker.preflight.daemon import Fields, fields, rows
from tests.docker.plans import command, container, files, networks, settings, uploads, variables
from tests.docker.specs import context_of, spec_of
from tests.planning import DROP, plan, production

RELAY = {"SMTP_SMARTHOST": "mail.example.com:587", "SMTP_FROM": "a@example.com", "SMTP_USERNAME": "a"}


def prometheus(prod: Inventory) -> Mapping[str, str]:
    written = files(prod, "monitoring-prometheus-settings-written")
    return {name: content for name, content in written.items() if not name.endswith(".sh")}


def jobs(changes: Mapping[str, object] | None = None) -> dict[str, Fields]:
    """Jobs of Prometheus and of its scraper."""
    texts = (prometheus_document(context_of(changes), "abc"), scraper_document(context_of(changes)))
    return {job["job_name"]: job for text in texts for job in json.loads(text)["scrape_configs"]}


def rules(changes: Mapping[str, object] | None = None) -> dict[str, Fields]:
    (group,) = json.loads(docker_rules_document(spec_of(changes), alarm_rules(spec_of(changes))))["groups"]
    return {rule.get("alert") or rule["record"]: rule for rule in group["rules"]}


def test_the_alarms_are_those_of_the_contract(prod: Inventory) -> None:
    # the order of the services is that of the stack file
    spec = stack_of("prod", {PLATFORM_KEY: production(cloud="docker")}).spec
    assert prometheus(prod)["platform.rules.yml"] == rules_document(spec, alarm_rules(spec))


def test_prometheus_reads_both_rule_files_and_notifies_alertmanager(prod: Inventory) -> None:
    document = json.loads(prometheus(prod)["prometheus.yml"])
    assert document["rule_files"] == ["platform.rules.yml", "docker.rules.yml"]
    assert "alertmanager:9093" in json.dumps(document["alerting"])
    assert set(prometheus(prod)) == {"prometheus.yml", "platform.rules.yml", "docker.rules.yml"}


def test_every_job_of_a_rule_is_scraped() -> None:
    named = {
        job
        for rule in prometheus_rules(spec_of(), alarm_rules(spec_of()))
        for job in re.findall(r'job="([\w-]+)"', rule.expression)
    }
    assert named <= set(jobs())


def test_the_replicas_of_a_service_are_discovered_by_its_name() -> None:
    (discovery,) = rows(jobs()["chat"]["dns_sd_configs"])
    assert (discovery["names"], discovery["port"], discovery["type"]) == (["chat"], 8001, "A")


def test_a_service_is_scraped_at_its_metrics_endpoint() -> None:
    assert jobs()["chat"]["metrics_path"] == "/metrics"
    job = jobs({"services.chat.metrics": {"path": "/internal/metrics", "port": 9100}})["chat"]
    (discovery,) = rows(job["dns_sd_configs"])
    assert (job["metrics_path"], discovery["port"]) == ("/internal/metrics", 9100)


def test_a_service_without_metrics_has_no_job_and_no_network_of_prometheus() -> None:
    assert not {"worker", "chat"} & set(jobs({"services.chat.metrics": "none"}))
    without = plan(production({"services.chat.metrics": "none"}, cloud="docker"))
    attached = networks(container(without, "monitoring-scraper"))
    assert ("gateway-inside" in attached, "chat-inside" in attached) == (True, False)
    assert jobs({"services.worker.metrics": {"port": 9808}})["worker"]["metrics_path"] == "/metrics"


NEW_SERVICE = {
    "app": "fastapi", "image": "ghcr.io/acme/new@sha256:" + "0" * 64, "port": 8000, "health": {"path": "/health"}
}  # fmt: skip


def test_a_new_service_leaves_prometheus_and_grafana_as_they_are() -> None:
    """Their settings and rules are files that change under them; the scraper is replaced beside its predecessor."""
    before, after = (plan(production(changes, cloud="docker")) for changes in ({}, {"services.new": NEW_SERVICE}))
    for name in ("prometheus", "prometheus-files-version", "grafana", "grafana-files-version", "alertmanager"):
        resource = f"prod-monitoring-{name}"
        assert before.one(resource).inputs == after.one(resource).inputs, name
    assert files(before, "monitoring-prometheus-settings-written") != files(
        after, "monitoring-prometheus-settings-written"
    )
    assert "new-inside" in networks(container(after, "monitoring-scraper"))


def test_the_scraper_writes_to_prometheus_which_reads_its_files_from_a_volume(prod: Inventory) -> None:
    server, scraper = container(prod, "monitoring-prometheus"), files(prod, "monitoring-scraper")
    (target,) = json.loads(scraper["prometheus.yml"])["remote_write"]
    (listen,) = [word.partition("=")[2] for word in command(server) if word.startswith("--web.listen")]
    assert target["url"] == f"http://{listen}/api/v1/write"
    assert {"--web.enable-remote-write-receiver", "--config.file=/live/prometheus.yml"} <= set(command(server))
    assert not [word for word in command(server) if "enable-lifecycle" in word], "any part could end it"
    written = container(prod, "monitoring-prometheus-settings-written")
    assert command(written)[:3] == ["promtool", "check", "config"]


def test_without_metrics_of_services_there_is_no_scraper() -> None:
    none = {f"services.{name}.metrics": "none" for name in ("gateway", "chat")}
    inventory = plan(production({**none, "monitoring.slo": DROP}, cloud="docker"))
    assert not [found for found in inventory.custom if "scraper" in found.name]


def test_proxy_host_and_containers_are_scraped() -> None:
    assert {"proxy", "host", "containers"} <= set(jobs())


def test_cpu_metrics_of_the_databases_container_have_its_job() -> None:
    (relabelled,) = rows(jobs()["containers"]["metric_relabel_configs"])
    assert relabelled == {"source_labels": ["id"], "regex": ".*abc.*", "target_label": "job", "replacement": "database"}


def test_backup_metrics_have_the_job_of_the_database() -> None:
    (relabelled,) = rows(jobs()["host"]["metric_relabel_configs"])
    assert (relabelled["regex"], relabelled["replacement"]) == ("backup_.*", "database")


def test_every_series_of_the_rules_has_an_exporter() -> None:
    series = set(re.findall(r"[a-z]+(?:_[a-z]+)+", " ".join(EXPRESSIONS.values())))
    exported = {*SERVICE_METRICS, *DATABASE_METRICS, *CACHE_METRICS}
    assert {
        word for word in series if word.startswith(("pg_", "redis_", "backup_", "container_", "process_"))
    } <= exported


def test_the_age_of_the_last_verified_backup_grows_without_drills() -> None:
    assert rules()["backup_verified_age_seconds"]["expr"] == "time() - max(backup_verified_timestamp_seconds)"


def test_a_day_without_a_verified_backup_is_an_alarm() -> None:
    rule = rules()["backup-not-verified"]
    assert rule["expr"] == "backup_verified_age_seconds > 93600 or absent(backup_verified_timestamp_seconds)"
    assert fields(rule["labels"])["severity"] == "critical"


def test_a_failed_drill_is_an_alarm_at_once() -> None:
    rule = rules()["backup-verification-failed"]
    assert (rule["expr"], rule["for"]) == ("max(backup_verification_failed) > 0", "0s")


def test_without_backups_there_are_no_backup_rules() -> None:
    changes = {"profile": "development", "database.backup": {"retention_days": 0}, "monitoring.slo": DROP}
    assert rules(changes) == {}


def test_an_objective_is_evaluated_in_both_windows_of_each_pair() -> None:
    for rate in BURN_RATES:
        expression = str(rules()[f"gateway-availability-burn-{rate.long_seconds // 3600}h"]["expr"])
        assert f"[{rate.long_seconds}s]" in expression and f"[{rate.short_seconds}s]" in expression
        assert expression.count(f"> {rate.error_percent(99.9):g}") == 2


def test_every_receiver_gets_every_alarm_and_its_end() -> None:
    document = json.loads(alertmanager_document(spec_of().monitoring, RELAY))
    (receiver,) = document["receivers"]
    assert receiver["email_configs"] == [{"to": "oncall@example.com", "send_resolved": True}]
    assert receiver["slack_configs"][0]["channel"] == "C0000000"
    assert receiver["slack_configs"][0]["send_resolved"]


def test_webhook_and_relay_password_are_read_from_separate_files() -> None:
    text = alertmanager_document(spec_of().monitoring, RELAY)
    assert '"api_url_file": "/etc/agent-platform/slack-webhook"' in text
    assert '"smtp_auth_password_file": "/etc/agent-platform/mail-password"' in text


def test_settings_of_relay_and_webhook_are_secret(prod: Inventory) -> None:
    uploaded = uploads(prod, "monitoring-alertmanager")
    assert {str(upload["file"]).rpartition("/")[2] for upload in uploaded} == {
        "alertmanager.yml",
        "mail-password",
        "slack-webhook",
    }
    assert all(isinstance(upload["content"], Secret) for upload in uploaded)


def test_without_channels_alertmanager_has_an_empty_receiver() -> None:
    monitoring = spec_of({"monitoring.emails": [], "monitoring.slack": DROP}).monitoring
    assert json.loads(alertmanager_document(monitoring, {}))["receivers"] == [{"name": "everybody"}]


def test_the_dashboard_has_the_rows_of_the_contract_that_have_data() -> None:
    spec = spec_of({"services.worker.metrics": {"port": 9808}})
    document = json.loads(dashboard_document(spec, "prod", alarm_rules(spec)))
    titles = [panel["title"] for panel in document["panels"] if panel["type"] == "row"]
    assert titles == [row.name for row in dashboard_rows(spec, alarm_rules(spec))]
    panels = [panel["title"] for panel in document["panels"] if panel["type"] != "row"]
    assert panels == [panel.title for row in dashboard_rows(spec, alarm_rules(spec)) for panel in row.panels]


@pytest.mark.parametrize("metrics", ["none", DROP])
def test_an_agentos_without_an_exporter_has_neither_job_nor_rule_nor_panel(metrics: object) -> None:
    spec = spec_of({"services.gateway.metrics": metrics})
    assert "gateway" not in jobs({"services.gateway.metrics": metrics})
    assert "gateway" not in {rule.rule.name for rule in prometheus_rules(spec, alarm_rules(spec))}
    document = json.loads(dashboard_document(spec, "prod", alarm_rules(spec)))
    assert "gateway" not in {panel["title"] for panel in document["panels"] if panel["type"] == "row"}
    assert not [panel for panel in document["panels"] if panel["type"] == "text" and panel["title"] == "CPU"]


def test_a_graph_shows_the_expression_and_threshold_of_its_alarm() -> None:
    expressions = {rule.expression for rule in prometheus_rules(spec_of(), alarm_rules(spec_of()))}
    graphs = [
        panel
        for panel in json.loads(dashboard_document(spec_of(), "prod", alarm_rules(spec_of())))["panels"]
        if panel["type"] == "timeseries"
    ]
    queries = {graph["targets"][0]["expr"] for graph in graphs}
    assert expressions <= queries
    cpu = next(graph for graph in graphs if graph["title"] == "CPU")
    assert cpu["fieldConfig"]["defaults"]["thresholds"]["steps"][1]["value"] == 80


def test_panels_do_not_overlap() -> None:
    positions = [
        panel["gridPos"]
        for panel in json.loads(dashboard_document(spec_of(), "prod", alarm_rules(spec_of())))["panels"]
    ]
    cells = [(x, y) for p in positions for x in range(p["x"], p["x"] + p["w"]) for y in range(p["y"], p["y"] + p["h"])]
    assert len(cells) == len(set(cells))


def test_the_dashboard_is_published_on_the_loopback_address_only(prod: Inventory) -> None:
    (port,) = settings(container(prod, "monitoring-grafana"), "ports")
    assert (port["ip"], port["external"]) == ("127.0.0.1", 444)
    assert prod.outputs["dashboard_url"] == "https://localhost:444/d/agent-platform"


def test_grafana_reads_its_password_from_a_file(prod: Inventory) -> None:
    environment = variables(container(prod, "monitoring-grafana"))
    assert environment["GF_SECURITY_ADMIN_PASSWORD__FILE"] == "/etc/agent-platform/password"
    assert "GF_SECURITY_ADMIN_PASSWORD" not in environment


GRAFANA_CLI = "cli --homepath /home --config /config admin reset-admin-password --password-from-stdin"


@pytest.mark.parametrize(("database", "exit_code"), [("", 0), ("data", 0), ("data", 1)])
def test_a_database_in_the_volume_of_grafana_gets_the_password_of_the_state(
    tmp_path: Path, database: str, exit_code: int
) -> None:
    """A start with a stand-in of Grafana's command line, which prints what it gets."""
    (tmp_path / "grafana.db").write_text(database, encoding="utf-8")
    (tmp_path / "password").write_text("of-the-state", encoding="utf-8")
    called, run = tmp_path / "called", tmp_path / "run.sh"
    for path, text in (
        (tmp_path / "grafana", f'echo "$* < $(cat)" > {called}; exit {exit_code}'),
        (run, "echo started"),
    ):
        path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        path.chmod(0o755)
    variables = {"GF_PATHS_DATA": str(tmp_path), "GF_PATHS_HOME": "/home", "GF_PATHS_CONFIG": "/config"}
    result = subprocess.run(
        ["sh", "-s"], input=script("grafana").replace("/run.sh", str(run)), capture_output=True, text=True, check=False,
        env={**variables, "GF_SECURITY_ADMIN_PASSWORD__FILE": str(tmp_path / "password"), "PATH": f"{tmp_path}:/bin:/usr/bin"},
    )  # fmt: skip
    assert (result.returncode, result.stdout) == (0, "started\n")
    assert ("password of Grafana's admin is still" in result.stderr) == bool(exit_code)
    assert called.exists() == bool(database)
    if database:
        assert called.read_text(encoding="utf-8") == f"{GRAFANA_CLI} < of-the-state\n"


def test_without_dashboards_there_is_no_grafana() -> None:
    inventory = plan(production({"monitoring.dashboards": False}, cloud="docker"))
    assert not [found for found in inventory.custom if "grafana" in found.name]
    assert inventory.outputs["dashboard_url"] == ""


def test_alertmanager_accepts_a_file_with_mail_and_slack(tmp_path: Path) -> None:
    amtool = shutil.which("amtool")
    if amtool is None:
        pytest.skip("amtool is not installed (Debian: prometheus-alertmanager)")
    monitoring = spec_of().monitoring
    assert monitoring.emails and monitoring.slack
    file = tmp_path / "alertmanager.yml"
    file.write_text(alertmanager_document(monitoring, RELAY), encoding="utf-8")
    result = subprocess.run([amtool, "check-config", str(file)], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "1 receivers" in result.stdout
