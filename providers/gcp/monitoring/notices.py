"""Alert policy by which a failover without a person reaches the channels: it matches the log entries that the failover writes.

Cloud Monitoring has no call that sends a message to a channel. An entry is one notice: each combination of extracted labels is a
separate rule, so the rate limit does not hold back the notice of the end after that of the beginning
(`AlertPolicy.Condition.LogMatch.labelExtractors`).
"""

import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.gcp.context import GcpContext
from providers.gcp.monitoring.alarms import SEVERITIES
from providers.gcp.naming import failover_log
from providers.gcp.observability.channels import GcpChannels

RATE_LIMIT_SECONDS = 300
AUTO_CLOSE_SECONDS = 1800
"""The shortest time that Cloud Monitoring accepts."""
LABELS = {"subject": "EXTRACT(jsonPayload.subject)", "text": "EXTRACT(jsonPayload.text)"}


def create_notices(scope: Scope, context: GcpContext, channels: GcpChannels) -> None:
    """Declare the policy; policies are global, so one serves both regions."""
    if not channels.critical:
        return
    strategy = gcp.monitoring.AlertPolicyAlertStrategyArgs(
        auto_close=f"{AUTO_CLOSE_SECONDS}s",
        notification_prompts=["OPENED"],
        notification_rate_limit=gcp.monitoring.AlertPolicyAlertStrategyNotificationRateLimitArgs(
            period=f"{RATE_LIMIT_SECONDS}s"
        ),
    )
    matched = gcp.monitoring.AlertPolicyConditionConditionMatchedLogArgs(
        filter=f'logName="{failover_log(context.project, context.stack)}"', label_extractors=LABELS
    )
    gcp.monitoring.AlertPolicy(
        scope.named("failover-notices"),
        project=context.project,
        display_name=f"{context.stack}-failover-notices",
        combiner="OR",
        severity=SEVERITIES["critical"],
        conditions=[gcp.monitoring.AlertPolicyConditionArgs(display_name="notice", condition_matched_log=matched)],
        notification_channels=list(channels.critical),
        alert_strategy=strategy,
        documentation=gcp.monitoring.AlertPolicyDocumentationArgs(
            subject="${log.extracted_label.subject}",
            content="${log.extracted_label.text}",
            mime_type="text/markdown",
        ),
        user_labels=dict(scope.tags),
        opts=scope.opts(),
    )
