"""The instance itself, setting by setting."""

import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.contract.spec import DatabaseSpec, MaintenanceSpec
from providers.gcp.base.resources import GcpBaseResources
from providers.gcp.context import GcpContext
from providers.gcp.database.parameters import flags
from providers.gcp.database.windows import day_number, full_hour
from providers.gcp.resource_traits import PASSWORD_CHANGE_SECONDS
from providers.gcp.sizes import Tier, log_days

FINAL_BACKUP_DAYS = 30
PASSWORD_CHARACTERS = 16
REUSED_AFTER = 5
QUERY_CHARACTERS = 1024
QUERY_PLANS_A_MINUTE = 5


def create_instance(scope: Scope, base: GcpBaseResources, wanted: DatabaseSpec, tier: Tier) -> gcp.sql.DatabaseInstance:
    """The Cloud SQL instance. Deletion is refused by the stack and, a setting of its own, by the API."""
    context = base.context
    return gcp.sql.DatabaseInstance(
        scope.named(),
        project=context.project,
        region=context.region,
        database_version=f"POSTGRES_{wanted.version}",
        encryption_key_name=base.keys.usable["sqladmin"],
        deletion_protection=wanted.deletion_protection,
        settings=_settings(scope, base, wanted, tier),
        opts=scope.opts(
            protect=wanted.deletion_protection,
            # the disk grows by itself, and to shrink it back to the stack's number Cloud SQL would make a new one
            ignore_changes=["settings.diskSize"],
        ),
    )


def _settings(
    scope: Scope, base: GcpBaseResources, wanted: DatabaseSpec, tier: Tier
) -> gcp.sql.DatabaseInstanceSettingsArgs:
    keeps_last = _keeps_last_backup(base.context)
    return gcp.sql.DatabaseInstanceSettingsArgs(
        edition=tier.edition,
        tier=tier.name,
        availability_type="REGIONAL" if wanted.high_availability else "ZONAL",
        # disk
        disk_type="PD_SSD",
        disk_size=wanted.storage_gib,
        disk_autoresize=wanted.max_storage_gib > wanted.storage_gib,
        disk_autoresize_limit=wanted.max_storage_gib if wanted.max_storage_gib > wanted.storage_gib else None,
        # who gets in
        ip_configuration=_private(base),
        # a required connector would turn away every client that has nothing but DATABASE_URL
        connector_enforcement="NOT_REQUIRED",
        data_api_access="DISALLOW_DATA_API",
        password_validation_policy=_passwords(),
        # keeping
        backup_configuration=_backups(base.context, wanted, tier),
        deletion_protection_enabled=wanted.deletion_protection,
        retain_backups_on_delete=keeps_last,
        final_backup_config=gcp.sql.DatabaseInstanceSettingsFinalBackupConfigArgs(
            enabled=keeps_last, retention_days=FINAL_BACKUP_DAYS if keeps_last else None
        ),
        maintenance_window=_maintenance(wanted.maintenance),
        # what it tells
        database_flags=[
            gcp.sql.DatabaseInstanceSettingsDatabaseFlagArgs(name=flag.name, value=flag.value)
            for flag in flags(wanted, tier)
        ],
        insights_config=_insights(),
        # default labels of the provider do not reach inside `settings`
        user_labels=dict(scope.tags),
    )


def _private(base: GcpBaseResources) -> gcp.sql.DatabaseInstanceSettingsIpConfigurationArgs:
    return gcp.sql.DatabaseInstanceSettingsIpConfigurationArgs(
        ipv4_enabled=False,
        private_network=base.network.network_id,
        allocated_ip_range=base.network.private_range,
        enable_private_path_for_google_cloud_services=True,
        ssl_mode="ENCRYPTED_ONLY",
        server_ca_mode="GOOGLE_MANAGED_CAS_CA",
    )


def _passwords() -> gcp.sql.DatabaseInstanceSettingsPasswordValidationPolicyArgs:
    """Without `complexity`, which asks for punctuation: passwords made for URLs have length instead."""
    return gcp.sql.DatabaseInstanceSettingsPasswordValidationPolicyArgs(
        enable_password_policy=True,
        min_length=PASSWORD_CHARACTERS,
        disallow_username_substring=True,
        reuse_interval=REUSED_AFTER,
        password_change_interval=f"{PASSWORD_CHANGE_SECONDS}s",
    )


def _backups(
    context: GcpContext, wanted: DatabaseSpec, tier: Tier
) -> gcp.sql.DatabaseInstanceSettingsBackupConfigurationArgs:
    if wanted.backup.retention_days == 0:
        return gcp.sql.DatabaseInstanceSettingsBackupConfigurationArgs(
            enabled=False, point_in_time_recovery_enabled=False
        )
    return gcp.sql.DatabaseInstanceSettingsBackupConfigurationArgs(
        enabled=True,
        start_time=wanted.backup.window_start,
        # beside the key that encrypts them; copies elsewhere are a matter of `recovery`
        location=context.region,
        point_in_time_recovery_enabled=True,
        transaction_log_retention_days=log_days(wanted, tier),
        backup_retention_settings=gcp.sql.DatabaseInstanceSettingsBackupConfigurationBackupRetentionSettingsArgs(
            retained_backups=wanted.backup.retention_days, retention_unit="COUNT"
        ),
    )


def _keeps_last_backup(context: GcpContext) -> bool:
    return context.spec.profile != "development"


def _maintenance(wanted: MaintenanceSpec) -> gcp.sql.DatabaseInstanceSettingsMaintenanceWindowArgs:
    return gcp.sql.DatabaseInstanceSettingsMaintenanceWindowArgs(
        day=day_number(wanted), hour=full_hour(wanted), update_track="stable"
    )


def _insights() -> gcp.sql.DatabaseInstanceSettingsInsightsConfigArgs:
    """Statements, plans and the application's own tags; never a client's address, which is personal data."""
    return gcp.sql.DatabaseInstanceSettingsInsightsConfigArgs(
        query_insights_enabled=True,
        query_string_length=QUERY_CHARACTERS,
        query_plans_per_minute=QUERY_PLANS_A_MINUTE,
        record_application_tags=True,
        record_client_address=False,
    )
