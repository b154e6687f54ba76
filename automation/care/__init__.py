"""What keeps a running stack well: secrets made anew, digests handed on, a way back, ephemeral stacks swept away.

The SDK is loaded when `sweep` is first asked for; the others get their `Deployment` from whoever calls them.
"""

from typing import TYPE_CHECKING

from automation.care.promoting import promote
from automation.care.proposal import Proposal
from automation.care.rolling_back import rollback
from automation.care.rotating import Rotation, rotate

if TYPE_CHECKING:
    from automation.care.sweeping import Swept, sweep

__all__ = ["Proposal", "Rotation", "Swept", "promote", "rollback", "rotate", "sweep"]


def __getattr__(name: str) -> object:
    """What loads the SDK, when it is first asked for."""
    if name in ("Swept", "sweep"):
        from automation.care import sweeping

        return getattr(sweeping, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
