"""Standby region of Google Cloud: one key, the repository, the secrets and the bucket that receive copies.

Each component and resource has the name that it keeps when services run in the region, so only what holds data is declared; with
`recovery.mode: warm` the other methods of the adapter add to the same components. Names that are unique in the project, such as
those of secrets and of log metrics, contain the region there, as all logical names do: the stack's name in that context does.
"""

from dataclasses import replace

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import KeptScopes, Scope
from providers.contract.region_specs import is_warm
from providers.contract.spec import Platform
from providers.gcp.base.account import project_number
from providers.gcp.base.existing_registry import existing_repository
from providers.gcp.base.generations import generation
from providers.gcp.base.keys import create_service_keys, create_standby_keys
from providers.gcp.base.registry import create_platform_repository, create_registry
from providers.gcp.base.resources import GcpBaseResources
from providers.gcp.base.standby import GcpStandby, SharedResources
from providers.gcp.context import GcpContext
from providers.gcp.database.resources import GcpDatabase
from providers.gcp.naming import instance_name, region_name
from providers.gcp.network.resources import extend_network
from providers.gcp.observability.channels import create_channels
from providers.gcp.storage.resources import create_bucket


def create_standby(scope: Scope, context: GcpContext) -> GcpStandby:
    """Create what receives copies; `context` and the provider of `scope` are those of the standby region."""
    spec, kept = context.spec, KeptScopes(scope)
    keys = kept.component("keys", create_standby_keys, context)
    repository = kept.component("registry", _create_repository, context, keys.usable["artifactregistry"])
    bucket = None
    if spec.storage is not None:
        bucket = kept.component("storage", create_bucket, context, spec.storage, keys.usable["storage"])
    kept.component("secrets", _declare_later)
    instance = _instance_name(scope, context) if is_warm(spec) and spec.database else None
    return GcpStandby(context.region, context, scope, keys, repository, bucket, kept.inner, instance)


def _create_repository(
    scope: Scope, context: GcpContext, key: pulumi.Input[str]
) -> gcp.artifactregistry.Repository | None:
    """Create the repository that receives copies; none where images are in a registry that exists already."""
    return create_platform_repository(scope, context, key) if existing_repository(context.spec) is None else None


def _declare_later(_scope: Scope) -> None:
    """Leave a component without resources, which are declared with their values."""


def _instance_name(scope: Scope, context: GcpContext) -> pulumi.Output[str]:
    """Name of the database instance there, which that of the home region refers to before it is declared."""
    place = region_name(context.stack, context.region)
    return generation(scope, "database").apply(lambda suffix: instance_name(place, suffix))


def follow_home(standby: GcpStandby, base: GcpBaseResources, database: GcpDatabase | None) -> GcpStandby:
    """Return the standby region with what it shares with the home region."""
    server = database.server if database is not None else None
    identity = replace(base.identity, deployer=None)
    home = SharedResources(base.network, identity, server.name if server else None, server.password if server else None)
    return replace(standby, home=home)


def create_running_base(scope: Scope, spec: Platform, standby: GcpStandby, home: SharedResources) -> GcpBaseResources:
    """Declare the base resources of services in the standby region, which continue those that receive copies."""
    context = replace(
        standby.context, spec=spec, stack=region_name(standby.context.stack, standby.region), region=standby.region
    )
    keys = create_service_keys(standby.scopes["keys"], context, standby.keys)
    network = scope.component("network", extend_network, context, home.network)
    channels = scope.component("channels", create_channels, context)
    registry = create_registry(standby.scopes["registry"], context, keys, home.identity, standby.repository)
    number = project_number(scope, context)
    return GcpBaseResources(context, number, keys, network, home.identity, registry, channels, received=standby)
