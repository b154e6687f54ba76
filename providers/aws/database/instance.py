"""The instance itself, and the role by which RDS reports what its operating system does."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws
import pulumi_random as random

from providers.aws.base.iam_policies import trust
from providers.aws.base.resources import AwsBaseResources
from providers.aws.context import AwsContext
from providers.aws.database.disk import most_storage_gib
from providers.aws.database.windows import daily_window, weekly_window
from providers.aws.naming import database_identifier
from providers.aws.ports import DATABASE_PORT
from providers.aws.sizes import database_class
from providers.contract.component import Scope
from providers.contract.spec import DatabaseSpec

DATABASE_NAME = "agents"
USERNAME = "platform"
AUTHORITY = "rds-ca-rsa2048-g1"
INSIGHTS_DAYS = 7
MONITORING_SECONDS = 60


def create_instance(
    scope: Scope,
    base: AwsBaseResources,
    wanted: DatabaseSpec,
    parameters: aws.rds.ParameterGroup,
    password: pulumi.Output[str],
    logs: Mapping[str, aws.cloudwatch.LogGroup],
) -> aws.rds.Instance:
    """The RDS instance. Changes wait for the maintenance window; the major version is fixed, minor ones follow."""
    context, network, key = base.context, base.network, base.keys.data
    monitoring, monitored = _monitoring_role(scope, context)
    backups = wanted.backup.retention_days > 0
    return aws.rds.Instance(
        scope.named(),
        identifier=database_identifier(context.stack),
        engine="postgres",
        engine_version=wanted.version,
        auto_minor_version_upgrade=True,
        allow_major_version_upgrade=True,
        apply_immediately=False,
        instance_class=database_class(wanted.size),
        multi_az=wanted.high_availability,
        db_name=DATABASE_NAME,
        username=USERNAME,
        password=password,
        iam_database_authentication_enabled=True,
        parameter_group_name=parameters.name,
        # disk
        storage_type="gp3",
        allocated_storage=wanted.storage_gib,
        max_allocated_storage=most_storage_gib(wanted),
        storage_encrypted=True,
        kms_key_id=key,
        # network
        port=DATABASE_PORT,
        publicly_accessible=False,
        db_subnet_group_name=_subnets(scope, base).name,
        vpc_security_group_ids=[network.groups.database.id] if network.groups.database else [],
        ca_cert_identifier=AUTHORITY,
        # backups
        backup_retention_period=wanted.backup.retention_days,
        backup_window=daily_window(wanted.backup.window_start) if backups else None,
        maintenance_window=weekly_window(wanted.maintenance),
        delete_automated_backups=False,
        copy_tags_to_snapshot=True,
        deletion_protection=wanted.deletion_protection,
        skip_final_snapshot=not _keeps_final_snapshot(context),
        final_snapshot_identifier=_final_snapshot(scope, context) if _keeps_final_snapshot(context) else None,
        # what it tells
        enabled_cloudwatch_logs_exports=list(logs),
        performance_insights_enabled=True,
        performance_insights_kms_key_id=key,
        performance_insights_retention_period=INSIGHTS_DAYS,
        database_insights_mode="standard",
        monitoring_interval=MONITORING_SECONDS,
        monitoring_role_arn=monitoring.arn,
        # RDS makes log groups that keep everything for ever where it finds none, and checks the role at once
        opts=scope.opts(protect=wanted.deletion_protection, depends_on=[*logs.values(), monitored]),
    )


def _subnets(scope: Scope, base: AwsBaseResources) -> aws.rds.SubnetGroup:
    return aws.rds.SubnetGroup(
        scope.named("subnets"),
        description="Database tier of the platform's network",
        subnet_ids=list(base.network.database_subnet_ids),
        opts=scope.opts(),
    )


def _keeps_final_snapshot(context: AwsContext) -> bool:
    return context.spec.profile != "development"


def _final_snapshot(scope: Scope, context: AwsContext) -> pulumi.Output[str]:
    """`prod-database-final-1a2b3c4d`: the same all through a database's life, another for the next one of that name."""
    suffix = random.RandomId(scope.named("final-snapshot"), byte_length=4, opts=scope.opts())
    return pulumi.Output.concat(database_identifier(context.stack), "-final-", suffix.hex)


def _monitoring_role(scope: Scope, context: AwsContext) -> tuple[aws.iam.Role, aws.iam.RolePolicyAttachment]:
    source = context.arn("rds", f"db:{database_identifier(context.stack)}")
    role = aws.iam.Role(
        scope.named("monitoring"),
        description=f"RDS writes operating system metrics of the database of the stack {context.stack}",
        assume_role_policy=trust(context, "monitoring.rds.amazonaws.com", source),
        opts=scope.opts(),
    )
    attachment = aws.iam.RolePolicyAttachment(
        scope.named("monitoring"),
        role=role.name,
        policy_arn=f"arn:{context.partition}:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole",
        opts=scope.opts(),
    )
    return role, attachment
