"""An alert policy: what fires, how loud, and who is told. Every alarm of this cloud is one."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from providers.contract.alarms import Severity
from providers.contract.component import Scope
from providers.gcp.context import GcpContext
from providers.gcp.observability.channels import GcpChannels

AUTO_CLOSE_SECONDS = 1800
"""An incident without data closes after this; the least there is: Cloud Monitoring API, `AlertStrategy.autoClose`."""
SEVERITIES: dict[Severity, str] = {"warning": "WARNING", "critical": "CRITICAL"}

Condition = gcp.monitoring.AlertPolicyConditionArgs


@dataclass(frozen=True)
class GcpAlarm:
    """What an alert policy says; it fires when every condition holds. `key` is its logical name part."""

    key: str
    severity: Severity
    summary: str
    conditions: Sequence[Condition]


def create_alarm(
    scope: Scope,
    context: GcpContext,
    channels: GcpChannels,
    alarm: GcpAlarm,
    depends_on: Sequence[pulumi.Resource] = (),
) -> gcp.monitoring.AlertPolicy:
    """The alert policy of an alarm, told to the channels of its severity."""
    return gcp.monitoring.AlertPolicy(
        scope.named(alarm.key),
        project=context.project,
        display_name=f"{context.stack}-{alarm.key}",
        combiner="AND",
        severity=SEVERITIES[alarm.severity],
        conditions=list(alarm.conditions),
        notification_channels=list(channels.of(alarm.severity)),
        alert_strategy=gcp.monitoring.AlertPolicyAlertStrategyArgs(
            auto_close=f"{AUTO_CLOSE_SECONDS}s", notification_prompts=["OPENED", "CLOSED"]
        ),
        documentation=gcp.monitoring.AlertPolicyDocumentationArgs(
            subject=f"{alarm.severity}: {alarm.summary}",
            content=f"{alarm.summary} (stack {context.stack}, region {context.region}).",
            mime_type="text/markdown",
        ),
        user_labels=dict(scope.tags),
        opts=scope.opts(depends_on=depends_on),
    )
