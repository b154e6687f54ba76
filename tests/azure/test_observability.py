"""Notification channels, log workspace, diagnostic settings and Prometheus."""

import json
from typing import cast

import pytest

from automation.plan.inventory import Inventory, Secret
from automation.stack.document import stack_of
from components.settings import PLATFORM_KEY
from providers.azure.base import roles
from providers.azure.monitoring.limits import SLACK_SECRET
from providers.contract.diagnostics import Effect
from tests.azure.plans import adjustments, containers, input_at, mapping_at, mappings_at
from tests.planning import DROP, plan, production, revealed


def test_slacks_webhook_is_a_secure_parameter_of_the_workflow(prod: Inventory) -> None:
    webhook = mapping_at(prod.one("prod-channels-slack"), "parameters.webhook")
    assert webhook["type"] == "SecureString" and isinstance(webhook["value"], Secret)


def test_the_callback_url_of_the_workflow_is_a_secret(prod: Inventory) -> None:
    (receiver,) = mappings_at(prod.one("prod-channels-critical"), "logicAppReceivers")
    assert isinstance(receiver["callbackUrl"], Secret)


def test_the_webhook_is_required_only_with_slack() -> None:
    assert SLACK_SECRET in stack_of("prod", {PLATFORM_KEY: production(cloud="azure")}).missing_secrets
    without_slack = production({"monitoring.slack": DROP}, cloud="azure")
    assert SLACK_SECRET not in stack_of("prod", {PLATFORM_KEY: without_slack}).missing_secrets


def test_every_address_is_notified_of_both_severities(prod: Inventory) -> None:
    for severity in ("warning", "critical"):
        receiver = mapping_at(prod.one(f"prod-channels-{severity}"), "emailReceivers.0")
        assert receiver["emailAddress"] == "oncall@example.com"


@pytest.mark.parametrize(("requested", "effective"), [(7, 30), (90, 90), (731, 730)])
def test_log_retention_stays_within_the_workspaces_bounds(requested: int, effective: int) -> None:
    key = "monitoring.log_retention_days"
    reported = adjustments({key: requested})
    assert (key in reported) == (requested != effective)
    assert key not in reported or reported[key].reason.startswith(f"{effective} days")


def test_the_workspace_accepts_no_keys(prod: Inventory) -> None:
    workspace = prod.one("prod-logs")
    assert input_at(workspace, "features.disableLocalAuth") is True and workspace.inputs["retentionInDays"] == 365


def test_resources_with_logs_have_a_diagnostic_setting(prod: Inventory) -> None:
    settings = {str(each.inputs["resourceUri"]) for each in prod.of_type("monitor:DiagnosticSetting")}
    for kind in ("app:ManagedEnvironment", "app:ContainerApp", "cdn:Profile", "operationalinsights:Workspace"):
        for resource in prod.of_type(kind):
            assert f"<{kind} {resource.name}>.id" in settings


def test_prometheus_has_the_same_rules_and_channels(prod: Inventory) -> None:
    rules = {rule["alert"]: rule for rule in mappings_at(prod.one("prod-prometheus-gateway-rules"), "rules")}
    assert rules["gateway-memory-percent"]["for"] == "PT120S"
    assert rules["gateway-memory-percent"]["actions"] == [
        {"actionGroupId": "<monitor:ActionGroup prod-channels-critical>.id"}
    ]


def test_services_have_a_role_on_the_collection_rule_only(prod: Inventory) -> None:
    assignment = prod.one("prod-prometheus-chat-writes")
    assert assignment.inputs["scope"] == "<monitor:DataCollectionRule prod-prometheus-collection>.id"


def test_grafana_admins_have_the_role_grafana_admin_on_it_only() -> None:
    admin = "00000000-0000-0000-0000-00000000abcd"
    assignment = plan(production({"monitoring.grafana_admins": [admin]}, cloud="azure")).one(
        f"prod-prometheus-grafana-admin-{admin}"
    )
    assert str(assignment.inputs["roleDefinitionId"]).endswith(roles.GRAFANA_ADMIN)
    assert assignment.inputs["scope"] == "<dashboard:Grafana prod-prometheus-grafana>.id"
    # a user or a group: Azure looks it up
    assert assignment.inputs["principalId"] == admin and "principalType" not in assignment.inputs


def test_a_grafana_without_users_and_users_without_a_grafana_are_reported() -> None:
    key = "monitoring.grafana_admins"
    users = {key: ["00000000-0000-0000-0000-00000000abcd"]}
    assert adjustments()[key].effect is Effect.PARTIAL and "nobody can sign in" in adjustments()[key].reason
    assert key not in adjustments(users)
    assert adjustments({**users, "monitoring.prometheus": False})[key].effect is Effect.IGNORED


def test_the_collector_reads_the_metrics_endpoint_of_its_service() -> None:
    changed = {
        "services.chat.metrics": {"path": "/internal", "port": 9100},
        "services.gateway.metrics": "none",
        "services.worker.metrics": {"port": 9808},
    }
    declared = plan(production(changed, cloud="azure"))
    (job,) = collector_jobs(declared, "chat")
    assert (job["metrics_path"], job["static_configs"]) == ("/internal", [{"targets": ["localhost:9100"]}])
    assert collector_jobs(declared, "worker")[0]["static_configs"] == [{"targets": ["localhost:9808"]}]
    assert len(containers(declared, "gateway")) == 1
    groups = {each.name for each in declared.of_type("alertsmanagement:PrometheusRuleGroup")}
    assert groups == {f"prod-prometheus-{name}-rules" for name in ("chat", "worker", "tokens")}
    assert "prod-prometheus-gateway-writes" not in {each.name for each in declared.custom}


def collector_jobs(declared: Inventory, service: str) -> list[dict[str, object]]:
    container = cast("dict[str, list[dict[str, object]]]", containers(declared, service)[1])
    return json.loads(str(revealed(container["env"][0]["value"])))["scrape_configs"]


def test_without_prometheus_there_is_no_grafana(minimal: Inventory) -> None:
    assert not minimal.of_type("dashboard:Grafana") and not minimal.of_type("monitor:AzureMonitorWorkspace")
