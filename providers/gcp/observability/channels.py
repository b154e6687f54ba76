"""Notification channels by severity.

Every channel receives both severities; Cloud Monitoring includes the severity in its notifications. A Slack channel is
looked up, not created: Slack issues its token only to the Google Cloud console, where an operator authorizes the channel.
Its display name is `<workspace id>/<channel id>` of the stack file.
"""

from dataclasses import dataclass
from hashlib import sha256

import pulumi
import pulumi_gcp as gcp

from providers.contract.alarms import Severity
from providers.contract.component import Scope
from providers.gcp.context import GcpContext
from providers.gcp.naming import slack_channel_name


@dataclass(frozen=True)
class GcpChannels:
    """Channel names (`projects/P/notificationChannels/N`) by severity, and the e-mail channels, for the budget."""

    warning: tuple[pulumi.Output[str], ...]
    critical: tuple[pulumi.Output[str], ...]
    emails: tuple[pulumi.Output[str], ...]

    def of(self, severity: Severity) -> tuple[pulumi.Output[str], ...]:
        """Channels of a severity."""
        return self.critical if severity == "critical" else self.warning


def create_channels(scope: Scope, context: GcpContext) -> GcpChannels:
    """Create a channel per e-mail address, and look up the Slack channel."""
    emails = tuple(_create_email_channel(scope, context, address) for address in context.spec.monitoring.emails)
    channels = (*emails, *_find_slack_channel(scope, context))
    return GcpChannels(warning=channels, critical=channels, emails=emails)


def _create_email_channel(scope: Scope, context: GcpContext, address: str) -> pulumi.Output[str]:
    # named by the digest of the address, so that removing one address renames no other channel
    part = f"email-{sha256(address.encode()).hexdigest()[:8]}"
    return gcp.monitoring.NotificationChannel(
        scope.named(part),
        project=context.project,
        type="email",
        display_name=f"{context.stack}: {address}",
        labels={"email_address": address},
        user_labels=dict(scope.tags),
        # an alarm outside the stack that uses the channel must not prevent its deletion
        force_delete=True,
        opts=scope.opts(),
    ).name


def _find_slack_channel(scope: Scope, context: GcpContext) -> tuple[pulumi.Output[str], ...]:
    slack = context.spec.monitoring.slack
    if slack is None:
        return ()
    channel = gcp.monitoring.get_notification_channel_output(
        project=context.project,
        type="slack",
        display_name=slack_channel_name(slack),
        opts=pulumi.InvokeOutputOptions(parent=scope.parent),
    )
    return (channel.name,)
