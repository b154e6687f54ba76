"""Day-2 operations: rotate, promote, rollback and sweep.

`sweep` loads the SDK on first access; the other operations receive a `Deployment` or load it when they need the engine.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from automation.day2.history import rollback
from automation.day2.promotion import promote
from automation.day2.rotation import Rotation, rotate
from automation.stack.edit import Proposal

if TYPE_CHECKING:
    from automation.day2.expired_stacks import SweepResult, sweep

__all__ = ["Proposal", "Rotation", "SweepResult", "promote", "rollback", "rotate", "sweep"]


def __getattr__(name: str) -> object:
    """Return `sweep` or `SweepResult`, loading the SDK."""
    if name in ("SweepResult", "sweep"):
        return getattr(import_module(f"{__name__}.expired_stacks"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
