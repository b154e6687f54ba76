"""PostgreSQL: flexible server, private, over TLS alone, with point-in-time recovery.

The server stands inside the network, in a subnet of its own, and has no public address at all; that choice is made once
and for all. Logins by password or by directory: the password is made here and travels in DATABASE_URL, an operator may
add directory administrators. Failover swaps the zones of server and standby, so the stack does not insist on either.
The server's name is fixed: a change that would replace it therefore fails instead of leaving the data behind.
"""

from dataclasses import dataclass, replace

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.base.resources import AzureBaseResources
from providers.azure.base.secrets import create_secret
from providers.azure.database.parameters import max_connections, server_parameters
from providers.azure.database.server import DATABASE_NAME, USERNAME, create_server
from providers.azure.observability.diagnostics import send_to_logs
from providers.azure.ports import DATABASE_PORT
from providers.contract.component import Scope
from providers.contract.credentials import generated_password, postgres_url
from providers.contract.results import Database
from providers.contract.spec import DatabaseSpec

Server = azure_native.dbforpostgresql.Server


@dataclass(frozen=True)
class AzureDatabase(Database):
    """`server_id` names the server in metrics; `max_connections` is what it accepts."""

    server_id: pulumi.Output[str]
    max_connections: int


def create_database(scope: Scope, base: AzureBaseResources) -> AzureDatabase:
    """One flexible server for the spec's database."""
    wanted = base.spec.database
    if wanted is None:
        raise ValueError("the platform has no database")
    password = generated_password(scope)
    server = create_server(scope, base, wanted, password)
    database = _database(scope, base, wanted, server)
    parameters = _parameters(scope, base, wanted, server, database)
    diagnostics = send_to_logs(scope, base.logs, "diagnostics", server.id, dedicated=True)
    if wanted.deletion_protection:
        _lock(scope, server, [*parameters, diagnostics])
    host = server.fully_qualified_domain_name
    url = postgres_url(USERNAME, password, host, DATABASE_PORT, DATABASE_NAME)
    secret = create_secret(scope, base, "database-url", url, base.spec.users_of("database"))
    return AzureDatabase(
        host=host,
        port=DATABASE_PORT,
        name=DATABASE_NAME,
        username=USERNAME,
        url=replace(secret, grants=(*secret.grants, database)),
        server_id=server.id,
        max_connections=max_connections(wanted),
    )


def _database(
    scope: Scope, base: AzureBaseResources, wanted: DatabaseSpec, server: Server
) -> azure_native.dbforpostgresql.Database:
    return azure_native.dbforpostgresql.Database(
        scope.named("agents"),
        resource_group_name=base.context.group,
        server_name=server.name,
        database_name=DATABASE_NAME,
        charset="UTF8",
        collation="en_US.utf8",
        opts=scope.opts(protect=wanted.deletion_protection),
    )


def _parameters(
    scope: Scope, base: AzureBaseResources, wanted: DatabaseSpec, server: Server, database: pulumi.Resource
) -> list[pulumi.Resource]:
    """One after another, for the server takes one change at a time (ServerIsBusy)."""
    made: list[pulumi.Resource] = [database]
    for parameter in server_parameters(wanted):
        declared = azure_native.dbforpostgresql.Configuration(
            scope.named(parameter.name.replace(".", "-")),
            resource_group_name=base.context.group,
            server_name=server.name,
            configuration_name=parameter.name,
            value=parameter.value,
            source="user-override",
            opts=scope.opts(depends_on=made[-1:]),
        )
        made.append(declared)
    return made


def _lock(scope: Scope, server: Server, beneath: list[pulumi.Resource]) -> None:
    azure_native.authorization.ManagementLockByScope(
        scope.named("lock"),
        scope=server.id,
        lock_name="keep-database",
        level="CanNotDelete",
        notes="The database of the agent platform: set database.deletion_protection to false to delete it.",
        # whatever stands beneath a lock cannot be deleted, so the lock comes last and goes first
        opts=scope.opts(depends_on=beneath, delete_before_replace=True),
    )
