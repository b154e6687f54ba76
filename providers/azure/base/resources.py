"""Base resources of one location, which every other component receives."""

from dataclasses import dataclass

from providers.azure.base.identity import AzureIdentity
from providers.azure.base.models import AzureModels
from providers.azure.base.registry import AzureRegistry
from providers.azure.base.standby import AzureStandby
from providers.azure.base.vault import AzureVault
from providers.azure.compute.environment import AppEnvironment
from providers.azure.context import AzureContext
from providers.azure.network.resources import AzureNetwork
from providers.azure.observability.channels import AzureChannels
from providers.azure.observability.logs import AzureLogs
from providers.azure.observability.metrics_collector import AzureMetricsCollector
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
    """None with `recovery.mode: none`."""

    @property
    def spec(self) -> Platform:
        """Spec of the platform."""
        return self.context.spec
