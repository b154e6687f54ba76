"""The contract's verbs on this machine, one line each; the rooms beside this file hold the resources."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_docker as docker
import pulumi_tls as tls

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
from providers.docker.autoscaling import create_autoscaling
from providers.docker.base.identity import create_identity
from providers.docker.base.keys import create_keys
from providers.docker.base.registry import create_registry
from providers.docker.base.resources import DockerBaseResources
from providers.docker.base.secrets import create_secret
from providers.docker.cache.resources import DockerCache, create_cache
from providers.docker.compute.address import service_address
from providers.docker.compute.resources import create_compute
from providers.docker.context import DockerContext
from providers.docker.database.backup import DockerBackup, create_backup
from providers.docker.database.resources import DockerDatabase, create_database
from providers.docker.entry.ingress import create_ingress
from providers.docker.entry.resources import create_entry
from providers.docker.limits import region as region_of
from providers.docker.monitoring.resources import DockerWatched, create_monitoring
from providers.docker.network.resources import create_network
from providers.docker.observability.channels import create_channels
from providers.docker.storage.resources import DockerObjectStore, create_storage


class Docker:
    """This machine; remembers what was built so that backups can copy it and monitoring can watch it."""

    def __init__(self, ground: DockerBaseResources) -> None:
        self._ground = ground
        self._database: DockerDatabase | None = None
        self._cache: DockerCache | None = None
        self._storage: DockerObjectStore | None = None
        self._backup: DockerBackup | None = None

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
        self._storage = create_storage(room, self._ground)
        return self._storage

    def workloads(self, scope: Scope, environments: Mapping[str, Environment]) -> Workloads:
        """See `Adapter.workloads`; backups need both database and object store, so their room is opened here."""
        if self._database is not None and self._ground.site.backs_up:
            store = self._storage.store if self._storage else None
            self._backup = scope.room("backup", create_backup, self._ground, self._database, store)
        compute = scope.room("compute", create_compute, self._ground, environments)
        ingress = scope.room("ingress", create_ingress, self._ground, compute)
        scope.room("autoscaling", create_autoscaling, self._ground, ingress, compute)
        addresses = {name: pulumi.Output.from_input(self.address(name)) for name in self._ground.spec.services}
        return Workloads(services=addresses, origin=ingress.origin if ingress else None)

    def monitoring(self, room: Scope, entry: Entry) -> Monitoring:
        """See `Adapter.monitoring`."""
        return create_monitoring(room, self._ground, DockerWatched(self._database, self._cache, self._backup), entry)


def provider(scope: Scope, spec: Platform, region: str) -> pulumi.ProviderResource:
    """The explicit provider of this machine: Docker where the environment says it is (DOCKER_HOST, or its socket)."""
    return docker.Provider(scope.named(region), opts=scope.opts())


def open(scope: Scope, spec: Platform, region: str) -> Adapter:
    """Keys, networks, alarm channels, keys to the store and images of this machine."""
    site = DockerContext(spec, pulumi.get_stack(), region)
    signing = scope.with_provider(tls.Provider(scope.named("tls"), opts=scope.opts()))
    keys = signing.room("keys", create_keys, site)
    network = scope.room("network", create_network, site, keys)
    channels = scope.room("channels", create_channels, site, keys)
    identity = scope.room("identity", create_identity, site)
    registry = scope.room("registry", create_registry, site, keys, identity)
    return Docker(DockerBaseResources(site, keys, network, identity, registry, channels))


def entry(room: Scope, spec: Platform, origins: Mapping[str, Origin]) -> Entry:
    """See `Cloud.entry`."""
    return create_entry(room, DockerContext(spec, pulumi.get_stack(), region_of(spec)), origins)
