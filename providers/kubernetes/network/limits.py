"""Settings of the network that a cluster refuses or adjusts. Pure."""

from providers.contract.diagnostics import Adjustment, Diagnostic
from providers.contract.spec import Platform


def network_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Return what is refused."""
    return []


def network_adjustments(spec: Platform) -> list[Adjustment]:
    """Return what is adjusted."""
    return []
