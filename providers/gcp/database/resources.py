"""Cloud SQL for PostgreSQL: encrypted, private, TLS only, with point-in-time recovery.

Pulumi generates the instance's name, because the name of a deleted instance stays reserved for a week. User and database
are abandoned in the instance when the stack is deleted (`ABANDON`): PostgreSQL does not drop a role that owns tables or a
database in use, so they are deleted with the instance. IAM authentication is available to accounts that an operator adds
and grants `cloudsql.instanceUser`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.contract.credentials import LIBPQ_SCHEME, generated_password, postgres_url
from providers.contract.region_specs import is_passive
from providers.contract.results import Database, SecretRef
from providers.contract.spec import DatabaseSpec, MaintenanceSpec
from providers.gcp.base.resources import GcpBaseResources, create_secret
from providers.gcp.context import GcpContext
from providers.gcp.database.limits import day_number, grows, start_hour
from providers.gcp.database.parameters import flags, max_connections
from providers.gcp.database.replica import PRIMARY, follow, ignored
from providers.gcp.database.sizes import Tier, database_tier, log_days
from providers.gcp.naming import DATABASE_NAME, USERNAME
from providers.gcp.network.flows import DATABASE_PORT
from providers.gcp.resource_traits import PASSWORD_CHANGE_SECONDS

FINAL_BACKUP_DAYS = 30
MIN_PASSWORD_CHARACTERS = 16
PASSWORD_REUSE_INTERVAL = 5
MAX_QUERY_CHARACTERS = 1024
QUERY_PLANS_PER_MINUTE = 5


@dataclass(frozen=True)
class SqlServer:
    """Instance with its name, and the password of both regions; in a separate class, so no component outputs it."""

    instance: gcp.sql.DatabaseInstance
    name: pulumi.Output[str]
    password: pulumi.Output[str]


@dataclass(frozen=True)
class GcpDatabase(Database):
    """Cloud SQL instance; metrics and logs have `identifier` (`project:instance`) as a label."""

    identifier: pulumi.Output[str]
    max_connections: int
    instance: pulumi.Output[str]
    """Name of the instance."""
    account: pulumi.Output[str]
    """E-mail address of the service account as which the instance writes exports."""
    server: SqlServer


def create_database(scope: Scope, base: GcpBaseResources) -> GcpDatabase:
    """Create the instance, its user, its database, and the secrets with its URL and password.

    In the standby region, user and database are those that the replica has from its source.
    """
    database, context = base.spec.database, base.context
    if database is None:
        raise ValueError("the platform has no database")
    tier = database_tier(database.size, context.region)
    instance = _create_instance(scope, base, database, tier)
    home = base.received.home if base.received is not None else None
    content: tuple[pulumi.Resource, ...] = ()
    if home is None:
        password = generated_password(scope)
        content = _create_content(scope, base, instance, password)
    elif home.password is not None:
        password = home.password
    else:
        raise ValueError("the home region has no database")
    secrets = _create_secrets(scope, base, instance, password, content)
    return GcpDatabase(
        host=instance.private_ip_address,
        port=DATABASE_PORT,
        name=DATABASE_NAME,
        username=USERNAME,
        url=secrets["url"],
        plain_url=secrets.get("plain-url"),
        password=secrets["password"],
        identifier=pulumi.Output.concat(context.project, ":", instance.name),
        max_connections=max_connections(database, tier),
        instance=instance.name,
        account=instance.service_account_email_address,
        server=SqlServer(instance, instance.name, password),
    )


def _create_content(
    scope: Scope, base: GcpBaseResources, instance: gcp.sql.DatabaseInstance, password: pulumi.Output[str]
) -> tuple[pulumi.Resource, ...]:
    """Create user and database, on which readers of the secrets depend too."""
    user = gcp.sql.User(
        scope.named("user"),
        project=base.context.project,
        instance=instance.name,
        name=USERNAME,
        password=password,
        deletion_policy="ABANDON",
        opts=scope.opts(),
    )
    database = gcp.sql.Database(
        scope.named("agents"),
        project=base.context.project,
        instance=instance.name,
        name=DATABASE_NAME,
        deletion_policy="ABANDON",
        opts=scope.opts(),
    )
    return user, database


def _create_secrets(
    scope: Scope,
    base: GcpBaseResources,
    instance: gcp.sql.DatabaseInstance,
    password: pulumi.Output[str],
    content: tuple[pulumi.Resource, ...],
) -> Mapping[str, SecretRef]:
    """Create the secrets with the address and the password."""
    address = (USERNAME, password, instance.private_ip_address, DATABASE_PORT, DATABASE_NAME)
    users = base.spec.users_of("database")
    values = {"url": (postgres_url(*address), users), "password": (password, users)}
    plain = [name for name in users if base.spec.services[name].preset.plain_database_url]
    if plain:
        values["plain-url"] = (postgres_url(*address, scheme=LIBPQ_SCHEME), tuple(plain))
    stored = {
        part: create_secret(scope, base, f"database-{part}", value, readers, copied=part == "password")
        for part, (value, readers) in values.items()
    }
    return {part: replace(secret, grants=(*secret.grants, *content)) for part, secret in stored.items()}


def _create_instance(
    scope: Scope, base: GcpBaseResources, database: DatabaseSpec, tier: Tier
) -> gcp.sql.DatabaseInstance:
    """Create the Cloud SQL instance; deletion protection applies to the stack and, as a separate setting, to the API."""
    context, received, passive = base.context, base.received, is_passive(base.spec)
    settings = _settings(scope, base, database, tier)
    instance = gcp.sql.DatabaseInstanceArgs(
        project=context.project,
        region=context.region,
        database_version=f"POSTGRES_{database.version}",
        encryption_key_name=base.keys.usable["sqladmin"],
        deletion_protection=database.deletion_protection,
        settings=settings,
    )
    if received is not None:
        instance.name, instance.instance_type = received.instance, PRIMARY
    if passive:
        follow(instance, settings, _source(base))
    return gcp.sql.DatabaseInstance(
        scope.named(),
        instance,
        opts=scope.opts(
            protect=database.deletion_protection,
            ignore_changes=ignored(grows=grows(database), passive=passive),
            replacement_trigger=base.network.trigger(base.spec),
        ),
    )


def _source(base: GcpBaseResources) -> pulumi.Output[str]:
    """Name of the instance in the region that serves; the standby region's is known before it is declared."""
    received = base.received
    source = received.home.instance if received is not None and received.home is not None else None
    if received is None and base.standby is not None:
        source = base.standby.instance
    if source is None:
        raise ValueError("the other region has no database")
    return source


