"""Settings of the instance in a region of a warm standby: a read replica across regions while the other region serves.

A promotion, a switchover and a replica failover are commands of Cloud SQL (recovery/control.py). The state takes them over by a
refresh, after which the settings of a role are those of the program. An input with the source of a replica that appears replaces an
instance (terraform-provider-google, resource_sql_database_instance.go, `isMasterInstanceNameSet`), so the settings of a replica
apply to a new instance only: one that served before, and follows now, keeps its own. Backups, maintenance, password policy and
disk of a replica are those of its source. `replicaNames` and the designation for disaster recovery would name instances that do
not exist when the first one is created; Cloud SQL keeps them, and `agent-platform up` designates the replica afterwards.
"""

import pulumi
import pulumi_gcp as gcp

OF_A_REPLICA = [
    "instanceType", "masterInstanceName", "settings.backupConfiguration", "settings.diskSize", "settings.finalBackupConfig",
    "settings.maintenanceWindow", "settings.passwordValidationPolicy", "settings.retainBackupsOnDelete",
]  # fmt: skip
"""Inputs in which a replica differs from an instance that writes."""
PRIMARY, REPLICA = "CLOUD_SQL_INSTANCE", "READ_REPLICA_INSTANCE"


def follow(
    instance: gcp.sql.DatabaseInstanceArgs,
    settings: gcp.sql.DatabaseInstanceSettingsArgs,
    source: pulumi.Input[str],
) -> None:
    """Change an instance and its settings into those of a replica of the instance with the name `source`."""
    instance.instance_type = REPLICA
    instance.master_instance_name = source
    settings.backup_configuration = gcp.sql.DatabaseInstanceSettingsBackupConfigurationArgs(
        enabled=False, point_in_time_recovery_enabled=False
    )
    settings.disk_size = None
    settings.final_backup_config = None
    settings.maintenance_window = None
    settings.password_validation_policy = None
    settings.retain_backups_on_delete = None


def ignored(*, grows: bool, passive: bool) -> list[str]:
    """Return the inputs whose differences are no change of an instance in a role."""
    if passive:
        return list(OF_A_REPLICA)
    # a disk that has grown by itself is larger than in the spec, and a smaller size replaces the instance; a disk that does
    # not grow by itself has the size of the spec, and a larger one is an update in place
    return ["settings.diskSize"] if grows else []
