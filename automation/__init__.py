"""Command line and Automation API of the package: plan, configuration documents, deployments, day-2 operations.

`from automation import Deployment` loads the Pulumi SDK; importing the package alone does not.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from automation.day2.drills import Drills
    from automation.deploy import Deployment
    from automation.engine.login import StateCreation, login
    from automation.secret_values.store import set_secrets
    from automation.services.operations import ServiceOperations

__all__ = ["Deployment", "Drills", "ServiceOperations", "StateCreation", "login", "set_secrets"]
MODULES = {
    "Deployment": "deploy",
    "Drills": "day2.drills",
    "ServiceOperations": "services.operations",
    "StateCreation": "engine.login",
    "login": "engine.login",
    "set_secrets": "secret_values.store",
}
"""Modules of the names below this package, imported on first use."""


def __getattr__(name: str) -> object:
    """Import a name on first use."""
    if name in MODULES:
        return getattr(import_module(f"{__name__}.{MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
