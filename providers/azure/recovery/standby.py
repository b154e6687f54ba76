"""Standby location of Azure: the vault, the registry and the storage account that receive copies. Nothing runs there.

Each component and resource has the name that it keeps when services run in the location. Databases, objects and secrets are
encrypted with keys of Microsoft in each location, so no key is declared.
"""

from providers.azure.base.registry import create_standby_registry
from providers.azure.base.standby import AzureStandby
from providers.azure.base.vault import create_standby_vault
from providers.azure.context import AzureContext
from providers.azure.storage.resources import create_standby_storage
from providers.contract.component import Scope


def create_standby(scope: Scope, context: AzureContext) -> AzureStandby:
    """Declare what receives copies; `context` and the provider of `scope` are those of the standby location."""
    vault = scope.component("vault", create_standby_vault, context)
    registry = scope.component("registry", create_standby_registry, context)
    objects = scope.component("storage", create_standby_storage, context) if context.spec.storage else None
    return AzureStandby(context.region, context, scope, vault.name, vault.id, registry, objects)
