"""Flow logs of the whole network: into a storage account, and from there analysed into the workspace.

The flow log belongs to the network watcher that Azure makes with the first network of a location, in a group of its
own. It writes with an identity, because the account takes no keys. The account keeps its public address closed to all
but Azure's trusted services, which Network Watcher is; it has no private endpoint, for nothing in the network reads it.
"""

import pulumi_azure_native as azure_native

from providers.azure.base.role_ids import BLOB_DATA_CONTRIBUTOR
from providers.azure.base.roles import grant
from providers.azure.context import AzureContext
from providers.azure.naming import flow_account, watcher_group, watcher_name
from providers.azure.observability.diagnostics import send_to_logs
from providers.azure.observability.logs import Logs
from providers.azure.storage.account import expire, secure_account
from providers.contract.component import Scope

ANALYSIS_MINUTES = 10
"""The shorter of the two intervals there are; the other is an hour."""
LONGEST_RETENTION_DAYS = 365
"""Above it the flow log keeps everything and the account's own rule drops it."""


def create_flow_logs(
    scope: Scope, context: AzureContext, logs: Logs, network: azure_native.network.VirtualNetwork
) -> None:
    """The flow log, its account, and an identity that writes to this account alone (CIS 6.5)."""
    days = context.spec.monitoring.log_retention_days
    account = secure_account(scope, context, "flow-logs", flow_account(context), public=True)
    expire(scope, context, "flow-logs-retention", account, "expire", _deleted_after(days))
    send_to_logs(scope, logs, "flow-logs-diagnostics", account.id, log_group=None, metrics="Transaction")
    writer = azure_native.managedidentity.UserAssignedIdentity(
        scope.named("flow-logs-writer"), resource_group_name=context.group, tags=dict(scope.tags), opts=scope.opts()
    )
    right = grant(scope, context, "flow-logs-writer", BLOB_DATA_CONTRIBUTOR, writer.principal_id, account.id)
    azure_native.network.FlowLog(
        scope.named("flow-logs"),
        resource_group_name=watcher_group(),
        network_watcher_name=watcher_name(context),
        flow_log_name=context.group,
        target_resource_id=network.id,
        storage_id=account.id,
        enabled=True,
        format=azure_native.network.FlowLogFormatParametersArgs(type="JSON", version=2),
        retention_policy=azure_native.network.RetentionPolicyParametersArgs(
            days=days if days <= LONGEST_RETENTION_DAYS else 0, enabled=days <= LONGEST_RETENTION_DAYS
        ),
        flow_analytics_configuration=_analysis(context, logs),
        identity=azure_native.network.ManagedServiceIdentityArgs(
            type=azure_native.network.ResourceIdentityType.USER_ASSIGNED, user_assigned_identities=[writer.id]
        ),
        tags=dict(scope.tags),
        # it is refused while its identity may not write; the identity's id does not tell
        opts=scope.opts(depends_on=[right], delete_before_replace=True),
    )


def _analysis(context: AzureContext, logs: Logs) -> azure_native.network.TrafficAnalyticsPropertiesArgs:
    return azure_native.network.TrafficAnalyticsPropertiesArgs(
        network_watcher_flow_analytics_configuration=azure_native.network.TrafficAnalyticsConfigurationPropertiesArgs(
            enabled=True,
            workspace_id=logs.customer_id,
            workspace_region=context.region,
            workspace_resource_id=logs.workspace_id,
            traffic_analytics_interval=ANALYSIS_MINUTES,
        )
    )


def _deleted_after(days: int) -> azure_native.storage.ManagementPolicyActionArgs:
    age = azure_native.storage.DateAfterModificationArgs(days_after_modification_greater_than=days)
    return azure_native.storage.ManagementPolicyActionArgs(
        base_blob=azure_native.storage.ManagementPolicyBaseBlobArgs(delete=age)
    )
