"""Standby region of AWS: one key, the repositories and the bucket that receive copies. Nothing runs there.

Each component and resource has the name that it keeps when services run in the region, so only what holds data is declared.
Roles and buckets are global; their generated names contain the region, as all logical names of the standby region do.
"""

from providers.aws.base.keys import create_standby_key
from providers.aws.base.registry import create_standby_registry
from providers.aws.base.standby import AwsStandby
from providers.aws.context import AwsContext
from providers.aws.storage.resources import create_bucket
from providers.contract.component import Scope


def create_standby(scope: Scope, context: AwsContext) -> AwsStandby:
    """Declare what receives copies; `context` and the provider of `scope` are those of the standby region."""
    key = scope.component("keys", create_standby_key, context)
    scope.component("registry", create_standby_registry, context, key)
    bucket = scope.component("storage", create_bucket, context, key) if context.spec.storage else None
    return AwsStandby(context.region, context, scope, key, bucket)
