"""Encryption keys: on Azure the platform's own, so nothing is declared.

Disks, databases, caches, objects, images, secrets and logs are encrypted at rest by keys that Microsoft keeps and
rotates; they cannot be switched off. Keys of one's own would have to be chosen before the database, the cache and the
storage account are made, and would have to stand in the paired region as well; they add a way to lose all data at once.
"""

from dataclasses import dataclass

from providers.azure.context import AzureContext
from providers.contract.component import Scope


@dataclass(frozen=True)
class AzureKeys:
    """Nothing that later rooms need."""


def create_keys(scope: Scope, context: AzureContext) -> AzureKeys:
    """Declares nothing."""
    return AzureKeys()
