"""Refusal of drills, which this version does not have on Azure. Pure."""

from providers.contract.diagnostics import Diagnostic, Unsupported
from providers.contract.drill import KEY
from providers.contract.spec import Platform


def drill_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Refuse a drill."""
    if spec.recovery.drill is None:
        return []
    return [Unsupported("azure", KEY, "restore drills are not available on Azure yet", "remove it")]
