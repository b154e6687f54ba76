"""Who is told: one action group for warnings, one for what must wake somebody. Made first, so that alarms can name them.

E-mail is told by Azure itself. Slack does not read what Azure writes, so a small workflow stands between and says it in
Slack's words; its address and Slack's are secrets (`providers/azure/observability/slack.py`).
"""

from dataclasses import dataclass
from hashlib import sha256

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.base.keys import AzureKeys
from providers.azure.context import GLOBAL, AzureContext
from providers.azure.observability.slack import create_relay
from providers.contract.alarms import Severity
from providers.contract.component import Scope

LogicApp = azure_native.monitor.LogicAppReceiverArgs
SHORT_NAMES: dict[Severity, str] = {"warning": "agents-warn", "critical": "agents-crit"}
"""Twelve characters at most; they begin the subject of every message."""


@dataclass(frozen=True)
class AzureChannels:
    """Ids of the action groups by severity."""

    warning: pulumi.Output[str]
    critical: pulumi.Output[str]

    def group(self, severity: Severity) -> pulumi.Output[str]:
        """Id of the action group that hears of this severity."""
        return self.critical if severity == "critical" else self.warning


def create_channels(scope: Scope, context: AzureContext, keys: AzureKeys) -> AzureChannels:
    """Two action groups with e-mail and Slack receivers."""
    slack = context.spec.monitoring.slack
    relay = [create_relay(scope, context, slack)] if slack is not None else []
    return AzureChannels(_group(scope, context, "warning", relay).id, _group(scope, context, "critical", relay).id)


def _group(
    scope: Scope, context: AzureContext, severity: Severity, relay: list[LogicApp]
) -> azure_native.monitor.ActionGroup:
    return azure_native.monitor.ActionGroup(
        scope.named(severity),
        resource_group_name=context.group,
        location=GLOBAL,
        enabled=True,
        group_short_name=SHORT_NAMES[severity],
        email_receivers=[_email(address) for address in context.spec.monitoring.emails],
        logic_app_receivers=relay,
        tags=dict(scope.tags),
        opts=scope.opts(),
    )


def _email(address: str) -> azure_native.monitor.MicrosoftCommonEmailReceiverArgs:
    # by its own digest, so that dropping one address renames no other receiver
    name = f"email-{sha256(address.encode()).hexdigest()[:8]}"
    return azure_native.monitor.MicrosoftCommonEmailReceiverArgs(
        name=name, email_address=address, use_common_alert_schema=True
    )
