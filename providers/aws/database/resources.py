"""RDS for PostgreSQL: encrypted, private, TLS only, with point-in-time recovery.

The identifier is fixed, so that the log groups that RDS writes to can exist, with retention and encryption, before the
instance. A change that would replace the instance therefore fails instead of losing the data: restore a snapshot under
another name explicitly. The password is generated here, because a password that RDS manages excludes read replicas and
cannot be part of a connection URL. IAM authentication is enabled for roles to which an operator grants
`rds-db:connect`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pulumi
import pulumi_aws as aws
import pulumi_random as random

from providers.aws.base.iam_policies import trust
from providers.aws.base.resources import AwsBaseResources
from providers.aws.base.secrets import create_secret
from providers.aws.context import AwsContext
from providers.aws.database.parameters import AwsServerParameter, max_connections, server_parameters
from providers.aws.database.replica import follow, ignored
from providers.aws.database.sizes import database_class, max_allocated_storage_gib
from providers.aws.database.windows import DAY_MINUTES, HOUR_MINUTES
from providers.aws.naming import database_identifier, database_log_group
from providers.aws.network.flows import DATABASE_PORT
from providers.aws.observability.channels import AwsChannels
from providers.aws.observability.logs import create_log_group
from providers.contract.component import Scope
from providers.contract.credentials import LIBPQ_SCHEME, generated_password, postgres_url
from providers.contract.region_specs import is_passive, is_warm
from providers.contract.results import Database, SecretRef
from providers.contract.spec import DatabaseSpec, MaintenanceSpec
from providers.contract.spec.data import minutes_of

DATABASE_NAME = "agents"
USERNAME = "platform"
CA_CERTIFICATE = "rds-ca-rsa2048-g1"
INSIGHTS_RETENTION_DAYS = 7
MONITORING_INTERVAL_SECONDS = 60
CRITICAL_EVENT_CATEGORIES = ("availability", "deletion", "failover", "failure", "low storage")
WARNING_EVENT_CATEGORIES = ("configuration change", "maintenance", "notification", "recovery", "restoration")
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class Server:
    """Instance, and its password, which a replica in another region has too; in a separate class, so no component outputs it."""

    instance: aws.rds.Instance
    password: pulumi.Output[str]


@dataclass(frozen=True)
class AwsDatabase(Database):
    """Database with the instance's `identifier` in metrics, its ARN and subnet group, and the log group of the server."""

    identifier: pulumi.Output[str]
    arn: pulumi.Output[str]
    subnet_group: pulumi.Output[str]
    log_group: pulumi.Output[str]
    max_connections: int
    server: Server


def create_database(scope: Scope, base: AwsBaseResources) -> AwsDatabase:
    """Declare the RDS instance of the spec's database; in the standby region, a replica with the password of its source."""
    database = base.spec.database
    if database is None:
        raise ValueError("the platform has no database")
    logs = {log: _log_group(scope, base, log) for log in ("postgresql", "upgrade")}
    parameters = _parameter_group(scope, database)
    home = base.received.home if base.received else None
    password = home.password if home else generated_password(scope)
    instance = create_instance(scope, base, database, parameters, password, logs)
    subscribe_channels(scope, base.channels, instance, parameters)
    users = base.spec.users_of("database")
    plain_users = [name for name in users if base.spec.services[name].preset.plain_database_url]
    url = postgres_url(USERNAME, password, instance.address, DATABASE_PORT, DATABASE_NAME)
    plain_url = postgres_url(USERNAME, password, instance.address, DATABASE_PORT, DATABASE_NAME, scheme=LIBPQ_SCHEME)
    readers = [name for name in users if name not in plain_users]
    has_password = bool(users) or base.spec.recovery.drill is not None
    return AwsDatabase(
        host=instance.address,
        port=DATABASE_PORT,
        name=DATABASE_NAME,
        username=USERNAME,
        url=create_secret(scope, base, "database-url", url, readers, copied=False),
        plain_url=_plain_url(scope, base, plain_url, plain_users),
        password=create_secret(scope, base, "database-password", password, users) if has_password else None,
        identifier=instance.identifier,
        arn=instance.arn,
        subnet_group=instance.db_subnet_group_name,
        log_group=logs["postgresql"].name,
        max_connections=max_connections(database),
        server=Server(instance, password),
    )


def _log_group(scope: Scope, base: AwsBaseResources, log: str) -> aws.cloudwatch.LogGroup:
    return create_log_group(
        scope, f"{log}-log", base.context, base.keys.telemetry, database_log_group(base.context.stack, log)
    )


def _plain_url(scope: Scope, base: AwsBaseResources, url: pulumi.Output[str], users: list[str]) -> SecretRef | None:
    return create_secret(scope, base, "database-plain-url", url, users, copied=False) if users else None


def _parameter_group(scope: Scope, database: DatabaseSpec) -> aws.rds.ParameterGroup:
    return aws.rds.ParameterGroup(
        scope.named("parameters"),
        family=f"postgres{database.version}",
        description="Server parameters of the platform's database",
        parameters=[_parameter(parameter) for parameter in server_parameters(database)],
        opts=scope.opts(),
    )


def _parameter(parameter: AwsServerParameter) -> aws.rds.ParameterGroupParameterArgs:
    return aws.rds.ParameterGroupParameterArgs(
        name=parameter.name, value=parameter.value, apply_method=parameter.apply_method
    )


