"""Deploying for real, by the Automation API: `Deployment` and what its operations give."""

from automation.deployment.changes import Change, Property
from automation.deployment.deployment import Deployment
from automation.deployment.events import Begun, Done, Ended, Event, Failed, OnEvent, Said
from automation.deployment.failures import DeploymentFailed, Failure
from automation.deployment.results import Drift, Outcome, Preview, Update

__all__ = [
    "Begun", "Change", "Deployment", "DeploymentFailed", "Done", "Drift", "Ended", "Event", "Failed", "Failure",
    "OnEvent", "Outcome", "Preview", "Property", "Said", "Update",
]  # fmt: skip
