"""Adapter of Azure: the methods of the contract, which call the functions that declare each component."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.base.account import create_account
from providers.azure.base.resources import AzureBaseResources, create_base_resources
from providers.azure.base.secrets import create_secret
from providers.azure.base.standby import AzureStandby
from providers.azure.cache.resources import AzureCache, create_cache
from providers.azure.compute.resources import create_compute, service_address
from providers.azure.context import AzureContext
from providers.azure.database.resources import AzureDatabase, create_database
from providers.azure.drill.resources import AzureDrill, create_drill
from providers.azure.entry.resources import create_entry
from providers.azure.jobs.resources import AzureJobs, create_jobs, create_releases
from providers.azure.limits import region as region_of
from providers.azure.monitoring.resources import create_monitoring
from providers.azure.recovery.resources import create_recovery
from providers.azure.recovery.standby import create_standby, follow_home
from providers.azure.storage.resources import AzureStorage, create_storage
from providers.azure.workloads import AzureDataStores, AzureWatched, AzureWorkloads, collect_workloads
from providers.contract.adapter import Cloud
from providers.contract.component import Scope
from providers.contract.results import (
    Copies,
    Entry,
    Environment,
    Monitoring,
    Origin,
    SecretRef,
)
from providers.contract.rollout import RolloutPosition
from providers.contract.spans import PROTOCOL
from providers.contract.spec import CacheInstance, Platform


class Azure:
    """Adapter of one location of Azure; see `providers.contract.adapter.Cloud` for each method."""

    def provider(self, scope: Scope, spec: Platform, region: str) -> pulumi.ProviderResource:
        """Explicit provider of a location: one subscription of one tenant.

        It depends on the resource group, which a separate provider creates, so every resource of it does as well.
        """
        context = AzureContext(spec, scope.platform, region, scope.values)
        place = scope if region == region_of(spec) else scope.in_region(region)
        group_scope = place.with_provider(_provider(place, context, "group"))
        account = group_scope.component("account", create_account, context)
        return _provider(scope, context, region, after=(account.group,))

    def standby(self, scope: Scope, spec: Platform, region: str) -> AzureStandby:
        """See `Cloud.standby`."""
        return create_standby(scope, AzureContext(spec, scope.platform, region, scope.values))

    def follow(self, standby: AzureStandby, base: AzureBaseResources, stores: AzureDataStores) -> AzureStandby:
        """See `Cloud.follow`; objects are copied to the account of the standby location already."""
        return follow_home(standby, base, stores.database)

    def base_resources(
        self, scope: Scope, spec: Platform, region: str, standby: AzureStandby | None
    ) -> AzureBaseResources:
        """See `Cloud.base_resources`."""
        return create_base_resources(scope, AzureContext(spec, scope.platform, region, scope.values), standby)

    def secret(
        self, scope: Scope, base: AzureBaseResources, name: str, value: pulumi.Output[str], readers: Sequence[str]
    ) -> SecretRef:
        """See `Cloud.secret`."""
        return create_secret(scope, base, name, value, readers)

    def address(self, base: AzureBaseResources, service: str) -> pulumi.Input[str]:
        """See `Cloud.address`."""
        return service_address(base, service)

    def model_variables(self, base: AzureBaseResources) -> Mapping[str, pulumi.Input[str]]:
        """See `Cloud.model_variables`."""
        return base.models.variables if base.models is not None else {}

    def span_receiver(self, base: AzureBaseResources) -> Mapping[str, pulumi.Input[str]]:
        """See `Cloud.span_receiver`; Container Apps sets the endpoint, at which its agent takes gRPC only."""
        return {PROTOCOL: "grpc"}

    def database(self, scope: Scope, base: AzureBaseResources) -> AzureDatabase:
        """See `Cloud.database`."""
        return create_database(scope, base)

    def cache(self, scope: Scope, base: AzureBaseResources, cache: CacheInstance) -> AzureCache:
        """See `Cloud.cache`."""
        return create_cache(scope, base, cache)

    def storage(self, scope: Scope, base: AzureBaseResources) -> AzureStorage:
        """See `Cloud.storage`."""
        return create_storage(scope, base)

    def workloads(
        self,
        scope: Scope,
        base: AzureBaseResources,
        stores: AzureDataStores,
        environments: Mapping[str, Environment],
        positions: Mapping[str, RolloutPosition],
    ) -> AzureWorkloads:
        """See `Cloud.workloads`."""
        compute = scope.component("compute", create_compute, base, environments, positions)
        return collect_workloads(base, compute, stores.database)

    def jobs(
        self, scope: Scope, base: AzureBaseResources, workloads: AzureWorkloads, environments: Mapping[str, Environment]
    ) -> AzureJobs | None:
        """See `Cloud.jobs`."""
        create_releases(scope, base, workloads.compute, environments)
        return create_jobs(scope, base, workloads.compute, environments) if base.spec.jobs else None

    def recovery(
        self, scope: Scope, base: AzureBaseResources, standby: AzureStandby, stores: AzureDataStores
    ) -> Copies:
        """See `Cloud.recovery`."""
        return create_recovery(scope, base, standby, stores.database, stores.storage)

    def drill(
        self, scope: Scope, base: AzureBaseResources, database: AzureDatabase, workloads: AzureWorkloads
    ) -> AzureDrill:
        """See `Cloud.drill`."""
        return create_drill(scope, base, database)

    def monitoring(self, scope: Scope, base: AzureBaseResources, watched: AzureWatched, entry: Entry) -> Monitoring:
        """See `Cloud.monitoring`."""
        return create_monitoring(scope, base, watched, entry)

    def entry(self, scope: Scope, spec: Platform, origins: Mapping[str, Origin]) -> Entry:
        """See `Cloud.entry`."""
        return create_entry(scope, AzureContext(spec, scope.platform, region_of(spec), scope.values), origins)


def _provider(
    scope: Scope, context: AzureContext, part: str, after: Sequence[pulumi.Resource] = ()
) -> azure_native.Provider:
    return azure_native.Provider(
        scope.named(part),
        subscription_id=context.subscription_id,
        tenant_id=context.tenant_id,
        location=context.region,
        # no input refers to the resource group, which must exist before its resources
        opts=scope.opts(depends_on=after),
    )


CLOUD: Cloud[
    AzureBaseResources, AzureDatabase, AzureCache, AzureStorage, AzureWorkloads, AzureJobs, AzureStandby, Copies
] = Azure()
