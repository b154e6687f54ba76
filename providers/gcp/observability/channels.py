"""Who is told: notification channels by severity. Made first, so that alarms can name them.

Every channel hears of both severities: Cloud Monitoring writes the severity into what it sends. The Slack channel is
not made here but found: Slack gives its token to Google's console alone, when somebody authorises the channel there
by hand. It is found by its display name, `<workspace id>/<channel id>` of the stack file.
"""

from dataclasses import dataclass
from hashlib import sha256

import pulumi
import pulumi_gcp as gcp

from providers.contract.alarms import Severity
from providers.contract.component import Scope
from providers.gcp.base.keys import GcpKeys
from providers.gcp.context import GcpContext
from providers.gcp.monitoring.limits import slack_channel


@dataclass(frozen=True)
class GcpChannels:
    """Channel names (`projects/P/notificationChannels/N`) by severity, and those that are e-mail, for the budget."""

    warning: tuple[pulumi.Output[str], ...]
    critical: tuple[pulumi.Output[str], ...]
    emails: tuple[pulumi.Output[str], ...]

    def of(self, severity: Severity) -> tuple[pulumi.Output[str], ...]:
        """Channels that hear of this severity."""
        return self.critical if severity == "critical" else self.warning


def create_channels(scope: Scope, context: GcpContext, keys: GcpKeys) -> GcpChannels:
    """A channel per e-mail address, and Slack; nothing is stored in a channel that `keys` could encrypt."""
    emails = tuple(_email(scope, context, address) for address in context.spec.monitoring.emails)
    everybody = (*emails, *_slack(scope, context))
    return GcpChannels(warning=everybody, critical=everybody, emails=emails)


def _email(scope: Scope, context: GcpContext, address: str) -> pulumi.Output[str]:
    # by its own digest, so that dropping one address renames no other channel
    part = f"email-{sha256(address.encode()).hexdigest()[:8]}"
    return gcp.monitoring.NotificationChannel(
        scope.named(part),
        project=context.project,
        type="email",
        display_name=f"{context.stack}: {address}",
        labels={"email_address": address},
        user_labels=dict(scope.tags),
        # an alarm made by hand that names the channel would keep it, and the stack, from going
        force_delete=True,
        opts=scope.opts(),
    ).name


def _slack(scope: Scope, context: GcpContext) -> tuple[pulumi.Output[str], ...]:
    if context.spec.monitoring.slack is None:
        return ()
    found = gcp.monitoring.get_notification_channel_output(
        project=context.project,
        type="slack",
        display_name=slack_channel(context.spec),
        opts=pulumi.InvokeOutputOptions(parent=scope.parent),
    )
    return (found.name,)
