"""Container Apps environment: internal, in the platform's subnet, created before the addresses of services are used.

It has no public address: Front Door connects through a private link and an Application Gateway inside the network, and apps reach each other through its proxy, which
encrypts traffic between machines. Subnet, zones and the name of the infrastructure resource group cannot be changed; a
change would replace the environment and every app in it.
"""

from dataclasses import dataclass

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.context import AzureContext
from providers.azure.network.resources import AzureNetwork
from providers.azure.observability.logs import AzureLogs, send_to_logs
from providers.azure.observability.traces import create_tracing
from providers.contract.component import Scope

WORKLOAD_PROFILE = "Consumption"
"""Replicas are billed per second, on machines that Azure manages."""


@dataclass(frozen=True)
class AppEnvironment:
    """Id, domain (`<words>.<location>.azurecontainerapps.io`) and private address of the environment."""

    id: pulumi.Output[str]
    default_domain: pulumi.Output[str]
    static_ip: pulumi.Output[str]


def create_environment(scope: Scope, context: AzureContext, network: AzureNetwork, logs: AzureLogs) -> AppEnvironment:
    """Declare the environment: internal, zone-redundant with several zones, with peer encryption."""
    app, tracing = azure_native.app, create_tracing(scope, context, logs)
    environment = app.ManagedEnvironment(
        scope.named(),
        resource_group_name=context.group,
        vnet_configuration=app.VnetConfigurationArgs(infrastructure_subnet_id=network.apps_subnet_id, internal=True),
        # required for private links, and therefore for Front Door; an internal environment has no other value
        public_network_access="Disabled",
        zone_redundant=context.zonal,
        workload_profiles=[app.WorkloadProfileArgs(name=WORKLOAD_PROFILE, workload_profile_type=WORKLOAD_PROFILE)],
        infrastructure_resource_group=f"{context.group}-machines",
        peer_traffic_configuration=app.ManagedEnvironmentPeerTrafficConfigurationArgs(
            encryption=app.ManagedEnvironmentEncryptionArgs(enabled=True)
        ),
        # the destination log-analytics would put the workspace's key into the state; a diagnostic setting has no key
        app_logs_configuration=app.AppLogsConfigurationArgs(destination="azure-monitor"),
        app_insights_configuration=tracing.insights if tracing else None,
        open_telemetry_configuration=tracing.agent if tracing else None,
        tags=dict(scope.tags),
        # without its route to the firewall it would be created with another way out
        opts=scope.opts(protect=context.production, depends_on=network.outbound),
    )
    send_to_logs(scope, logs, "diagnostics", environment.id)
    return AppEnvironment(environment.id, environment.default_domain, environment.static_ip)
