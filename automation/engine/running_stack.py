"""Checks of a deployed stack on one machine: parts that are missing or down, and whether the entry answers.

A cloud restarts what ends and reports it in its own console, so nothing is checked there.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from automation.deploy.errors import DeploymentFailed
from automation.local.state import LocalState
from automation.stack.document import Stack
from providers import host_checks
from providers.contract.cli import DeployedStack
from providers.contract.diagnostics import ConfigError
from providers.contract.preflight import CheckResult, Diagnosis, HostChecks, HostUnreachable


def running_results(stack: Stack, folder: Path, environment: Mapping[str, str]) -> tuple[CheckResult, ...]:
    """Return the results for a deployed stack; none for a cloud, or where the stack is not deployed."""
    checks = host_checks(stack.spec.cloud)
    deployed = _deployed(stack, folder, environment) if checks.compare is not None else None
    if deployed is None or not deployed.resources:
        return ()
    return check_running(deployed, checks, environment, LocalState(folder).authority(stack.name))


def check_running(
    deployed: DeployedStack, checks: HostChecks, environment: Mapping[str, str], authority: Path
) -> tuple[CheckResult, ...]:
    """Check the parts and the entry of a stack; none when the host does not answer, which its own check reports."""
    try:
        refusals = (*_missing(deployed, checks, environment), *_down(deployed, checks, environment))
        observed = "every container of the stack exists and runs"
        entry = checks.check_entry(deployed.spec, deployed.name, environment, authority)
    except HostUnreachable:
        return ()
    return CheckResult("parts", observed, refusals), entry


def _missing(deployed: DeployedStack, checks: HostChecks, environment: Mapping[str, str]) -> Iterator[ConfigError]:
    if checks.compare is None:
        return
    fix = f"run `agent-platform up {deployed.name}`, which creates it again"
    for each in checks.compare(deployed.resources, environment):
        if each.missing:
            yield ConfigError(deployed.name, f"{each.subject} {each.problem}", fix)


def _down(deployed: DeployedStack, checks: HostChecks, environment: Mapping[str, str]) -> Iterator[ConfigError]:
    for each in checks.list_down(deployed.spec, deployed.name, environment):
        yield _error(each)


def _error(diagnosis: Diagnosis) -> ConfigError:
    key, _, problem = diagnosis.problem.partition(": ")
    return ConfigError(key, problem, diagnosis.fix)


def _deployed(stack: Stack, folder: Path, environment: Mapping[str, str]) -> DeployedStack | None:
    """Return the stack in the state; None without one, or without an engine to read it."""
    # these load the SDK, which the checks of a cloud do not need
    from automation.deploy.deployment import Deployment
    from automation.services.operations import deployed_stack

    try:
        return deployed_stack(Deployment(stack.name, folder, environment=environment))
    except DeploymentFailed:
        return None
