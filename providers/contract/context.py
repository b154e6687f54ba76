"""Context of one region: spec, stack and region, as every cloud needs them. Pure.

Each cloud extends it with its block, its account, and names that other strings have to predict.
"""

from dataclasses import dataclass
from functools import cached_property

from providers.contract.alarms import AlarmRules, alarm_rules
from providers.contract.spec import Platform


@dataclass(frozen=True)
class RegionContext:
    """Region, stack and spec."""

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
