"""Amazon Managed Service for Prometheus, with the platform's alarm rules and notification channels.

The managed scraper of AWS discovers targets in Kubernetes only, so each task runs a collector that scrapes its
metrics endpoint over the loopback interface and writes to the workspace with the task role. Database and cache expose no Prometheus
metrics on AWS; their rules stay with CloudWatch.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from providers.aws.base.iam_policies import allow, document
from providers.aws.base.identity import AwsIdentity
from providers.aws.base.keys import AwsKeys
from providers.aws.context import AwsContext
from providers.aws.observability.channels import AwsChannels
from providers.aws.observability.collector import CollectorPipeline
from providers.aws.observability.logs import create_log_group
from providers.contract.component import Scope
from providers.contract.prometheus import OF_SERVICES, rules_document
from providers.contract.scrape_endpoints import DEFAULT_PATH, ScrapeEndpoint, scrape_endpoint

SCRAPE_SECONDS = 15
"""Interval that gives four samples in the shortest window of a rule."""
CHAT_MESSAGE = json.dumps(
    {
        "version": "1.0",
        "source": "custom",
        "content": {
            "textType": "client-markdown",
            "title": "{{ .Status | toUpper }}: {{ .CommonLabels.service }} ({{ .CommonLabels.severity }})",
            "description": "{{ range .Alerts }}{{ .Labels.alertname }}: {{ .Annotations.summary }}. {{ end }}",
        },
    }
)
"""Custom notification (Amazon Q Developer in chat applications, administrator guide, "Custom notifications") as a template of
Alertmanager. Names and summaries are those of the alarm rules, which contain no quotes, so the result is JSON.
"""


@dataclass(frozen=True)
class AwsMetricsCollector:
    """Workspace, its remote write URL, and by service the permission to write."""

    workspace_id: pulumi.Output[str]
    remote_write_url: pulumi.Output[str]
    region: str
    grants: Mapping[str, tuple[pulumi.Resource, ...]]


def create_prometheus(
    scope: Scope, context: AwsContext, keys: AwsKeys, channels: AwsChannels, identity: AwsIdentity
) -> AwsMetricsCollector | None:
    """Workspace, rules and alert manager; None unless `monitoring.prometheus` is set."""
    if not context.spec.monitoring.prometheus:
        return None
    workspace = _workspace(scope, context, keys)
    aws.amp.WorkspaceConfiguration(
        scope.named("retention"),
        workspace_id=workspace.id,
        retention_period_in_days=context.spec.monitoring.log_retention_days,
        opts=scope.opts(),
    )
    aws.amp.RuleGroupNamespace(
        scope.named("rules"),
        name="alarms",
        workspace_id=workspace.id,
        data=rules_document(context.spec, context.alarm_rules, subjects=OF_SERVICES),
        opts=scope.opts(),
    )
    aws.amp.AlertManagerDefinition(
        scope.named("alerts"), workspace_id=workspace.id, definition=alert_manager(context, channels), opts=scope.opts()
    )
    scraped = [name for name, service in context.spec.services.items() if scrape_endpoint(service) is not None]
    return AwsMetricsCollector(
        workspace_id=workspace.id,
        remote_write_url=pulumi.Output.concat(workspace.prometheus_endpoint, "api/v1/remote_write"),
        region=context.region,
        grants={name: (_grant(scope, name, identity, workspace),) for name in scraped},
    )


def metrics_pipeline(prometheus: AwsMetricsCollector, job: str, endpoint: ScrapeEndpoint) -> CollectorPipeline:
    """Pipeline that scrapes one task and writes to the workspace."""
    return CollectorPipeline(
        name="metrics",
        extensions={"sigv4auth": {"region": prometheus.region, "service": "aps"}},
        receivers={"prometheus": {"config": scrape_config(job, endpoint)}},
        processors={"batch": {}},
        exporters={
            "prometheusremotewrite": {
                "endpoint": prometheus.remote_write_url,
                "auth": {"authenticator": "sigv4auth"},
            }
        },
    )


def scrape_config(job: str, endpoint: ScrapeEndpoint) -> dict[str, object]:
    """Scrape configuration of one task; every target is `localhost`, so the host name becomes the `instance` label."""
    return {
        "global": {"scrape_interval": f"{SCRAPE_SECONDS}s"},
        "scrape_configs": [
            {
                "job_name": job,
                **({} if endpoint.path == DEFAULT_PATH else {"metrics_path": endpoint.path}),
                "static_configs": [{"targets": [f"localhost:{endpoint.port}"]}],
                "relabel_configs": [{"target_label": "instance", "replacement": "${env:HOSTNAME}"}],
            }
        ],
    }


def alert_manager(context: AwsContext, channels: AwsChannels) -> pulumi.Output[str]:
    """Alert manager definition: critical alerts to the critical topic, all others to the warning topic."""
    receivers = [
        {"name": "warning", "sns_configs": [_topic(context, channels.warning)]},
        {"name": "critical", "sns_configs": [_topic(context, channels.critical)]},
    ]
    critical = {"receiver": "critical", "matchers": ['severity="critical"']}
    route = {"receiver": "warning", "group_by": ["service", "severity"], "routes": [critical]}
    inner = pulumi.Output.json_dumps({"route": route, "receivers": receivers})
    return inner.apply(lambda text: json.dumps({"alertmanager_config": text}))


def _topic(context: AwsContext, arn: pulumi.Output[str]) -> dict[str, object]:
    topic: dict[str, object] = {"topic_arn": arn, "sigv4": {"region": context.region}, "send_resolved": True}
    # the chat service drops every message that is neither an event of AWS nor a custom notification
    return {**topic, "message": CHAT_MESSAGE} if context.spec.monitoring.slack is not None else topic


def _workspace(scope: Scope, context: AwsContext, keys: AwsKeys) -> aws.amp.Workspace:
    log_group = create_log_group(scope, "log", context, keys.telemetry, context.log_group("prometheus"))
    return aws.amp.Workspace(
        scope.named(),
        alias=f"{context.stack}-agents",
        kms_key_arn=keys.telemetry,
        logging_configuration=aws.amp.WorkspaceLoggingConfigurationArgs(
            log_group_arn=pulumi.Output.concat(log_group.arn, ":*")
        ),
        opts=scope.opts(),
    )


def _grant(scope: Scope, service: str, identity: AwsIdentity, workspace: aws.amp.Workspace) -> aws.iam.RolePolicy:
    return aws.iam.RolePolicy(
        scope.named(f"{service}-grant"),
        role=identity.task[service].id,
        policy=document(allow("aps:RemoteWrite", workspace.arn)),
        opts=scope.opts(),
    )
