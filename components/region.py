"""One region of the platform: base resources, secrets, data stores, the services that use them, then their jobs."""

from collections.abc import Mapping

import pulumi

from components.environment import ServiceInputs, environments
from components.settings import Settings
from providers.contract.adapter import AnyCloud, DataStores, Watched
from providers.contract.authentication import keys_of_program
from providers.contract.component import Scope, type_token
from providers.contract.credentials import generated_key
from providers.contract.region_specs import is_standby
from providers.contract.resource_traits import API_KEY_OUTPUT
from providers.contract.results import Database, Entry, Monitoring, SecretRef, Standby, Workloads


class RunningRegion:
    """Resources of one region in which services run, in the order in which they depend on each other.

    `standby` receives copies of the home region's data; for the standby region itself it is what that region already has.
    """

    def __init__(
        self, inner: Scope, cloud: AnyCloud, settings: Settings, region: str, standby: Standby | None = None
    ) -> None:
        spec = settings.spec
        self._cloud = cloud
        self.base = base = cloud.base_resources(inner, spec, region, standby)
        self._generated = [name for name in keys_of_program(spec) if name not in settings.secrets]
        self.secrets, secrets = inner.component("secrets", store_secrets, cloud, base, settings)
        self.database: Database | None = inner.component("database", cloud.database, base) if spec.database else None
        caches = {each.key: inner.instance("cache", each.part, cloud.cache, base, each) for each in spec.all_caches}
        storage = inner.component("storage", cloud.storage, base) if spec.storage else None

        inputs = ServiceInputs(
            address=lambda service: cloud.address(base, service),
            database=self.database,
            caches=caches,
            storage=storage,
            models=cloud.model_variables(base) if spec.users_of("models") else {},
            secrets=secrets,
            stack=settings.stack,
            deferred=settings.deferred.environment,
            span_receiver=cloud.span_receiver(base) if spec.monitoring.tracing else {},
        )
        self.stores = stores = DataStores(self.database, caches, storage)
        variables = environments(spec, inputs)
        self.workloads: Workloads = cloud.workloads(inner, base, stores, variables, settings.positions)
        tasks = bool(spec.jobs or spec.releases)
        jobs = inner.component("jobs", cloud.jobs, base, self.workloads, variables) if tasks else None
        if spec.recovery.drill is not None and self.database is not None:
            inner.component("drill", cloud.drill, base, self.database, self.workloads)
        copied = standby is not None and not is_standby(spec)
        copies = inner.component("recovery", cloud.recovery, base, standby, stores) if copied else None
        watched_caches = {each.part: caches[each.key] for each in spec.all_caches}
        self.watched = Watched(self.database, watched_caches, self.workloads, jobs, copies)

    @property
    def generated_key(self) -> dict[str, pulumi.Output[str]]:
        """Output with the generated key of clients, a secret; empty when the platform generates none."""
        generated = [self.secrets[name] for name in self._generated]
        return {API_KEY_OUTPUT: generated[0]} if generated else {}

    def monitoring(self, scope: Scope, entry: Entry) -> Monitoring:
        """Alarms, dashboard, SLO and budget of this region."""
        return self._cloud.monitoring(scope, self.base, self.watched, entry)


class Region(pulumi.ComponentResource):
    """Component of the home region; `running` is what it contains."""

    def __init__(
        self, scope: Scope, cloud: AnyCloud, settings: Settings, region: str, standby: Standby | None = None
    ) -> None:
        super().__init__(type_token("region"), scope.named(region), {}, scope.component_opts())
        self.running = RunningRegion(scope.within(self), cloud, settings, region, standby)
        self.register_outputs({"services": dict(self.running.workloads.services)})


def store_secrets(
    scope: Scope, cloud: AnyCloud, base: object, settings: Settings
) -> tuple[Mapping[str, pulumi.Output[str]], Mapping[str, SecretRef]]:
    """Values of the secrets, with generated keys of clients, and the stored secrets, readable by the services that list them."""
    spec = settings.spec
    generated = [name for name in keys_of_program(spec) if name not in settings.secrets]
    key = generated_key(scope) if generated else None
    values = {**settings.secrets, **({name: key for name in generated} if key is not None else {})}
    stored = {name: cloud.secret(scope, base, name, value, spec.readers_of(name)) for name, value in values.items()}
    return values, stored
