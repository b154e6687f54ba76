"""Copies in another region, which a cluster refuses. Pure."""

from providers.contract.diagnostics import Diagnostic, Unsupported
from providers.contract.spec import Platform


def recovery_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Refuse copies in another region; the bucket of the backups can be replicated by its owner."""
    if spec.recovery.mode == "none":
        return []
    fix = "use none, and replicate the bucket of kubernetes.bucket to another region"
    return [Unsupported("kubernetes", "recovery.mode", "one cluster is in one region", fix)]
