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
from providers.aws.compute.calls import service_address
from providers.aws.context import AwsContext
from providers.aws.database.resources import AwsDatabase, create_database
from providers.aws.entry.resources import create_entry
from providers.aws.monitoring.resources import create_monitoring
from providers.aws.network.resources import create_network
from providers.aws.observability.channels import create_channels
from providers.aws.observability.metrics_collector import create_prometheus
from providers.aws.storage.resources import create_storage
from providers.aws.workloads import AwsDataStores, AwsWatched, AwsWorkloads, create_workloads
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
from providers.contract.spec import Platform


class Aws:
    """Adapter of one region of AWS; see `providers.contract.adapter.Cloud` for each method."""

    def provider(self, scope: Scope, spec: Platform, region: str) -> pulumi.ProviderResource:
        """The explicit provider of a region: one account, default tags on everything."""
        context = AwsContext(spec, pulumi.get_stack(), region)
        return aws.Provider(
            scope.named(region),
            region=region,
            allowed_account_ids=[context.account_id],
            default_tags=aws.ProviderDefaultTagsArgs(tags=dict(scope.tags)),
            opts=scope.opts(),
        )

    def base_resources(self, scope: Scope, spec: Platform, region: str) -> AwsBaseResources:
        """Keys, network, alarm channels, identities, images and Prometheus of a region."""
        context = AwsContext(spec, pulumi.get_stack(), region)
        keys = scope.component("keys", create_keys, context)
        network = scope.component("network", create_network, context, keys)
        channels = scope.component("channels", create_channels, context, keys)
        identity = scope.component("identity", create_identity, context)
        registry = scope.component("registry", create_registry, context, keys, identity)
        prometheus = scope.component("prometheus", create_prometheus, context, keys, channels, identity)
        return AwsBaseResources(context, keys, network, identity, registry, channels, prometheus)

    def secret(
        self, scope: Scope, base: AwsBaseResources, name: str, value: pulumi.Output[str], readers: Sequence[str]
    ) -> SecretRef:
        """See `Cloud.secret`."""
        return create_secret(scope, base, name, value, readers)

    def address(self, base: AwsBaseResources, service: str) -> pulumi.Input[str]:
        """See `Cloud.address`."""
        return service_address(base, service)

    def database(self, scope: Scope, base: AwsBaseResources) -> AwsDatabase:
        """See `Cloud.database`."""
        return create_database(scope, base)

    def cache(self, scope: Scope, base: AwsBaseResources) -> AwsCache:
        """See `Cloud.cache`."""
        return create_cache(scope, base)

    def storage(self, scope: Scope, base: AwsBaseResources) -> ObjectStore:
        """See `Cloud.storage`."""
        return create_storage(scope, base)

    def workloads(
        self, scope: Scope, base: AwsBaseResources, stores: AwsDataStores, environments: Mapping[str, Environment]
    ) -> AwsWorkloads:
        """See `Cloud.workloads`."""
        return create_workloads(scope, base, environments)

    def monitoring(self, scope: Scope, base: AwsBaseResources, watched: AwsWatched, entry: Entry) -> Monitoring:
        """See `Cloud.monitoring`."""
        return create_monitoring(scope, base, watched, entry)

    def entry(self, scope: Scope, spec: Platform, origins: Mapping[str, Origin]) -> Entry:
        """See `Cloud.entry`."""
        return create_entry(scope, AwsContext(spec, pulumi.get_stack(), spec.aws.region if spec.aws else ""), origins)


CLOUD: Cloud[AwsBaseResources, AwsDatabase, AwsCache, ObjectStore, AwsWorkloads] = Aws()
