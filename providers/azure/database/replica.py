"""Settings of the server in a location of a warm standby: a replica in another location while the other location serves.

A replica takes user, password and backups from its source; Azure makes it without a standby and without geo-redundant backups.
A switchover swaps the roles of both servers and changes no input of either: how a server was created is no role, so it is set
for a new server only. The settings of a promotion are write-only, and would promote again (Microsoft Learn, "Promote read
replicas").
"""

from dataclasses import replace

import pulumi_azure_native as azure_native

from providers.azure.context import AzureContext
from providers.azure.database.endpoints import server_path
from providers.contract.region_specs import is_passive, is_warm

NEVER_CHANGED = ["administratorLogin", "createMode", "replica", "replicationRole", "sourceServerResourceId"]
"""Inputs of a server's creation, and those of a promotion, which commands make."""
OF_A_REPLICA = ["administratorLoginPassword", "version"]
"""Inputs that a replica has from its source, and that Azure refuses to change on it."""


def follow(settings: azure_native.dbforpostgresql.ServerArgs, context: AzureContext, *, grows: bool) -> None:
    """Change the settings of a server into those of a new replica of the server in the location that serves."""
    settings.create_mode = "Replica"
    settings.source_server_resource_id = server_path(replace(context, region=context.spec.active_region))
    settings.administrator_login = None
    settings.administrator_login_password = None
    if grows:
        # the disk of its source may have grown, and both must be equal
        settings.storage = azure_native.dbforpostgresql.StorageArgs(auto_grow="Enabled", type="Premium_LRS")


def ignored(context: AzureContext) -> list[str]:
    """Return the inputs whose differences are no change of a server in its role; none without a warm standby."""
    if not is_warm(context.spec):
        return []
    return [*NEVER_CHANGED, *(OF_A_REPLICA if is_passive(context.spec) else [])]
