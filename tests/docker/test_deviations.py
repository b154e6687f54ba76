"""Comparison of a state with the objects of a Docker host, and starting what was stopped."""

import json
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from providers.contract.cli import DeployedResource
from providers.contract.preflight import Deviation, HostUnreachable
from providers.docker.preflight.deviations import DockerObjects, compare, deviations_of, start
from providers.docker.resource_traits import CONTAINER, IMAGE, NETWORK, VOLUME

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


@contextmanager
def daemon(answers: Mapping[str, object], posted: list[str], failure: str = "") -> Generator[Mapping[str, str]]:
    """Environment with the address of a daemon that gives these answers and records commands."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(200 if self.path in answers else 404, answers.get(self.path))

        def do_POST(self) -> None:
            posted.append(self.path)
            self.answer(500 if failure else 204, {"message": failure})

        def answer(self, status: int, content: object) -> None:
            self.send_response(status)
            self.end_headers()
            if status != 204:
                self.wfile.write(json.dumps(content).encode())

        def log_message(self, format: str, *args: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield {"DOCKER_HOST": f"tcp://127.0.0.1:{server.server_port}"}
    finally:
        server.shutdown()
        server.server_close()


LISTS: Mapping[str, object] = {
    "/containers/json?all=1": [{"Id": "server", "State": "exited"}],
    "/containers/server/json": {"State": {"ExitCode": 137, "OOMKilled": True}},
    "/networks": [{"Id": "n1"}],
    "/volumes": {"Volumes": [{"Name": "v1"}]},
    "/images/json?all=1": [{"Id": IMAGE_ID}],
}


def test_a_daemon_is_queried_and_a_stopped_container_has_its_exit_code() -> None:
    with daemon(LISTS, []) as environment:
        deviations = compare((container("server"), container("cache"), *OTHERS), environment)
    assert [(one.subject, one.problem, one.missing) for one in deviations] == [
        ("container local-server-1a2b3c4", "was stopped (exit code 137, out of memory)", False),
        ("container local-cache-1a2b3c4", "no longer exists", True),
    ]


@pytest.mark.parametrize(("problem", "command"), [("was stopped (exit code 1)", "start"), ("was paused", "unpause")])
def test_a_stopped_container_is_started_and_a_paused_one_continues(problem: str, command: str) -> None:
    posted: list[str] = []
    deviation = Deviation(container("server"), "container x", problem, missing=False)
    with daemon({}, posted) as environment:
        assert start(deviation, environment) == ""
    with daemon({}, posted, "port is already allocated") as environment:
        assert start(deviation, environment) == "port is already allocated"
    assert posted == [f"/containers/server/{command}"] * 2


def test_a_daemon_that_does_not_answer_is_reported() -> None:
    unreachable = {"DOCKER_HOST": "unix:///nowhere/docker.sock"}
    with pytest.raises(HostUnreachable, match="the socket does not exist"):
        compare(OTHERS, unreachable)
    with pytest.raises(HostUnreachable, match="ssh://"):
        compare(OTHERS, {"DOCKER_HOST": "ssh://build.example.com"})
    with pytest.raises(HostUnreachable):
        start(Deviation(container("server"), "container x", "was stopped", missing=False), unreachable)
