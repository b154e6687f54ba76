"""Burn rates of an error budget at which alarms fire. Pure."""

from dataclasses import dataclass

from providers.contract.alarms import Severity


@dataclass(frozen=True)
class BurnRate:
    """Window pair of a burn-rate alarm, which fires when the burn rate exceeds `factor` in both windows."""

    long_seconds: int
    short_seconds: int
    factor: float
    severity: Severity

    def error_percent(self, availability_percent: float) -> float:
        """Percentage of failed requests at which this pair fires; at most 100."""
        return min(100.0, round(self.factor * (100 - availability_percent), 4))


BURN_RATES = (
    BurnRate(long_seconds=3600, short_seconds=300, factor=14.4, severity="critical"),
    BurnRate(long_seconds=21600, short_seconds=1800, factor=6, severity="critical"),
    BurnRate(long_seconds=86400, short_seconds=7200, factor=3, severity="warning"),
)
"""Pairs of the Google SRE Workbook, chapter 5: 2 % of a 30-day budget in 1 h, 5 % in 6 h, 10 % in 24 h."""
