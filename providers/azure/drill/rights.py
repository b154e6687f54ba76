"""Identities of a drill and their custom roles: servers of drills, what a restore needs of the platform, and reading.

A custom role is the narrowest grant: no built-in role of PostgreSQL creates servers only. The identity that restores may
create and delete servers in the group of drills alone, and has no right to change the server of the platform.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.base.resources import AzureBaseResources
from providers.azure.base.roles import SECRETS_USER, grant_role
from providers.azure.database.resources import AzureDatabase
from providers.azure.naming import salt, secret_name
from providers.azure.network.zone_names import database_zone
from providers.contract.component import Scope

SERVERS = "Microsoft.DBforPostgreSQL/flexibleServers"
RESTORE = (f"{SERVERS}/read", f"{SERVERS}/write", f"{SERVERS}/delete")
SOURCE = (f"{SERVERS}/read",)
JOIN = (
    "Microsoft.Network/virtualNetworks/subnets/read",
    "Microsoft.Network/virtualNetworks/subnets/join/action",
    "Microsoft.Network/privateDnsZones/read",
    "Microsoft.Network/privateDnsZones/join/action",
)
ASSIGN = (
    "Microsoft.ManagedIdentity/userAssignedIdentities/read",
    "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
)
"""A restored server reads the key of the stack with the identity of the platform's server."""
EXECUTIONS = ("Microsoft.App/jobs/read", "Microsoft.App/jobs/executions/read")
UserAssignedIdentity = azure_native.managedidentity.UserAssignedIdentity
Assignment = azure_native.authorization.RoleAssignment


@dataclass(frozen=True)
class DrillPlace:
    """Ids of the subnet and of the private zone of the database, in which restored servers are."""

    subnet_id: pulumi.Output[str]
    zone_id: pulumi.Output[str]


def drill_place(base: AzureBaseResources) -> DrillPlace:
    """Return where restored servers are; raises ValueError for a platform without a database."""
    network = base.network
    if network.database_subnet_id is None:
        raise ValueError("the platform has no subnet for databases")
    return DrillPlace(network.database_subnet_id, network.zones[database_zone(base.context.place)])


def create_identity(scope: Scope, base: AzureBaseResources, part: str) -> UserAssignedIdentity:
    """Declare an identity of a drill."""
    return UserAssignedIdentity(
        scope.named(part), resource_group_name=base.context.group, tags=dict(scope.tags), opts=scope.opts()
    )


def grant_restore(
    scope: Scope,
    base: AzureBaseResources,
    database: AzureDatabase,
    place: DrillPlace,
    group: pulumi.Resource,
    identity: UserAssignedIdentity,
) -> list[Assignment]:
    """Grant what the job that restores needs; the password is read when its container starts."""
    context = base.context
    targets: Mapping[str, tuple[Sequence[str], pulumi.Input[str]]] = {
        "servers": (RESTORE, context.drill_group_id),
        "source": (SOURCE, database.server_id),
        "subnet": (JOIN[:2], place.subnet_id),
        "zone": (JOIN[2:], place.zone_id),
    }
    if base.vault.key is not None:
        targets = {**targets, "key": (ASSIGN, base.vault.key.identity_id)}
    granted = [
        _grant(scope, base, part, actions, target, identity, group) for part, (actions, target) in targets.items()
    ]
    password = secret_name(f"{context.stack}-database-libpq-password")
    stored = pulumi.Output.concat(base.vault.id, "/secrets/", password)
    return [*granted, grant_role(scope, context, "password", SECRETS_USER, identity.principal_id, stored)]


def grant_report(
    scope: Scope,
    base: AzureBaseResources,
    group: pulumi.Resource,
    job_id: pulumi.Input[str],
    identity: UserAssignedIdentity,
) -> list[Assignment]:
    """Grant what the job that reports reads: executions of the drill, and servers that drills left."""
    return [
        _grant(scope, base, "executions", EXECUTIONS, job_id, identity, group),
        _grant(scope, base, "leftovers", SOURCE, base.context.drill_group_id, identity, group),
    ]


def _grant(
    scope: Scope,
    base: AzureBaseResources,
    part: str,
    actions: Sequence[str],
    target: pulumi.Input[str],
    identity: UserAssignedIdentity,
    group: pulumi.Resource,
) -> Assignment:
    """Declare a role with `actions` and assign it on one resource."""
    context = base.context
    guid = context.guid(scope.named(f"{part}-role"))
    role = azure_native.authorization.RoleDefinition(
        scope.named(part),
        scope=context.group_id,
        role_definition_id=guid,
        # unique in the tenant
        role_name=f"{context.group} restore drill, {part} {salt(context, 'drill')}",
        description=f"Restore drill of the stack {context.stack}",
        permissions=[azure_native.authorization.PermissionArgs(actions=list(actions))],
        assignable_scopes=[context.group_id, context.drill_group_id],
        # the second scope must exist, and no input refers to it
        opts=scope.opts(depends_on=[group], delete_before_replace=True),
    )
    return grant_role(scope, context, part, guid, identity.principal_id, target, after=(role,))
