"""Parts of a stack that are down: containers that ended, that are restarted again and again, or that are unhealthy."""

from collections.abc import Iterator, Sequence

from providers.contract.diagnostics import sentences
from providers.contract.preflight import Diagnosis, Environment, HostUnreachable
from providers.contract.spec import Platform
from providers.docker.naming import logical_name
from providers.docker.ownership import Owner, owner_of_state
from providers.docker.preflight.daemon import (
    Daemon,
    Fields,
    daemon_from,
    fields,
    rows,
)
from providers.docker.preflight.diagnosis import down_diagnosis, key_of, read_report
from providers.docker.preflight.inspection import container_name

ENDED = ("exited", "dead", "restarting", "paused")
UNHEALTHY, HEALTHY = "(unhealthy)", "healthy"
"""Part of a container's status in Docker's list, and a status in the answer about one container."""


def down_parts(spec: Platform, stack: str, environment: Environment) -> Sequence[str]:
    """Sentence for each part that is down, with the last lines of its log; none when the daemon does not answer."""
    try:
        found = list_down(spec, stack, environment)
    except HostUnreachable:
        return ()
    return tuple(sentences("", each.problem, each.fix).removeprefix(": ") for each in found)


def list_down(spec: Platform, stack: str, environment: Environment) -> Sequence[Diagnosis]:
    """Diagnosis of each part that is down; see `preflight.ListDown`."""
    return tuple(_down(daemon_from(environment), spec, owner_of_state(stack, environment)))


def _down(daemon: Daemon, spec: Platform, owner: Owner) -> Iterator[Diagnosis]:
    for row in rows(daemon.get_json("/containers/json?all=1")):
        if owner.owns(row.get("Labels")) and _is_down(daemon, row):
            key = key_of(spec, logical_name(container_name(row)).removeprefix(f"{owner.stack}-"))
            yield down_diagnosis(key, read_report(spec, daemon, row, key), owner.stack)


def _is_down(daemon: Daemon, row: Fields) -> bool:
    """True for a container that should run; one that runs once has no restart policy, and neither has one of files."""
    ended = str(row.get("State")) in ENDED
    if not ended and UNHEALTHY not in str(row.get("Status")):
        return False
    details = fields(daemon.get_json(f"/containers/{row.get('Id')}/json"))
    if not ended and fields(fields(details.get("State")).get("Health")).get("Status") == HEALTHY:
        return False  # a check has succeeded since the list
    policy = fields(fields(details.get("HostConfig")).get("RestartPolicy"))
    return policy.get("Name") not in ("", "no", None)
