"""Copies in another region, which a cluster refuses. Pure."""

from providers.contract.diagnostics import Diagnostic
from providers.contract.spec import Platform


def recovery_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Return what is refused."""
    return []
