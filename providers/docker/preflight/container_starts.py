"""Containers that an update starts: how often each has ended, and a report on one that ends at its start.

The provider looks only at the health of a new container, so it waits its whole time for one that Docker starts again and
again (docs/adr/0025-end-an-update-when-a-container-crashes-at-start.md).
"""

from collections.abc import Collection, Iterator, Sequence
from urllib.parse import quote

from providers.contract.preflight import Diagnosis, Environment, HostObject, StartingPart
from providers.contract.spec import Platform
from providers.docker.naming import DEV_LABEL, logical_name, replica_of
from providers.docker.ownership import Owner, owner_of_state
from providers.docker.preflight.daemon import Daemon, Fields, daemon_from, fields, rows, values, whole_number
from providers.docker.preflight.diagnosis import key_of, read_report, start_diagnosis
from providers.docker.preflight.inspection import container_name

HEALTHY, UP = "(healthy)", "Up "
"""Parts of a container's status in Docker's list; the first only with a health check."""
HEALTH = "(health"
NOT_STARTED = "created"
RUNNING, ENDED = "running", ("exited", "dead")
NO_RESTART = ("", "no", None)
START_LOG_LINES = 12


def list_starting(
    spec: Platform, stack: str, known: Collection[str], environment: Environment
) -> Sequence[StartingPart]:
    """List the containers of a stack that should keep running; see `preflight.ListStarting`."""
    daemon, owner = daemon_from(environment), owner_of_state(stack, environment)
    own = [row for row in rows(daemon.get_json("/containers/json?all=1")) if _is_own(row, owner)]
    return [
        part
        for row in own
        if str(row.get("Id")) not in known and row.get("State") != NOT_STARTED
        for part in _part(daemon, spec, stack, row, own)
    ]


def explain_start(spec: Platform, stack: str, part: StartingPart, environment: Environment) -> Diagnosis:
    """Report on a container that has ended at its start; see `preflight.ExplainStart`."""
    key = key_of(spec, part.name.removeprefix(f"{stack}-"))
    row = {"Id": part.found.id, "Names": [part.found.name]}
    return start_diagnosis(key, read_report(spec, daemon_from(environment), row, key, START_LOG_LINES), stack)


def _is_own(row: Fields, owner: Owner) -> bool:
    """True for a container of the stack, except one that runs from its source."""
    return owner.owns(row.get("Labels")) and DEV_LABEL not in fields(row.get("Labels"))


def _part(daemon: Daemon, spec: Platform, stack: str, row: Fields, own: Sequence[Fields]) -> Iterator[StartingPart]:
    """Yield a container unless it runs once, or was removed since it was listed."""
    identity, name = str(row.get("Id")), container_name(row)
    details = fields(daemon.get_json(f"/containers/{quote(identity)}/json"))
    state = fields(details.get("State"))
    policy = fields(fields(details.get("HostConfig")).get("RestartPolicy")).get("Name")
    if not state or policy in NO_RESTART:
        return
    status, restarts = state.get("Status"), whole_number(details.get("RestartCount"))
    test = values(fields(fields(details.get("Config")).get("Healthcheck")).get("Test"))
    logical = logical_name(name)
    yield StartingPart(
        name=logical,
        found=HostObject("container", name, identity),
        # Docker counts a restart when the process has ended, before it waits to start it again
        ends=restarts + (1 if status in ENDED else 0),
        running=status == RUNNING,
        awaited=bool(test) and test[0] != "NONE",
        healthy=fields(state.get("Health")).get("Status") == "healthy",
        waiting=_is_waiting(spec, stack, key_of(spec, logical.removeprefix(f"{stack}-")), own),
    )


def _is_waiting(spec: Platform, stack: str, key: str, own: Sequence[Fields]) -> bool:
    """True while a service that this one calls has no replica that is ready."""
    service = spec.services.get(key.removeprefix("services.")) if key.startswith("services.") else None
    return service is not None and any(not _is_ready(stack, callee, own) for callee in service.calls)


def _is_ready(stack: str, service: str, own: Sequence[Fields]) -> bool:
    """True when a replica is healthy, or runs without a health check."""
    statuses = (str(row.get("Status")) for row in own if _service_of(row, stack) == service)
    return any(HEALTHY in status or (status.startswith(UP) and HEALTH not in status) for status in statuses)


def _service_of(row: Fields, stack: str) -> str:
    """Service of a replica; empty for another container."""
    found = replica_of(stack, logical_name(container_name(row)))
    return found[0] if found else ""
