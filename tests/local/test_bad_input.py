"""What this machine refuses or fails at, told by the commands for real: one sentence each, and nothing lost.

A small stack of its own stands for the whole module; ports, images and a database that do not fit are made for it.
"""

import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from automation.deploy import Deployment, DeploymentFailed
from automation.plan.spec_keys import BASE
from automation.stack.keys import with_values
from components.configuration import PLATFORM_KEY
from providers.docker.base.containers import script
from tests.engine.project import TIMEOUT_SECONDS, EngineProject
from tests.local import images
from tests.local.needs import need_machine

STACK = "badinput"
PORT = 28643
pytestmark = pytest.mark.xdist_group("local-bad-input")
SECRET = "sk-that-nobody-may-read"
MANY: Mapping[str, object] = {"min": 20, "max": 20}
HEALTH: Mapping[str, object] = {
    "path": "/", "interval_seconds": 5, "timeout_seconds": 2, "unhealthy_threshold": 2, "start_period_seconds": 2
}  # fmt: skip
DATABASE: Mapping[str, object] = {
    "version": "15",
    "size": {"vcpu": 1, "memory_gib": 0.5},
    "high_availability": False,
    "deletion_protection": False,
    "backup": {"retention_days": 0},
}


@dataclass(frozen=True)
class Told:
    """What a command printed, and its exit code."""

    out: str
    err: str
    code: int

    @property
    def sentence(self) -> str:
        """The one sentence on standard error; the line before it may tell which resource failed."""
        return self.err.splitlines()[-1]


@dataclass(frozen=True)
class Small:
    """The stack: one service, and a database that its tests move."""

    project: EngineProject

    def write(self, changes: Mapping[str, object]) -> None:
        service = {
            "app": "custom",
            "image": images.service_images()["tools"],
            "path": "/",
            "port": 9000,
            "command": ["python3", "-m", "http.server", "9000", "--directory=/tmp"],
            "health": dict(HEALTH),
            "size": {"vcpu": 0.5, "memory_gib": 0.25},
        }
        docker = {"entry_port": PORT, "images": dict(images.role_images())}
        whole = {"cloud": "docker", "docker": docker, "network.cidr": "10.87.0.0/16", "services": {"web": service}}
        self.project.write(with_values(BASE, {**whole, "database": dict(DATABASE), **changes}), STACK)

    def command(self, *arguments: str, **environment: str) -> Told:
        done = subprocess.run(
            [sys.executable, "-m", "automation", *arguments],
            cwd=self.project.folder, env={**self.project.environment, **environment}, text=True,
            stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT_SECONDS, check=False,
        )  # fmt: skip
        return Told(done.stdout, done.stderr, done.returncode)

    def refused(self, changes: Mapping[str, object], **environment: str) -> str:
        """The sentence that `up` and `preview` tell, which the doctor tells as well."""
        self.write(changes)
        told = [self.command(*words, **environment) for words in (("preview", STACK), ("up", STACK, "--yes"))]
        assert [each.code for each in told] == [2, 2]
        assert told[0].err == told[1].err
        doctor = self.command("doctor", STACK, **environment)
        assert doctor.code == 1
        assert f": {told[0].sentence}" in doctor.out
        return told[0].sentence

    def failed(self, changes: Mapping[str, object]) -> str:
        """The sentence of an `up` that fails when it is under way."""
        self.write(changes)
        told = self.command("up", STACK, "--yes")
        assert told.code == 1
        return told.sentence

    def containers(self) -> set[str]:
        asked = ["docker", "ps", "--format", "{{.Names}}", "--filter", f"label=stack={STACK}"]
        return set(subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split())


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Small]:
    """The small stack, which is up; it goes with the module."""
    need_machine()
    stack = Small(EngineProject.create(tmp_path_factory.mktemp("bad-input"), ()))
    stack.write({})
    try:
        up = stack.command("up", STACK, "--yes", "--create")
        assert up.code == 0, up.err
        yield stack
    finally:
        stack.write({})
        gone = stack.command("destroy", STACK, "--yes")
        assert gone.code == 0, gone.err


def test_a_docker_that_does_not_answer_is_told(small: Small) -> None:
    assert small.refused({}, DOCKER_HOST="tcp://127.0.0.1:1").startswith(
        'DOCKER_HOST: "tcp://127.0.0.1:1" is where no Docker answers (the connection is refused); '
    )
    assert "(there is no such socket)" in small.refused({}, DOCKER_HOST="unix:///nowhere/docker.sock")
    drift = small.command("drift", STACK, DOCKER_HOST="unix:///nowhere/docker.sock")
    assert drift.sentence.startswith(f"{STACK}: cannot reach the Docker daemon. ")


def test_a_port_that_a_process_has_is_told_with_the_process(small: Small) -> None:
    before = small.containers()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        told = small.refused({"docker.entry_port": port})
    assert told.startswith(f"docker.entry_port: {port} is taken by the process python")
    assert small.containers() == before


def test_a_port_that_a_container_has_is_told_with_the_container(small: Small) -> None:
    name, image = f"{STACK}-stranger", images.service_images()["tools"]
    run = ["docker", "run", "--detach", "--name", name, "--publish", "127.0.0.1::9000", image, "sleep", "600"]
    subprocess.run(run, capture_output=True, check=True)
    try:
        asked = subprocess.run(["docker", "port", name, "9000"], capture_output=True, text=True, check=True)
        port = int(asked.stdout.strip().rpartition(":")[2])
        told = small.refused({"docker.entry_port": port})
    finally:
        subprocess.run(["docker", "rm", "--force", name], capture_output=True, check=True)
    assert told.startswith(f"docker.entry_port: {port} is taken by the container {name}; stop it, or set ")


