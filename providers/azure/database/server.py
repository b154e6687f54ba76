"""The server itself."""

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.base.locations import geo_backup
from providers.azure.base.resources import AzureBaseResources
from providers.azure.database.redundancy import maintenance_window, server_zones, standby_mode
from providers.azure.naming import server_name
from providers.azure.network.private_zones import database_zone
from providers.azure.sizes import disk_gib, disk_grows, server_size
from providers.contract.component import Scope
from providers.contract.spec import DatabaseSpec

DATABASE_NAME = "agents"
USERNAME = "platform"
ENABLED = "Enabled"

MOVED_BY_AZURE = ["availabilityZone", "highAvailability.standbyAvailabilityZone"]
"""A failover swaps them."""
DECIDED_ONCE = ["backup.geoRedundantBackup"]
"""Only a new server can have another value, and a profile or a location that Azure extends must not ask for one."""
GROWN_BY_AZURE = ["storage.storageSizeGB", "storage.tier"]
"""A disk that grows is larger than it was declared, and never becomes smaller."""


def create_server(
    scope: Scope, base: AzureBaseResources, wanted: DatabaseSpec, password: pulumi.Output[str]
) -> azure_native.dbforpostgresql.Server:
    """The flexible server. Its name is a part of its host name, and so known before it stands."""
    context, network = base.context, base.network
    size = server_size(wanted)
    zone, _ = server_zones(context, standby=wanted.high_availability)
    return azure_native.dbforpostgresql.Server(
        scope.named(),
        resource_group_name=context.group,
        server_name=server_name(context),
        version=wanted.version,
        sku=azure_native.dbforpostgresql.SkuArgs(name=size.name, tier=size.tier),
        administrator_login=USERNAME,
        administrator_login_password=password,
        auth_config=azure_native.dbforpostgresql.AuthConfigArgs(
            active_directory_auth=ENABLED, password_auth=ENABLED, tenant_id=context.tenant_id
        ),
        availability_zone=zone,
        high_availability=_standby(base, wanted),
        network=azure_native.dbforpostgresql.NetworkArgs(
            delegated_subnet_resource_id=network.database_subnet_id,
            private_dns_zone_arm_resource_id=network.zones[database_zone(context.stack)],
        ),
        storage=_disk(wanted),
        backup=azure_native.dbforpostgresql.BackupArgs(
            backup_retention_days=wanted.backup.retention_days,
            geo_redundant_backup="Enabled" if geo_backup(context) else "Disabled",
        ),
        maintenance_window=_maintenance(wanted),
        tags=dict(scope.tags),
        opts=scope.opts(
            protect=wanted.deletion_protection,
            ignore_changes=[*MOVED_BY_AZURE, *DECIDED_ONCE, *(GROWN_BY_AZURE if disk_grows(wanted) else ())],
            # the zone's id does not tell that the network may resolve names in it
            depends_on=list(network.ready),
        ),
    )


def _standby(base: AzureBaseResources, wanted: DatabaseSpec) -> azure_native.dbforpostgresql.HighAvailabilityArgs:
    _, zone = server_zones(base.context, standby=wanted.high_availability)
    return azure_native.dbforpostgresql.HighAvailabilityArgs(
        mode=standby_mode(base.context, wanted=wanted.high_availability), standby_availability_zone=zone
    )


def _disk(wanted: DatabaseSpec) -> azure_native.dbforpostgresql.StorageArgs:
    return azure_native.dbforpostgresql.StorageArgs(
        storage_size_gb=disk_gib(wanted),
        auto_grow="Enabled" if disk_grows(wanted) else "Disabled",
        type="Premium_LRS",
    )


def _maintenance(wanted: DatabaseSpec) -> azure_native.dbforpostgresql.MaintenanceWindowArgs:
    day, hour, minute = maintenance_window(wanted.maintenance)
    return azure_native.dbforpostgresql.MaintenanceWindowArgs(
        custom_window="Enabled", day_of_week=day, start_hour=hour, start_minute=minute
    )
