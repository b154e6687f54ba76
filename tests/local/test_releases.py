"""Release commands in real containers: a first deployment, a failure that changes nothing, a timeout, and a killed `up`."""

import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping

import pytest

from tests.local import host_stack
from tests.local.host_stack import HostStack, docker
from tests.local.images import service_images
from tests.local.poll import eventually
from tests.local.requirements import require_docker
from tests.planning import DROP

STACK = "release"
TASK = "jobs-tools-release"
TOOLS = {
    "app": "fastapi",
    "port": 8001,
    "size": {"vcpu": 0.5, "memory_gib": 0.5},
    "replicas": {"min": 1, "max": 1},
    "uses": ["database"],
}
MIGRATION = (
    "import os, socket; socket.create_connection((os.environ['PGHOST'], 5432), 10); "
    "print('migrated for', os.environ['GREETING'])"
)
"""Connects to the database as a migration does; the image has no client of it."""


def written(stack: HostStack, command: list[str], greeting: str, minutes: int = 5) -> HostStack:
    """Write the stack file with a release command and a variable that both the command and the service have."""
    release = {"command": command, "timeout_minutes": minutes}
    service = {**TOOLS, "image": service_images()["tools"], "environment": {"GREETING": greeting}, "release": release}
    settings: Mapping[str, object] = {
        "services": {"tools": service},
        "network.cidr": "10.78.0.0/16",
        "database.backup.retention_days": 0,
        **{part: DROP for part in ("cache", "ingress")},
    }
    stack.write(settings)
    return stack


def up(stack: HostStack) -> subprocess.CompletedProcess[str]:
    """Run `up` without a question."""
    return stack.command("up", STACK, "--yes")


def running(stack: HostStack) -> list[str]:
    """Ids of every running container of the stack."""
    return sorted(stack.containers())


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostStack]:
    """One service with a release command and a database, deployed for the first time."""
    require_docker()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(host_stack, "STACK", STACK)
        created = written(HostStack.create(tmp_path_factory.mktemp("release")), ["python", "-c", MIGRATION], "hello")
        try:
            result = up(created)
            assert result.returncode == 0, result.stdout + result.stderr
            assert "tools: the release command succeeded after" in result.stdout
            yield created
        finally:
            created.deployment.destroy()


def test_the_command_has_the_environment_and_the_database_of_its_service(stack: HostStack) -> None:
    (task,) = stack.containers(TASK, include_stopped=True)
    assert docker("logs", task).strip() == "migrated for hello"
    assert stack.containers(TASK) == [], "the task has ended"


def test_a_second_update_repeats_nothing_and_there_is_no_drift(stack: HostStack) -> None:
    before = running(stack)
    result = up(stack)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "running the release command" not in result.stdout
    assert running(stack) == before
    drift = stack.command("drift", STACK)
    assert drift.returncode == 0, drift.stdout


def test_a_command_that_fails_changes_nothing(stack: HostStack) -> None:
    before = running(stack)
    result = up(written(stack, ["sh", "-c", "echo no such table; exit 3"], "again"))
    assert result.returncode == 1
    assert "tools | no such table" in result.stdout
    assert "the release command of tools failed with exit code 3, so no service was updated" in result.stderr
    assert running(stack) == before
    result = up(written(stack, ["python", "-c", MIGRATION], "hello"))
    assert result.returncode == 0, result.stdout + result.stderr
    assert "it has succeeded with this image before" in result.stdout
    assert running(stack) == before


def test_a_command_that_hangs_is_stopped_at_its_timeout(stack: HostStack) -> None:
    before = running(stack)
    result = up(written(stack, ["sleep", "600"], "later", minutes=1))
    assert result.returncode == 1
    assert "the release command of tools did not end within 1 min and was stopped" in result.stderr
    assert running(stack) == before


def test_a_command_of_a_killed_process_is_awaited_and_not_started_again(stack: HostStack) -> None:
    written(stack, ["sh", "-c", "sleep 30; echo done"], "killed")
    process = subprocess.Popen(
        [sys.executable, "-m", "automation", "up", STACK, "--yes"],
        cwd=stack.project.folder,
        env=dict(stack.project.environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    eventually(lambda: bool(stack.containers(TASK)), 120)
    process.send_signal(signal.SIGKILL)
    process.wait()
    result = up(stack)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "tools: an earlier run of the release command has not ended; waiting for it" in result.stdout
    (task,) = stack.containers(TASK, include_stopped=True)
    assert docker("logs", task).splitlines() == ["done"]
