"""What keeps a running stack well: secrets made anew, digests handed on, a way back, ephemeral stacks swept away.

The SDK is loaded when `sweep` is first asked for; the others get their `Deployment` from whoever calls them.
"""

from typing import TYPE_CHECKING

from automation.day2.history import rollback
from automation.day2.promotion import promote
from automation.day2.rotation import Rotation, rotate
from automation.stack.proposal import Proposal

if TYPE_CHECKING:
    from automation.day2.expired_stacks import SweepResult, sweep

__all__ = ["Proposal", "Rotation", "SweepResult", "promote", "rollback", "rotate", "sweep"]


def __getattr__(name: str) -> object:
    """What loads the SDK, when it is first asked for."""
    if name in ("SweepResult", "sweep"):
        from importlib import import_module

        return getattr(import_module("automation.day2.expired_stacks"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
