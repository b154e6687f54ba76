"""Deployment with the engine through the Automation API: `Deployment` and the results of its operations.

`Deployment` loads the SDK on first access, so that commands that need no engine stay fast.
"""

from typing import TYPE_CHECKING

from automation.deploy.changes import PropertyChange, ResourceChange
from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.events import (
    EngineMessage,
    Event,
    OnEvent,
    OperationEnded,
    StepCompleted,
    StepFailed,
    StepStarted,
)
from automation.deploy.results import Clock, Drift, Outcome, Preview, Update
from automation.deploy.state import LockHolder

if TYPE_CHECKING:
    from automation.deploy.deployment import Deployment

__all__ = [
    "Clock",
    "Deployment",
    "DeploymentFailed",
    "Drift",
    "EngineMessage",
    "Event",
    "Failure",
    "LockHolder",
    "OnEvent",
    "OperationEnded",
    "Outcome",
    "Preview",
    "PropertyChange",
    "ResourceChange",
    "StepCompleted",
    "StepFailed",
    "StepStarted",
    "Update",
]


def __getattr__(name: str) -> object:
    """Return `Deployment`, loading the SDK."""
    if name == "Deployment":
        from automation.deploy.deployment import Deployment

        return Deployment
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
