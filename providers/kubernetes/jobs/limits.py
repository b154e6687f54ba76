"""Job settings that a cluster refuses or adjusts. Pure."""

from providers.contract.diagnostics import Adjustment, Diagnostic
from providers.contract.spec import Platform


def job_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Return what is refused."""
    return []


def job_adjustments(spec: Platform) -> list[Adjustment]:
    """Return what is adjusted."""
    return []
