"""The contract's verbs on this machine, one line each; the rooms beside this file hold the resources."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_docker as docker
import pulumi_tls as tls

from providers.contract.adapter import Cloud
from providers.contract.component import Scope
from providers.contract.results import (
    Entry,
    Environment,
    Monitoring,
    Origin,
    SecretRef,
)
from providers.contract.spec import Platform
from providers.docker.base.identity import create_identity
from providers.docker.base.keys import create_keys
from providers.docker.base.registry import create_registry
from providers.docker.base.resources import DockerBaseResources
from providers.docker.base.secrets import create_secret
from providers.docker.cache.resources import DockerCache, create_cache
from providers.docker.compute.address import service_address
from providers.docker.context import DockerContext
from providers.docker.database.resources import DockerDatabase, create_database
from providers.docker.entry.resources import create_entry
from providers.docker.limits import region as region_of
from providers.docker.monitoring.resources import create_monitoring
from providers.docker.network.resources import create_network
from providers.docker.observability.channels import create_channels
from providers.docker.storage.resources import DockerObjectStore, create_storage
from providers.docker.workloads import DockerDataStores, DockerWatched, DockerWorkloads, create_workloads


class Docker:
    """Adapter of one Docker host; see `providers.contract.adapter.Cloud` for each method."""

    def provider(self, scope: Scope, spec: Platform, region: str) -> pulumi.ProviderResource:
        """The explicit provider of this machine: Docker where the environment says it is (DOCKER_HOST, or its socket)."""
        return docker.Provider(scope.named(region), opts=scope.opts())

    def base_resources(self, scope: Scope, spec: Platform, region: str) -> DockerBaseResources:
        """Keys, networks, alarm channels, keys to the store and images of this machine."""
        context = DockerContext(spec, pulumi.get_stack(), region)
        signing = scope.with_provider(tls.Provider(scope.named("tls"), opts=scope.opts()))
        keys = signing.component("keys", create_keys, context)
        network = scope.component("network", create_network, context, keys)
        channels = scope.component("channels", create_channels, context, keys)
        identity = scope.component("identity", create_identity, context)
        registry = scope.component("registry", create_registry, context, keys, identity)
        return DockerBaseResources(context, keys, network, identity, registry, channels)

    def secret(
        self, scope: Scope, base: DockerBaseResources, name: str, value: pulumi.Output[str], readers: Sequence[str]
    ) -> SecretRef:
        """See `Cloud.secret`."""
        return create_secret(scope, base, name, value, readers)

    def address(self, base: DockerBaseResources, service: str) -> pulumi.Input[str]:
        """See `Cloud.address`."""
        return service_address(base, service)

    def database(self, scope: Scope, base: DockerBaseResources) -> DockerDatabase:
        """See `Cloud.database`."""
        return create_database(scope, base)

    def cache(self, scope: Scope, base: DockerBaseResources) -> DockerCache:
        """See `Cloud.cache`."""
        return create_cache(scope, base)

    def storage(self, scope: Scope, base: DockerBaseResources) -> DockerObjectStore:
        """See `Cloud.storage`."""
        return create_storage(scope, base)

    def workloads(
        self, scope: Scope, base: DockerBaseResources, stores: DockerDataStores, environments: Mapping[str, Environment]
    ) -> DockerWorkloads:
        """See `Cloud.workloads`."""
        return create_workloads(scope, base, stores, environments)

    def monitoring(self, scope: Scope, base: DockerBaseResources, watched: DockerWatched, entry: Entry) -> Monitoring:
        """See `Cloud.monitoring`."""
        return create_monitoring(scope, base, watched, entry)

    def entry(self, scope: Scope, spec: Platform, origins: Mapping[str, Origin]) -> Entry:
        """See `Cloud.entry`."""
        return create_entry(scope, DockerContext(spec, pulumi.get_stack(), region_of(spec)), origins)


CLOUD: Cloud[DockerBaseResources, DockerDatabase, DockerCache, DockerObjectStore, DockerWorkloads] = Docker()
