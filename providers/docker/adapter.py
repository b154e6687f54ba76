"""Adapter of a Docker host: the methods of the contract, each implemented in its capability's folder."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_docker as docker
import pulumi_tls as tls

from providers.contract.adapter import Cloud
from providers.contract.component import Scope
from providers.contract.results import (
    Copies,
    Entry,
    Environment,
    Monitoring,
    Origin,
    SecretRef,
    Standby,
)
from providers.contract.rollout import RolloutPosition
from providers.contract.spans import sent_over_http
from providers.contract.spec import CacheInstance, Platform
from providers.docker.base.identity import create_identity
from providers.docker.base.keys import create_keys
from providers.docker.base.registry import create_registry, registry_logins
from providers.docker.base.resources import DockerBaseResources, secret_reference
from providers.docker.cache.resources import DockerCache, create_cache
from providers.docker.compute.resources import create_compute
from providers.docker.context import DockerContext
from providers.docker.database.backup import create_backup
from providers.docker.database.resources import DockerDatabase, create_database
from providers.docker.entry.resources import create_entry
from providers.docker.jobs.resources import DockerJobs, create_jobs, create_releases
from providers.docker.limits import region as region_of
from providers.docker.monitoring.resources import create_monitoring
from providers.docker.network.resources import create_network
from providers.docker.observability.channels import create_channels
from providers.docker.observability.tempo import RECEIVER
from providers.docker.storage.resources import DockerObjectStore, create_storage
from providers.docker.workloads import DockerDataStores, DockerWatched, DockerWorkloads, collect_workloads


class Docker:
    """Adapter of one Docker host; see `providers.contract.adapter.Cloud` for each method."""

    def provider(self, scope: Scope, spec: Platform, region: str) -> pulumi.ProviderResource:
        """Explicit provider of the Docker daemon at DOCKER_HOST or the default socket."""
        return docker.Provider(
            scope.named(region), registry_auth=registry_logins(spec, scope.values) or None, opts=scope.opts()
        )

    def standby(self, scope: Scope, spec: Platform, region: str) -> Standby:
        """See `Cloud.standby`; refused in `limits.py`, so never called."""
        raise NotImplementedError

    def follow(self, standby: Standby, base: DockerBaseResources, stores: DockerDataStores) -> Standby:
        """See `Cloud.follow`; `recovery.mode: warm` is refused, so never called."""
        raise NotImplementedError

    def base_resources(self, scope: Scope, spec: Platform, region: str, standby: Standby | None) -> DockerBaseResources:
        """Certificates, networks, notification channels, storage keys and images of this host."""
        context = DockerContext(spec, scope.platform, region, scope.values)
        signing = scope.with_provider(tls.Provider(scope.named("tls"), opts=scope.opts()))
        return DockerBaseResources(
            context=context,
            keys=signing.component("keys", create_keys, context),
            network=scope.component("network", create_network, context),
            channels=create_channels(context),
            identity=scope.component("identity", create_identity, context),
            registry=scope.component("registry", create_registry, context),
        )

    def secret(
        self, scope: Scope, base: DockerBaseResources, name: str, value: pulumi.Output[str], readers: Sequence[str]
    ) -> SecretRef:
        """See `Cloud.secret`."""
        return secret_reference(name, value)

    def address(self, base: DockerBaseResources, service: str) -> pulumi.Input[str]:
        """See `Cloud.address`."""
        return base.address(service)

    def model_variables(self, base: DockerBaseResources) -> Mapping[str, pulumi.Input[str]]:
        """See `Cloud.model_variables`."""
        return {}

    def span_receiver(self, base: DockerBaseResources) -> Mapping[str, pulumi.Input[str]]:
        """See `Cloud.span_receiver`."""
        return sent_over_http(RECEIVER)

    def database(self, scope: Scope, base: DockerBaseResources) -> DockerDatabase:
        """See `Cloud.database`."""
        return create_database(scope, base)

    def cache(self, scope: Scope, base: DockerBaseResources, cache: CacheInstance) -> DockerCache:
        """See `Cloud.cache`."""
        return create_cache(scope, base, cache)

    def storage(self, scope: Scope, base: DockerBaseResources) -> DockerObjectStore:
        """See `Cloud.storage`."""
        return create_storage(scope, base)

    def workloads(
        self,
        scope: Scope,
        base: DockerBaseResources,
        stores: DockerDataStores,
        environments: Mapping[str, Environment],
        positions: Mapping[str, RolloutPosition],
    ) -> DockerWorkloads:
        """See `Cloud.workloads`."""
        backup = None
        if stores.database is not None and base.context.keeps_backups:
            store = stores.storage.store if stores.storage else None
            backup = scope.component("backup", create_backup, base, stores.database, store)
        compute = scope.component("compute", create_compute, base, environments, positions)
        return collect_workloads(base, compute, backup)

    def jobs(
        self,
        scope: Scope,
        base: DockerBaseResources,
        workloads: DockerWorkloads,
        environments: Mapping[str, Environment],
    ) -> DockerJobs | None:
        """See `Cloud.jobs`."""
        create_releases(scope, base, environments)
        return create_jobs(scope, base, environments) if base.spec.jobs else None

    def recovery(self, scope: Scope, base: DockerBaseResources, standby: Standby, stores: DockerDataStores) -> Copies:
        """See `Cloud.recovery`; refused in `limits.py`, so never called."""
        raise NotImplementedError

    def drill(
        self, scope: Scope, base: DockerBaseResources, database: DockerDatabase, workloads: DockerWorkloads
    ) -> None:
        """See `Cloud.drill`; the backups on Docker have a drill in any case."""

    def monitoring(self, scope: Scope, base: DockerBaseResources, watched: DockerWatched, entry: Entry) -> Monitoring:
        """See `Cloud.monitoring`."""
        return create_monitoring(scope, base, watched)

    def entry(self, scope: Scope, spec: Platform, origins: Mapping[str, Origin]) -> Entry:
        """See `Cloud.entry`."""
        return create_entry(scope, DockerContext(spec, scope.platform, region_of(spec), scope.values), origins)


CLOUD: Cloud[
    DockerBaseResources, DockerDatabase, DockerCache, DockerObjectStore, DockerWorkloads, DockerJobs, Standby, Copies
] = Docker()
