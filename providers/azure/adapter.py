"""The contract's verbs on Azure, one line each; the rooms beside this file hold the resources."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.base.account import create_account
from providers.azure.base.identity import create_identity
from providers.azure.base.keys import create_keys
from providers.azure.base.models import create_models
from providers.azure.base.registry import create_registry
from providers.azure.base.resources import AzureBaseResources
from providers.azure.base.secrets import create_secret
from providers.azure.base.vault import create_vault
from providers.azure.cache.resources import AzureCache, create_cache
from providers.azure.compute.address import service_address
from providers.azure.compute.environment import create_environment
from providers.azure.compute.resources import AzureCompute, create_compute
from providers.azure.compute.scale_rules import create_autoscaling
from providers.azure.context import AzureContext
from providers.azure.database.resources import AzureDatabase, create_database
from providers.azure.entry.ingress import AzureIngress, create_ingress
from providers.azure.entry.resources import create_entry
from providers.azure.limits import region as region_of
from providers.azure.monitoring.resources import AzureWatched, create_monitoring
from providers.azure.network.resources import create_network
from providers.azure.observability.channels import create_channels
from providers.azure.observability.logs import create_logs
from providers.azure.observability.metrics_collector import create_prometheus
from providers.azure.storage.resources import create_storage
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


class Azure:
    """One location of Azure; remembers what was built so that monitoring can watch it."""

    def __init__(self, ground: AzureBaseResources) -> None:
        self._ground = ground
        self._database: AzureDatabase | None = None
        self._cache: AzureCache | None = None
        self._ingress: AzureIngress | None = None
        self._compute: AzureCompute | None = None

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
        """See `Adapter.workloads`; an origin names its Container App, so compute comes before ingress."""
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
        built = AzureWatched(self._compute, self._ingress, self._database, self._cache)
        return create_monitoring(room, self._ground, built, entry)


def provider(scope: Scope, spec: Platform, region: str) -> pulumi.ProviderResource:
    """The explicit provider of a location: one subscription of one directory.

    It waits until the resource group stands, by a provider of its own, so everything it makes does too.
    """
    site = AzureContext(spec, pulumi.get_stack(), region)
    first = scope.with_provider(_provider(scope, site, "group"))
    account = first.room("account", create_account, site)
    return _provider(scope, site, region, (account.group,))


def _provider(
    scope: Scope, site: AzureContext, part: str, waits_for: Sequence[pulumi.Resource] = ()
) -> azure_native.Provider:
    return azure_native.Provider(
        scope.named(part),
        subscription_id=site.subscription_id,
        tenant_id=site.tenant_id,
        location=site.region,
        # no input of the provider tells that the resource group must stand before anything can be put into it
        opts=scope.opts(depends_on=waits_for),
    )


def open(scope: Scope, spec: Platform, region: str) -> Adapter:
    """Logs, network, alarm channels, identities, images, vault, models and the apps' environment of a location."""
    site = AzureContext(spec, pulumi.get_stack(), region)
    keys = scope.room("keys", create_keys, site)
    logs = scope.room("logs", create_logs, site)
    network = scope.room("network", create_network, site, keys, logs)
    channels = scope.room("channels", create_channels, site, keys)
    identity = scope.room("identity", create_identity, site)
    registry = scope.room("registry", create_registry, site, keys, identity, network, logs)
    vault = scope.room("vault", create_vault, site, network, logs)
    models = scope.room("models", create_models, site, network, identity, logs)
    environment = scope.room("environment", create_environment, site, network, logs)
    prometheus = scope.room("prometheus", create_prometheus, site, keys, channels, identity)
    return Azure(
        AzureBaseResources(
            site=site,
            keys=keys,
            network=network,
            identity=identity,
            registry=registry,
            channels=channels,
            prometheus=prometheus,
            logs=logs,
            vault=vault,
            models=models,
            environment=environment,
        )
    )


def entry(room: Scope, spec: Platform, origins: Mapping[str, Origin]) -> Entry:
    """See `Cloud.entry`."""
    return create_entry(room, AzureContext(spec, pulumi.get_stack(), region_of(spec)), origins)
