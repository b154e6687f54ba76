"""Apps and jobs of a location that are stopped and started for a failover, without a change of their settings.

A stopped app has no replica and a suspended job no run, whatever their settings are, so that an update finds no difference and
a role that changes meanwhile takes effect when they start again (Container Apps API, `ContainerApps_Stop`, `Jobs_Suspend`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from providers.azure.cli_commands import answer, az, context_in, question, rest
from providers.azure.context import AzureContext
from providers.azure.naming import app_name, job_name
from providers.contract.cli import CliCommand, DeployedStack, JsonObject, Shell
from providers.contract.json_data import is_list, is_mapping
from providers.contract.release import release_name

API_VERSION = "2025-02-02-preview"
"""Microsoft.App, that of the SDK; jobs can be suspended from 2024-08-02-preview on."""
STOPPED, SUSPENDED = "Stopped", "Suspended"


@dataclass(frozen=True)
class Kind:
    """Resources of a type in Resource Manager, the property of their state, and the calls that end and begin their work."""

    type: str
    state: str
    ended: str
    end: str
    begin: str


APPS = Kind("containerApps", "runningStatus", STOPPED, "stop", "start")
JOBS = Kind("jobs", "runningState", SUSPENDED, "suspend", "resume")


def probe(stack: DeployedStack, region: str) -> CliCommand:
    """Return the question whose answer shows that a location answers: the apps of the stack there."""
    context = context_in(stack.spec, stack.name, region)
    return question(context, f"{context.group_id}/providers/Microsoft.App/containerApps", API_VERSION)


def stop(stack: DeployedStack, region: str, shell: Shell) -> None:
    """Stop the apps and suspend the jobs of a location, and end the runs of its jobs."""
    context = context_in(stack.spec, stack.name, region)
    for kind, names in _parts(stack):
        states = _states(context, kind, shell)
        for name in names:
            if states.get(name, kind.ended) != kind.ended:
                shell.output(_call(context, kind, name, kind.end))
            if kind is JOBS and name in states:
                shell.output(_end_of_runs(context, name))


def start(stack: DeployedStack, region: str, shell: Shell) -> Sequence[str]:
    """Start what is stopped in a location, and return the names."""
    context = context_in(stack.spec, stack.name, region)
    started: list[str] = []
    for kind, names in _parts(stack):
        states = _states(context, kind, shell)
        for name in names:
            if states.get(name) == kind.ended:
                shell.output(_call(context, kind, name, kind.begin))
                started.append(name)
    return started


def stop_commands(stack: DeployedStack, region: str) -> Iterator[CliCommand]:
    """Yield the calls that stop everything in a location."""
    context = context_in(stack.spec, stack.name, region)
    for kind, names in _parts(stack):
        for name in names:
            yield _call(context, kind, name, kind.end)
            if kind is JOBS:
                yield _end_of_runs(context, name)


def problem_of(stack: DeployedStack, region: str, shell: Shell) -> str:
    """Return the app of a location whose newest revision is not ready, with the reason; empty when all are.

    The readiness probe of a revision has requested `health.path` of the service.
    """
    context = context_in(stack.spec, stack.name, region)
    found = {str(each.get("name")): each.get("properties") for each in _values(answer(shell, _listing(context, APPS)))}
    for service in stack.spec.services:
        properties = found.get(app_name(stack.name, service))
        if not is_mapping(properties):
            return f"{service} does not exist"
        if properties.get("runningStatus") == STOPPED:
            return f"{service} is stopped"
        latest, ready = properties.get("latestRevisionName"), properties.get("latestReadyRevisionName")
        if latest != ready:
            return f"the newest revision of {service} is not ready"
    return ""


def _parts(stack: DeployedStack) -> Iterator[tuple[Kind, Sequence[str]]]:
    """Yield apps and jobs with the names that the stack declares; tasks of other names are those of commands."""
    spec = stack.spec
    yield APPS, [app_name(stack.name, service) for service in spec.services]
    releases = [job_name(stack.name, release_name(service)) for service in spec.releases]
    yield JOBS, [*(job_name(stack.name, job) for job in spec.jobs), *releases]


def _states(context: AzureContext, kind: Kind, shell: Shell) -> Mapping[str, object]:
    """Return the state of each app or job of a location by name."""
    found = _values(answer(shell, _listing(context, kind)))
    properties = ((str(each.get("name")), each.get("properties")) for each in found)
    return {name: of.get(kind.state) for name, of in properties if is_mapping(of)}


def _listing(context: AzureContext, kind: Kind) -> CliCommand:
    return question(context, f"{context.group_id}/providers/Microsoft.App/{kind.type}", API_VERSION)


def _call(context: AzureContext, kind: Kind, name: str, action: str) -> CliCommand:
    path = f"{context.group_id}/providers/Microsoft.App/{kind.type}/{name}/{action}"
    return rest("post", path, API_VERSION)


def _end_of_runs(context: AzureContext, job: str) -> CliCommand:
    """Return the command that ends every run of a job."""
    return az(
        context, "containerapp", "job", "stop", "--name", job, "--resource-group", context.group, "--output", "none"
    )


def _values(document: object) -> Iterator[JsonObject]:
    entries = document.get("value") if is_mapping(document) else None
    for each in entries if is_list(entries) else ():
        if is_mapping(each):
            yield each
