"""Settings of monitoring, budget and deployer that a cluster refuses or adjusts. Pure."""

from providers.contract.diagnostics import Adjustment, Diagnostic
from providers.contract.spec import Platform


def monitoring_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Return what is refused."""
    return []


def monitoring_adjustments(spec: Platform) -> list[Adjustment]:
    """Return what is adjusted."""
    return []


def monitoring_secrets(spec: Platform) -> tuple[str, ...]:
    """Return the stack secrets of the receivers of alarms."""
    return ()
