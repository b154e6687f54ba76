"""Status of a recovery with the state of the stack and the command line of its cloud."""

from pathlib import Path

from automation.deploy.errors import DeploymentFailed
from automation.plan.build import plan_of
from automation.recovery.plan import site_of
from automation.recovery.status import RecoveryStatus, recovery_status
from automation.services.operations import deployed_stack
from automation.shell import LocalShell
from automation.stack.document import Stack
from providers import command_line
from providers.contract.cli import DeployedResource


def live_status(stack: Stack, folder: Path) -> RecoveryStatus:
    """Return the status of a stack; a state or a cloud that does not answer is part of it."""
    from automation.deploy.deployment import Deployment
    from automation.failover.region_status import region_lines

    resources: tuple[DeployedResource, ...] | None = None
    regions: tuple[str, ...] = ()
    problem, deployment = "", Deployment(stack.name, folder)
    try:
        resources = deployed_stack(deployment).resources
        regions = tuple(region_lines(deployment, resources))
    except DeploymentFailed as failure:
        problem = failure.problem
    shell = LocalShell(programs=command_line(stack.spec.cloud).programs, folder=folder)
    return recovery_status(
        stack, site_of(plan_of(stack, folder)), resources, shell, state_problem=problem, regions=regions
    )
