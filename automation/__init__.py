"""Command line and Automation API of the package: plan, configuration documents, deployments, day-2 operations.

`from automation import Deployment` loads the Pulumi SDK; importing the package alone does not.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from automation.deploy import Deployment

__all__ = ["Deployment"]


def __getattr__(name: str) -> object:
    """Import a name that loads the SDK on first use."""
    if name == "Deployment":
        from automation.deploy import Deployment

        return Deployment
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
