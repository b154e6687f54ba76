"""Checks of the project's files: the stack file, the secrets that it lists, and the Python environment."""

import sys
from pathlib import Path

from automation.engine.findings import CheckInput, Finding, failed, ok
from automation.plan.inventory import is_object
from automation.stack.document import Stack
from components.configuration import PROJECT
from providers import limits
from providers.contract.spec.defaults import Raw

MAX_ERRORS = 3
"""Errors of a stack file that are printed; `plan` prints all of them."""


def check_stack_file(facts: CheckInput) -> Finding:
    """Check that the stack file is valid."""
    subject = "stack file"
    if facts.stack is None:
        more = len(facts.errors) - MAX_ERRORS
        errors = " ".join((*facts.errors[:MAX_ERRORS], *([f"{more} more errors."] if more > 0 else [])))
        return failed(subject, errors, f"correct Pulumi.{facts.name}.yaml; checks of the cloud need a valid stack file")
    spec = facts.stack.spec
    target = f"{spec.cloud} {limits(spec.cloud).region(spec)}".rstrip()
    return ok(subject, f"Pulumi.{facts.name}.yaml is valid: {spec.profile} on {target}")


def check_secrets(_facts: CheckInput, stack: Stack) -> Finding:
    """Check that every listed secret has a value."""
    missing = stack.missing_secrets
    if not missing:
        number = len(stack.secret_keys)
        return ok("secrets", f"{number} of {number} listed secrets have a value" if number else "no secret is listed")
    commands = [f"`pulumi config set --stack {stack.name} --secret {PROJECT}:{name}`" for name in missing]
    return failed("secrets", f"no value for {', '.join(missing)}", f"run {', '.join(commands)}")


def check_virtualenv(facts: CheckInput) -> Finding:
    """Check that the Python environment in Pulumi.yaml exists."""
    subject, project = "environment", facts.project_file
    if project is None:
        return failed(
            subject, f"{facts.folder.name} has no readable Pulumi.yaml", "run the command in the project folder"
        )
    virtualenv = _virtualenv(project)
    if virtualenv is None:
        return ok(subject, "Pulumi.yaml names no environment; the program runs in the Python on PATH")
    folder = facts.folder / virtualenv
    if _has_pulumi(folder):
        return ok(subject, f"the program runs in {virtualenv}")
    problem = "does not exist" if not folder.is_dir() else "does not contain the Pulumi SDK"
    return failed(
        subject, f"the environment {virtualenv} in Pulumi.yaml {problem}", "run `make plan`, which creates it"
    )


def _virtualenv(project: Raw) -> str | None:
    runtime = project.get("runtime")
    options = runtime.get("options") if is_object(runtime) else None
    virtualenv = options.get("virtualenv") if is_object(options) else None
    return virtualenv if isinstance(virtualenv, str) else None


def _has_pulumi(folder: Path) -> bool:
    if folder.resolve() == Path(sys.prefix).resolve():
        return True
    packages = folder.glob("lib/python*/site-packages/pulumi/__init__.py")
    return any(packages) or (folder / "Lib/site-packages/pulumi").is_dir()
