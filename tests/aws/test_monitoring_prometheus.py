"""Managed Prometheus: workspace, rules, permissions and collector."""

import json
from collections.abc import Mapping

import pulumi
import pytest

from automation.plan.inventory import Inventory
from providers.aws.base.identity import create_identity
from providers.aws.context import AwsContext
from providers.aws.observability.channels import AwsChannels
from providers.aws.observability.collector import collector_config, spans_pipeline
from providers.aws.observability.metrics_collector import AwsMetricsCollector, create_prometheus, metrics_pipeline
from providers.contract.component import Scope
from providers.contract.prometheus import ScrapeEndpoint
from providers.contract.spec.operations import Tracing
from tests.aws.plans import component, context_of, keys
from tests.aws.readers import json_object, text
from tests.planning import DROP

ENDPOINT = "https://aps.example/workspaces/ws-1/"


def output(value: str) -> pulumi.Output[str]:
    return pulumi.Output.from_input(value)


def prometheus(changes: Mapping[str, object] | None = None) -> Inventory:
    return component("prometheus", lambda scope: declare(scope, context_of(changes)))


def declare(scope: Scope, context: AwsContext) -> None:
    channels = AwsChannels(warning=output("<warning>"), critical=output("<critical>"))
    create_prometheus(scope, context, keys(), channels, create_identity(scope, context))


@pytest.fixture(scope="module")
def workspace_plan() -> Inventory:
    return prometheus()


def collected(endpoint: ScrapeEndpoint | None = None, *, traced: bool = False) -> dict[str, dict[str, object]]:
    """The collector's configuration beside `chat`."""
    configs: list[str] = []

    def write(_: Scope) -> None:
        workspace = AwsMetricsCollector(output("ws-1"), output(f"{ENDPOINT}api/v1/remote_write"), "us-west-2", {})
        metrics = metrics_pipeline(workspace, "chat", endpoint or ScrapeEndpoint("/metrics", 8001))
        collector_config([metrics, *([spans_pipeline("us-west-2", Tracing())] if traced else [])]).apply(configs.append)

    component("prometheus", write)
    return json.loads(configs[0])


def test_without_prometheus_nothing_is_declared() -> None:
    plan = prometheus({"monitoring.prometheus": False})
    assert all(resource.type.startswith("aws:iam/") for resource in plan.custom)


def test_samples_are_kept_as_long_as_logs() -> None:
    plan = prometheus({"monitoring.log_retention_days": 90})
    (kept,) = plan.of_type("amp:WorkspaceConfiguration")
    (log_group,) = plan.of_type("cloudwatch:LogGroup")
    assert kept.inputs["retentionPeriodInDays"] == log_group.inputs["retentionInDays"] == 90


def test_the_workspace_is_encrypted_and_logs_its_failures(workspace_plan: Inventory) -> None:
    (workspace,) = workspace_plan.of_type("amp:Workspace")
    assert workspace.inputs["kmsKeyArn"] == "<telemetry key>"
    logged = json_object(workspace.inputs["loggingConfiguration"])
    assert logged["logGroupArn"].endswith(":*")


def test_rules_are_those_of_services_and_their_tokens_only(workspace_plan: Inventory) -> None:
    (rules,) = workspace_plan.of_type("amp:RuleGroupNamespace")
    groups = json.loads(text(rules.inputs["data"]))["groups"]
    assert [group["name"] for group in groups] == ["gateway", "chat", "tokens"]


def test_a_service_may_only_write_samples(workspace_plan: Inventory) -> None:
    grant = workspace_plan.one("prod-prometheus-chat-grant")
    (statement,) = json.loads(text(grant.inputs["policy"]))["Statement"]
    assert (statement["Action"], statement["Resource"]) == ("aps:RemoteWrite", "<amp:Workspace prod-prometheus>.arn")
    assert grant.inputs["role"] == "<iam:Role prod-prometheus-chat-task>.id"


