"""Flow log of the network, and the storage account that it writes to.

It belongs to the location's Network Watcher, in a separate group: Azure creates it with the first network of a location, unless an
organization has turned that off (`azure.network_watcher` names another one). It writes with an identity, because the storage
account has no keys. Network Watcher is a trusted service of the account, which has no private endpoint, because no resource in the
network reads it. It is declared after the vault, whose key the account may use, and the vault after the network.
"""

from collections.abc import Mapping

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.base.data_key import AzureDataKey
from providers.azure.base.roles import BLOB_DATA_CONTRIBUTOR, grant_role
from providers.azure.context import AzureContext
from providers.azure.naming import flow_account, network_watcher
from providers.azure.network.existing_limits import existing_network
from providers.azure.network.resources import AzureNetwork
from providers.azure.observability.logs import AzureLogs, send_to_logs
from providers.azure.storage.account import create_lifecycle, create_storage_account
from providers.contract.component import Scope

ANALYTICS_INTERVAL_MINUTES = 10
"""The shorter of the two intervals of traffic analytics; the other is 60."""
MAX_FLOW_LOG_RETENTION_DAYS = 365
"""With a longer retention the flow log never deletes, and the account's lifecycle rule does."""


def create_flow_logs(
    scope: Scope, context: AzureContext, logs: AzureLogs, network: AzureNetwork, key: AzureDataKey | None
) -> None:
    """Declare flow log, its storage account, and an identity that writes to this account only, unless it is off (CIS 6.5).

    It is created after the rest of the network, because the role of its identity takes effect minutes after its assignment.
    """
    if not context.spec.network.flow_logs:
        return
    days = context.spec.monitoring.log_retention_days
    account = create_storage_account(scope, context, "flow-logs", flow_account(context), key=key, public=True)
    create_lifecycle(scope, context, "flow-logs-retention", account, "expire", _delete_after(days))
    send_to_logs(scope, logs, "flow-logs-diagnostics", account.id, log_group=None, metrics="Transaction")
    writer = azure_native.managedidentity.UserAssignedIdentity(
        scope.named("flow-logs-writer"), resource_group_name=context.group, tags=dict(scope.tags), opts=scope.opts()
    )
    role = grant_role(scope, context, "flow-logs-writer", BLOB_DATA_CONTRIBUTOR, writer.principal_id, account.id)
    deletes = days <= MAX_FLOW_LOG_RETENTION_DAYS
    watcher_group, watcher_name = network_watcher(context.spec)
    for part, target in _logged(context, network).items():
        azure_native.network.FlowLog(
            scope.named(f"flow-logs{part}"),
            resource_group_name=watcher_group,
            network_watcher_name=watcher_name,
            flow_log_name=f"{context.group}{part}",
            target_resource_id=target,
            storage_id=account.id,
            enabled=True,
            format=azure_native.network.FlowLogFormatParametersArgs(type="JSON", version=2),
            retention_policy=azure_native.network.RetentionPolicyParametersArgs(
                days=days if deletes else 0, enabled=deletes
            ),
            flow_analytics_configuration=_traffic_analytics(context, logs),
            identity=azure_native.network.ManagedServiceIdentityArgs(
                type=azure_native.network.ResourceIdentityType.USER_ASSIGNED, user_assigned_identities=[writer.id]
            ),
            tags=dict(scope.tags),
            # the API rejects it until its identity may write; the identity's id does not imply the role
            opts=scope.opts(
                depends_on=[role, *network.parts.subnets, *network.ready, *network.outbound], delete_before_replace=True
            ),
        )


def _logged(context: AzureContext, network: AzureNetwork) -> Mapping[str, pulumi.Output[str]]:
    """Return the network, or in one that exists already the used subnets: other connections are those of its owner."""
    if existing_network(context.spec) is None:
        return {"": network.vnet_id}
    subnets = {
        "-apps": network.apps_subnet_id,
        "-database": network.database_subnet_id,
        "-endpoints": network.endpoints_subnet_id,
        "-gateway": network.gateway_subnet_id,
    }
    return {part: subnet for part, subnet in subnets.items() if subnet is not None}


def _traffic_analytics(context: AzureContext, logs: AzureLogs) -> azure_native.network.TrafficAnalyticsPropertiesArgs:
    return azure_native.network.TrafficAnalyticsPropertiesArgs(
        network_watcher_flow_analytics_configuration=azure_native.network.TrafficAnalyticsConfigurationPropertiesArgs(
            enabled=True,
            workspace_id=logs.customer_id,
            workspace_region=context.region,
            workspace_resource_id=logs.workspace_id,
            traffic_analytics_interval=ANALYTICS_INTERVAL_MINUTES,
        )
    )


def _delete_after(days: int) -> azure_native.storage.ManagementPolicyActionArgs:
    age = azure_native.storage.DateAfterModificationArgs(days_after_modification_greater_than=days)
    return azure_native.storage.ManagementPolicyActionArgs(
        base_blob=azure_native.storage.ManagementPolicyBaseBlobArgs(delete=age)
    )
