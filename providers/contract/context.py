"""Context of one region: spec, stack and region, as every cloud needs them. Pure.

Each cloud extends it with its block, its account, and names that other strings have to predict.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from providers.contract.alarms import AlarmRules, alarm_rules
from providers.contract.spec import Platform

if TYPE_CHECKING:  # contexts are also used by commands, which run without the Pulumi SDK
    import pulumi


@dataclass(frozen=True)
class ProgramValues:
    """Secret Outputs by name, and the image of each service whose image is an Output."""

    secrets: Mapping[str, pulumi.Output[str]] = field(default_factory=dict[str, "pulumi.Output[str]"])
    images: Mapping[str, pulumi.Output[str]] = field(default_factory=dict[str, "pulumi.Output[str]"])

    def secret(self, name: str) -> pulumi.Output[str]:
        """Return the value of a secret, whose presence was checked before anything was declared."""
        return self.secrets[name]

    def image(self, spec: Platform, service: str) -> pulumi.Input[str]:
        """Return the image of a service, as the spec or the program has it."""
        return self.images.get(service, spec.services[service].image)


@dataclass(frozen=True)
class RegionContext:
    """Region, name of the platform and spec."""

    spec: Platform
    stack: str
    """Name of the platform, which is the stack's for the platform of a stack file; beginning of physical names."""
    region: str
    values: ProgramValues = field(default_factory=ProgramValues, compare=False, repr=False)
    """Secrets of the cloud's own components, and images that are Outputs."""

    @property
    def production(self) -> bool:
        """True when the profile is production."""
        return self.spec.profile == "production"

    @cached_property
    def alarm_rules(self) -> AlarmRules:
        """Alarm rules of the platform, computed once."""
        return alarm_rules(self.spec)
