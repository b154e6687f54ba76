"""Refusal of drills, which this version does not have on Google Cloud. Pure."""

from providers.contract.diagnostics import Diagnostic, Unsupported
from providers.contract.drill import KEY
from providers.contract.spec import Platform


def drill_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Refuse a drill."""
    if spec.recovery.drill is None:
        return []
    return [Unsupported("gcp", KEY, "restore drills are not available on Google Cloud yet", "remove it")]
