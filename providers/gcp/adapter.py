"""Adapter of Google Cloud: each method calls the component that declares the resources."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_gcp as gcp

from providers.contract.adapter import Cloud
from providers.contract.component import Scope
from providers.contract.results import (
    Entry,
    Environment,
    Monitoring,
    ObjectStore,
    Origin,
    SecretRef,
)
from providers.contract.rollout import RolloutPosition
from providers.contract.spans import SIDECAR_ENDPOINT, sent_over_http
from providers.contract.spec import CacheInstance, Platform
from providers.gcp.base.account import create_account, create_standby_account, project_number
from providers.gcp.base.identity import create_identity
from providers.gcp.base.keys import create_keys
from providers.gcp.base.limits import model_variables
from providers.gcp.base.registry import create_registry
from providers.gcp.base.resources import GcpBaseResources, create_secret
from providers.gcp.base.standby import GcpStandby
from providers.gcp.cache.resources import GcpCache, create_cache
from providers.gcp.compute.resources import create_compute, service_address
from providers.gcp.context import GcpContext
from providers.gcp.database.resources import GcpDatabase, create_database
from providers.gcp.drill.resources import GcpDrill, create_drill
from providers.gcp.entry.ingress import create_ingress
from providers.gcp.entry.resources import create_entry
from providers.gcp.jobs.resources import GcpJobs, create_jobs, create_releases
from providers.gcp.limits import region as region_of
from providers.gcp.monitoring.resources import create_monitoring
from providers.gcp.network.resources import create_network
from providers.gcp.observability.channels import create_channels
from providers.gcp.recovery.resources import GcpCopies, create_recovery
from providers.gcp.recovery.standby import create_running_base, create_standby, follow_home
from providers.gcp.storage.resources import create_storage
from providers.gcp.workloads import GcpDataStores, GcpWatched, GcpWorkloads, collect_workloads


class Gcp:
    """Stateless adapter of Google Cloud; see `providers.contract.adapter.Cloud` for each method."""

    def provider(self, scope: Scope, spec: Platform, region: str) -> pulumi.ProviderResource:
        """Explicit provider of a region, for one project and with default labels.

        A separate provider enables the project's services. This one depends on them, and so does every resource of it.
        The standby region comes first, so it enables the services that it needs itself.
        """
        context = GcpContext(spec, scope.platform, region, scope.values)
        is_standby = region == spec.standby_region
        place = scope.in_region(region) if is_standby else scope
        account_scope = place.with_provider(_create_provider(place, context, "services"))
        create = create_standby_account if is_standby else create_account
        account = account_scope.component("account", create, context)
        return _create_provider(scope, context, region, account.services)

    def standby(self, scope: Scope, spec: Platform, region: str) -> GcpStandby:
        """See `Cloud.standby`."""
        return create_standby(scope, GcpContext(spec, scope.platform, region, scope.values))

    def follow(self, standby: GcpStandby, base: GcpBaseResources, stores: GcpDataStores) -> GcpStandby:
        """See `Cloud.follow`; the bucket of the standby region has the objects already."""
        return follow_home(standby, base, stores.database)

    def base_resources(self, scope: Scope, spec: Platform, region: str, standby: GcpStandby | None) -> GcpBaseResources:
        """Keys, network, notification channels, identities and image repositories of a region."""
        if standby is not None and standby.home is not None:
            return create_running_base(scope, spec, standby, standby.home)
        context = GcpContext(spec, scope.platform, region, scope.values)
        keys = scope.component("keys", create_keys, context)
        network = scope.component("network", create_network, context)
        channels = scope.component("channels", create_channels, context)
        identity = scope.component("identity", create_identity, context)
        registry = scope.component("registry", create_registry, context, keys, identity)
        number = project_number(scope, context)
        return GcpBaseResources(context, number, keys, network, identity, registry, channels, standby)

    def secret(
        self, scope: Scope, base: GcpBaseResources, name: str, value: pulumi.Output[str], readers: Sequence[str]
    ) -> SecretRef:
        """See `Cloud.secret`."""
        return create_secret(scope, base, name, value, readers)

    def address(self, base: GcpBaseResources, service: str) -> pulumi.Input[str]:
        """See `Cloud.address`."""
        return service_address(base, service)

    def model_variables(self, base: GcpBaseResources) -> Mapping[str, pulumi.Input[str]]:
        """See `Cloud.model_variables`."""
        return model_variables(base.context.project)

    def span_receiver(self, base: GcpBaseResources) -> Mapping[str, pulumi.Input[str]]:
        """See `Cloud.span_receiver`."""
        return sent_over_http(SIDECAR_ENDPOINT)

    def database(self, scope: Scope, base: GcpBaseResources) -> GcpDatabase:
        """See `Cloud.database`."""
        return create_database(scope, base)

    def cache(self, scope: Scope, base: GcpBaseResources, cache: CacheInstance) -> GcpCache:
        """See `Cloud.cache`."""
        return create_cache(scope, base, cache)

    def storage(self, scope: Scope, base: GcpBaseResources) -> ObjectStore:
        """See `Cloud.storage`."""
        return create_storage(scope, base)

    def workloads(
        self,
        scope: Scope,
        base: GcpBaseResources,
        stores: GcpDataStores,
        environments: Mapping[str, Environment],
        positions: Mapping[str, RolloutPosition],
    ) -> GcpWorkloads:
        """See `Cloud.workloads`."""
        compute = scope.component("compute", create_compute, base, environments, positions)
        ingress = scope.component("ingress", create_ingress, base, compute)
        return collect_workloads(base, compute, ingress, stores.database)

    def jobs(
        self, scope: Scope, base: GcpBaseResources, workloads: GcpWorkloads, environments: Mapping[str, Environment]
    ) -> GcpJobs | None:
        """See `Cloud.jobs`."""
        create_releases(scope, base, environments)
        return create_jobs(scope, base, environments) if base.spec.jobs else None

    def recovery(self, scope: Scope, base: GcpBaseResources, standby: GcpStandby, stores: GcpDataStores) -> GcpCopies:
        """See `Cloud.recovery`."""
        return create_recovery(scope, base, standby, stores.database, stores.storage)

    def drill(self, scope: Scope, base: GcpBaseResources, database: GcpDatabase, workloads: GcpWorkloads) -> GcpDrill:
        """See `Cloud.drill`."""
        return create_drill(scope, base, database)

    def monitoring(self, scope: Scope, base: GcpBaseResources, watched: GcpWatched, entry: Entry) -> Monitoring:
        """See `Cloud.monitoring`."""
        return create_monitoring(scope, base, watched, entry)

    def entry(self, scope: Scope, spec: Platform, origins: Mapping[str, Origin]) -> Entry:
        """See `Cloud.entry`."""
        return create_entry(scope, GcpContext(spec, scope.platform, region_of(spec), scope.values), origins)


def _create_provider(
    scope: Scope, context: GcpContext, part: str, depends_on: Sequence[pulumi.Resource] = ()
) -> gcp.Provider:
    return gcp.Provider(
        scope.named(part),
        project=context.project,
        region=context.region,
        default_labels=dict(scope.tags),
        add_pulumi_attribution_label=False,
        # quota and billing of every call apply to this project, independent of the caller
        billing_project=context.project,
        user_project_override=True,
        # no input of the provider refers to the services that must be enabled first
        opts=scope.opts(depends_on=depends_on),
    )


CLOUD: Cloud[GcpBaseResources, GcpDatabase, GcpCache, ObjectStore, GcpWorkloads, GcpJobs, GcpStandby, GcpCopies] = Gcp()
