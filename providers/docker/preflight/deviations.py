"""Objects of a state that Docker no longer has, containers that were stopped, and images that were built again.

`docker system prune` deletes what does not run, a person stops or deletes a container, and after `docker kill` or
`docker stop` Docker does not start one again. The state of the stack knows none of this until it is refreshed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from providers.contract.cli import DeployedResource
from providers.contract.preflight import Deviation, Environment
from providers.docker.preflight.daemon import (
    Daemon,
    daemon_from,
    fields,
    rows,
    values,
    whole_number,
)
from providers.docker.resource_traits import CONTAINER, IMAGE, NETWORK, VOLUME

KINDS = {CONTAINER: "container", NETWORK: "network", VOLUME: "volume", IMAGE: "image"}
RUNNING = ("running", "restarting")
"""States of a container that Docker keeps running; `restarting` is between two attempts."""
MISSING, PAUSED, STOPPED = "no longer exists", "was paused", "was stopped"
INCOMPLETE = "was not completed"
CHANGED = "was built or pulled again under this name"
START_TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True)
class DockerObjects:
    """Identities of the objects of a host, and the state of each container by its id."""

    containers: Mapping[str, str]
    networks: frozenset[str]
    volumes: frozenset[str]
    images: frozenset[str]
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    """Id of an image by each of its names with a tag."""


def compare(resources: Sequence[DeployedResource], environment: Environment) -> Sequence[Deviation]:
    """Compare the Docker objects of a state with those of the host; see `preflight.Compare`."""
    daemon = daemon_from(environment)
    deviations = list(deviations_of(resources, _objects(daemon)))
    return [_with_exit_code(daemon, one) for one in deviations]


def start(deviation: Deviation, environment: Environment) -> str:
    """Start or unpause a container; see `preflight.Start`."""
    command = "unpause" if deviation.problem == PAUSED else "start"
    daemon = daemon_from(environment)
    daemon.timeout_seconds = START_TIMEOUT_SECONDS
    return daemon.post(f"/containers/{quote(deviation.resource.id)}/{command}")


def deviations_of(resources: Sequence[DeployedResource], host: DockerObjects) -> Iterator[Deviation]:
    """Yield the objects that do not exist, and the containers that should run and do not."""
    for resource in resources:
        subject = f"{KINDS.get(resource.type, '')} {_host_name(resource)}"
        if _is_another_image(resource, host):
            yield Deviation(resource, subject, CHANGED, missing=False, changed=True)
        elif not _exists(resource, host):
            yield Deviation(resource, subject, MISSING, missing=True)
        elif resource.incomplete and resource.type == CONTAINER and host.containers[resource.id] not in RUNNING:
            # it may lack networks, the engine would not start it, and one of files has a fixed name
            yield Deviation(resource, subject, INCOMPLETE, missing=True, incomplete=True)
        elif resource.type == CONTAINER and resource.outputs.get("mustRun"):
            state = host.containers[resource.id]
            if state not in RUNNING:
                problem = PAUSED if state == "paused" else STOPPED
                yield Deviation(resource, subject, problem, missing=False)


def _exists(resource: DeployedResource, host: DockerObjects) -> bool:
    if resource.type == IMAGE:
        return str(resource.outputs.get("imageId", "")) in host.images
    existing = {CONTAINER: host.containers, NETWORK: host.networks, VOLUME: host.volumes}.get(resource.type)
    return existing is None or resource.id in existing


def _is_another_image(resource: DeployedResource, host: DockerObjects) -> bool:
    """True when the name of an image has another id now than in the state; a digest never moves."""
    name = str(resource.outputs.get("name", ""))
    reference = name if ":" in name.rpartition("/")[2] else f"{name}:latest"
    current = host.tags.get(reference) if resource.type == IMAGE and "@" not in name else None
    return current is not None and current != resource.outputs.get("imageId")


def _host_name(resource: DeployedResource) -> str:
    return str(resource.outputs.get("name") or resource.name)


def _objects(daemon: Daemon) -> DockerObjects:
    containers = rows(daemon.get_json("/containers/json?all=1"))
    volumes = rows(fields(daemon.get_json("/volumes")).get("Volumes"))
    images = rows(daemon.get_json("/images/json?all=1"))
    return DockerObjects(
        containers={str(row.get("Id")): str(row.get("State")) for row in containers},
        networks=frozenset(str(row.get("Id")) for row in rows(daemon.get_json("/networks"))),
        volumes=frozenset(str(row.get("Name")) for row in volumes),
        images=frozenset(str(row.get("Id")) for row in images),
        tags={str(tag): str(row.get("Id")) for row in images for tag in values(row.get("RepoTags"))},
    )


def _with_exit_code(daemon: Daemon, deviation: Deviation) -> Deviation:
    """Add the exit code of a stopped container, and that its memory was exhausted."""
    if deviation.problem != STOPPED:
        return deviation
    state = fields(fields(daemon.get_json(f"/containers/{quote(deviation.resource.id)}/json")).get("State"))
    cause = ", out of memory" if state.get("OOMKilled") else ""
    problem = f"{STOPPED} (exit code {whole_number(state.get('ExitCode'))}{cause})"
    return Deviation(deviation.resource, deviation.subject, problem, missing=False)
