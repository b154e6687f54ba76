"""Where one region of the platform stands, as far as every cloud knows it: spec, stack, region, profile. Pure.

A cloud's own `Site` extends this with its block, its account and the names that its other strings must predict.
"""

from dataclasses import dataclass

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
