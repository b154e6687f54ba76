"""Release commands on a Docker host: the container that the update created is started, and ends.

The container goes on when this program is killed; only this program stops it at its timeout.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from providers.contract.cli import CliCommand, DeployedStack, Shell
from providers.contract.release import ReleaseControl, TaskEnd, definition_name, release_name
from providers.docker.cli import inspect, json_object, limit_processes
from providers.docker.resource_traits import CONTAINER

LOG_LINES = 200
START_MARGIN = timedelta(seconds=5)
"""Docker notes the start after the process has begun, which may have printed lines by then."""


class DockerReleases:
    """See `providers.contract.release.ReleaseControl` for each member; a run has the name of the container."""

    type: str = CONTAINER
    start_seconds: int = 0

    def running(self, stack: DeployedStack, service: str, shell: Shell) -> str | None:
        """See `ReleaseControl.running`."""
        name = _container(stack, service)
        exists = shell.succeeds(CliCommand(("docker", "container", "inspect", name)))
        return name if exists and _state(name, shell).get("Running") is True else None

    def start(self, stack: DeployedStack, service: str, shell: Shell) -> str:
        """See `ReleaseControl.start`; the provider's container has no limit on processes."""
        name = _container(stack, service)
        shell.output(limit_processes(name))
        shell.output(CliCommand(("docker", "start", name)))
        return name

    def ended(self, stack: DeployedStack, service: str, run: str, shell: Shell) -> TaskEnd | None:
        """See `ReleaseControl.ended`."""
        state = _state(run, shell)
        code = state.get("ExitCode")
        return None if state.get("Running") is True else TaskEnd(code if isinstance(code, int) else 1)

    def stop(self, stack: DeployedStack, service: str, run: str, shell: Shell) -> None:
        """See `ReleaseControl.stop`."""
        shell.succeeds(CliCommand(("docker", "stop", run)))

    def log(self, stack: DeployedStack, service: str, run: str, shell: Shell) -> str:
        """See `ReleaseControl.log`; an earlier run of the same container has earlier lines."""
        started = datetime.fromisoformat(str(_state(run, shell).get("StartedAt"))[: len("2026-11-28T11:00:00")])
        since = f"--since={(started - START_MARGIN).isoformat()}Z"
        # the client prints what the command wrote to standard error there
        script = f'docker logs --tail={LOG_LINES} "$1" "$2" 2>&1'
        return shell.output(CliCommand(("sh", "-c", script, "sh", since, run)))


def _container(stack: DeployedStack, service: str) -> str:
    resource = stack.resource(CONTAINER, definition_name(stack.name, service))
    if resource is None:
        raise stack.not_deployed(release_name(service))
    return str(resource.outputs.get("name") or resource.id)


def _state(container: str, shell: Shell) -> Mapping[str, object]:
    return json_object(shell.output(inspect("container", container, "{{json .State}}")))


RELEASES: ReleaseControl = DockerReleases()
