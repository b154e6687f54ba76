"""The Pulumi CLI of a project: find and install it, and check that a stack can be deployed.

The commands `engine install`, `doctor` and `describe` are a thin layer over `install_engine`, `check_stack` and
`describe_stack`.
"""

from automation.engine.doctor import check_stack
from automation.engine.findings import Finding, Verdict
from automation.engine.installation import EngineLocation, EngineMissing, engine_command, install_engine
from automation.engine.target import StackDescription, describe_stack

__all__ = [
    "EngineLocation",
    "EngineMissing",
    "Finding",
    "StackDescription",
    "Verdict",
    "check_stack",
    "describe_stack",
    "engine_command",
    "install_engine",
]
