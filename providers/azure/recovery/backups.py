"""Weekly backups of the database in a vault of Azure Backup, which is replicated to the paired location and can be locked.

The server's own geo-redundant backup is at most an hour old, but cannot be locked, and ends with the server. The vault adds
backups that outlive it: Azure Backup takes one a week of the whole server, the only schedule for this kind of server, and
restores it as files in either location (Microsoft Learn, "Support matrix for Azure Database for PostgreSQL - Flexible
server backup"). With a lock no principal can shorten their retention or delete them; "Locked" can never be undone.
"""

import pulumi_azure_native as azure_native

from providers.azure.base.limits import LOCATIONS_WITH_ZONES, is_paired
from providers.azure.base.resources import AzureBaseResources
from providers.azure.base.roles import LONG_TERM_BACKUP, READER, grant_role
from providers.azure.context import AzureContext
from providers.azure.database.resources import AzureDatabase
from providers.azure.naming import server_name
from providers.azure.observability.logs import send_to_logs
from providers.contract.component import Scope

SERVER_TYPE = "Microsoft.DBforPostgreSQL/flexibleServers"
WEEKLY = "R/2026-01-04T03:00:00+00:00/P1W"
"""Every Sunday at 03:00 UTC, from a day in the past on."""
VAULT_STORE = "VaultStore"
IMMUTABILITY = {"none": "Disabled", "governance": "Unlocked", "compliance": "Locked"}
SOFT_DELETE = {"none": "On", "governance": "On", "compliance": "AlwaysOn"}
SOFT_DELETE_DAYS = 14
"""Days in which a deleted backup can be restored, the fewest, which cost nothing."""


def create_backups(scope: Scope, base: AzureBaseResources, database: AzureDatabase) -> None:
    """Declare vault, policy, the backup of the server, and the rights of the vault on it."""
    context = base.context
    vault = _vault(scope, context)
    send_to_logs(scope, base.logs, "vault-diagnostics", vault.id, metrics=None, dedicated=True)
    principal = vault.identity.apply(lambda identity: (identity.principal_id or "") if identity else "")
    rights = [
        grant_role(scope, context, "vault-backs-up", LONG_TERM_BACKUP, principal, database.server_id),
        grant_role(scope, context, "vault-reads", READER, principal, context.group_id),
    ]
    _instance(scope, context, database, vault, _policy(scope, context, vault), rights)


def _vault(scope: Scope, context: AzureContext) -> "azure_native.dataprotection.BackupVault":
    dataprotection, lock = azure_native.dataprotection, context.spec.recovery.lock
    return dataprotection.BackupVault(
        scope.named("vault"),
        resource_group_name=context.group,
        identity=dataprotection.DppIdentityDetailsArgs(type="SystemAssigned"),
        properties=dataprotection.BackupVaultArgs(
            storage_settings=[
                dataprotection.StorageSettingArgs(datastore_type=VAULT_STORE, type=_redundancy(context.region))
            ],
            feature_settings=dataprotection.FeatureSettingsArgs(
                cross_region_restore_settings=dataprotection.CrossRegionRestoreSettingsArgs(state="Enabled")
            )
            if is_paired(context.region)
            else None,
            security_settings=dataprotection.SecuritySettingsArgs(
                immutability_settings=dataprotection.ImmutabilitySettingsArgs(state=IMMUTABILITY[lock]),
                soft_delete_settings=dataprotection.SoftDeleteSettingsArgs(
                    state=SOFT_DELETE[lock], retention_duration_in_days=SOFT_DELETE_DAYS
                ),
            ),
        ),
        tags=dict(scope.tags),
        opts=scope.opts(protect=context.production),
    )


def _redundancy(location: str) -> str:
    """Return the redundancy of the vault, which never changes: replicated to the pair where the location has one."""
    if is_paired(location):
        return "GeoRedundant"
    return "ZoneRedundant" if location in LOCATIONS_WITH_ZONES else "LocallyRedundant"


def _policy(
    scope: Scope, context: AzureContext, vault: "azure_native.dataprotection.BackupVault"
) -> "azure_native.dataprotection.BackupPolicy":
    dataprotection, days = azure_native.dataprotection, context.spec.recovery.retention_days
    store = dataprotection.DataStoreInfoBaseArgs(data_store_type=VAULT_STORE, object_type="DataStoreInfoBase")
    default = dataprotection.TaggingCriteriaArgs(
        is_default=True, tag_info=dataprotection.RetentionTagArgs(tag_name="Default"), tagging_priority=99
    )
    return dataprotection.BackupPolicy(
        scope.named("policy"),
        resource_group_name=context.group,
        vault_name=vault.name,
        # a policy cannot change, so another retention is another policy
        backup_policy_name=f"weekly-{days}-days",
        properties=dataprotection.BackupPolicyArgs(
            object_type="BackupPolicy",
            datasource_types=[SERVER_TYPE],
            policy_rules=[
                dataprotection.AzureBackupRuleArgs(
                    name="BackupWeekly",
                    object_type="AzureBackupRule",
                    data_store=store,
                    backup_parameters=dataprotection.AzureBackupParamsArgs(
                        object_type="AzureBackupParams", backup_type="Full"
                    ),
                    trigger=dataprotection.ScheduleBasedTriggerContextArgs(
                        object_type="ScheduleBasedTriggerContext",
                        schedule=dataprotection.BackupScheduleArgs(repeating_time_intervals=[WEEKLY], time_zone="UTC"),
                        tagging_criteria=[default],
                    ),
                ),
                dataprotection.AzureRetentionRuleArgs(
                    name="Default",
                    object_type="AzureRetentionRule",
                    is_default=True,
                    lifecycles=[
                        dataprotection.SourceLifeCycleArgs(
                            source_data_store=store,
                            delete_after=dataprotection.AbsoluteDeleteOptionArgs(
                                object_type="AbsoluteDeleteOption", duration=f"P{days}D"
                            ),
                        )
                    ],
                ),
            ],
        ),
        opts=scope.opts(),
    )


def _instance(
    scope: Scope,
    context: AzureContext,
    database: AzureDatabase,
    vault: "azure_native.dataprotection.BackupVault",
    policy: "azure_native.dataprotection.BackupPolicy",
    rights: list[azure_native.authorization.RoleAssignment],
) -> None:
    """Declare the backup of the server; deleting it deletes its backups."""
    dataprotection, name = azure_native.dataprotection, server_name(context)
    dataprotection.BackupInstance(
        scope.named("database"),
        resource_group_name=context.group,
        vault_name=vault.name,
        backup_instance_name=name,
        properties=dataprotection.BackupInstanceArgs(
            object_type="BackupInstance",
            friendly_name=name,
            data_source_info=dataprotection.DatasourceArgs(
                object_type="Datasource",
                datasource_type=SERVER_TYPE,
                resource_id=database.server_id,
                resource_location=context.region,
                resource_name=name,
                resource_type=SERVER_TYPE,
                resource_uri=database.server_id,
            ),
            data_source_set_info=dataprotection.DatasourceSetArgs(
                object_type="DatasourceSet",
                datasource_type=SERVER_TYPE,
                resource_id=database.server_id,
                resource_location=context.region,
                resource_name=name,
                resource_type=SERVER_TYPE,
                resource_uri=database.server_id,
            ),
            policy_info=dataprotection.PolicyInfoArgs(policy_id=policy.id),
        ),
        tags=dict(scope.tags),
        # the API checks the rights of the vault, to which no input refers
        opts=scope.opts(depends_on=rights, protect=context.production),
    )
