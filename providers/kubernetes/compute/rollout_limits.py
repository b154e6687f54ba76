"""Rollouts in steps that a cluster refuses or adjusts. Pure."""

from providers.contract.diagnostics import Adjustment, Diagnostic
from providers.contract.spec import Platform


def rollout_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Return what is refused."""
    return []


def rollout_adjustments(spec: Platform) -> list[Adjustment]:
    """Return what is adjusted."""
    return []