def test_the_stacks_own_entry_may_have_its_port(small: Small) -> None:
    small.write({})
    doctor = small.command("doctor", STACK)
    assert (doctor.code, f"ports: {PORT} is this stack's own." in doctor.out) == (0, True)
    assert small.command("preview", STACK).code == 0


def test_sizes_that_the_machine_does_not_have_are_told(small: Small) -> None:
    told = small.refused({"services.web.size": {"vcpu": 0.5, "memory_gib": 512}, "services.web.replicas": MANY})
    assert told.startswith("services.web.size.memory_gib: 512 is too much for this machine: ")
    told = small.refused({"database.size": {"vcpu": 128, "memory_gib": 0.5}})
    assert told.startswith("database.size.vcpu: 128 is more than the ")


def test_images_that_cannot_be_had_are_told_with_their_keys(small: Small) -> None:
    missing, role = "localhost:1/nothing:1", "localhost:1/prometheus:2"
    told = small.failed({"services.web.image": missing, "docker.images.prometheus": role})
    assert f'services.web.image: "{missing}" is not on this machine, and its registry cannot be reached' in told
    assert f'docker.images.prometheus: "{role}" is not on this machine, and its registry cannot be reached' in told
    assert "correct services.web.image" in told


def test_a_service_that_ends_is_told_with_its_last_words_and_without_secrets(small: Small) -> None:
    small.write({"services.web.secrets": ["API_KEY"]})
    document = yaml.safe_load((small.project.folder / f"Pulumi.{STACK}.yaml").read_text(encoding="utf-8"))
    assert document["config"][PLATFORM_KEY]["services"]["web"]["secrets"] == ["API_KEY"]
    small.project.run("config", "set", "--secret", "agent-platform:API_KEY", stdin=SECRET, stack=STACK)
    program = "import os, sys; print('the key', os.environ['API_KEY'], 'is void'); sys.exit(3)"
    told = small.failed({"services.web.secrets": ["API_KEY"], "services.web.command": ["python3", "-c", program]})
    assert told.startswith(f"{STACK}: services.web: {STACK}-compute-web-1-")
    assert "did not become healthy: it ends with code 3 and was started again" in told
    assert 'its log ends with "the key [secret] is void"' in told.replace("the key [secret] is void | ", "")
    assert f"look at `docker logs {STACK}-compute-web-1-" in told
    assert SECRET not in told


def test_a_service_that_runs_and_does_not_answer_is_told_by_its_check(small: Small) -> None:
    told = small.failed({"services.web.command": ["sleep", "600"]})
    assert 'did not become healthy: it runs; its health check says "' in told


def test_a_command_that_the_image_lacks_is_told(small: Small) -> None:
    told = small.failed({"services.web.command": ["nosuchprogram"]})
    assert "services.web: Docker cannot start compute-web-1: " in told
    assert '"nosuchprogram": executable file not found' in told


def test_a_volume_of_another_major_version_is_refused_while_the_server_runs(small: Small) -> None:
    before = {name for name in small.containers() if "-database-server-" in name}
    told = small.refused({"database.version": "16"})
    assert told == (
        'database.version: "16" cannot open the volume of this stack, which PostgreSQL 15 wrote; set it back to "15", or '
        "restore the last dump into a new stack."
    )
    assert {name for name in small.containers() if "-database-server-" in name} == before


def test_a_server_that_finds_such_a_volume_says_so_itself(small: Small) -> None:
    small.write({})
    deployment = Deployment(STACK, small.project.folder, environment=small.project.environment)
    unchanged = deployment.preview()
    # whoever brings a preview of his own has looked before
    small.write({"database.version": "16"})
    with pytest.raises(DeploymentFailed) as failure:
        Deployment(STACK, small.project.folder, environment=small.project.environment).up(preview=unchanged)
    assert str(failure.value) == (
        f'{STACK}: database.version: "16" cannot open this volume, which PostgreSQL 15 wrote; set the version back, or '
        "restore the last dump into a new stack."
    )
    small.write({})
    assert small.command("up", STACK, "--yes").code == 0


@pytest.mark.parametrize(("stands", "starts"), [("pgdata", "18/docker"), ("data/18/docker", "data/pgdata")])
def test_a_version_with_another_folder_begins_no_empty_database(tmp_path: Path, stands: str, starts: str) -> None:
    need_machine()
    root, wrote = "/var/lib/postgresql", "17" if stands == "pgdata" else "18"
    wanted = "18" if wrote == "17" else "17"
    lay = f"mkdir -p {root}/{stands} && echo {wrote} > {root}/{stands}/PG_VERSION && exec sh -s"
    run = ["docker", "run", "--rm", "--interactive", "--network=none", "--user=0", "--entrypoint=sh"]
    variables = [f"--env=PGDATA={root}/{starts}", f"--env=AGENT_PLATFORM_MAJOR={wanted}"]
    done = subprocess.run(
        [*run, *variables, images.role_images()["postgres"], "-c", lay],
        input=script("postgres"), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith(
        f'database.version: "{wanted}" cannot open this volume, which PostgreSQL {wrote} wrote; '
    )
