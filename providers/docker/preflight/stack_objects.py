"""Objects of a stack on a Docker host by their labels, and their removal without the state.

A state can be lost, or its passphrase, while the containers of the stack run. Every container, network and volume has the
labels of its stack and its checkout; images have none.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote

from providers.contract.preflight import Environment, HostObject
from providers.docker.naming import CHECKOUT_LABEL, PROJECT
from providers.docker.ownership import Owner, owner_of_state
from providers.docker.preflight.daemon import (
    Daemon,
    Fields,
    daemon_from,
    fields,
    rows,
)
from providers.docker.preflight.inspection import container_name

REMOVAL_TIMEOUT_SECONDS = 60.0
"""Time for one removal: Docker ends the container first."""
PATHS: Mapping[str, str] = {
    "container": "/containers/{}?force=1&v=1",
    "network": "/networks/{}",
    "volume": "/volumes/{}",
}
"""Path of the API to remove an object of each kind; `v=1` removes the anonymous volumes of a container with it."""


def find(stack: str, environment: Environment) -> Sequence[HostObject]:
    """Objects of a stack; see `preflight.Find`."""
    return tuple(_found(daemon_from(environment), owner_of_state(stack, environment)))


def remove(found: HostObject, environment: Environment) -> str:
    """Remove an object; see `preflight.Remove`."""
    daemon = daemon_from(environment)
    daemon.timeout_seconds = REMOVAL_TIMEOUT_SECONDS
    return daemon.delete(PATHS[found.kind].format(quote(found.id, safe="")))


def _found(daemon: Daemon, owner: Owner) -> Iterator[HostObject]:
    query = quote(json.dumps({"label": [f"project={PROJECT}", f"stack={owner.stack}"]}))

    def own(found: object) -> Iterator[tuple[Fields, bool]]:
        """Rows of the owner, and whether they have no label of a checkout."""
        for row in rows(found):
            if owner.owns(row.get("Labels")):
                yield row, CHECKOUT_LABEL not in fields(row.get("Labels"))

    for row, unlabelled in own(daemon.get_json(f"/containers/json?all=1&filters={query}")):
        yield HostObject("container", container_name(row), str(row.get("Id")), unlabelled=unlabelled)
    for row, unlabelled in own(daemon.get_json(f"/networks?filters={query}")):
        yield HostObject("network", str(row.get("Name")), str(row.get("Id")), unlabelled=unlabelled)
    for row, unlabelled in own(fields(daemon.get_json(f"/volumes?filters={query}")).get("Volumes")):
        name = str(row.get("Name"))
        yield HostObject("volume", name, name, has_data=True, unlabelled=unlabelled)
