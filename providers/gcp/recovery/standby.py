"""Standby region of Google Cloud: one key, the repository, the secrets and the bucket that receive copies. Nothing runs there.

Each component and resource has the name that it keeps when services run in the region, so only what holds data is declared.
"""

import pulumi

from providers.contract.component import Scope
from providers.gcp.base.keys import create_standby_keys
from providers.gcp.base.registry import create_standby_registry
from providers.gcp.base.standby import GcpStandby
from providers.gcp.context import GcpContext
from providers.gcp.storage.resources import create_bucket


def create_standby(scope: Scope, context: GcpContext) -> GcpStandby:
    """Create what receives copies; `context` and the provider of `scope` are those of the standby region."""
    usable = scope.component("keys", create_standby_keys, context)
    repository = scope.component("registry", create_standby_registry, context, usable["artifactregistry"])
    bucket = scope.component("storage", _create_receiver, context, usable["storage"]) if context.spec.storage else None
    secrets = scope.component("secrets", _same_scope)
    return GcpStandby(context.region, context, scope, secrets, usable, repository, bucket)


def _create_receiver(scope: Scope, context: GcpContext, key: pulumi.Output[str]) -> pulumi.Output[str]:
    """Create the bucket that receives objects; return its name."""
    if context.spec.storage is None:
        raise ValueError("the platform has no storage")
    return create_bucket(scope, context, context.spec.storage, key).name


def _same_scope(scope: Scope) -> Scope:
    """Return the scope of a component whose resources are declared later."""
    return scope
