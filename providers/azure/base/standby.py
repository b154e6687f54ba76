"""Standby location of Azure: what receives copies of the home location's data, and what services there continue."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.base.vault import AzureVault
from providers.azure.context import AzureContext
from providers.azure.network.resources import AzureNetwork
from providers.azure.observability.logs import AzureLogs
from providers.contract.component import Scope
from providers.contract.results import Standby


@dataclass(frozen=True)
class BlobStore:
    """Storage account, its blob service with the settings of versions, and its container."""

    account: azure_native.storage.StorageAccount
    blobs: azure_native.storage.BlobServiceProperties
    container: azure_native.storage.BlobContainer


@dataclass(frozen=True)
class RunningPlace:
    """Workspace and network of a standby location in which services run; they are declared before the home location."""

    logs: AzureLogs
    network: AzureNetwork


@dataclass(frozen=True)
class HomeLocation:
    """Parts of the home location that the standby location continues: its network, and the password of both databases."""

    network: AzureNetwork
    password: pulumi.Output[str] | None
    """None without a database."""
    server: pulumi.Resource | None
    """Database server of the home location, which exists before its replica."""


@dataclass(frozen=True)
class AzureStandby(Standby):
    """Vault, registry and storage account of the standby location, and the scopes in which more is declared there."""

    context: AzureContext
    scope: Scope
    vault: AzureVault
    registry: azure_native.containerregistry.Registry | None
    """None without images of the platform's own registry."""
    objects: BlobStore | None
    """None without object storage."""
    scopes: Mapping[str, Scope]
    """Scopes of the components that are open before services are declared there, to which these add what they need."""
    running: RunningPlace | None = None
    """None with `recovery.mode: backup`."""
    home: HomeLocation | None = None
    """None until the home location is declared, and with `recovery.mode: backup`."""

    @property
    def provider(self) -> pulumi.ProviderResource:
        """Provider of the standby location, for copies that are declared beside what they are a copy of."""
        return self.scope.providers[-1]
