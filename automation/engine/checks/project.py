"""The project's own files: the stack file, the secrets it lists, the environment that the program runs in."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from automation.engine.case import Case
from automation.engine.findings import Finding, allowed, refused
from automation.stack.document import Stack
from components.configuration import PROJECT
from providers import limits

BEGINNING = 3
"""Mistakes of a stack file that are told here; `plan` tells all."""


def stack_file(case: Case) -> Finding:
    """The stack file can be taken as it is."""
    subject = "stack file"
    if case.stack is None:
        more = len(case.mistakes) - BEGINNING
        told = " ".join((*case.mistakes[:BEGINNING], *([f"And {more} more."] if more > 0 else [])))
        return refused(subject, told.rstrip("."), f"mend Pulumi.{case.name}.yaml; the cloud is asked when it is whole")
    spec = case.stack.spec
    place = f"{spec.cloud} {limits(spec.cloud).region(spec)}".rstrip()
    return allowed(subject, f"Pulumi.{case.name}.yaml is whole: {spec.profile} on {place}")


def secrets(case: Case, stack: Stack) -> Finding:
    """Every listed secret has a value."""
    missing = stack.missing_secrets
    if not missing:
        number = len(stack.secret_keys)
        return allowed("secrets", f"{number} of {number} listed have a value" if number else "none is listed")
    commands = [f"`pulumi config set --stack {stack.name} --secret {PROJECT}:{name}`" for name in missing]
    told = f"{', '.join(missing)} {'has' if len(missing) == 1 else 'have'} no value"
    return refused("secrets", told, f"set {'it' if len(missing) == 1 else 'them'} by {', '.join(commands)}")


def virtualenv(case: Case) -> Finding:
    """The Python environment that Pulumi.yaml names is there."""
    subject, project = "environment", case.project_file
    if project is None:
        return refused(
            subject, f"{case.folder.name} has no Pulumi.yaml that can be read", "run this in the project's folder"
        )
    named = _virtualenv(project)
    if named is None:
        return allowed(subject, "Pulumi.yaml names no environment, so the program runs in the Python on PATH")
    folder = case.folder / named
    if _has_pulumi(folder):
        return allowed(subject, f"the program runs in {named}")
    lacks = "is not there" if not folder.is_dir() else "holds no Pulumi SDK"
    return refused(subject, f"the environment {named} of Pulumi.yaml {lacks}", "make it by `make plan`")


def _virtualenv(project: Mapping[str, object]) -> str | None:
    runtime = project.get("runtime")
    options = cast("Mapping[str, object]", runtime).get("options") if isinstance(runtime, dict) else None
    named = cast("Mapping[str, object]", options).get("virtualenv") if isinstance(options, dict) else None
    return named if isinstance(named, str) else None


def _has_pulumi(folder: Path) -> bool:
    if folder.resolve() == Path(sys.prefix).resolve():
        return True
    return (
        any(folder.glob("lib/python*/site-packages/pulumi/__init__.py"))
        or (folder / "Lib/site-packages/pulumi").is_dir()
    )
