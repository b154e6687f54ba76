"""Backup plan of AWS Backup and its restore test: vault, daily snapshots, role, plan and selection.

Restore testing reads recovery points of AWS Backup only, not RDS's own backups, so a drill declares a plan that takes a daily
snapshot. The vault is deleted with its snapshots when the drill is removed; RDS's own backups are not in it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from providers.aws.base.iam_policies import Statement, allow, document
from providers.aws.base.resources import AwsBaseResources
from providers.aws.context import AwsContext
from providers.aws.database.resources import AwsDatabase
from providers.aws.database.sizes import database_class
from providers.aws.drill.machine import COPY_DIGITS, copy_prefix
from providers.aws.drill.report import TEST_COPY
from providers.aws.drill.schedules import COMPLETION_MINUTES, START_MINUTES, snapshot_expression
from providers.aws.jobs.state_machine import schedule_expression
from providers.aws.naming import database_identifier
from providers.contract.component import Scope
from providers.contract.drill import drill_of, drill_schedule
from providers.contract.spec import DatabaseSpec

VALIDATION_HOURS = 1
"""Time in which the query runs; AWS Backup deletes the restored database after it."""
START_HOURS = 1
"""AWS Backup starts a restore test at a random time in this window; one hour is the shortest."""
SNAPSHOTS = "snapshot:awsbackup:*"
"""Snapshots that AWS Backup takes: AWS managed policy AWSBackupServiceRolePolicyForBackup."""


@dataclass(frozen=True)
class DrillBackups:
    """Vault, role that restores, and the metadata of a restore."""

    vault: pulumi.Output[str]
    role: aws.iam.Role
    metadata: Mapping[str, pulumi.Input[str]]
    plan_arn: pulumi.Output[str]
    """ARN of the restore testing plan, which its events name."""


def create_backups(
    scope: Scope, base: AwsBaseResources, database: AwsDatabase, group: aws.ec2.SecurityGroup
) -> DrillBackups:
    """Declare vault, plan and restore test; restored databases are in the security group `group`."""
    spec = base.spec.database
    if spec is None:
        raise ValueError("the platform has no database")
    vault = aws.backup.Vault(
        scope.named("vault"),
        name=scope.named(),
        kms_key_arn=base.keys.data,
        force_destroy=True,
        opts=scope.opts(),
    )
    role, policy = _role(scope, base, vault)
    metadata = restore_metadata(spec, database.subnet_group, group.id)
    _plan(scope, base, spec, database, vault, role, policy)
    test = _restore_test(scope, base, database, vault, role, policy, metadata)
    return DrillBackups(vault.name, role, metadata, test.arn)


def restore_metadata(
    spec: DatabaseSpec, subnet_group: pulumi.Input[str], group: pulumi.Input[str]
) -> dict[str, pulumi.Input[str]]:
    """Metadata of a restore: in the database tier, in one zone, reached by the query's task only.

    AWS Backup developer guide, "Restore testing inferred metadata": without a subnet group the default VPC is used.
    """
    return {
        "DBInstanceClass": database_class(spec.size),
        "DBSubnetGroupName": subnet_group,
        "VpcSecurityGroupIds": pulumi.Output.json_dumps([group]),
        "MultiAZ": "false",
        "PubliclyAccessible": "false",
    }


def _plan(
    scope: Scope,
    base: AwsBaseResources,
    spec: DatabaseSpec,
    database: AwsDatabase,
    vault: "aws.backup.Vault",
    role: aws.iam.Role,
    policy: aws.iam.RolePolicy,
) -> None:
    """Declare the plan of daily snapshots, which end before the next drill."""
    plan = aws.backup.Plan(
        scope.named("plan"),
        name=scope.named(),
        rules=[
            aws.backup.PlanRuleArgs(
                rule_name="daily",
                target_vault_name=vault.name,
                schedule=snapshot_expression(spec, drill_schedule(drill_of(base.spec))),
                start_window=START_MINUTES,
                completion_window=COMPLETION_MINUTES,
                lifecycle=aws.backup.PlanRuleLifecycleArgs(delete_after=spec.backup.retention_days),
            )
        ],
        opts=scope.opts(),
    )
    aws.backup.Selection(
        scope.named("selection"),
        plan_id=plan.id,
        iam_role_arn=role.arn,
        resources=[database.arn],
        # no Output refers to the permissions that the first snapshot needs
        opts=scope.opts(depends_on=[policy]),
    )


def _restore_test(
    scope: Scope,
    base: AwsBaseResources,
    database: AwsDatabase,
    vault: "aws.backup.Vault",
    role: aws.iam.Role,
    policy: aws.iam.RolePolicy,
    metadata: Mapping[str, pulumi.Input[str]],
) -> "aws.backup.RestoreTestingPlan":
    spec = base.spec.database
    window_days = spec.backup.retention_days if spec is not None else 1
    plan = aws.backup.RestoreTestingPlan(
        scope.named("test"),
        name=test_name(base.context.stack),
        schedule_expression=schedule_expression(drill_schedule(drill_of(base.spec))),
        schedule_expression_timezone="Etc/UTC",
        start_window_hours=START_HOURS,
        recovery_point_selection=aws.backup.RestoreTestingPlanRecoveryPointSelectionArgs(
            algorithm="LATEST_WITHIN_WINDOW",
            include_vaults=[vault.arn],
            recovery_point_types=["SNAPSHOT"],
            selection_window_days=window_days,
        ),
        opts=scope.opts(),
    )
    aws.backup.RestoreTestingSelection(
        scope.named("test-selection"),
        name=test_name(base.context.stack),
        restore_testing_plan_name=plan.name,
        protected_resource_type="RDS",
        protected_resource_arns=[database.arn],
        iam_role_arn=role.arn,
        # the keys are not case sensitive, and the API returns them with a lower-case first letter
        restore_metadata_overrides={_lower(key): value for key, value in metadata.items()},
        validation_window_hours=VALIDATION_HOURS,
        # no Output refers to the permissions that the first restore needs
        opts=scope.opts(depends_on=[policy]),
    )
    return plan


def _lower(key: str) -> str:
    """`dbSubnetGroupName` for `DBSubnetGroupName`, as the developer guide has it."""
    return f"db{key[2:]}" if key.startswith("DB") else "multiAz" if key == "MultiAZ" else f"{key[0].lower()}{key[1:]}"


def test_name(stack: str) -> str:
    """`prod_drill`: letters, digits and underscores only."""
    return f"{stack.replace('-', '_')}_drill"


def _role(scope: Scope, base: AwsBaseResources, vault: "aws.backup.Vault") -> tuple[aws.iam.Role, aws.iam.RolePolicy]:
    """Role of AWS Backup for snapshots of this database, and for databases of drills only.

    Its managed policies allow the same on every database of the account.
    """
    context = base.context
    trusted = {"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = aws.iam.Role(
        scope.named("backup"),
        description=f"AWS Backup takes and restores snapshots for the restore drill of the stack {context.stack}",
        # AWS Backup documents no source of its calls; IAM lets principals of this account only pass the role to it
        assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [trusted]}),
        opts=scope.opts(),
    )
    policy = aws.iam.RolePolicy(
        scope.named("backup-policy"),
        role=role.name,
        policy=document(*_snapshot_statements(base, vault), *_restore_statements(context)),
        opts=scope.opts(),
    )
    return role, policy


def _snapshot_statements(base: AwsBaseResources, vault: "aws.backup.Vault") -> list[Statement]:
    context = base.context
    database, snapshots = context.arn("rds", f"db:{database_identifier(context.stack)}"), context.arn("rds", SNAPSHOTS)
    for_rds = {
        "StringEquals": {"kms:ViaService": f"rds.{context.region}.amazonaws.com"},
        "Bool": {"kms:GrantIsForAWSResource": "true"},
    }
    return [
        allow(("rds:CreateDBSnapshot", "rds:AddTagsToResource", "rds:ListTagsForResource"), [database, snapshots]),
        allow(("rds:DescribeDBSnapshots", "rds:DeleteDBSnapshot", "rds:ModifyDBSnapshotAttribute"), snapshots),
        allow("rds:DescribeDBInstances", context.arn("rds", "db:*")),
        allow(("backup:DescribeBackupVault", "backup:CopyIntoBackupVault"), vault.arn),
        allow("kms:DescribeKey", base.keys.data),
        allow("kms:CreateGrant", base.keys.data, for_rds),
    ]


def _restore_statements(context: AwsContext) -> list[Statement]:
    copies = drill_databases(context)
    groups = [context.arn("rds", f"{kind}:*") for kind in ("subgrp", "pg", "og")]
    created = [*copies, context.arn("rds", SNAPSHOTS), *groups]
    return [
        allow("rds:RestoreDBInstanceFromDBSnapshot", created),
        allow(("rds:DeleteDBInstance", "rds:AddTagsToResource", "rds:ListTagsForResource"), copies),
    ]


def drill_databases(context: AwsContext) -> list[str]:
    """ARN patterns of the databases that drills create: by hand with this stack's name, and by restore tests."""
    by_hand = f"{copy_prefix(context.stack)}20{'?' * (COPY_DIGITS - 2)}"
    return [context.arn("rds", f"db:{by_hand}"), context.arn("rds", f"db:{TEST_COPY}*")]
