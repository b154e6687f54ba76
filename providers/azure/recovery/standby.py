"""Standby location of Azure: the vault, the registry and the account that receive copies.

Each component and resource has the name that it keeps when services run in the location, so only what holds data is
declared. With `recovery.mode: warm`, workspace and network are declared with them, because vault, registry and account have
private endpoints there, and the other methods of the adapter add to the same components.
"""

from dataclasses import replace

from providers.azure.base.registry import create_standby_registry
from providers.azure.base.resources import AzureBaseResources
from providers.azure.base.standby import AzureStandby, HomeLocation, RunningPlace
from providers.azure.base.vault import create_standby_vault
from providers.azure.context import AzureContext
from providers.azure.database.resources import AzureDatabase
from providers.azure.network.flow_logs import create_flow_logs
from providers.azure.network.resources import create_network
from providers.azure.observability.logs import create_logs
from providers.azure.storage.resources import create_standby_storage
from providers.contract.component import KeptScopes, Scope
from providers.contract.region_specs import is_warm


def create_standby(scope: Scope, context: AzureContext) -> AzureStandby:
    """Declare what receives copies; `context` and the provider of `scope` are those of the standby location."""
    kept, running = KeptScopes(scope), None
    if is_warm(context.spec):
        logs = kept.component("logs", create_logs, context)
        running = RunningPlace(logs, kept.component("network", create_network, context, logs))
    network = running.network if running else None
    vault = kept.component("vault", create_standby_vault, context, network)
    registry = kept.component("registry", create_standby_registry, context)
    objects = None
    if context.spec.storage:
        objects = kept.component("storage", create_standby_storage, context, network, vault.key)
    if running is not None:
        create_flow_logs(kept.inner["network"], context, running.logs, running.network, vault.key)
    return AzureStandby(context.region, context, scope, vault, registry, objects, kept.inner, running)


def follow_home(standby: AzureStandby, base: AzureBaseResources, database: AzureDatabase | None) -> AzureStandby:
    """Return the standby location with the network and the database server of the home location."""
    server = database.server if database is not None else None
    home = HomeLocation(
        network=base.network,
        password=server.password if server else None,
        server=server.resource if server else None,
    )
    return replace(standby, home=home)
