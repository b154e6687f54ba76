"""Standby location of Azure: what receives copies of the home location's data."""

from dataclasses import dataclass

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.context import AzureContext
from providers.contract.component import Scope
from providers.contract.results import Standby


@dataclass(frozen=True)
class BlobStore:
    """Storage account, its blob service with the settings of versions, and its container."""

    account: azure_native.storage.StorageAccount
    blobs: azure_native.storage.BlobServiceProperties
    container: azure_native.storage.BlobContainer


@dataclass(frozen=True)
class AzureStandby(Standby):
    """Vault, registry and storage account of the standby location, and the scope in which copies are declared there."""

    context: AzureContext
    scope: Scope
    vault_name: pulumi.Output[str]
    vault_id: pulumi.Output[str]
    registry_id: pulumi.Output[str] | None
    """None without images of the platform's own registry."""
    objects: BlobStore | None
    """None without object storage."""

    @property
    def provider(self) -> pulumi.ProviderResource:
        """Provider of the standby location, for copies that are declared beside what they are a copy of."""
        return self.scope.providers[-1]
