"""Comparison of a state with the objects of a Docker host, and starting what was stopped."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from providers.contract.cli import DeployedResource
from providers.contract.preflight import Deviation, HostUnreachable
from providers.docker.preflight.deviations import DockerObjects, compare, deviations_of, start
from providers.docker.resource_traits import CONTAINER, IMAGE, NETWORK, VOLUME
from tests.docker.fake_daemon import fake_daemon

IMAGE_ID = "sha256:aa"


def container(id_: str, *, must_run: bool = True) -> DeployedResource:
    outputs = {"name": f"local-{id_}-1a2b3c4", "mustRun": must_run}
    return DeployedResource(f"local-{id_}", CONTAINER, id_, outputs)


NETWORK_RESOURCE = DeployedResource("local-network-data", NETWORK, "n1", {"name": "local-network-data-1a2b3c4"})
VOLUME_RESOURCE = DeployedResource("local-database-data", VOLUME, "v1", {"name": "v1"})
IMAGE_RESOURCE = DeployedResource(
    "local-registry-role", IMAGE, f"{IMAGE_ID}redis", {"imageId": IMAGE_ID, "name": "redis"}
)
OTHERS = (NETWORK_RESOURCE, VOLUME_RESOURCE, IMAGE_RESOURCE)
HOST = DockerObjects({}, frozenset({"n1"}), frozenset({"v1"}), frozenset({IMAGE_ID}))


def found(resources: tuple[DeployedResource, ...], host: DockerObjects) -> list[tuple[str, str, bool]]:
    return [(one.subject, one.problem, one.missing) for one in deviations_of(resources, host)]


@pytest.mark.parametrize(
    ("state", "problem"),
    [
        ("running", None),
        ("restarting", None),
        ("exited", "was stopped"),
        ("created", "was stopped"),
        ("dead", "was stopped"),
        ("paused", "was paused"),
    ],
)
def test_a_container_that_should_run_is_compared_with_its_state(state: str, problem: str | None) -> None:
    host = DockerObjects({"server": state}, frozenset(), frozenset(), frozenset())
    expected = [("container local-server-1a2b3c4", problem, False)] if problem else []
    assert found((container("server"),), host) == expected


def test_a_container_that_does_not_run_only_has_to_exist() -> None:
    files, once = container("files", must_run=False), container("roles", must_run=False)
    host = DockerObjects({"files": "created", "roles": "exited"}, frozenset(), frozenset(), frozenset())
    assert found((files, once), host) == []
    assert found((files,), HOST) == [("container local-files-1a2b3c4", "no longer exists", True)]


@pytest.mark.parametrize("must_run", [True, False])
@pytest.mark.parametrize(
    ("state", "incomplete", "expected"),
    [
        ("created", True, True),
        ("exited", True, True),
        ("running", True, False),
        ("restarting", True, False),
        ("created", False, False),
    ],
)
def test_a_container_whose_creation_failed_is_removed_unless_it_runs(
    must_run: bool, state: str, incomplete: bool, expected: bool
) -> None:
    resource = replace(container("server", must_run=must_run), incomplete=incomplete)
    host = DockerObjects({"server": state}, frozenset(), frozenset(), frozenset())
    deviations = [one for one in deviations_of((resource,), host) if one.incomplete]
    assert [(one.problem, one.missing) for one in deviations] == ([("was not completed", True)] if expected else [])


@pytest.mark.parametrize(
    ("name", "tag", "changed"),
    [
        ("own:1", "own:1", True),
        ("own", "own:latest", True),
        ("registry:5000/own", "registry:5000/own:latest", True),
        ("own:1", "own:2", False),
        ("own:1@sha256:aa", "own:1", False),
    ],
)
def test_an_image_that_was_built_again_under_its_name_is_found(name: str, tag: str, changed: bool) -> None:
    image = DeployedResource(
        "local-registry-service-web", IMAGE, f"{IMAGE_ID}{name}", {"imageId": IMAGE_ID, "name": name}
    )
    host = DockerObjects({}, frozenset(), frozenset(), frozenset({IMAGE_ID, "sha256:bb"}), {tag: "sha256:bb"})
    expected = [(f"image {name}", "was built or pulled again under this name")] if changed else []
    assert [(one.subject, one.problem) for one in deviations_of((image,), host) if one.changed] == expected
    same = DockerObjects({}, frozenset(), frozenset(), frozenset({IMAGE_ID}), {tag: IMAGE_ID})
    assert found((image,), same) == []


def test_each_kind_of_object_is_found_or_reported_as_missing() -> None:
    assert found(OTHERS, HOST) == []
    assert found(OTHERS, DockerObjects({}, frozenset(), frozenset(), frozenset())) == [
        ("network local-network-data-1a2b3c4", "no longer exists", True),
        ("volume v1", "no longer exists", True),
        ("image redis", "no longer exists", True),
    ]


def test_a_resource_that_is_no_object_of_docker_is_not_compared() -> None:
    password = DeployedResource("local-password", "random:index/randomPassword:RandomPassword", "none", {})
    assert found((password,), HOST) == []


LISTS: Mapping[str, object] = {
    "/containers/json?all=1": [{"Id": "server", "State": "exited"}],
    "/containers/server/json": {"State": {"ExitCode": 137, "OOMKilled": True}},
    "/networks": [{"Id": "n1"}],
    "/volumes": {"Volumes": [{"Name": "v1"}]},
    "/images/json?all=1": [{"Id": IMAGE_ID}],
}


def test_a_daemon_is_queried_and_a_stopped_container_has_its_exit_code() -> None:
    with fake_daemon(LISTS) as daemon:
        deviations = compare((container("server"), container("cache"), *OTHERS), daemon.environment)
    assert [(one.subject, one.problem, one.missing) for one in deviations] == [
        ("container local-server-1a2b3c4", "was stopped (exit code 137, out of memory)", False),
        ("container local-cache-1a2b3c4", "no longer exists", True),
    ]


@pytest.mark.parametrize(("problem", "command"), [("was stopped (exit code 1)", "start"), ("was paused", "unpause")])
def test_a_stopped_container_is_started_and_a_paused_one_continues(problem: str, command: str) -> None:
    deviation = Deviation(container("server"), "container x", problem, missing=False)
    with fake_daemon({}) as daemon:
        assert start(deviation, daemon.environment) == ""
        assert daemon.commands == [f"POST /containers/server/{command}"]
    with fake_daemon({}, failure="port is already allocated") as daemon:
        assert start(deviation, daemon.environment) == "port is already allocated"


def test_a_daemon_that_does_not_answer_is_reported() -> None:
    unreachable = {"DOCKER_HOST": "unix:///nowhere/docker.sock"}
    with pytest.raises(HostUnreachable, match="the socket does not exist"):
        compare(OTHERS, unreachable)
    with pytest.raises(HostUnreachable, match="ssh://"):
        compare(OTHERS, {"DOCKER_HOST": "ssh://build.example.com"})
    with pytest.raises(HostUnreachable):
        start(Deviation(container("server"), "container x", "was stopped", missing=False), unreachable)
