"""Containers that an update starts, as a daemon with prepared answers lists them, and the report on one that ends."""

from collections.abc import Mapping, Sequence

import pytest

from automation.plan.spec_keys import BASE
from automation.stack.document import stack_of, with_values
from components.configuration import PLATFORM_KEY
from providers.contract.preflight import HostObject, StartingPart
from providers.contract.spec import Platform
from providers.docker.preflight.container_starts import explain_start, list_starting
from tests.docker.fake_daemon import fake_daemon

STACK = "trial"
LABELS: Mapping[str, str] = {"project": "agent-platform", "stack": STACK}
WEB, TOOLS = "trial-compute-web-1-1a2b3c4", "trial-compute-tools-1-5a2b3c4"
TEST = {"Healthcheck": {"Test": ["CMD", "true"]}}


def spec() -> Platform:
    service = {"app": "custom", "image": "acme/tools:1", "port": 9000, "size": {"vcpu": 0.5, "memory_gib": 0.5}}
    changes = {"cloud": "docker", "services.tools": service, "services.web.calls": ["tools"]}
    return stack_of(STACK, {PLATFORM_KEY: with_values(BASE, changes)}).spec


def row(identity: str, name: str, state: str = "running", status: str = "Up 2 seconds", **labels: str) -> object:
    return {"Id": identity, "Names": [f"/{name}"], "State": state, "Status": status, "Labels": {**LABELS, **labels}}


def details(status: str, restarts: int = 0, policy: str = "unless-stopped", config: object = None) -> object:
    health = {"Health": {"Status": "starting"}} if config else {}
    return {
        "State": {"Status": status, "ExitCode": 1, **health},
        "RestartCount": restarts,
        "HostConfig": {"RestartPolicy": {"Name": policy}},
        "Config": config,
    }


def listed(rows: Sequence[object], inspected: Mapping[str, object], known: Sequence[str] = ()) -> list[StartingPart]:
    answers = {"/containers/json?all=1": rows, **{f"/containers/{key}/json": each for key, each in inspected.items()}}
    with fake_daemon(answers) as daemon:
        return list(list_starting(spec(), STACK, known, daemon.environment))


@pytest.mark.parametrize(
    ("status", "restarts", "ends", "running"),
    [("running", 0, 0, True), ("running", 2, 2, True), ("restarting", 3, 3, False), ("exited", 0, 1, False)],
)
def test_the_ends_of_a_process_are_counted(status: str, restarts: int, ends: int, running: bool) -> None:
    (part,) = listed([row("c1", WEB, status)], {"c1": details(status, restarts, config=TEST)})
    assert (part.name, part.found) == ("trial-compute-web-1", HostObject("container", WEB, "c1"))
    assert (part.ends, part.running, part.awaited, part.healthy) == (ends, running, True, False)


def test_known_containers_and_those_that_should_not_keep_running_are_left_out() -> None:
    rows = [
        row("known", WEB),
        row("files", "trial-compute-web-1-files-00112233", "created", "Created"),
        row("roles", "trial-database-roles-1a2b3c4"),
        row("dev", "trial-compute-web-2-1a2b3c4", **{"agent-platform-dev": "true"}),
        row("other", "other-compute-web-1-1a2b3c4", stack="other"),
        row("gone", "trial-compute-web-3-1a2b3c4"),
    ]
    inspected = {
        "known": details("running"),
        "files": details("created"),
        "roles": details("running", policy="no"),
        "dev": details("running"),
        "other": details("running"),
    }
    assert listed(rows, inspected, known=["known"]) == []


def test_the_container_of_another_checkout_with_the_same_stack_is_left_out() -> None:
    answers = {
        "/containers/json?all=1": [row("c1", WEB, checkout="/other")],
        "/containers/c1/json": details("running"),
    }
    with fake_daemon(answers) as daemon:
        environment = {**daemon.environment, "PULUMI_BACKEND_URL": "file:///mine/.local/state"}
        assert list_starting(spec(), STACK, (), environment) == []
        other = {**environment, "PULUMI_BACKEND_URL": "file:///other/.local/state"}
        assert len(list_starting(spec(), STACK, (), other)) == 1


def test_a_container_without_a_health_check_is_not_awaited() -> None:
    (plain,) = listed([row("c1", WEB)], {"c1": details("running")})
    (disabled,) = listed([row("c1", WEB)], {"c1": details("running", config={"Healthcheck": {"Test": ["NONE"]}})})
    assert (plain.awaited, disabled.awaited) == (False, False)


@pytest.mark.parametrize(
    ("callee", "waiting"),
    [
        ([], True),
        ([row("t", TOOLS, status="Up 2 seconds (health: starting)")], True),
        ([row("t", TOOLS, "exited", "Exited (1) 2 seconds ago")], True),
        ([row("t", TOOLS, status="Up 2 minutes (healthy)")], False),
        ([row("t", TOOLS, status="Up 2 seconds")], False),
    ],
)
def test_a_service_waits_while_one_that_it_calls_is_not_ready(callee: list[object], waiting: bool) -> None:
    parts = listed([row("c1", WEB), *callee], {"c1": details("running", config=TEST)})
    assert [part.waiting for part in parts] == [waiting]


def test_the_report_has_the_end_of_the_log_and_masks_secrets_alone() -> None:
    lines = [f"line {number}" for number in range(20)]
    text = "\n".join([*lines, 'File "/srv/app.py", port 9000 of tools', "key is sk-not-to-be-printed"]).encode()
    environment = [
        "PYTHONPATH=/srv", "PORT=9000", "TOOLS_URL=http://tools:9000", "KEY=sk-not-to-be-printed", "LEVEL=line",
    ]  # fmt: skip
    answers = {
        "/containers/c1/json": {
            "Image": "sha256:1", "RestartCount": 3, "State": {"Status": "restarting", "Restarting": True, "ExitCode": 1},
            "Config": {"Env": environment},
        },
        "/images/sha256:1/json": {"Config": {"Env": ["PYTHONPATH=/srv", "LEVEL=line"]}},
    }  # fmt: skip
    logs = {"/containers/c1/logs?stdout=1&stderr=1&tail=30": b"\1\0\0\0" + len(text).to_bytes(4, "big") + text}
    part = StartingPart("trial-compute-web-1", HostObject("container", WEB, "c1"), 3, False, True, False, False)
    with fake_daemon(answers, content=logs) as daemon:
        diagnosis = explain_start(spec(), STACK, part, daemon.environment)
    assert diagnosis.log_lines[-2:] == ('File "/srv/app.py", port 9000 of tools', "key is [secret]")
    assert len(diagnosis.log_lines) == 12
    assert diagnosis.problem == (
        f"services.web: {WEB} does not start: it ended again after 3 restarts; its log ends with "
        '"line 19 | File "/srv/app.py", port 9000 of tools | key is [secret]"'
    )
    assert diagnosis.fix == "correct this and run `agent-platform up trial` again"