def _settings(
    scope: Scope, base: GcpBaseResources, database: DatabaseSpec, tier: Tier
) -> gcp.sql.DatabaseInstanceSettingsArgs:
    # a deleted development database needs no final backup
    keeps_final_backup = base.spec.profile != "development"
    can_grow = grows(database)
    return gcp.sql.DatabaseInstanceSettingsArgs(
        edition=tier.edition,
        tier=tier.name,
        availability_type="REGIONAL" if database.high_availability else "ZONAL",
        # disk
        disk_type="PD_SSD",
        disk_size=database.storage_gib,
        disk_autoresize=can_grow,
        disk_autoresize_limit=database.max_storage_gib if can_grow else None,
        # access
        ip_configuration=_ip_configuration(base),
        # a required connector would reject every client that has only DATABASE_URL
        connector_enforcement="NOT_REQUIRED",
        data_api_access="DISALLOW_DATA_API",
        password_validation_policy=_password_policy(),
        # backups and maintenance
        backup_configuration=_backup_configuration(base.context, database, tier),
        deletion_protection_enabled=database.deletion_protection,
        retain_backups_on_delete=keeps_final_backup,
        final_backup_config=gcp.sql.DatabaseInstanceSettingsFinalBackupConfigArgs(
            enabled=keeps_final_backup, retention_days=FINAL_BACKUP_DAYS if keeps_final_backup else None
        ),
        maintenance_window=_maintenance_window(database.maintenance),
        # parameters and logs
        database_flags=[
            gcp.sql.DatabaseInstanceSettingsDatabaseFlagArgs(name=flag.name, value=flag.value)
            for flag in flags(database, tier)
        ],
        insights_config=_query_insights(),
        # the provider's default labels do not apply to `settings`
        user_labels=dict(scope.tags),
    )


def _ip_configuration(base: GcpBaseResources) -> gcp.sql.DatabaseInstanceSettingsIpConfigurationArgs:
    return gcp.sql.DatabaseInstanceSettingsIpConfigurationArgs(
        ipv4_enabled=False,
        private_network=base.network.network_id,
        allocated_ip_range=base.network.private_range,
        enable_private_path_for_google_cloud_services=True,
        ssl_mode="ENCRYPTED_ONLY",
        server_ca_mode="GOOGLE_MANAGED_CAS_CA",
    )


def _password_policy() -> gcp.sql.DatabaseInstanceSettingsPasswordValidationPolicyArgs:
    """Policy without `complexity`, which requires punctuation; generated passwords are long but safe in URLs."""
    return gcp.sql.DatabaseInstanceSettingsPasswordValidationPolicyArgs(
        enable_password_policy=True,
        min_length=MIN_PASSWORD_CHARACTERS,
        disallow_username_substring=True,
        reuse_interval=PASSWORD_REUSE_INTERVAL,
        password_change_interval=f"{PASSWORD_CHANGE_SECONDS}s",
    )


def _backup_configuration(
    context: GcpContext, database: DatabaseSpec, tier: Tier
) -> gcp.sql.DatabaseInstanceSettingsBackupConfigurationArgs:
    if database.backup.retention_days == 0:
        return gcp.sql.DatabaseInstanceSettingsBackupConfigurationArgs(
            enabled=False, point_in_time_recovery_enabled=False
        )
    return gcp.sql.DatabaseInstanceSettingsBackupConfigurationArgs(
        enabled=True,
        start_time=database.backup.window_start,
        # in the region of the key, without which no backup can be read; `recovery` exports the database to another region
        location=context.region,
        point_in_time_recovery_enabled=True,
        transaction_log_retention_days=log_days(database, tier),
        backup_retention_settings=gcp.sql.DatabaseInstanceSettingsBackupConfigurationBackupRetentionSettingsArgs(
            retained_backups=database.backup.retention_days, retention_unit="COUNT"
        ),
    )


def _maintenance_window(maintenance: MaintenanceSpec) -> gcp.sql.DatabaseInstanceSettingsMaintenanceWindowArgs:
    return gcp.sql.DatabaseInstanceSettingsMaintenanceWindowArgs(
        day=day_number(maintenance), hour=start_hour(maintenance), update_track="stable"
    )


def _query_insights() -> gcp.sql.DatabaseInstanceSettingsInsightsConfigArgs:
    """Statements, plans and application tags, without client addresses, which are personal data."""
    return gcp.sql.DatabaseInstanceSettingsInsightsConfigArgs(
        query_insights_enabled=True,
        query_string_length=MAX_QUERY_CHARACTERS,
        query_plans_per_minute=QUERY_PLANS_PER_MINUTE,
        record_application_tags=True,
        record_client_address=False,
    )
