"""PostgreSQL: Cloud SQL, encrypted, private, over TLS alone, with recovery to any second.

The instance is named by Pulumi, because a name stays taken for a week after its instance is gone. Its user and database
outlive the stack's knowledge of them (`ABANDON`): PostgreSQL drops no role that owns a table and no database in use, so
they go with the instance. IAM authentication is open to accounts that an operator adds and grants `cloudsql.instanceUser`.
"""

from dataclasses import dataclass, replace

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.contract.credentials import generated_password, postgres_url
from providers.contract.results import Database, SecretRef
from providers.gcp.base.resources import GcpBaseResources
from providers.gcp.base.secrets import create_secret
from providers.gcp.database.instance import create_instance
from providers.gcp.database.parameters import max_connections
from providers.gcp.network.flows import DATABASE_PORT
from providers.gcp.sizes import database_tier

__all__ = ["GcpDatabase", "create_database"]

DATABASE_NAME = "agents"
USERNAME = "platform"


@dataclass(frozen=True)
class GcpDatabase(Database):
    """`identifier` (`project:instance`) names the instance in metrics and logs."""

    identifier: pulumi.Output[str]
    max_connections: int


def create_database(scope: Scope, base: GcpBaseResources) -> GcpDatabase:
    """One Cloud SQL instance for the spec's database."""
    wanted, context = base.spec.database, base.context
    if wanted is None:
        raise ValueError("the platform has no database")
    tier = database_tier(wanted.size, context.region)
    instance = create_instance(scope, base, wanted, tier)
    return GcpDatabase(
        host=instance.private_ip_address,
        port=DATABASE_PORT,
        name=DATABASE_NAME,
        username=USERNAME,
        url=_url(scope, base, instance),
        identifier=pulumi.Output.concat(context.project, ":", instance.name),
        max_connections=max_connections(wanted, tier),
    )


def _url(scope: Scope, base: GcpBaseResources, instance: gcp.sql.DatabaseInstance) -> SecretRef:
    """The connection URL; its readers wait for the user and the database that it names as well."""
    password = generated_password(scope)
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
    url = postgres_url(USERNAME, password, instance.private_ip_address, DATABASE_PORT, DATABASE_NAME)
    secret = create_secret(scope, base, "database-url", url, base.spec.users_of("database"))
    return replace(secret, grants=(*secret.grants, user, database))
