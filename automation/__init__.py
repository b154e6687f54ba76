"""The command line and the programmatic way: inventory, plan, configuration documents, deployments.

`from automation import Deployment` loads the SDK; nothing else here does.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from automation.deploy import Deployment

__all__ = ["Deployment"]


def __getattr__(name: str) -> object:
    """The names that load the SDK, when they are first asked for."""
    if name == "Deployment":
        from automation.deploy import Deployment

        return Deployment
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
