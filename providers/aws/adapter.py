"""The contract's verbs on AWS, one line each; the rooms beside this file hold the resources."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from providers.aws.base.identity import create_identity
from providers.aws.base.keys import create_keys
from providers.aws.base.registry import create_registry
from providers.aws.base.resources import AwsBaseResources
from providers.aws.base.secrets import create_secret
from providers.aws.cache.resources import AwsCache, create_cache
from providers.aws.compute.address import service_address
from providers.aws.compute.resources import AwsCompute, create_compute
from providers.aws.compute.scaling import create_autoscaling
from providers.aws.context import AwsContext
from providers.aws.database.resources import AwsDatabase, create_database
from providers.aws.entry.ingress import AwsIngress, create_ingress
from providers.aws.entry.resources import create_entry
from providers.aws.monitoring.resources import AwsWatched, create_monitoring
from providers.aws.network.resources import create_network
from providers.aws.observability.channels import create_channels
from providers.aws.observability.metrics_collector import create_prometheus
from providers.aws.storage.resources import create_storage
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


class Aws:
    """One region of AWS; remembers what was built so that monitoring can watch it."""

    def __init__(self, ground: AwsBaseResources) -> None:
        self._ground = ground
        self._database: AwsDatabase | None = None
        self._cache: AwsCache | None = None
        self._ingress: AwsIngress | None = None
        self._compute: AwsCompute | None = None

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
        """See `Adapter.workloads`."""
        ingress = scope.room("ingress", create_ingress, self._ground)
        compute = scope.room("compute", create_compute, self._ground, ingress, environments)
        scope.room("autoscaling", create_autoscaling, self._ground, ingress, compute)
        self._ingress, self._compute = ingress, compute
        addresses = {name: pulumi.Output.from_input(self.address(name)) for name in self._ground.spec.services}
        return Workloads(services=addresses, origin=ingress.origin if ingress else None)

    def monitoring(self, room: Scope, entry: Entry) -> Monitoring:
        """See `Adapter.monitoring`."""
        if self._compute is None:
            raise RuntimeError("monitoring comes after the workloads it watches")
        built = AwsWatched(self._compute, self._ingress, self._database, self._cache)
        return create_monitoring(room, self._ground, built, entry)


def provider(scope: Scope, spec: Platform, region: str) -> pulumi.ProviderResource:
    """The explicit provider of a region: one account, default tags on everything."""
    site = AwsContext(spec, pulumi.get_stack(), region)
    return aws.Provider(
        scope.named(region),
        region=region,
        allowed_account_ids=[site.account_id],
        default_tags=aws.ProviderDefaultTagsArgs(tags=dict(scope.tags)),
        opts=scope.opts(),
    )


def open(scope: Scope, spec: Platform, region: str) -> Adapter:
    """Keys, network, alarm channels, identities, images and Prometheus of a region."""
    site = AwsContext(spec, pulumi.get_stack(), region)
    keys = scope.room("keys", create_keys, site)
    network = scope.room("network", create_network, site, keys)
    channels = scope.room("channels", create_channels, site, keys)
    identity = scope.room("identity", create_identity, site)
    registry = scope.room("registry", create_registry, site, keys, identity)
    prometheus = scope.room("prometheus", create_prometheus, site, keys, channels, identity)
    return Aws(AwsBaseResources(site, keys, network, identity, registry, channels, prometheus))


def entry(room: Scope, spec: Platform, origins: Mapping[str, Origin]) -> Entry:
    """See `Cloud.entry`."""
    return create_entry(room, AwsContext(spec, pulumi.get_stack(), spec.aws.region if spec.aws else ""), origins)
