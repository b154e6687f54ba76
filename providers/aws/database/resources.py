"""PostgreSQL: RDS, encrypted, private, over TLS alone, with point-in-time recovery.

The identifier is fixed, so that the log groups RDS writes to can stand, with a retention and a key, before it. A
change that would replace the instance therefore fails instead of leaving the data behind: restore a snapshot under
another name on purpose. The password is generated here, because the one that RDS would manage forbids read replicas
and never fills in a connection URL. IAM authentication is open to roles that an operator grants `rds-db:connect`.
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from providers.aws.base.resources import AwsBaseResources
from providers.aws.base.secrets import create_secret
from providers.aws.database.events import tell_channels
from providers.aws.database.instance import DATABASE_NAME, USERNAME, create_instance
from providers.aws.database.parameters import AwsServerParameter, max_connections, server_parameters
from providers.aws.naming import database_log_group
from providers.aws.observability.logs import create_log_group
from providers.aws.ports import DATABASE_PORT
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
