"""Release commands on Kubernetes: the CronJob of a release command is suspended, and each run is a Job made from it."""

from collections.abc import Mapping

from providers.contract.cli import DeployedStack, Shell
from providers.contract.json_data import is_list, is_mapping
from providers.contract.release import START_SECONDS, ReleaseControl, TaskEnd, definition_name, release_name
from providers.kubernetes.cli_runs import JobRun, end_of, kubectl, read_json
from providers.kubernetes.resource_traits import CRON_JOB

LOG_LINES = 200


class KubernetesReleases:
    """See `providers.contract.release.ReleaseControl` for each member; a run has the name of its Job."""

    type: str = CRON_JOB
    start_seconds: int = START_SECONDS

    def running(self, stack: DeployedStack, service: str, shell: Shell) -> str | None:
        """See `ReleaseControl.running`."""
        items = read_json(stack, shell, "jobs").get("items")
        for job in items if is_list(items) else []:
            if is_mapping(job) and _owner(job) == release_name(service) and end_of(job) is None:
                return _name(job)
        return None

    def start(self, stack: DeployedStack, service: str, shell: Shell) -> str:
        """See `ReleaseControl.start`."""
        if stack.resource(CRON_JOB, definition_name(stack.name, service)) is None:
            raise stack.not_deployed(release_name(service))
        return JobRun.start(stack, release_name(service), shell).name

    def ended(self, stack: DeployedStack, service: str, run: str, shell: Shell) -> TaskEnd | None:
        """See `ReleaseControl.ended`."""
        return JobRun(run).end(stack, shell)

    def stop(self, stack: DeployedStack, service: str, run: str, shell: Shell) -> None:
        """See `ReleaseControl.stop`."""
        shell.succeeds(kubectl(stack, "delete", f"job/{run}", "--ignore-not-found", "--cascade=foreground"))

    def log(self, stack: DeployedStack, service: str, run: str, shell: Shell) -> str:
        """See `ReleaseControl.log`; a Job that was stopped has no log any more."""
        job = f"job/{run}"
        if not shell.succeeds(kubectl(stack, "get", job)):
            return ""
        return shell.output(kubectl(stack, "logs", job, "--all-containers", f"--tail={LOG_LINES}"))


def _owner(job: Mapping[str, object]) -> str:
    """Name of the CronJob that a Job was made from."""
    metadata = job.get("metadata")
    owners = metadata.get("ownerReferences") if is_mapping(metadata) else None
    names = (each.get("name") for each in (owners if is_list(owners) else []) if is_mapping(each))
    return str(next(names, ""))


def _name(job: Mapping[str, object]) -> str:
    metadata = job.get("metadata")
    return str(metadata.get("name")) if is_mapping(metadata) else ""


RELEASES: ReleaseControl = KubernetesReleases()
