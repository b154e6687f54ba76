"""Where the apps run: one internal Container Apps environment on the platform's subnet, made before anything is addressed.

It has no public address and takes no public traffic: Front Door comes in by a private link, apps reach each other over
its own proxy, which encrypts what goes from machine to machine. AzureNetwork, zones and the name of the group that Azure
keeps its machines in are fixed for ever; a change of them would replace the environment and every app in it.
"""

from dataclasses import dataclass

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.context import AzureContext
from providers.azure.network.results import AzureNetwork
from providers.azure.observability.diagnostics import send_to_logs
from providers.azure.observability.logs import Logs
from providers.contract.component import Scope

PROFILE = "Consumption"
"""Copies are paid by the second, on machines that Azure keeps."""


@dataclass(frozen=True)
class AppEnvironment:
    """Id, domain (`<words>.<location>.azurecontainerapps.io`) and address of the environment."""

    id: pulumi.Output[str]
    default_domain: pulumi.Output[str]
    static_ip: pulumi.Output[str]


def create_environment(scope: Scope, context: AzureContext, network: AzureNetwork, logs: Logs) -> AppEnvironment:
    """The environment: zone-redundant, internal, peers encrypted."""
    app = azure_native.app
    environment = app.ManagedEnvironment(
        scope.named(),
        resource_group_name=context.group,
        vnet_configuration=app.VnetConfigurationArgs(infrastructure_subnet_id=network.apps_subnet_id, internal=True),
        # without it no private link is accepted, and so no Front Door
        public_network_access="Disabled",
        zone_redundant=context.zonal,
        workload_profiles=[app.WorkloadProfileArgs(name=PROFILE, workload_profile_type=PROFILE)],
        infrastructure_resource_group=f"{context.group}-machines",
        peer_traffic_configuration=app.ManagedEnvironmentPeerTrafficConfigurationArgs(
            encryption=app.ManagedEnvironmentEncryptionArgs(enabled=True)
        ),
        # the workspace's key would stand in the state; the diagnostic setting needs none
        app_logs_configuration=app.AppLogsConfigurationArgs(destination="azure-monitor"),
        tags=dict(scope.tags),
        opts=scope.opts(protect=context.production),
    )
    send_to_logs(scope, logs, "diagnostics", environment.id)
    return AppEnvironment(environment.id, environment.default_domain, environment.static_ip)
