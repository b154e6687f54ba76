"""Adapter of a Kubernetes cluster: the methods of the contract, each implemented in its capability's folder."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_kubernetes as kubernetes

from providers.contract.adapter import Cloud
from providers.contract.component import Scope
from providers.contract.resource_traits import CLIENT_KEYS
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
from providers.contract.spec import CacheInstance, Platform
from providers.kubernetes.base.identity import create_identity
from providers.kubernetes.base.registry import create_registry
from providers.kubernetes.base.resources import KubernetesBaseResources
from providers.kubernetes.cache.resources import KubernetesCache, create_cache
from providers.kubernetes.compute.resources import KubernetesDataStores, create_compute
from providers.kubernetes.context import KubernetesContext
from providers.kubernetes.database.resources import KubernetesDatabase, create_database
from providers.kubernetes.drill.resources import create_drill
from providers.kubernetes.entry.resources import create_entry
from providers.kubernetes.jobs.resources import KubernetesJobs, create_jobs
from providers.kubernetes.limits import region as region_of
from providers.kubernetes.monitoring.resources import create_monitoring
from providers.kubernetes.network.resources import create_network
from providers.kubernetes.observability.tempo import span_variables
from providers.kubernetes.storage.resources import KubernetesObjectStore, create_storage
from providers.kubernetes.workloads import KubernetesWatched, KubernetesWorkloads, collect_workloads

QUERIES_PER_SECOND, BURST = 50, 100
"""Requests of the provider to the API server, which a small server answers without delay."""


class Kubernetes:
    """Adapter of one cluster; see `providers.contract.adapter.Cloud` for each method."""

    def provider(self, scope: Scope, spec: Platform, region: str) -> pulumi.ProviderResource:
        """Explicit provider of the block's context.

        The provider reads the file that KUBECONFIG names on this machine: its content, or its path, would be in the state, from
        which `destroy` and `drift` take it on another machine. With `cluster_identifier` a renamed context or server replaces
        nothing. With `enable_patch_force` an update takes back fields that were edited by hand, as on every other target.
        """
        context = KubernetesContext(spec, scope.platform, region, scope.values)
        return kubernetes.Provider(
            scope.named(region),
            # absent, the SDK would write the value of KUBECONFIG
            kubeconfig="",
            context=context.block.context,
            cluster_identifier=context.block.cluster_uid,
            namespace=context.namespace,
            enable_server_side_apply=True,
            enable_patch_force=True,
            kube_client_settings=kubernetes.KubeClientSettingsArgs(qps=QUERIES_PER_SECOND, burst=BURST),
            opts=scope.opts(),
        )

    def standby(self, scope: Scope, spec: Platform, region: str) -> Standby:
        """See `Cloud.standby`; refused in `limits.py`, so never called."""
        raise NotImplementedError

    def follow(self, standby: Standby, base: KubernetesBaseResources, stores: KubernetesDataStores) -> Standby:
        """See `Cloud.follow`; `recovery.mode: warm` is refused, so never called."""
        raise NotImplementedError

    def base_resources(
        self, scope: Scope, spec: Platform, region: str, standby: Standby | None
    ) -> KubernetesBaseResources:
        """Namespace with its policies, pull secrets and service accounts."""
        context = KubernetesContext(spec, scope.platform, region, scope.values)
        network = scope.component("network", create_network, context)
        registry = scope.component("registry", create_registry, context, network.namespace)
        identity = scope.component("identity", create_identity, context, registry, network.namespace)
        return KubernetesBaseResources(context=context, network=network, registry=registry, identity=identity)

    def secret(
        self, scope: Scope, base: KubernetesBaseResources, name: str, value: pulumi.Output[str], readers: Sequence[str]
    ) -> SecretRef:
        """See `Cloud.secret`; only the pods of the readers mount it."""
        if name in CLIENT_KEYS:
            base.client_keys[name] = value
        return base.secret(scope, name.lower().replace("_", "-"), value, name=name)

    def address(self, base: KubernetesBaseResources, service: str) -> pulumi.Input[str]:
        """See `Cloud.address`."""
        return base.address(service)

    def model_variables(self, base: KubernetesBaseResources) -> Mapping[str, pulumi.Input[str]]:
        """See `Cloud.model_variables`; the region of a model is a variable of the service itself."""
        return {}

    def span_receiver(self, base: KubernetesBaseResources) -> Mapping[str, pulumi.Input[str]]:
        """See `Cloud.span_receiver`."""
        return span_variables(base)

    def database(self, scope: Scope, base: KubernetesBaseResources) -> KubernetesDatabase:
        """See `Cloud.database`."""
        return create_database(scope, base)

    def cache(self, scope: Scope, base: KubernetesBaseResources, cache: CacheInstance) -> KubernetesCache:
        """See `Cloud.cache`."""
        return create_cache(scope, base, cache)

    def storage(self, scope: Scope, base: KubernetesBaseResources) -> KubernetesObjectStore:
        """See `Cloud.storage`."""
        return create_storage(scope, base)

    def workloads(
        self,
        scope: Scope,
        base: KubernetesBaseResources,
        stores: KubernetesDataStores,
        environments: Mapping[str, Environment],
        positions: Mapping[str, RolloutPosition],
    ) -> KubernetesWorkloads:
        """See `Cloud.workloads`."""
        compute = scope.component("compute", create_compute, base, stores, environments, positions)
        return collect_workloads(base, stores, compute, positions)

    def jobs(
        self,
        scope: Scope,
        base: KubernetesBaseResources,
        workloads: KubernetesWorkloads,
        environments: Mapping[str, Environment],
    ) -> KubernetesJobs | None:
        """See `Cloud.jobs`."""
        return create_jobs(scope, base, workloads.stores, environments)

    def recovery(
        self, scope: Scope, base: KubernetesBaseResources, standby: Standby, stores: KubernetesDataStores
    ) -> Copies:
        """See `Cloud.recovery`; refused in `limits.py`, so never called."""
        raise NotImplementedError

    def drill(
        self,
        scope: Scope,
        base: KubernetesBaseResources,
        database: KubernetesDatabase,
        workloads: KubernetesWorkloads,
    ) -> object:
        """See `Cloud.drill`."""
        return create_drill(scope, base, database)

    def monitoring(
        self, scope: Scope, base: KubernetesBaseResources, watched: KubernetesWatched, entry: Entry
    ) -> Monitoring:
        """See `Cloud.monitoring`."""
        return create_monitoring(scope, base, watched, entry)

    def entry(self, scope: Scope, spec: Platform, origins: Mapping[str, Origin]) -> Entry:
        """See `Cloud.entry`."""
        return create_entry(scope, KubernetesContext(spec, scope.platform, region_of(spec), scope.values), origins)


CLOUD: Cloud[
    KubernetesBaseResources,
    KubernetesDatabase,
    KubernetesCache,
    KubernetesObjectStore,
    KubernetesWorkloads,
    KubernetesJobs,
    Standby,
    Copies,
] = Kubernetes()