def test_a_worker_without_a_port_may_not_write_samples(workspace_plan: Inventory) -> None:
    assert {grant.name for grant in workspace_plan.of_type("iam:RolePolicy") if grant.name.endswith("-grant")} == {
        "prod-prometheus-gateway-grant",
        "prod-prometheus-chat-grant",
    }


def test_alerts_are_routed_to_the_topic_of_their_severity(workspace_plan: Inventory) -> None:
    (manager,) = workspace_plan.of_type("amp:AlertManagerDefinition")
    inner = json.loads(json.loads(text(manager.inputs["definition"]))["alertmanager_config"])
    topics = {receiver["name"]: receiver["sns_configs"][0]["topic_arn"] for receiver in inner["receivers"]}
    assert topics == {"warning": "<warning>", "critical": "<critical>"}
    assert inner["route"]["receiver"] == "warning"
    assert inner["route"]["routes"] == [{"receiver": "critical", "matchers": ['severity="critical"']}]


def test_the_collector_scrapes_its_task_under_the_name_of_the_service() -> None:
    receiver = json_object(collected()["receivers"]["prometheus"])
    (job,) = receiver["config"]["scrape_configs"]
    assert job["job_name"] == "chat"
    assert job["static_configs"] == [{"targets": ["localhost:8001"]}]
    assert "metrics_path" not in job


def test_the_collector_scrapes_the_path_and_port_of_the_service() -> None:
    receiver = json_object(collected(ScrapeEndpoint("/internal/metrics", 9100))["receivers"]["prometheus"])
    (job,) = receiver["config"]["scrape_configs"]
    assert (job["metrics_path"], job["static_configs"]) == ("/internal/metrics", [{"targets": ["localhost:9100"]}])


def test_a_service_without_metrics_has_no_rules_and_no_permission() -> None:
    plan = prometheus({"services.chat.metrics": "none"})
    (rules,) = plan.of_type("amp:RuleGroupNamespace")
    assert [group["name"] for group in json.loads(text(rules.inputs["data"]))["groups"]] == ["gateway", "tokens"]
    assert "prod-prometheus-chat-grant" not in {grant.name for grant in plan.of_type("iam:RolePolicy")}


def test_slack_receives_alerts_as_custom_notifications() -> None:
    with_slack, without = (receivers(changes) for changes in ({}, {"monitoring.slack": DROP}))
    for receiver in with_slack:
        message = json.loads(receiver["message"])
        assert (message["version"], message["source"]) == ("1.0", "custom")
        assert ".Annotations.summary" in message["content"]["description"]
    assert not any("message" in receiver for receiver in without)


def receivers(changes: Mapping[str, object]) -> list[dict[str, str]]:
    """SNS receivers of the alert manager."""
    (manager,) = prometheus(changes).of_type("amp:AlertManagerDefinition")
    inner = json.loads(json.loads(text(manager.inputs["definition"]))["alertmanager_config"])
    return [receiver["sns_configs"][0] for receiver in inner["receivers"]]


def test_texts_of_alerts_contain_nothing_that_breaks_json() -> None:
    for rule in context_of().alarm_rules:
        assert not set('"\\') & set(f"{rule.key}{rule.summary}"), rule.key


def test_replicas_are_distinguished_by_host_name() -> None:
    receiver = json_object(collected()["receivers"]["prometheus"])
    (job,) = receiver["config"]["scrape_configs"]
    assert job["relabel_configs"] == [{"target_label": "instance", "replacement": "${env:HOSTNAME}"}]


def test_the_collector_signs_its_requests() -> None:
    config = collected()
    assert config["extensions"]["sigv4auth"] == {"region": "us-west-2", "service": "aps"}
    writer = json_object(config["exporters"]["prometheusremotewrite"])
    assert writer == {"endpoint": f"{ENDPOINT}api/v1/remote_write", "auth": {"authenticator": "sigv4auth"}}
