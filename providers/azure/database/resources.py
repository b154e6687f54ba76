"""PostgreSQL: a flexible server without a public address, over TLS only, with point-in-time recovery.

The server is injected into a delegated subnet; this choice cannot be changed later. Logins use a password or Microsoft
Entra ID: the password is generated here and stored for DATABASE_URL and PGPASSWORD; operators may add Entra administrators.
A failover swaps the zones of server and standby, so changes of both are ignored. The server's name is fixed: a change
that would replace the server therefore fails instead of deleting the data.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.base.data_key import AzureDataKey
from providers.azure.base.limits import OWN_KEY, ZONES, geo_backup
from providers.azure.base.resources import AzureBaseResources
from providers.azure.base.secrets import create_secret
from providers.azure.context import AzureContext
from providers.azure.database.parameters import max_connections, server_parameters
from providers.azure.database.replica import follow, ignored
from providers.azure.database.sizes import disk_gib, disk_grows, server_size
from providers.azure.naming import server_host, server_name
from providers.azure.network.flows import DATABASE_PORT
from providers.azure.network.zone_names import database_zone
from providers.azure.observability.logs import send_to_logs
from providers.contract.component import Scope
from providers.contract.credentials import LIBPQ_SCHEME, SQLALCHEMY_SCHEME, generated_password, postgres_url
from providers.contract.region_specs import is_passive, is_warm
from providers.contract.results import Database, SecretRef
from providers.contract.spec import DatabaseSpec, MaintenanceSpec

DATABASE_NAME = "agents"
USERNAME = "platform"
ENABLED = "Enabled"
DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")

SWAPPED_BY_FAILOVER = ["availabilityZone", "highAvailability.standbyAvailabilityZone"]
FIXED_AT_CREATION = ["backup.geoRedundantBackup", "dataEncryption", "identity"]
"""Only a new server can have another value; a changed profile or an extended list of locations must not replace it."""
CHANGED_BY_AUTOGROW = ["storage.storageSizeGB", "storage.tier"]
"""A disk that has grown is larger than declared and cannot shrink."""

Server = azure_native.dbforpostgresql.Server


@dataclass(frozen=True)
class DatabaseServer:
    """Server, and its password, which its replica has too; in a separate class, so that the component does not output it."""

    resource: Server
    password: pulumi.Output[str]


@dataclass(frozen=True)
class AzureDatabase(Database):
    """PostgreSQL; `server_id` identifies the server in metrics, `max_connections` is the number that it accepts."""

    server_id: pulumi.Output[str]
    max_connections: int
    server: DatabaseServer


def create_database(scope: Scope, base: AzureBaseResources) -> AzureDatabase:
    """Declare the flexible server, its database, parameters, lock and connection secret.

    In the standby location the server began as a replica, which has password and database of its source.
    """
    settings, warm = base.spec.database, is_warm(base.spec)
    if settings is None:
        raise ValueError("the platform has no database")
    home = base.received.home if base.received else None
    password = home.password if home and home.password is not None else generated_password(scope)
    server = _server(scope, base, settings, password)
    database = server if home else _database(scope, base, settings, server)
    parameters = _parameters(scope, base, settings, server, database)
    diagnostics = send_to_logs(scope, base.logs, "diagnostics", server.id, dedicated=True)
    if settings.deletion_protection:
        _lock(scope, server, [*parameters, diagnostics])
    host = server.fully_qualified_domain_name
    url, plain_url = _urls(scope, base, password, database)
    libpq_password = create_secret(scope, base, "libpq-password", password, base.spec.users_of("database"))
    return AzureDatabase(
        host=host,
        port=DATABASE_PORT,
        name=DATABASE_NAME,
        username=USERNAME,
        url=url,
        plain_url=plain_url,
        password=libpq_password,
        server_id=server.id,
        max_connections=max_connections(settings, replicated=warm),
        server=DatabaseServer(server, password),
    )


def _urls(
    scope: Scope, base: AzureBaseResources, password: pulumi.Output[str], database: pulumi.Resource
) -> tuple[SecretRef, SecretRef | None]:
    """Connection URL with SQLAlchemy's scheme, and with libpq's where a preset needs it; each service reads one of them.

    The host name is computed, so that the secrets and the roles on them are created while the server is: Key Vault accepts
    a role minutes after its assignment, and an app whose identity is not accepted yet cannot start
    (https://github.com/microsoft/azure-container-apps/issues/1174).
    """
    host = server_host(base.context)
    users = base.spec.users_of("database")
    plain_users = [name for name in users if base.spec.services[name].preset.plain_database_url]
    other_users = [name for name in users if name not in plain_users]

    def secret(part: str, scheme: str, readers: Sequence[str]) -> SecretRef:
        url = postgres_url(USERNAME, password, host, DATABASE_PORT, DATABASE_NAME, scheme=scheme)
        stored = create_secret(scope, base, part, url, readers, copied=False)
        return replace(stored, grants=(*stored.grants, database))

    plain_url = secret("plain-database-url", LIBPQ_SCHEME, plain_users) if plain_users else None
    return secret("database-url", SQLALCHEMY_SCHEME, other_users), plain_url


def maintenance_window(maintenance: MaintenanceSpec) -> tuple[int, int, int]:
    """Return day of the week (Sunday is 0), hour and minute at which the maintenance window starts, UTC."""
    hour, _, minute = maintenance.window_start.partition(":")
    return DAYS.index(maintenance.day), int(hour), int(minute)


def _server(scope: Scope, base: AzureBaseResources, settings: DatabaseSpec, password: pulumi.Output[str]) -> Server:
    """Server of a location, with the settings of a replica while the other location serves."""
    context, network = base.context, base.network
    args, grows = _server_args(base, settings, password), disk_grows(settings)
    passive = is_passive(base.spec)
    if passive:
        follow(args, context, grows=grows)
    args.tags = dict(scope.tags)
    home = base.received.home if base.received else None
    source = [home.server] if passive and home and home.server is not None else []
    return Server(
        scope.named(),
        args,
        opts=scope.opts(
            protect=settings.deletion_protection,
            ignore_changes=[
                *SWAPPED_BY_FAILOVER,
                *FIXED_AT_CREATION,
                *(CHANGED_BY_AUTOGROW if grows else ()),
                *ignored(context),
            ],
            # the zone id does not imply the zone's link to the network, nor that of the source the way to it
            depends_on=[
                *network.ready,
                *(network.parts.connections if passive else ()),
                *source,
                *(key.ready for key in (base.vault.key, _backup_key(base)) if key),
            ],
        ),
    )


def _server_args(
    base: AzureBaseResources, settings: DatabaseSpec, password: pulumi.Output[str]
) -> azure_native.dbforpostgresql.ServerArgs:
    context, network = base.context, base.network
    size = server_size(settings, replicated=is_warm(base.spec))
    return azure_native.dbforpostgresql.ServerArgs(
        resource_group_name=context.group,
        # fixed: it is a part of the host name
        server_name=server_name(context),
        version=settings.version,
        sku=azure_native.dbforpostgresql.SkuArgs(name=size.name, tier=size.tier),
        administrator_login=USERNAME,
        administrator_login_password=password,
        identity=_identity(base),
        data_encryption=_encryption(base),
        auth_config=azure_native.dbforpostgresql.AuthConfigArgs(
            active_directory_auth=ENABLED, password_auth=ENABLED, tenant_id=context.tenant_id
        ),
        availability_zone=ZONES[0] if context.zonal else None,
        high_availability=_standby(context, settings),
        network=azure_native.dbforpostgresql.NetworkArgs(
            delegated_subnet_resource_id=network.database_subnet_id,
            private_dns_zone_arm_resource_id=network.zones[database_zone(context.place)],
        ),
        storage=_storage(settings),
        backup=azure_native.dbforpostgresql.BackupArgs(
            backup_retention_days=settings.backup.retention_days,
            geo_redundant_backup="Enabled" if geo_backup(context) else "Disabled",
        ),
        maintenance_window=_maintenance(settings),
    )


def _backup_key(base: AzureBaseResources) -> AzureDataKey | None:
    """Key of the geo-redundant backups, in the vault of their location; None without a key, or without such backups."""
    return base.standby.vault.key if base.standby is not None and geo_backup(base.context) else None


def _identity(base: AzureBaseResources) -> azure_native.dbforpostgresql.UserAssignedIdentityArgs | None:
    """Identities that use the keys of data and of geo-redundant backups, which must be two."""
    postgresql, keys = azure_native.dbforpostgresql, [key for key in (base.vault.key, _backup_key(base)) if key]
    if not keys:
        return None
    ids = pulumi.Output.all(*(key.identity_id for key in keys))
    return postgresql.UserAssignedIdentityArgs(
        type="UserAssigned",
        user_assigned_identities=ids.apply(lambda each: {str(id_): postgresql.UserIdentityArgs() for id_ in each}),
    )


def _encryption(base: AzureBaseResources) -> azure_native.dbforpostgresql.DataEncryptionArgs | None:
    """Keys of the stack, each in the newest version; None for keys of Microsoft."""
    key, backups = base.vault.key, _backup_key(base)
    if key is None:
        return None
    return azure_native.dbforpostgresql.DataEncryptionArgs(
        type=OWN_KEY,
        primary_key_uri=key.uri,
        primary_user_assigned_identity_id=key.identity_id,
        geo_backup_key_uri=backups.uri if backups else None,
        geo_backup_user_assigned_identity_id=backups.identity_id if backups else None,
    )


def _standby(context: AzureContext, settings: DatabaseSpec) -> azure_native.dbforpostgresql.HighAvailabilityArgs:
    high_availability = azure_native.dbforpostgresql.HighAvailabilityArgs
    if not settings.high_availability:
        return high_availability(mode="Disabled", standby_availability_zone=None)
    if not context.zonal:
        return high_availability(mode="SameZone", standby_availability_zone=None)
    return high_availability(mode="ZoneRedundant", standby_availability_zone=ZONES[1])


def _storage(settings: DatabaseSpec) -> azure_native.dbforpostgresql.StorageArgs:
    return azure_native.dbforpostgresql.StorageArgs(
        storage_size_gb=disk_gib(settings),
        auto_grow="Enabled" if disk_grows(settings) else "Disabled",
        type="Premium_LRS",
    )


def _maintenance(settings: DatabaseSpec) -> azure_native.dbforpostgresql.MaintenanceWindowArgs:
    day, hour, minute = maintenance_window(settings.maintenance)
    return azure_native.dbforpostgresql.MaintenanceWindowArgs(
        custom_window="Enabled", day_of_week=day, start_hour=hour, start_minute=minute
    )


def _database(
    scope: Scope, base: AzureBaseResources, settings: DatabaseSpec, server: Server
) -> azure_native.dbforpostgresql.Database:
    return azure_native.dbforpostgresql.Database(
        scope.named("agents"),
        resource_group_name=base.context.group,
        server_name=server.name,
        database_name=DATABASE_NAME,
        charset="UTF8",
        collation="en_US.utf8",
        opts=scope.opts(protect=settings.deletion_protection),
    )


def _parameters(
    scope: Scope, base: AzureBaseResources, settings: DatabaseSpec, server: Server, database: pulumi.Resource
) -> list[pulumi.Resource]:
    """One parameter after another: the server accepts one change at a time (ServerIsBusy)."""
    chain: list[pulumi.Resource] = [database]
    for parameter in server_parameters(settings, replicated=is_warm(base.spec)):
        configuration = azure_native.dbforpostgresql.Configuration(
            scope.named(parameter.name.replace(".", "-")),
            resource_group_name=base.context.group,
            server_name=server.name,
            configuration_name=parameter.name,
            value=parameter.value,
            source="user-override",
            opts=scope.opts(depends_on=chain[-1:]),
        )
        chain.append(configuration)
    return chain


def _lock(scope: Scope, server: Server, locked: list[pulumi.Resource]) -> None:
    azure_native.authorization.ManagementLockByScope(
        scope.named("lock"),
        scope=server.id,
        lock_name="keep-database",
        level="CanNotDelete",
        notes="The database of the agent platform: set database.deletion_protection to false to delete it.",
        # a lock also protects child resources, so it is created last and deleted first
        opts=scope.opts(depends_on=locked, delete_before_replace=True),
    )
