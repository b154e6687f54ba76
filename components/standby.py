"""Standby region: what receives copies of the home region's data. Nothing runs there.

It has the type token of a region, because it is one: its names contain the region and not its role, so that they stay when
services run there.
"""

import pulumi

from components.settings import Settings
from providers.contract.adapter import AnyCloud
from providers.contract.component import Scope, type_token
from providers.contract.results import Standby


class StandbyRegion(pulumi.ComponentResource):
    """Keys, registry and bucket of the standby region; `receivers` are passed to the home region."""

    def __init__(self, scope: Scope, cloud: AnyCloud, settings: Settings, region: str) -> None:
        super().__init__(type_token("region"), scope.named(region), {}, scope.component_opts())
        self.receivers: Standby = cloud.standby(scope.in_region(region).within(self), settings.spec, region)
        self.register_outputs({})
