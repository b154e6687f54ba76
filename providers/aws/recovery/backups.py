"""Copies of database backups: replicated automated backups, and daily snapshots in a vault of the standby region.

A snapshot is taken in the home region, copied, and kept `retention_days` in both vaults. A lock keeps points until then:
`governance` can be removed by principals with that permission, `compliance` by nobody after its first days. AWS publishes an
event for each finished copy (AWS Backup developer guide, "Monitoring events using EventBridge"); an alarm fires when none
arrived for more than a day, which also covers copies that never start.
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from providers.aws.base.iam_policies import document
from providers.aws.base.resources import AwsBaseResources
from providers.aws.base.standby import AwsStandby
from providers.aws.context import AwsContext
from providers.aws.database.resources import AwsDatabase
from providers.aws.monitoring.database_metrics import log_events
from providers.aws.recovery.limits import LOCK_DAYS
from providers.aws.recovery.schedule import snapshot_schedule
from providers.contract.component import Scope
from providers.contract.spec import DatabaseSpec

MAX_RETENTION_DAYS = 35
START_MINUTES = 60
COMPLETION_MINUTES = 8 * 60
BACKUP_POLICY = "service-role/AWSBackupServiceRolePolicyForBackup"
"""Managed policy; AWS extends it with what copies need. Only AWS Backup in this account can assume the role."""


@dataclass(frozen=True)
class AwsVault:
    """ARN of a backup vault."""

    arn: pulumi.Output[str]


def receive_backups(scope: Scope, standby: AwsStandby, database: AwsDatabase) -> AwsVault:
    """Declare what stands in the standby region: the replication of automated backups, and the vault of the copies."""
    aws.rds.InstanceAutomatedBackupsReplication(
        scope.named("automated-backups"),
        source_db_instance_arn=database.arn,
        kms_key_id=standby.key,
        retention_period=standby.context.spec.recovery.retention_days,
        opts=scope.opts(),
    )
    return AwsVault(_vault(scope, standby.context, standby.key).arn)


def create_backups(
    scope: Scope, base: AwsBaseResources, database: AwsDatabase, receiver: AwsVault
) -> pulumi.Output[str]:
    """Declare vault, plan and role of the home region; returns the name of the rule that matches finished copies."""
    context, settings = base.context, base.spec.database
    if settings is None:
        raise ValueError("the platform has no database")
    vault = _vault(scope, context, base.keys.data)
    plan = _plan(scope, context, settings, vault, receiver)
    role, policy = _role(scope, context)
    aws.backup.Selection(
        scope.named("database"),
        plan_id=plan.id,
        iam_role_arn=role.arn,
        resources=[database.arn],
        # no Output expresses that the role has its policy before the first snapshot
        opts=scope.opts(depends_on=[policy]),
    )
    return log_events(
        scope, "copies", f"copied backups of {context.stack}", context, base.keys, finished_copies(receiver)
    )


def _vault(scope: Scope, context: AwsContext, key: pulumi.Input[str]) -> "aws.backup.Vault":
    vault = aws.backup.Vault(
        scope.named("vault"),
        kms_key_arn=key,
        # AWS Backup refuses to delete a vault that contains backups
        force_destroy=False,
        opts=scope.opts(protect=context.production),
    )
    recovery = context.spec.recovery
    if recovery.lock != "none":
        aws.backup.VaultLockConfiguration(
            scope.named("vault-lock"),
            backup_vault_name=vault.name,
            min_retention_days=recovery.retention_days,
            max_retention_days=MAX_RETENTION_DAYS,
            changeable_for_days=LOCK_DAYS if recovery.lock == "compliance" else None,
            opts=scope.opts(),
        )
    return vault


def _plan(
    scope: Scope, context: AwsContext, database: DatabaseSpec, vault: "aws.backup.Vault", receiver: AwsVault
) -> "aws.backup.Plan":
    days = context.spec.recovery.retention_days
    return aws.backup.Plan(
        scope.named("plan"),
        rules=[
            aws.backup.PlanRuleArgs(
                rule_name="daily",
                target_vault_name=vault.name,
                schedule=snapshot_schedule(database),
                start_window=START_MINUTES,
                completion_window=COMPLETION_MINUTES,
                lifecycle=aws.backup.PlanRuleLifecycleArgs(delete_after=days),
                copy_actions=[
                    aws.backup.PlanRuleCopyActionArgs(
                        destination_vault_arn=receiver.arn,
                        lifecycle=aws.backup.PlanRuleCopyActionLifecycleArgs(delete_after=days),
                    )
                ],
            )
        ],
        opts=scope.opts(),
    )


def _role(scope: Scope, context: AwsContext) -> tuple[aws.iam.Role, aws.iam.RolePolicyAttachment]:
    role = aws.iam.Role(
        scope.named("backup"),
        description=f"AWS Backup copies backups of the database of the stack {context.stack}",
        assume_role_policy=document(
            {
                "Effect": "Allow",
                "Principal": {"Service": "backup.amazonaws.com"},
                "Action": "sts:AssumeRole",
                # AWS Backup documents no source ARN
                "Condition": {"StringEquals": {"aws:SourceAccount": context.account_id}},
            }
        ),
        opts=scope.opts(),
    )
    policy = aws.iam.RolePolicyAttachment(
        scope.named("backup"),
        role=role.name,
        policy_arn=f"arn:{context.partition}:iam::aws:policy/{BACKUP_POLICY}",
        opts=scope.opts(),
    )
    return role, policy


def finished_copies(receiver: AwsVault) -> pulumi.Output[str]:
    """Event pattern of finished copies in the vault of the standby region."""
    return pulumi.Output.json_dumps(
        {
            "source": ["aws.backup"],
            "detail-type": ["Copy Job State Change"],
            "detail": {"state": ["COMPLETED"], "destinationBackupVaultArn": [receiver.arn]},
        }
    )
