"""Notification channels: one action group for warnings and one for critical alarms, with e-mail and Slack receivers.

Azure sends e-mail itself. Slack does not accept the common alert schema, so a Logic Apps workflow converts an alert and
posts it to the channel's incoming webhook. The webhook is a secret of the stack, `agent-platform:SLACK_WEBHOOK_URL`:
Slack creates it for one channel of one workspace. The workflow receives it as a secure parameter and hides it from the
run history. The callback URL of the workflow is a secret as well.
"""

from dataclasses import dataclass
from hashlib import sha256

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.context import GLOBAL, AzureContext
from providers.azure.monitoring.limits import SLACK_SECRET
from providers.contract.alarms import Severity
from providers.contract.component import Scope
from providers.contract.spec import Slack

SEVERITIES: dict[Severity, int] = {"critical": 1, "warning": 2}
"""Azure's severities are 0 (critical) to 4 (verbose); 0 remains for alert rules that operators add."""
SHORT_NAMES: dict[Severity, str] = {"warning": "agents-warn", "critical": "agents-crit"}
"""At most twelve characters; the subject of every message begins with it."""

TRIGGER = "alert"
SCHEMA = "https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#"
TEXT = (
    "@{triggerBody()?['data']?['essentials']?['monitorCondition']}: "
    "@{triggerBody()?['data']?['essentials']?['description']} "
    "(@{triggerBody()?['data']?['essentials']?['alertRule']}, "
    "@{triggerBody()?['data']?['essentials']?['severity']})"
)
"""Fired or Resolved, description, rule and severity: fields of the common alert schema."""

LogicAppReceiver = azure_native.monitor.LogicAppReceiverArgs


@dataclass(frozen=True)
class AzureChannels:
    """Ids of the action groups by severity."""

    warning: pulumi.Output[str]
    critical: pulumi.Output[str]

    def group(self, severity: Severity) -> pulumi.Output[str]:
        """Return the id of the action group that is notified of this severity."""
        return self.critical if severity == "critical" else self.warning


def create_channels(scope: Scope, context: AzureContext) -> AzureChannels:
    """Declare two action groups with e-mail and Slack receivers."""
    slack = context.spec.monitoring.slack
    receivers = [_slack_receiver(scope, context, slack)] if slack is not None else []
    return AzureChannels(
        warning=_action_group(scope, context, "warning", receivers).id,
        critical=_action_group(scope, context, "critical", receivers).id,
    )


def _action_group(
    scope: Scope, context: AzureContext, severity: Severity, receivers: list[LogicAppReceiver]
) -> azure_native.monitor.ActionGroup:
    return azure_native.monitor.ActionGroup(
        scope.named(severity),
        resource_group_name=context.group,
        location=GLOBAL,
        enabled=True,
        group_short_name=SHORT_NAMES[severity],
        email_receivers=[_email_receiver(address) for address in context.spec.monitoring.emails],
        logic_app_receivers=receivers,
        tags=dict(scope.tags),
        opts=scope.opts(),
    )


def _email_receiver(address: str) -> azure_native.monitor.MicrosoftCommonEmailReceiverArgs:
    # a digest of the address, so that removing one address renames no other receiver
    name = f"email-{sha256(address.encode()).hexdigest()[:8]}"
    return azure_native.monitor.MicrosoftCommonEmailReceiverArgs(
        name=name, email_address=address, use_common_alert_schema=True
    )


def _slack_receiver(scope: Scope, context: AzureContext, slack: Slack) -> LogicAppReceiver:
    workflow = azure_native.logic.Workflow(
        scope.named("slack"),
        resource_group_name=context.group,
        state="Enabled",
        definition=_workflow_definition(slack),
        parameters={
            "webhook": azure_native.logic.WorkflowParameterArgs(
                type="SecureString",
                value=context.values.secret(SLACK_SECRET),
            )
        },
        tags=dict(scope.tags),
        opts=scope.opts(),
    )
    callback = azure_native.logic.list_workflow_trigger_callback_url_output(
        resource_group_name=context.group,
        workflow_name=workflow.name,
        trigger_name=TRIGGER,
        opts=pulumi.InvokeOutputOptions(parent=scope.parent, depends_on=[workflow]),
    )
    return LogicAppReceiver(
        name="slack",
        resource_id=workflow.id,
        # the URL authorizes its caller; the SDK does not mark it as a secret
        callback_url=pulumi.Output.secret(callback.apply(lambda result: result.value)),
        use_common_alert_schema=True,
    )


def _workflow_definition(slack: Slack) -> dict[str, object]:
    """Definition in the Logic Apps schema; its description names the channel of the webhook."""
    post = {
        "type": "Http",
        "description": f"posts to channel {slack.channel} of workspace {slack.workspace}",
        "inputs": {"method": "POST", "uri": "@parameters('webhook')", "body": {"text": TEXT}},
        "runtimeConfiguration": {"secureData": {"properties": ["inputs"]}},
    }
    trigger: dict[str, object] = {"type": "Request", "kind": "Http", "inputs": {"schema": {}}}
    return {
        "$schema": SCHEMA,
        "contentVersion": "1.0.0.0",
        "parameters": {"webhook": {"type": "SecureString"}},
        "triggers": {TRIGGER: trigger},
        "actions": {"post": post},
        "outputs": {},
    }
