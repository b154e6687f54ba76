"""Parts of a stack that are down, with their state and the last lines of their log."""

from collections.abc import Mapping
from typing import Any

import pytest

from providers.docker.preflight.down_parts import down_parts
from tests.docker.fake_daemon import fake_daemon
from tests.docker.specs import spec_of

LABELS: Mapping[str, object] = {"project": "agent-platform", "stack": "prod"}
SERVER = "prod-database-server-1a2b3c4"


def daemon_with(
    state: str, status: str, policy: str, labels: Mapping[str, object] = LABELS, name: str = SERVER
) -> Mapping[str, object]:
    """Answers of a daemon with one container."""
    return {
        "/containers/json?all=1": [
            {"Id": "c1", "Names": [f"/{name}"], "State": state, "Status": status, "Labels": dict(labels)}
        ],
        "/containers/c1/json": {
            "State": {"ExitCode": 137},
            "HostConfig": {"RestartPolicy": {"Name": policy}},
            "Config": {"Env": ["POSTGRES_PASSWORD=letmein"]},
        },
    }


def found(answers: Mapping[str, object]) -> tuple[str, ...]:
    with fake_daemon(answers) as daemon:
        return tuple(down_parts(spec_of(), "prod", daemon.environment))


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("exited", "Exited (137)"),
        ("restarting", "Restarting (1)"),
        ("paused", "Up (Paused)"),
        ("running", "Up (unhealthy)"),
    ],
)
def test_a_part_that_is_down_is_named_with_its_state_and_the_fix(state: str, status: str) -> None:
    assert found(daemon_with(state, status, "unless-stopped")) == (
        f"database: {SERVER} is down: it ends with code 137. Look at `docker logs {SERVER}`, and run `agent-platform up prod`, "
        "which starts what was stopped.",
    )


@pytest.mark.parametrize("part", ["gateway-1", "gateway-12", "gateway-next-1"])
def test_a_replica_that_is_down_is_named_with_its_service(part: str) -> None:
    name = f"prod-compute-{part}-1a2b3c4"
    (sentence,) = found(daemon_with("exited", "Exited (137)", "unless-stopped", name=name))
    assert sentence.startswith(f"services.gateway: {name} is down: ")


def test_a_running_part_one_that_runs_once_and_another_stack_are_not_reported() -> None:
    assert found(daemon_with("running", "Up 3 seconds (healthy)", "unless-stopped")) == ()
    assert found(daemon_with("exited", "Exited (0)", "no")) == ()
    assert found(daemon_with("exited", "Exited (1)", "unless-stopped", {**LABELS, "stack": "other"})) == ()


@pytest.mark.parametrize(("health", "down"), [("healthy", False), ("unhealthy", True)])
def test_a_part_that_has_become_healthy_since_the_list_is_not_reported(health: str, down: bool) -> None:
    answers = daemon_with("running", "Up 9 seconds (unhealthy)", "unless-stopped")
    details: Any = answers["/containers/c1/json"]
    details["State"] = {"Running": True, "Health": {"Status": health}}
    assert bool(found(answers)) is down


def test_without_a_daemon_nothing_is_known() -> None:
    assert down_parts(spec_of(), "prod", {"DOCKER_HOST": "unix:///nowhere/docker.sock"}) == ()
