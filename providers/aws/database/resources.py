"""PostgreSQL: RDS, encrypted, private, over TLS alone, with point-in-time recovery.

The identifier is fixed, so that the log groups RDS writes to can stand, with a retention and a key, before it. A
change that would replace the instance therefore fails instead of leaving the data behind: restore a snapshot under
another name on purpose. The password is generated here, because the one that RDS would manage forbids read replicas
and never fills in a connection URL. IAM authentication is open to roles that an operator grants `rds-db:connect`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
import pulumi_random as random

from providers.aws.base.iam_policies import trust
from providers.aws.base.resources import AwsBaseResources
from providers.aws.base.secrets import create_secret
from providers.aws.context import AwsContext
from providers.aws.database.parameters import AwsServerParameter, max_connections, server_parameters
from providers.aws.database.sizes import database_class, most_storage_gib
from providers.aws.database.windows import daily_window, weekly_window
from providers.aws.naming import database_identifier, database_log_group
from providers.aws.network.flows import DATABASE_PORT
from providers.aws.observability.channels import AwsChannels
from providers.aws.observability.logs import create_log_group
from providers.contract.component import Scope
from providers.contract.credentials import generated_password, postgres_url
from providers.contract.results import Database
from providers.contract.spec import DatabaseSpec


@dataclass(frozen=True)
class AwsDatabase(Database):
    """`identifier` names the instance in metrics; `log_group` holds the server's own log."""

    identifier: pulumi.Output[str]
    log_group: pulumi.Output[str]
    max_connections: int


DATABASE_NAME = "agents"
USERNAME = "platform"
AUTHORITY = "rds-ca-rsa2048-g1"
INSIGHTS_DAYS = 7
MONITORING_SECONDS = 60
CRITICAL = ("availability", "deletion", "failover", "failure", "low storage")
WARNING = ("configuration change", "maintenance", "notification", "recovery", "restoration")


def create_database(scope: Scope, base: AwsBaseResources) -> AwsDatabase:
    """One RDS instance for the spec's database."""
    wanted = base.spec.database
    if wanted is None:
        raise ValueError("the platform has no database")
    logs = {log: _log_group(scope, base, log) for log in ("postgresql", "upgrade")}
    parameters = _parameter_group(scope, wanted)
    password = generated_password(scope)
    instance = create_instance(scope, base, wanted, parameters, password, logs)
    tell_channels(scope, base.channels, instance, parameters)
    url = postgres_url(USERNAME, password, instance.address, DATABASE_PORT, DATABASE_NAME)
    return AwsDatabase(
        host=instance.address,
        port=DATABASE_PORT,
        name=DATABASE_NAME,
        username=USERNAME,
        url=create_secret(scope, base, "database-url", url, base.spec.users_of("database")),
        identifier=instance.identifier,
        log_group=logs["postgresql"].name,
        max_connections=max_connections(wanted),
    )


def _log_group(scope: Scope, base: AwsBaseResources, log: str) -> aws.cloudwatch.LogGroup:
    return create_log_group(
        scope, f"{log}-log", base.context, base.keys.telemetry, database_log_group(base.context.stack, log)
    )


def _parameter_group(scope: Scope, wanted: DatabaseSpec) -> aws.rds.ParameterGroup:
    return aws.rds.ParameterGroup(
        scope.named("parameters"),
        family=f"postgres{wanted.version}",
        description="Server parameters of the platform's database",
        parameters=[_parameter(parameter) for parameter in server_parameters(wanted)],
        opts=scope.opts(),
    )


def _parameter(parameter: AwsServerParameter) -> aws.rds.ParameterGroupParameterArgs:
    return aws.rds.ParameterGroupParameterArgs(
        name=parameter.name, value=parameter.value, apply_method=parameter.apply_method
    )


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
        db_subnet_group_name=_subnet_group(scope, base).name,
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


def _subnet_group(scope: Scope, base: AwsBaseResources) -> aws.rds.SubnetGroup:
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


def tell_channels(
    scope: Scope, channels: AwsChannels, instance: aws.rds.Instance, parameters: aws.rds.ParameterGroup
) -> None:
    """Subscribe both channels to the instance, and the warnings to its parameters."""
    _subscribe(scope, "critical-events", channels.critical, CRITICAL, instance.identifier)
    _subscribe(scope, "warning-events", channels.warning, WARNING, instance.identifier)
    _subscribe(
        scope, "parameter-events", channels.warning, ("configuration change",), parameters.name, "db-parameter-group"
    )


def _subscribe(
    scope: Scope,
    part: str,
    topic: pulumi.Output[str],
    categories: tuple[str, ...],
    source: pulumi.Output[str],
    source_type: str = "db-instance",
) -> None:
    aws.rds.EventSubscription(
        scope.named(part),
        sns_topic=topic,
        source_type=source_type,
        source_ids=[source],
        event_categories=list(categories),
        opts=scope.opts(),
    )
