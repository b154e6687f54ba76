"""Where one region of the platform stands, as far as every cloud knows it: spec, stack, region, profile. Pure.

A cloud's own `Site` extends this with its block, its account and the names that its other strings must predict.
"""

from dataclasses import dataclass
from functools import cached_property

from providers.contract.alarms import AlarmRules, alarm_rules
from providers.contract.spec import Platform


@dataclass(frozen=True)
class RegionContext:
    """One region, and the spec that is built there."""

    spec: Platform
    stack: str
    region: str

    @property
    def production(self) -> bool:
        """True when the profile is production."""
        return self.spec.profile == "production"

    @cached_property
    def alarm_rules(self) -> AlarmRules:
        """Alarm rules of the platform, computed once."""
        return alarm_rules(self.spec)
