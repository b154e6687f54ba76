"""Managed Prometheus on AWS: the workspace, its rules, who may write to it and how."""

import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import cast

import pulumi
import pytest

from automation.plan.inventory import Inventory
from providers.aws.base.identity import AwsIdentity
from providers.aws.context import AwsContext
from providers.aws.observability.channels import AwsChannels
from providers.aws.observability.metrics_collector import AwsMetricsCollector, collector_config, create_prometheus
from providers.contract.component import Scope
from tests.aws.alone import alone, context_of, keys

ENDPOINT = "https://aps.example/workspaces/ws-1/"


def known(value: str) -> pulumi.Output[str]:
    return pulumi.Output.from_input(value)


def prometheus(changes: Mapping[str, object] | None = None) -> Inventory:
    return alone("prometheus", lambda scope: lay(scope, context_of(changes)))


def lay(scope: Scope, context: AwsContext) -> None:
    roles = {name: SimpleNamespace(id=known(f"<task role of {name}>")) for name in context.spec.services}
    identity = cast("AwsIdentity", SimpleNamespace(task=roles))
    channels = AwsChannels(warning=known("<warning>"), critical=known("<critical>"))
    create_prometheus(scope, context, keys(), channels, identity)


@pytest.fixture(scope="module")
def standing() -> Inventory:
    return prometheus()


def collected() -> dict[str, dict[str, object]]:
    """The collector's configuration beside `chat`."""
    found: list[str] = []

    def write(_: Scope) -> None:
        workspace = AwsMetricsCollector(known("ws-1"), known(f"{ENDPOINT}api/v1/remote_write"), "us-west-2", {})
        collector_config(workspace, "chat", context_of().spec.services["chat"]).apply(found.append)

    alone("prometheus", write)
    return json.loads(found[0])


def test_without_prometheus_nothing_is_declared() -> None:
    assert not prometheus({"monitoring.prometheus": False}).custom


def test_samples_are_kept_as_long_as_logs() -> None:
    plan = prometheus({"monitoring.log_retention_days": 90})
    (kept,) = plan.of_type("amp:WorkspaceConfiguration")
    (log_group,) = plan.of_type("cloudwatch:LogGroup")
    assert kept.inputs["retentionPeriodInDays"] == log_group.inputs["retentionInDays"] == 90


def test_the_workspace_is_encrypted_and_logs_its_failures(standing: Inventory) -> None:
    (workspace,) = standing.of_type("amp:Workspace")
    assert workspace.inputs["kmsKeyArn"] == "<telemetry key>"
    logged = cast("dict[str, str]", workspace.inputs["loggingConfiguration"])
    assert logged["logGroupArn"].endswith(":*")


def test_its_rules_are_the_services_alone_because_nothing_else_is_scraped(standing: Inventory) -> None:
    (rules,) = standing.of_type("amp:RuleGroupNamespace")
    groups = json.loads(cast("str", rules.inputs["data"]))["groups"]
    assert [group["name"] for group in groups] == ["gateway", "chat"]


def test_a_service_may_write_samples_and_nothing_else(standing: Inventory) -> None:
    grant = standing.one("prod-prometheus-chat-grant")
    (statement,) = json.loads(cast("str", grant.inputs["policy"]))["Statement"]
    assert (statement["Action"], statement["Resource"]) == ("aps:RemoteWrite", "<amp:Workspace prod-prometheus>.arn")
    assert grant.inputs["role"] == "<task role of chat>"


def test_a_worker_that_exposes_nothing_may_write_nothing(standing: Inventory) -> None:
    assert {grant.name for grant in standing.of_type("iam:RolePolicy")} == {
        "prod-prometheus-gateway-grant",
        "prod-prometheus-chat-grant",
    }


def test_critical_alerts_reach_the_critical_topic_and_all_others_the_warning_topic(standing: Inventory) -> None:
    (manager,) = standing.of_type("amp:AlertManagerDefinition")
    inner = json.loads(json.loads(cast("str", manager.inputs["definition"]))["alertmanager_config"])
    topics = {receiver["name"]: receiver["sns_configs"][0]["topic_arn"] for receiver in inner["receivers"]}
    assert topics == {"warning": "<warning>", "critical": "<critical>"}
    assert inner["route"]["receiver"] == "warning"
    assert inner["route"]["routes"] == [{"receiver": "critical", "matchers": ['severity="critical"']}]


def test_the_collector_fetches_from_the_service_beside_it_under_its_name() -> None:
    receiver = cast("dict[str, dict[str, list[dict[str, object]]]]", collected()["receivers"]["prometheus"])
    (job,) = receiver["config"]["scrape_configs"]
    assert job["job_name"] == "chat"
    assert job["static_configs"] == [{"targets": ["localhost:8001"]}]
    assert "metrics_path" not in job


def test_copies_are_told_apart_by_their_host() -> None:
    receiver = cast("dict[str, dict[str, list[dict[str, object]]]]", collected()["receivers"]["prometheus"])
    (job,) = receiver["config"]["scrape_configs"]
    assert job["relabel_configs"] == [{"target_label": "instance", "replacement": "${env:HOSTNAME}"}]


def test_the_collector_signs_what_it_writes() -> None:
    config = collected()
    assert config["extensions"]["sigv4auth"] == {"region": "us-west-2", "service": "aps"}
    writer = cast("dict[str, object]", config["exporters"]["prometheusremotewrite"])
    assert writer == {"endpoint": f"{ENDPOINT}api/v1/remote_write", "auth": {"authenticator": "sigv4auth"}}
