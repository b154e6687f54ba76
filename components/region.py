"""One region of the platform: base resources, secrets, data stores, the services that use them, then their jobs."""

from collections.abc import Mapping

import pulumi

from components.environment import ServiceInputs, environments
from components.settings import Settings
from providers.contract.adapter import AnyCloud, DataStores, Watched
from providers.contract.component import Scope, type_token
from providers.contract.results import Entry, Monitoring, SecretRef, Standby


class Region(pulumi.ComponentResource):
    """Resources of one region, in the order in which they depend on each other."""

    def __init__(
        self, scope: Scope, cloud: AnyCloud, settings: Settings, region: str, standby: Standby | None = None
    ) -> None:
        super().__init__(type_token("region"), scope.named(region), {}, scope.component_opts())
        spec = settings.spec
        inner = scope.within(self)
        self._cloud = cloud

        self.base = base = cloud.base_resources(inner, spec, region, standby)
        secrets = inner.component("secrets", store_secrets, cloud, base, settings)
        self.database = inner.component("database", cloud.database, base) if spec.database else None
        cache = inner.component("cache", cloud.cache, base) if spec.cache else None
        storage = inner.component("storage", cloud.storage, base) if spec.storage else None

        inputs = ServiceInputs(
            address=lambda service: cloud.address(base, service),
            database=self.database,
            cache=cache,
            storage=storage,
            models=cloud.model_variables(base) if spec.users_of("models") else {},
            secrets=secrets,
        )
        stores = DataStores(self.database, cache, storage)
        variables = environments(spec, inputs)
        self.workloads = cloud.workloads(inner, base, stores, variables, settings.positions)
        tasks = bool(spec.jobs or spec.releases)
        jobs = inner.component("jobs", cloud.jobs, base, self.workloads, variables) if tasks else None
        if spec.recovery.drill is not None and self.database is not None:
            inner.component("drill", cloud.drill, base, self.database, self.workloads)
        copies = inner.component("recovery", cloud.recovery, base, standby, stores) if standby else None
        self.watched = Watched(self.database, cache, self.workloads, jobs, copies)
        self.register_outputs({"services": dict(self.workloads.services)})

    def monitoring(self, scope: Scope, entry: Entry) -> Monitoring:
        """Alarms, dashboard, SLO and budget of this region."""
        return self._cloud.monitoring(scope, self.base, self.watched, entry)


def store_secrets(scope: Scope, cloud: AnyCloud, base: object, settings: Settings) -> Mapping[str, SecretRef]:
    """Every listed secret, readable by the services that list it."""
    readers = settings.spec.readers_of
    return {name: cloud.secret(scope, base, name, value, readers(name)) for name, value in settings.secrets.items()}
