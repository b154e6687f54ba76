"""Base resources of one location, which every other component receives."""

from dataclasses import dataclass

from providers.azure.base.identity import AzureIdentity, create_identity
from providers.azure.base.models import AzureModels, create_models
from providers.azure.base.registry import AzureRegistry, create_registry, use_registry
from providers.azure.base.standby import AzureStandby
from providers.azure.base.vault import AzureVault, create_vault
from providers.azure.compute.environment import AppEnvironment, create_environment
from providers.azure.context import AzureContext
from providers.azure.network.flow_logs import create_flow_logs
from providers.azure.network.peering import connect_networks
from providers.azure.network.resources import AzureNetwork, create_network
from providers.azure.observability.channels import AzureChannels, create_channels
from providers.azure.observability.logs import AzureLogs, create_logs
from providers.azure.observability.metrics_collector import AzureMetricsCollector, create_prometheus
from providers.contract.component import KeptScopes, Scope
from providers.contract.spec import Platform


@dataclass(frozen=True)
class AzureBaseResources:
    """Network, identities, registry, vault, models, Container Apps environment, logs and channels of one location."""

    context: AzureContext
    network: AzureNetwork
    identity: AzureIdentity
    registry: AzureRegistry
    channels: AzureChannels
    prometheus: AzureMetricsCollector | None
    logs: AzureLogs
    vault: AzureVault
    models: AzureModels | None
    environment: AppEnvironment
    standby: AzureStandby | None = None
    """Location that receives copies of this one; None with `recovery.mode: none`, and in the standby location itself."""
    received: AzureStandby | None = None
    """In the standby location: what it has before services run there; None in the home location."""

    @property
    def spec(self) -> Platform:
        """Spec of the platform."""
        return self.context.spec


def create_base_resources(scope: Scope, context: AzureContext, standby: AzureStandby | None) -> AzureBaseResources:
    """Declare logs, network, channels, identities, registry, vault, models and Container Apps environment of a location."""
    if standby is not None and standby.region == context.region:
        return _continued(scope, context, standby)
    logs = scope.component("logs", create_logs, context)
    kept = KeptScopes(scope)
    network = kept.component("network", _connected_network, context, logs, standby)
    channels = scope.component("channels", create_channels, context)
    identity = scope.component("identity", create_identity, context)
    registry = scope.component("registry", create_registry, context, identity, network, logs, standby)
    vault = scope.component("vault", create_vault, context, network, logs)
    create_flow_logs(kept.inner["network"], context, logs, network, vault.key)
    return AzureBaseResources(
        context=context,
        network=network,
        identity=identity,
        registry=registry,
        channels=channels,
        logs=logs,
        vault=vault,
        models=scope.component("models", create_models, context, network, identity, logs),
        environment=scope.component("environment", create_environment, context, network, logs),
        prometheus=scope.component("prometheus", create_prometheus, context, channels, identity),
        standby=standby,
    )


def _connected_network(
    scope: Scope, context: AzureContext, logs: AzureLogs, standby: AzureStandby | None
) -> AzureNetwork:
    """Declare the network of the home location, connected to that of the standby location where services run there."""
    network = create_network(scope, context, logs)
    if standby is None or standby.running is None:
        return network
    return connect_networks(scope, context, network, standby.running.network)


def _continued(scope: Scope, context: AzureContext, standby: AzureStandby) -> AzureBaseResources:
    """Declare what services in the standby location need beside what it has; raises ValueError before `follow`."""
    running, home = standby.running, standby.home
    if running is None or home is None:
        raise ValueError("services run in the standby location after the home location is declared")
    logs = running.logs
    network = connect_networks(standby.scopes["network"], context, running.network, home.network)
    channels = scope.component("channels", create_channels, context)
    identity = scope.component("identity", create_identity, context)
    return AzureBaseResources(
        context=context,
        network=network,
        identity=identity,
        registry=use_registry(standby.scopes["registry"], context, identity, network, standby.registry),
        channels=channels,
        logs=logs,
        vault=standby.vault,
        models=scope.component("models", create_models, context, network, identity, logs),
        environment=scope.component("environment", create_environment, context, network, logs),
        prometheus=scope.component("prometheus", create_prometheus, context, channels, identity),
        received=standby,
    )
