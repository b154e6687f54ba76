"""Adapter of AWS: each method of the contract calls the module of its capability."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from providers.aws.base.resources import AwsBaseResources, create_base_resources
from providers.aws.base.secrets import create_secret
from providers.aws.base.standby import AwsStandby
from providers.aws.cache.resources import AwsCache, create_cache
from providers.aws.compute.calls import service_address
from providers.aws.compute.resources import create_compute
from providers.aws.compute.scaling import create_autoscaling
from providers.aws.context import AwsContext
from providers.aws.database.resources import AwsDatabase, create_database
from providers.aws.drill.resources import AwsDrill, create_drill
from providers.aws.entry.ingress import create_ingress
from providers.aws.entry.resources import create_entry
from providers.aws.jobs.resources import AwsJobs, create_jobs, create_releases
from providers.aws.monitoring.resources import create_monitoring
from providers.aws.recovery.resources import AwsCopies, create_recovery
from providers.aws.recovery.standby import create_standby, follow_home
from providers.aws.storage.resources import AwsStorage, create_storage
from providers.aws.workloads import AwsDataStores, AwsWatched, AwsWorkloads, collect_workloads
from providers.contract.adapter import Cloud
from providers.contract.component import Scope
from providers.contract.results import (
    Entry,
    Environment,
    Monitoring,
    Origin,
    SecretRef,
)
from providers.contract.rollout import RolloutPosition
from providers.contract.spans import SIDECAR_ENDPOINT, sent_over_http
from providers.contract.spec import CacheInstance, Platform


class Aws:
    """Adapter of one region of AWS; see `providers.contract.adapter.Cloud` for each method."""

    def provider(self, scope: Scope, spec: Platform, region: str) -> pulumi.ProviderResource:
        """Explicit provider of a region, limited to the stack's account, with default tags."""
        context = AwsContext(spec, scope.platform, region, scope.values)
        return aws.Provider(
            scope.named(region),
            region=region,
            allowed_account_ids=[context.account_id],
            default_tags=aws.ProviderDefaultTagsArgs(tags=dict(scope.tags)),
            opts=scope.opts(),
        )

    def standby(self, scope: Scope, spec: Platform, region: str) -> AwsStandby:
        """See `Cloud.standby`."""
        return create_standby(scope, AwsContext(spec, scope.platform, region, scope.values))

    def follow(self, standby: AwsStandby, base: AwsBaseResources, stores: AwsDataStores) -> AwsStandby:
        """See `Cloud.follow`; the bucket of the standby region has the objects already."""
        return follow_home(standby, stores.database)

    def base_resources(self, scope: Scope, spec: Platform, region: str, standby: AwsStandby | None) -> AwsBaseResources:
        """See `Cloud.base_resources`."""
        return create_base_resources(scope, AwsContext(spec, scope.platform, region, scope.values), standby)

    def secret(
        self, scope: Scope, base: AwsBaseResources, name: str, value: pulumi.Output[str], readers: Sequence[str]
    ) -> SecretRef:
        """See `Cloud.secret`."""
        return create_secret(scope, base, name, value, readers)

    def address(self, base: AwsBaseResources, service: str) -> pulumi.Input[str]:
        """See `Cloud.address`."""
        return service_address(base.spec, service)

    def model_variables(self, base: AwsBaseResources) -> Mapping[str, pulumi.Input[str]]:
        """See `Cloud.model_variables`."""
        # AWS_REGION is read by most SDKs and by the clients of model vendors, AWS_DEFAULT_REGION by botocore
        return {"AWS_REGION": base.context.region, "AWS_DEFAULT_REGION": base.context.region}

    def span_receiver(self, base: AwsBaseResources) -> Mapping[str, pulumi.Input[str]]:
        """See `Cloud.span_receiver`."""
        return sent_over_http(SIDECAR_ENDPOINT)

    def database(self, scope: Scope, base: AwsBaseResources) -> AwsDatabase:
        """See `Cloud.database`."""
        return create_database(scope, base)

    def cache(self, scope: Scope, base: AwsBaseResources, cache: CacheInstance) -> AwsCache:
        """See `Cloud.cache`."""
        return create_cache(scope, base, cache)

    def storage(self, scope: Scope, base: AwsBaseResources) -> AwsStorage:
        """See `Cloud.storage`."""
        return create_storage(scope, base)

    def workloads(
        self,
        scope: Scope,
        base: AwsBaseResources,
        stores: AwsDataStores,
        environments: Mapping[str, Environment],
        positions: Mapping[str, RolloutPosition],
    ) -> AwsWorkloads:
        """See `Cloud.workloads`."""
        ingress = scope.component("ingress", create_ingress, base, positions)
        compute = scope.component("compute", create_compute, base, ingress, environments, positions)
        scope.component("autoscaling", create_autoscaling, base, ingress, compute, positions)
        return collect_workloads(base, compute, ingress, stores.database)

    def jobs(
        self, scope: Scope, base: AwsBaseResources, workloads: AwsWorkloads, environments: Mapping[str, Environment]
    ) -> AwsJobs | None:
        """See `Cloud.jobs`."""
        create_releases(scope, base, workloads.compute, environments)
        return create_jobs(scope, base, workloads.compute, environments) if base.spec.jobs else None

    def recovery(self, scope: Scope, base: AwsBaseResources, standby: AwsStandby, stores: AwsDataStores) -> AwsCopies:
        """See `Cloud.recovery`."""
        return create_recovery(scope, base, standby, stores.database, stores.storage)

    def drill(self, scope: Scope, base: AwsBaseResources, database: AwsDatabase, workloads: AwsWorkloads) -> AwsDrill:
        """See `Cloud.drill`."""
        return create_drill(scope, base, database, workloads.compute)

    def monitoring(self, scope: Scope, base: AwsBaseResources, watched: AwsWatched, entry: Entry) -> Monitoring:
        """See `Cloud.monitoring`."""
        return create_monitoring(scope, base, watched, entry)

    def entry(self, scope: Scope, spec: Platform, origins: Mapping[str, Origin]) -> Entry:
        """See `Cloud.entry`."""
        return create_entry(
            scope, AwsContext(spec, scope.platform, spec.aws.region if spec.aws else "", scope.values), origins
        )


CLOUD: Cloud[AwsBaseResources, AwsDatabase, AwsCache, AwsStorage, AwsWorkloads, AwsJobs, AwsStandby, AwsCopies] = Aws()
