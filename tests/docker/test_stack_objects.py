"""Objects of a stack found by their labels, and their removal without the state."""

import json
from collections.abc import Mapping
from urllib.parse import quote

import pytest

from providers.contract.preflight import HostObject, HostUnreachable
from providers.docker.preflight.stack_objects import find, remove
from tests.docker.fake_daemon import fake_daemon

QUERY = quote(json.dumps({"label": ["project=agent-platform", "stack=local"]}))
LABELS = {"project": "agent-platform", "stack": "local", "checkout": "/srv/one"}
OTHERS = {**LABELS, "checkout": "/srv/two"}
LISTS: Mapping[str, object] = {
    f"/containers/json?all=1&filters={QUERY}": [
        {"Id": "c1", "Names": ["/local-entry-proxy-1a2b3c4"], "Labels": LABELS},
        {"Id": "c2", "Names": ["/local-entry-proxy-2b3c4d5"], "Labels": OTHERS},
    ],
    f"/networks?filters={QUERY}": [
        {"Id": "n1", "Name": "local-network-data-1a2b3c4", "Labels": LABELS},
        {"Id": "n2", "Name": "local-network-data-2b3c4d5", "Labels": OTHERS},
    ],
    f"/volumes?filters={QUERY}": {
        "Volumes": [
            {"Name": "local-database-data-1a2b3c4", "Labels": {"project": "agent-platform", "stack": "local"}},
            {"Name": "local-database-data-2b3c4d5", "Labels": OTHERS},
        ]
    },
}
ENVIRONMENT = {"PULUMI_BACKEND_URL": "file:///srv/one/.local/state"}
CONTAINER = HostObject("container", "local-entry-proxy-1a2b3c4", "c1")


def test_objects_of_this_checkout_are_found_in_the_order_of_their_removal() -> None:
    """One without the label of a checkout is marked, as it may be of another one."""
    with fake_daemon(LISTS) as daemon:
        found = find("local", {**daemon.environment, **ENVIRONMENT})
    assert [(str(each), each.id, each.has_data, each.unlabelled) for each in found] == [
        ("container local-entry-proxy-1a2b3c4", "c1", False, False),
        ("network local-network-data-1a2b3c4", "n1", False, False),
        ("volume local-database-data-1a2b3c4", "local-database-data-1a2b3c4", True, True),
    ]


def test_a_stack_without_objects_has_none() -> None:
    with fake_daemon(dict.fromkeys(LISTS)) as daemon:
        assert find("local", daemon.environment) == ()


@pytest.mark.parametrize(
    ("kind", "request_line"),
    [
        ("container", "DELETE /containers/a%2Fb?force=1&v=1"),
        ("network", "DELETE /networks/a%2Fb"),
        ("volume", "DELETE /volumes/a%2Fb"),
    ],
)
def test_each_kind_is_removed_at_its_path(kind: str, request_line: str) -> None:
    with fake_daemon({}) as daemon:
        assert remove(HostObject(kind, "name", "a/b"), daemon.environment) == ""
    assert daemon.commands == [request_line]


def test_a_removal_that_docker_refuses_has_its_reason() -> None:
    with fake_daemon({}, failure="volume is in use") as daemon:
        assert remove(CONTAINER, daemon.environment) == "volume is in use"


def test_an_object_that_does_not_exist_is_removed() -> None:
    with fake_daemon({}, failure="no such container", status=404) as daemon:
        assert remove(CONTAINER, daemon.environment) == ""


def test_a_daemon_that_does_not_answer_is_reported() -> None:
    unreachable = {"DOCKER_HOST": "unix:///nowhere/docker.sock"}
    with pytest.raises(HostUnreachable, match="the socket does not exist"):
        find("local", unreachable)
    with pytest.raises(HostUnreachable):
        remove(CONTAINER, unreachable)
