"""Restore drills by hand, the time of the last success, and databases that interrupted drills have left."""

from collections.abc import Mapping
from datetime import datetime

from automation.deploy.deployment import Deployment
from automation.services.operations import cli_failures, deployed_stack, programs_of, require_programs
from automation.shell import LocalShell
from providers import command_line, drill_control
from providers.contract.cli import DeployedStack, Shell
from providers.contract.diagnostics import ConfigError, InvalidConfiguration
from providers.contract.drill import KEY, DrillControl, DrillEvidence


class Drills:
    """Restore drills of one stack; `shell` and `control` replace the programs of this machine.

    Raises InvalidConfiguration for a stack without drills, and DeploymentFailed.
    """

    def __init__(
        self, deployment: Deployment, *, shell: Shell | None = None, control: DrillControl | None = None
    ) -> None:
        file = deployment.file
        control = control or drill_control(file.spec.cloud)
        if control is None:
            problem = f"restore drills are not available on {file.spec.cloud} yet"
            fix = f"follow `agent-platform recovery plan {file.name}`, which restores a backup by hand"
            raise InvalidConfiguration([ConfigError(KEY, problem, fix)])
        if not control.declared(file.spec):
            fix = f"set recovery.drill.query, and run `agent-platform up {file.name}`"
            raise InvalidConfiguration([ConfigError(KEY, f"the stack {file.name} has no restore drill", fix)])
        self.deployment, self.control = deployment, control
        cli = command_line(file.spec.cloud)
        if shell is None:
            require_programs(programs_of(file.spec.cloud, cli), deployment.host_environment)
        environment: Mapping[str, str] = deployment.environment
        self.shell = shell or LocalShell(programs=cli.programs, folder=deployment.folder, environment=environment)

    def run(self) -> DrillEvidence:
        """Run one drill now and wait for its end; a drill that failed is evidence too."""
        with cli_failures():
            return self.control.run(self._stack(), self.shell)

    def last_verified(self) -> datetime | None:
        """Return the time of the newest backup that a drill has verified; None before the first one."""
        with cli_failures():
            return self.control.last_verified(self._stack(), self.shell)

    def sweep(self, *, dry_run: bool = False) -> tuple[str, ...]:
        """Delete databases that interrupted drills have left, and return their names; a dry run only finds them."""
        stack = self._stack()
        with cli_failures():
            found = tuple(self.control.leftovers(stack, self.shell))
            for leftover in () if dry_run else found:
                self.control.delete(stack, leftover, self.shell)
        return found

    def _stack(self) -> DeployedStack:
        return deployed_stack(self.deployment)