def create_instance(
    scope: Scope,
    base: AwsBaseResources,
    database: DatabaseSpec,
    parameters: aws.rds.ParameterGroup,
    password: pulumi.Output[str],
    logs: Mapping[str, aws.cloudwatch.LogGroup],
) -> aws.rds.Instance:
    """RDS instance; changes wait for the maintenance window, and only minor versions are upgraded automatically."""
    monitoring_role, monitoring_policy = _monitoring_role(scope, base.context)
    settings = _settings(scope, base, database, parameters, password, list(logs), monitoring_role.arn)
    passive = is_passive(base.spec)
    if passive:
        follow(settings, _source(base))
    return aws.rds.Instance(
        scope.named(),
        settings,
        opts=scope.opts(
            protect=database.deletion_protection,
            # RDS creates missing log groups without retention, and checks the monitoring role on creation
            depends_on=[*logs.values(), monitoring_policy],
            ignore_changes=ignored(warm=is_warm(base.spec), passive=passive),
            replacement_trigger=base.network.trigger(base.spec),
        ),
    )


def _source(base: AwsBaseResources) -> pulumi.Input[str]:
    """ARN of the instance in the region that serves; that of the home region is declared before the standby region."""
    if base.received is not None and base.received.home is not None:
        return base.received.home.database_arn
    there = replace(base.context, region=base.spec.active_region)
    return there.arn("rds", f"db:{database_identifier(base.context.stack)}")


def _settings(
    scope: Scope,
    base: AwsBaseResources,
    database: DatabaseSpec,
    parameters: aws.rds.ParameterGroup,
    password: pulumi.Output[str],
    logs: list[str],
    monitoring_role: pulumi.Output[str],
) -> aws.rds.InstanceArgs:
    context, network, key = base.context, base.network, base.keys.data
    backups = database.backup.retention_days > 0
    return aws.rds.InstanceArgs(
        identifier=database_identifier(context.stack),
        engine="postgres",
        engine_version=database.version,
        auto_minor_version_upgrade=True,
        allow_major_version_upgrade=True,
        apply_immediately=False,
        instance_class=database_class(database.size),
        multi_az=database.high_availability,
        db_name=DATABASE_NAME,
        username=USERNAME,
        password=password,
        iam_database_authentication_enabled=True,
        parameter_group_name=parameters.name,
        # disk
        storage_type="gp3",
        allocated_storage=database.storage_gib,
        max_allocated_storage=max_allocated_storage_gib(database),
        storage_encrypted=True,
        kms_key_id=key,
        # network
        port=DATABASE_PORT,
        publicly_accessible=False,
        db_subnet_group_name=_subnet_group(scope, base).name,
        vpc_security_group_ids=[network.groups.database.id] if network.groups.database else [],
        ca_cert_identifier=CA_CERTIFICATE,
        # backups
        backup_retention_period=database.backup.retention_days,
        backup_window=daily_window(database.backup.window_start) if backups else None,
        maintenance_window=weekly_window(database.maintenance),
        delete_automated_backups=False,
        copy_tags_to_snapshot=True,
        deletion_protection=database.deletion_protection,
        skip_final_snapshot=not _keeps_final_snapshot(context),
        final_snapshot_identifier=_final_snapshot(scope, context) if _keeps_final_snapshot(context) else None,
        # logs and metrics
        enabled_cloudwatch_logs_exports=logs,
        performance_insights_enabled=True,
        performance_insights_kms_key_id=key,
        performance_insights_retention_period=INSIGHTS_RETENTION_DAYS,
        database_insights_mode="standard",
        monitoring_interval=MONITORING_INTERVAL_SECONDS,
        monitoring_role_arn=monitoring_role,
    )


def _subnet_group(scope: Scope, base: AwsBaseResources) -> aws.rds.SubnetGroup:
    return aws.rds.SubnetGroup(
        scope.named("subnets"),
        description="Database tier of the platform's network",
        subnet_ids=list(base.network.database_subnet_ids),
        opts=scope.opts(replacement_trigger=base.network.trigger(base.spec)),
    )


def _keeps_final_snapshot(context: AwsContext) -> bool:
    return context.spec.profile != "development"


def _final_snapshot(scope: Scope, context: AwsContext) -> pulumi.Output[str]:
    """`prod-database-final-1a2b3c4d`: constant for one instance, different for its successor."""
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


def subscribe_channels(
    scope: Scope, channels: AwsChannels, instance: aws.rds.Instance, parameters: aws.rds.ParameterGroup
) -> None:
    """Subscribe both channels to the instance, and the warning channel to its parameter group."""
    _subscribe(scope, "critical-events", channels.critical, CRITICAL_EVENT_CATEGORIES, instance.identifier)
    _subscribe(scope, "warning-events", channels.warning, WARNING_EVENT_CATEGORIES, instance.identifier)
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


def daily_window(start: str) -> str:
    """Window of one hour from `start` every day: `02:00-03:00`, `23:30-00:30`."""
    return f"{start}-{_clock((minutes_of(start) + HOUR_MINUTES) % DAY_MINUTES)}"


def weekly_window(maintenance: MaintenanceSpec) -> str:
    """Window of one hour a week: `sun:04:00-sun:05:00`, `sun:23:30-mon:00:30`."""
    end = minutes_of(maintenance.window_start) + HOUR_MINUTES
    first = DAYS.index(maintenance.day)
    last = (first + end // DAY_MINUTES) % len(DAYS)
    return f"{DAYS[first][:3]}:{maintenance.window_start}-{DAYS[last][:3]}:{_clock(end % DAY_MINUTES)}"


def _clock(minutes: int) -> str:
    return f"{minutes // HOUR_MINUTES:02}:{minutes % HOUR_MINUTES:02}"
