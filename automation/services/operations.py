"""Logs, one-off tasks and commands of a deployed service, executed by the command line of the stack's cloud.

What the commands need (cluster, subnets, names) is read from the state, in which secrets are masked. No cloud SDK is
imported: see docs/adr/0013-operate-through-the-clouds-command-lines.md.
"""

import os
import re
import shutil
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from automation.command_errors import DOCKER, missing_program
from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.state import state_resources
from automation.local.state import BACKEND_VARIABLE
from automation.shell import LocalShell
from automation.stack.document import Stack, read_stack
from automation.stack.folder import project_folder
from automation.urn import Urn
from providers import command_line
from providers.contract.cli import (
    CliFailure,
    CliProgram,
    CloudCli,
    DataClient,
    DeployedResource,
    DeployedStack,
    LogQuery,
    Shell,
)
from providers.contract.data_clients import require_store
from providers.contract.diagnostics import ConfigError, InvalidConfiguration, unknown_service
from providers.contract.spec.defaults import is_mapping

if TYPE_CHECKING:  # the SDK is loaded when the state is read
    from automation.deploy.deployment import Deployment

PERIOD = re.compile(r"(?P<count>[1-9]\d{0,5})(?P<unit>[smhd]?)")
SECONDS_PER_UNIT = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}
MAX_SINCE_SECONDS = 400 * 86_400
"""More than any stack keeps logs: docs/configuration.md, `log_retention_days`."""


class ServiceOperations:
    """Logs, tasks and commands of the services of one stack.

    Each method returns the exit code of the command, and raises DeploymentFailed, or InvalidConfiguration for an invalid
    file, an unknown service, or what the cloud does not support. `shell` and `cli` replace the programs of this machine.
    """

    def __init__(
        self,
        stack: str,
        folder: Path | None = None,
        *,
        environment: Mapping[str, str] | None = None,
        cli: CloudCli | None = None,
        shell: Shell | None = None,
    ) -> None:
        self.folder = project_folder(folder)
        self.environment = dict(environment or {})
        self.file: Stack = read_stack(self.folder, stack)
        self.cli = cli or command_line(self.file.spec.cloud)
        self.shell = shell or LocalShell(programs=self.cli.programs, folder=self.folder, environment=self.environment)

    def require_programs(self) -> None:
        """Raise DeploymentFailed for a program of the cloud's command line that is not on PATH."""
        require_programs(programs_of(self.file.spec.cloud, self.cli), {**os.environ, **self.environment})

    def deployed(self) -> DeployedStack:
        """Return the stack in the state; fails when it has no resources."""
        from automation.deploy.deployment import Deployment

        stack = deployed_stack(Deployment(self.file.name, self.folder, environment=self.environment))
        if not stack.resources:
            fix = f"run `agent-platform up {stack.name}`"
            raise DeploymentFailed(Failure.RESOURCE, "the stack is not deployed", fix, stack=stack.name)
        return stack

    def logs(self, service: str, *, since_seconds: int = 900, follow: bool = False) -> int:
        """Print the logs of a service or job, then new lines until interrupted when `follow` is set."""
        stack = self._ready(service, jobs=True)
        query = LogQuery(service, since_seconds, follow)
        with cli_failures():
            return self.cli.logs(stack, query, self.shell)

    def run(self, service: str, command: Sequence[str]) -> int:
        """Run a command once in a new container like those of a service."""
        stack = self._ready(service)
        with cli_failures():
            return self.cli.run(stack, service, tuple(command), self.shell)

    def run_job(self, job: str) -> int:
        """Start a run of a scheduled job now and wait for it."""
        stack = self._ready(job, jobs=True)
        with cli_failures():
            return self.cli.run_job(stack, job, self.shell)

    def exec(self, service: str, command: Sequence[str]) -> int:
        """Run a command in a running replica of a service."""
        stack = self._ready(service)
        with cli_failures():
            return self.cli.exec(stack, service, tuple(command), self.shell)

    def open_data(self, client: DataClient, arguments: Sequence[str] = ()) -> int:
        """Open a client of the stack's database or cache on this terminal."""
        require_store(self.file.spec, self.file.name, client)
        self.require_programs()
        stack = self.deployed()
        with cli_failures():
            return self.cli.open_data(stack, client, tuple(arguments), self.shell)

    def _ready(self, service: str, *, jobs: bool = False) -> DeployedStack:
        refuse_unknown_service(self.file, service, jobs=jobs)
        self.require_programs()
        return self.deployed()


def deployed_stack(deployment: "Deployment") -> DeployedStack:
    """Return a stack with its resources in the state, secrets masked; raises DeploymentFailed."""
    from automation.deploy.engine_events import masked

    with deployment.engine_errors():
        exported = deployment.engine.export_state()
    resources = state_resources(exported, pending_deletes=False)
    return DeployedStack(
        deployment.name,
        deployment.file.spec,
        tuple(
            DeployedResource(
                Urn(str(each["urn"])).name, str(each["type"]), str(each["id"]), outputs if is_mapping(outputs) else {}
            )
            for each in resources
            if each.get("custom") and "id" in each
            for outputs in (masked(each.get("outputs")),)
        ),
        deployment.host_environment.get(BACKEND_VARIABLE, ""),
    )


@contextmanager
def cli_failures() -> Generator[None]:
    """Raise DeploymentFailed for a failure that the commands of a cloud describe."""
    try:
        yield
    except CliFailure as failure:
        raise DeploymentFailed(Failure.COMMAND, failure.problem, failure.fix, stack=failure.key) from None


def programs_of(cloud: str, cli: CloudCli) -> Sequence[CliProgram]:
    """Return the programs that the operations of a cloud need; those of a Docker host need docker alone."""
    return cli.programs or ((DOCKER,) if cloud == "docker" else ())


def require_programs(programs: Sequence[CliProgram], environment: Mapping[str, str]) -> None:
    """Raise DeploymentFailed for the first program that is not on PATH."""
    for program in programs:
        if shutil.which(program.name, path=environment.get("PATH", "")) is None:
            raise missing_program(program.name, program.install)


def refuse_unknown_service(stack: Stack, service: str, *, jobs: bool = False) -> None:
    """Raise InvalidConfiguration for a service that the stack does not have; `jobs` are accepted where they have a meaning."""
    names = [*stack.spec.services, *(stack.spec.jobs if jobs else ())]
    if service not in names:
        kind = "service or job" if jobs and stack.spec.jobs else "service"
        raise InvalidConfiguration([unknown_service(service, names, kind)])


def seconds_of(period: str) -> int:
    """Return the seconds of a period such as 90s, 15m, 2h or 1d; raises InvalidConfiguration."""
    match = PERIOD.fullmatch(period.strip())
    seconds = int(match["count"]) * SECONDS_PER_UNIT[match["unit"]] if match else 0
    if not 0 < seconds <= MAX_SINCE_SECONDS:
        problem = f"{period} is not a period of up to {MAX_SINCE_SECONDS // 86_400} days"
        raise InvalidConfiguration([ConfigError("--since", problem, "use the form 90s, 15m, 2h or 1d")])
    return seconds
