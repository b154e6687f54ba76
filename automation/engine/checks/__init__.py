"""The doctor's checks, in the order in which they are told. Each is a function of a case and asks one thing."""

from collections.abc import Callable

from automation.engine.case import Case
from automation.engine.checks import backend, cloud, engine, project
from automation.engine.checks.machine import machine_findings
from automation.engine.checks.quotas import quota_checks
from automation.engine.findings import Finding
from automation.stack.document import Stack

Check = Callable[[Case], Finding]
StackCheck = Callable[[Case, Stack], Finding]

CHECKS: tuple[Check, ...] = (
    project.stack_file,
    project.virtualenv,
    engine.cli,
    engine.language_host,
    backend.reachable,
    backend.secrets_provider,
)
STACK_CHECKS: tuple[StackCheck, ...] = (project.secrets, engine.plugins, cloud.credentials, cloud.identity)
"""Asked only of a stack file without mistakes."""


def findings(case: Case) -> tuple[Finding, ...]:
    """Every line of the doctor."""
    general = tuple(check(case) for check in CHECKS)
    stack = case.stack
    if stack is None:
        return general
    asked = tuple(check(case, stack) for check in (*STACK_CHECKS, *quota_checks(stack.spec.cloud)))
    return (*general, *asked, *machine_findings(case))
