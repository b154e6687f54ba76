"""The contract's verbs on Google Cloud, one line each; the rooms beside this file hold the resources."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_gcp as gcp

from providers.contract.adapter import Adapter
from providers.contract.component import Scope
from providers.contract.results import (
    Cache,
    Database,
    Entry,
    Environment,
    Monitoring,
    ObjectStore,
    Origin,
    SecretRef,
    Workloads,
)
from providers.contract.spec import Platform
from providers.gcp.autoscaling import create_autoscaling
from providers.gcp.base.account import create_account, project_number
from providers.gcp.base.identity import create_identity
from providers.gcp.base.keys import create_keys
from providers.gcp.base.registry import create_registry
from providers.gcp.base.resources import GcpBaseResources
from providers.gcp.base.secrets import create_secret
from providers.gcp.cache.resources import GcpCache, create_cache
from providers.gcp.compute.address import service_address
from providers.gcp.compute.resources import GcpCompute, create_compute
from providers.gcp.context import GcpContext
from providers.gcp.database.resources import GcpDatabase, create_database
from providers.gcp.entry.ingress import GcpIngress, create_ingress
from providers.gcp.entry.resources import create_entry
from providers.gcp.limits import region as region_of
from providers.gcp.monitoring.resources import GcpWatched, create_monitoring
from providers.gcp.network.resources import create_network
from providers.gcp.observability.channels import create_channels
from providers.gcp.storage.resources import create_storage


class Gcp:
    """One region of Google Cloud; remembers what was built so that monitoring can watch it."""

    def __init__(self, ground: GcpBaseResources) -> None:
        self._ground = ground
        self._database: GcpDatabase | None = None
        self._cache: GcpCache | None = None
        self._compute: GcpCompute | None = None
        self._ingress: GcpIngress | None = None

    def secret(self, room: Scope, name: str, value: pulumi.Output[str], readers: Sequence[str]) -> SecretRef:
        """See `Adapter.secret`."""
        return create_secret(room, self._ground, name, value, readers)

    def address(self, service: str) -> pulumi.Input[str]:
        """See `Adapter.address`."""
        return service_address(self._ground, service)

    def database(self, room: Scope) -> Database:
        """See `Adapter.database`."""
        self._database = create_database(room, self._ground)
        return self._database

    def cache(self, room: Scope) -> Cache:
        """See `Adapter.cache`."""
        self._cache = create_cache(room, self._ground)
        return self._cache

    def storage(self, room: Scope) -> ObjectStore:
        """See `Adapter.storage`."""
        return create_storage(room, self._ground)

    def workloads(self, scope: Scope, environments: Mapping[str, Environment]) -> Workloads:
        """See `Adapter.workloads`; an endpoint group names its Cloud Run service, so compute comes before ingress."""
        compute = scope.room("compute", create_compute, self._ground, environments)
        ingress = scope.room("ingress", create_ingress, self._ground, compute)
        scope.room("autoscaling", create_autoscaling, self._ground, ingress, compute)
        self._compute, self._ingress = compute, ingress
        addresses = {name: pulumi.Output.from_input(self.address(name)) for name in self._ground.spec.services}
        return Workloads(services=addresses, origin=ingress.origin if ingress else None)

    def monitoring(self, room: Scope, entry: Entry) -> Monitoring:
        """See `Adapter.monitoring`."""
        if self._compute is None:
            raise RuntimeError("monitoring comes after the workloads it watches")
        built = GcpWatched(self._compute, self._ingress, self._database, self._cache)
        return create_monitoring(room, self._ground, built, entry)


def provider(scope: Scope, spec: Platform, region: str) -> pulumi.ProviderResource:
    """The explicit provider of a region: one project, default labels on everything.

    It waits until the project's services are enabled by a provider of their own, so everything it makes does too.
    """
    site = GcpContext(spec, pulumi.get_stack(), region)
    first = scope.with_provider(_provider(scope, site, "services"))
    account = first.room("account", create_account, site)
    return _provider(scope, site, region, account.services)


def _provider(scope: Scope, site: GcpContext, part: str, waits_for: Sequence[pulumi.Resource] = ()) -> gcp.Provider:
    return gcp.Provider(
        scope.named(part),
        project=site.project,
        region=site.region,
        default_labels=dict(scope.tags),
        add_pulumi_attribution_label=False,
        # quota and billing of each call go to this project, whoever calls
        billing_project=site.project,
        user_project_override=True,
        # no input of the provider tells that its services must be enabled before it can do anything
        opts=scope.opts(depends_on=waits_for),
    )


def open(scope: Scope, spec: Platform, region: str) -> Adapter:
    """Keys, network, alarm channels, identities and images of a region."""
    site = GcpContext(spec, pulumi.get_stack(), region)
    keys = scope.room("keys", create_keys, site)
    network = scope.room("network", create_network, site, keys)
    channels = scope.room("channels", create_channels, site, keys)
    identity = scope.room("identity", create_identity, site)
    registry = scope.room("registry", create_registry, site, keys, identity)
    return Gcp(GcpBaseResources(site, project_number(scope, site), keys, network, identity, registry, channels))


def entry(room: Scope, spec: Platform, origins: Mapping[str, Origin]) -> Entry:
    """See `Cloud.entry`."""
    return create_entry(room, GcpContext(spec, pulumi.get_stack(), region_of(spec)), origins)
