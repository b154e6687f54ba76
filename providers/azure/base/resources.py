"""What `open` lays before any verb: the Azure facts that rooms share, never seen by neutral code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from providers.azure.base.identity import AzureIdentity
from providers.azure.base.keys import AzureKeys
from providers.azure.base.models import Models
from providers.azure.base.registry import AzureRegistry
from providers.azure.base.vault import Vault
from providers.azure.context import AzureContext
from providers.azure.network.results import AzureNetwork
from providers.azure.observability.channels import AzureChannels
from providers.azure.observability.logs import Logs
from providers.azure.observability.metrics_collector import AzureMetricsCollector
from providers.contract.spec import Platform

if TYPE_CHECKING:
    # For its type alone: the package around it reads the ground, so at run time they would import each other in a circle.
    from providers.azure.compute.environment import AppEnvironment


@dataclass(frozen=True)
class AzureBaseResources:
    """Logs, network, identities, images, vault, models and the apps' environment of one location."""

    context: AzureContext
    keys: AzureKeys
    network: AzureNetwork
    identity: AzureIdentity
    registry: AzureRegistry
    channels: AzureChannels
    prometheus: AzureMetricsCollector | None
    logs: Logs
    vault: Vault
    models: Models | None
    environment: AppEnvironment

    @property
    def spec(self) -> Platform:
        """The spec that is built."""
        return self.context.spec
