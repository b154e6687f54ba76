"""Recovery settings that Azure refuses. Pure."""

from providers.contract.diagnostics import Diagnostic, Unsupported
from providers.contract.spec import Platform


def recovery_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Copies in a standby region, which are not available yet."""
    if spec.recovery.mode != "backup":
        return []
    return [Unsupported("azure", "recovery.mode", '"backup" is not available yet', "use none")]
