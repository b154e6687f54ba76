"""Standby region: what receives copies of the home region's data, and with `recovery.mode: warm` separate services.

It has the type token of a region, because it is one: its names contain the region and not its role, so that they stay when
services run there.
"""

from dataclasses import replace

import pulumi

from components.region import RunningRegion
from components.settings import Settings
from providers.contract.adapter import AnyCloud
from providers.contract.component import Scope, type_token
from providers.contract.region_specs import is_standby
from providers.contract.results import Standby


class StandbyRegion(pulumi.ComponentResource):
    """Keys, registry and bucket of the standby region; `receivers` are passed to the home region.

    With `recovery.mode: warm`, `start` declares the rest after the home region, from which it takes the data.
    """

    def __init__(self, scope: Scope, cloud: AnyCloud, settings: Settings, region: str) -> None:
        super().__init__(type_token("region"), scope.named(region), {}, scope.component_opts())
        self.scope = scope.in_region(region)
        """Scope of what watches the region from outside of it."""
        self._inner = self.scope.within(self)
        self._cloud, self._settings, self.region = cloud, settings, region
        self.receivers: Standby = cloud.standby(self._inner, settings.spec, region)
        if not is_standby(settings.spec):
            self.register_outputs({})

    def start(self, home: RunningRegion) -> RunningRegion:
        """Declare network, data stores and services; the data is that of the home region."""
        receivers = self._cloud.follow(self.receivers, home.base, home.stores)
        # clients send the same generated key to both regions
        settings = replace(self._settings, secrets=home.secrets)
        running = RunningRegion(self._inner, self._cloud, settings, self.region, receivers)
        self.register_outputs({"services": dict(running.workloads.services)})
        return running
