"""Deploying for real, by the Automation API: `Deployment` and what its operations give.

The SDK is loaded when `Deployment` is first asked for, so that what needs no engine is answered at once.
"""

from typing import TYPE_CHECKING

from automation.deploy.changes import PropertyChange, ResourceChange
from automation.deploy.clock import Clock
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
from automation.deploy.locks import LockHolder
from automation.deploy.results import Drift, Outcome, Preview, Update

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
]  # fmt: skip


def __getattr__(name: str) -> object:
    """`Deployment`, with the SDK."""
    if name == "Deployment":
        from automation.deploy.deployment import Deployment

        return Deployment
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
