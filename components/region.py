"""One region of the platform: network and identities, secrets, data, then the services that stand on them."""

from collections.abc import Mapping

import pulumi

from components.environment import ServiceInputs, environments
from components.settings import Settings
from providers.contract.adapter import Adapter, Cloud
from providers.contract.component import Scope, type_token
from providers.contract.results import SecretRef


class Region(pulumi.ComponentResource):
    """The walk through one region, top to bottom."""

    def __init__(self, scope: Scope, cloud: Cloud, settings: Settings, region: str) -> None:
        super().__init__(type_token("region"), scope.named(region), {}, scope.component_opts())
        spec = settings.spec
        here = scope.within(self)

        self.adapter = adapter = cloud.open(here, spec, region)
        secrets = here.room("secrets", store_secrets, adapter, settings)
        self.database = here.room("database", adapter.database) if spec.database else None
        cache = here.room("cache", adapter.cache) if spec.cache else None
        storage = here.room("storage", adapter.storage) if spec.storage else None

        around = ServiceInputs(adapter.address, self.database, cache, storage, secrets)
        self.workloads = adapter.workloads(here, environments(spec, around))
        self.register_outputs({"services": dict(self.workloads.services)})


def store_secrets(room: Scope, adapter: Adapter, settings: Settings) -> Mapping[str, SecretRef]:
    """Every listed secret, readable by the services that list it."""
    readers = settings.spec.readers_of
    return {name: adapter.secret(room, name, value, readers(name)) for name, value in settings.secrets.items()}
