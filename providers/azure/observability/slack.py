"""Slack: a workflow that takes Azure's alerts and posts them to the channel's incoming webhook.

The webhook is a secret of the stack, `agent-platform:SLACK_WEBHOOK_URL`: Slack makes it for one channel of one workspace
and shows it once. The workflow holds it as a secure parameter and hides it from its own history.
"""

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.context import AzureContext
from providers.azure.monitoring.limits import SLACK_SECRET
from providers.contract.component import Scope
from providers.contract.spec import Slack

TRIGGER = "alert"
SCHEMA = "https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#"
TEXT = (
    "@{triggerBody()?['data']?['essentials']?['monitorCondition']}: "
    "@{triggerBody()?['data']?['essentials']?['description']} "
    "(@{triggerBody()?['data']?['essentials']?['alertRule']}, "
    "@{triggerBody()?['data']?['essentials']?['severity']})"
)
"""Fired or Resolved, what is wrong, which rule: fields of the common alert schema."""


def create_relay(scope: Scope, context: AzureContext, slack: Slack) -> azure_native.monitor.LogicAppReceiverArgs:
    """The workflow, as a receiver of an action group."""
    workflow = azure_native.logic.Workflow(
        scope.named("slack"),
        resource_group_name=context.group,
        state="Enabled",
        definition=definition(slack),
        parameters={
            "webhook": azure_native.logic.WorkflowParameterArgs(
                type="SecureString",
                value=pulumi.Config("agent-platform").require_secret(SLACK_SECRET),
            )
        },
        tags=dict(scope.tags),
        opts=scope.opts(),
    )
    called = azure_native.logic.list_workflow_trigger_callback_url_output(
        resource_group_name=context.group,
        workflow_name=workflow.name,
        trigger_name=TRIGGER,
        opts=pulumi.InvokeOutputOptions(parent=scope.parent, depends_on=[workflow]),
    )
    return azure_native.monitor.LogicAppReceiverArgs(
        name="slack",
        resource_id=workflow.id,
        # whoever knows it may post; the SDK does not know that it is a secret
        callback_url=pulumi.Output.secret(called.apply(lambda known: known.value)),
        use_common_alert_schema=True,
    )


def definition(slack: Slack) -> dict[str, object]:
    """The workflow in the words of Logic Apps; it names the channel that the webhook is for."""
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
