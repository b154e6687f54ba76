"""The engine under a project: where it is, how it comes there, and whether all is ready to deploy a stack.

`from automation.engine import doctor, install`; the commands of the same names are a thin layer over them.
"""

from automation.engine.describe import Description, describe
from automation.engine.doctor import doctor
from automation.engine.findings import Finding, Verdict
from automation.engine.install import install
from automation.engine.locate import EngineLocation, EngineMissing, engine_command

__all__ = [
    "Description",
    "EngineLocation",
    "EngineMissing",
    "Finding",
    "Verdict",
    "describe",
    "doctor",
    "engine_command",
    "install",
]
