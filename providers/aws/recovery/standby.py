"""Standby region of AWS: one key, the repositories and the bucket that receive copies.

Each component and resource has the name that it keeps when services run in the region, so only what holds data is declared; with
`recovery.mode: warm` the other methods of the adapter add to the same components. Roles and buckets are global; their generated
names contain the region, as all logical names of the standby region do.
"""

from dataclasses import replace

from providers.aws.base.keys import create_standby_key
from providers.aws.base.registry import create_repositories
from providers.aws.base.standby import AwsStandby, HomeData
from providers.aws.context import AwsContext
from providers.aws.database.resources import AwsDatabase
from providers.aws.storage.resources import create_bucket
from providers.contract.component import KeptScopes, Scope


def create_standby(scope: Scope, context: AwsContext) -> AwsStandby:
    """Declare what receives copies; `context` and the provider of `scope` are those of the standby region."""
    kept = KeptScopes(scope)
    key = kept.component("keys", create_standby_key, context)
    repositories = kept.component("registry", create_repositories, context, key)
    bucket = kept.component("storage", create_bucket, context, key) if context.spec.storage else None
    return AwsStandby(context.region, context, scope, key, repositories, bucket, kept.inner)


def follow_home(standby: AwsStandby, database: AwsDatabase | None) -> AwsStandby:
    """Return the standby region with the database instance of the home region."""
    if database is None:
        return standby
    return replace(standby, home=HomeData(database.arn, database.server.password))
