"""Errors of a Docker host, reported by the real commands in one sentence each, without loss of data.

All tests of the module use one small stack with ports, images and a database that cannot work.
"""

import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import psutil
import pytest
import yaml

from automation.deploy import Deployment, DeploymentFailed
from automation.plan.spec_keys import BASE
from automation.stack.document import with_values
from components.configuration import PLATFORM_KEY
from providers.docker.base.containers import script
from providers.docker.network.resources import NO_HOST_ADDRESS
from tests.engine.project import TIMEOUT_SECONDS, EngineProject
from tests.local import images
from tests.local.poll import eventually
from tests.local.requirements import require_docker

STACK = "badinput"
PORT = 28643
pytestmark = pytest.mark.xdist_group("local-bad-input")
SECRET = "sk-not-to-be-printed"
SLOW_START: Mapping[str, object] = {
    "path": "/", "interval_seconds": 5, "timeout_seconds": 2, "unhealthy_threshold": 2, "start_period_seconds": 200
}  # fmt: skip
CRASH_SECONDS, ABANDONED_SECONDS = 120, 30
"""Time for preview, update and report of a crash, where the wait for the health of a slow start takes 245 s; and from the start of
the container until the update gives it up, which takes 10 to 20 s on a machine that is not busy."""
MANY_REPLICAS: Mapping[str, object] = {"min": 20, "max": 20}
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
class CommandResult:
    """Output and exit code of a command."""

    out: str
    err: str
    code: int

    @property
    def sentence(self) -> str:
        """Last line on standard error; the line before it may name the failed resource."""
        return self.err.splitlines()[-1]


@dataclass(frozen=True)
class SmallStack:
    """Stack with one service and a database."""

    project: EngineProject
    timeout_seconds: float = TIMEOUT_SECONDS
    """Longest time of a command."""

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
        settings = {"cloud": "docker", "docker": docker, "network.cidr": "10.87.0.0/16", "services": {"web": service}}
        self.project.write(with_values(BASE, {**settings, "database": dict(DATABASE), **changes}), STACK)

    def command(self, *arguments: str, **environment: str) -> CommandResult:
        result = subprocess.run(
            [sys.executable, "-m", "automation", *arguments],
            cwd=self.project.folder, env={**self.project.environment, **environment}, text=True,
            stdin=subprocess.DEVNULL, capture_output=True, timeout=self.timeout_seconds, check=False,
        )  # fmt: skip
        return CommandResult(result.stdout, result.stderr, result.returncode)

    def refusal(self, changes: Mapping[str, object], **environment: str) -> str:
        """Message of `up` and `preview`, which `doctor` also prints."""
        self.write(changes)
        results = [self.command(*words, **environment) for words in (("preview", STACK), ("up", STACK, "--yes"))]
        assert [result.code for result in results] == [2, 2]
        assert results[0].sentence == results[1].sentence
        doctor = self.command("doctor", STACK, **environment)
        assert doctor.code == 1
        assert f": {results[0].sentence}" in doctor.out
        return results[0].sentence

    def failure(self, changes: Mapping[str, object]) -> str:
        """Message of an `up` that fails during the update."""
        self.write(changes)
        result = self.command("up", STACK, "--yes")
        assert result.code == 1
        return result.sentence

    def containers(self) -> set[str]:
        command = ["docker", "ps", "--format", "{{.Names}}", "--filter", f"label=stack={STACK}"]
        return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


@contextmanager
def deployed(home: Path) -> Generator[SmallStack]:
    """Small stack that is deployed in this context and destroyed after it."""
    require_docker()
    stack = SmallStack(EngineProject.create(home, ()))
    stack.write({})
    try:
        up = stack.command("up", STACK, "--yes", "--create")
        assert up.code == 0, up.err
        yield stack
    finally:
        stack.write({})
        destroy = stack.command("destroy", STACK, "--yes", "--volumes")
        assert destroy.code == 0, destroy.err


@pytest.fixture(scope="module")
def small_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallStack]:
    """Deployed small stack, destroyed after the module."""
    with deployed(tmp_path_factory.mktemp("bad-input")) as stack:
        yield stack


def test_a_daemon_that_does_not_answer_is_reported(small_stack: SmallStack) -> None:
    assert small_stack.refusal({}, DOCKER_HOST="tcp://127.0.0.1:1").startswith(
        "DOCKER_HOST: no Docker daemon answers at tcp://127.0.0.1:1 (the connection is refused). "
    )
    assert "(the socket does not exist)" in small_stack.refusal({}, DOCKER_HOST="unix:///nowhere/docker.sock")


@pytest.mark.skipif(shutil.which("podman") is None, reason="Podman is not installed")
def test_the_docker_api_of_podman_is_refused_and_the_networks_that_it_makes_show_why(tmp_path: Path) -> None:
    require_docker()
    address, (option,) = f"unix://{tmp_path / 'podman.sock'}", NO_HOST_ADDRESS
    podman = subprocess.Popen(["podman", "system", "service", "--time=0", address], stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: (tmp_path / "podman.sock").exists(), 60)
        stack = SmallStack(EngineProject.create(tmp_path, ()))
        stack.project.run("stack", "init", STACK, stack=None)
        message = stack.refusal({"docker.images": {}, "services.web.image": "web:1"}, DOCKER_HOST=address)
        client = ["docker", "--host", address, "network"]
        subprocess.run([*client, "create", f"--opt={option}=true", STACK], capture_output=True, check=True)
        options = subprocess.run(
            [*client, "inspect", "--format", "{{json .Options}}", STACK], capture_output=True, text=True, check=True
        )
        subprocess.run([*client, "rm", STACK], capture_output=True, check=True)
    finally:
        podman.terminate()
        podman.wait(30)
    assert re.fullmatch(
        rf"DOCKER_HOST: docker needs Docker Engine 20\.10 or later, and {address} is Podman [0-9.]+, whose .+", message
    )
    assert option not in options.stdout, "Podman keeps the option: its networks may be isolated now"


@pytest.mark.skipif("DOCKER_HOST" in os.environ, reason="the state has the address of DOCKER_HOST, where `drift` looks")
def test_a_comparison_with_a_daemon_that_does_not_answer_is_no_success(small_stack: SmallStack) -> None:
    drift = small_stack.command("drift", STACK, DOCKER_HOST="unix:///nowhere/docker.sock")
    assert drift.sentence.startswith(f"{STACK}: cannot reach the Docker daemon. ")


def test_a_port_that_a_process_uses_is_refused_with_its_name(small_stack: SmallStack) -> None:
    before = small_stack.containers()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        message = small_stack.refusal({"docker.entry_port": port})
    process = psutil.Process()
    assert message.startswith(
        f"docker.entry_port: port {port} is used by the process {process.name()} (pid {process.pid}). "
    )
    assert small_stack.containers() == before


def test_a_port_that_a_container_uses_is_refused_with_its_name(small_stack: SmallStack) -> None:
    name, image = f"{STACK}-other", images.service_images()["tools"]
    run = ["docker", "run", "--detach", "--name", name, "--publish", "127.0.0.1::9000", image, "sleep", "600"]
    subprocess.run(run, capture_output=True, check=True)
    try:
        published = subprocess.run(["docker", "port", name, "9000"], capture_output=True, text=True, check=True)
        port = int(published.stdout.strip().rpartition(":")[2])
        message = small_stack.refusal({"docker.entry_port": port})
    finally:
        subprocess.run(["docker", "rm", "--force", name], capture_output=True, check=True)
    assert message.startswith(f"docker.entry_port: port {port} is used by the container {name}. Stop it, or set ")


def test_the_port_of_the_stacks_own_entry_is_accepted(small_stack: SmallStack) -> None:
    small_stack.write({})
    doctor = small_stack.command("doctor", STACK)
    assert (doctor.code, f"ports: {PORT} is used by this stack." in doctor.out) == (0, True)
    assert small_stack.command("preview", STACK).code == 0


def test_a_range_that_another_network_uses_is_refused_with_its_name_and_a_free_range(small_stack: SmallStack) -> None:
    name = f"{STACK}-other"
    subprocess.run(["docker", "network", "create", "--subnet=10.88.0.0/16", name], capture_output=True, check=True)
    try:
        message = small_stack.refusal({"network.cidr": "10.88.0.0/16"})
    finally:
        subprocess.run(["docker", "network", "rm", name], capture_output=True, check=True)
    refused = f"network.cidr: 10.88.0.0/16 overlaps with 10.88.0.0/16, the network {name}. "
    assert re.fullmatch(rf"{re.escape(refused)}Set it to a free block, such as 10\.\d+\.0\.0/16\.", message)


def image_archive(name: str, architecture: str) -> bytes:
    """Return an empty image in the format of `docker load`; `docker build --platform` of 20.10 labels it with its own."""
    layer, archive = bytes(10240), io.BytesIO()
    root = {"type": "layers", "diff_ids": [f"sha256:{sha256(layer).hexdigest()}"]}
    documents = {
        "config.json": {"architecture": architecture, "os": "linux", "config": {}, "rootfs": root},
        "manifest.json": [{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}],
    }
    files = {"layer.tar": layer, **{path: json.dumps(content).encode() for path, content in documents.items()}}
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for path, content in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return archive.getvalue()


def test_an_image_for_another_architecture_is_refused_with_its_key(small_stack: SmallStack) -> None:
    machine = subprocess.run(
        ["docker", "version", "--format={{.Server.Arch}}"], capture_output=True, text=True, check=True
    ).stdout.strip()
    other, image = "arm64" if machine == "amd64" else "amd64", f"{STACK}-other:1"
    archive = image_archive(image, other)
    subprocess.run(["docker", "load"], input=archive, capture_output=True, check=True)
    try:
        message = small_stack.refusal({"services.web.image": image, "services.web.architecture": machine})
    finally:
        subprocess.run(["docker", "image", "rm", image], capture_output=True, check=True)
    assert message == (
        f'services.web.image: "{image}" on this host is for {other}, and the service runs on {machine}. Run '
        f"`docker pull --platform linux/{machine} {image}`."
    )


def test_sizes_beyond_the_host_are_refused(small_stack: SmallStack) -> None:
    message = small_stack.refusal(
        {"services.web.size": {"vcpu": 0.5, "memory_gib": 512}, "services.web.replicas": MANY_REPLICAS}
    )
    assert message.startswith("services.web.size.memory_gib: 512 GiB is too much for this host: ")
    message = small_stack.refusal({"database.size": {"vcpu": 128, "memory_gib": 0.5}})
    assert message.startswith("database.size.vcpu: 128 exceeds the ")


def test_images_that_cannot_be_pulled_are_reported_with_their_keys(small_stack: SmallStack) -> None:
    missing, role = "localhost:1/nothing:1", "localhost:1/prometheus:2"
    message = small_stack.failure({"services.web.image": missing, "docker.images.prometheus": role})
    assert f'services.web.image: "{missing}" is not on this host, and its registry cannot be reached' in message
    assert f'docker.images.prometheus: "{role}" is not on this host, and its registry cannot be reached' in message
    assert "correct services.web.image" in message


def test_a_service_that_exits_is_reported_with_its_log_and_without_secrets(
    small_stack: SmallStack, tmp_path: Path
) -> None:
    small_stack.write({"services.web.secrets": ["API_KEY"]})
    document = yaml.safe_load((small_stack.project.folder / f"Pulumi.{STACK}.yaml").read_text(encoding="utf-8"))
    assert document["config"][PLATFORM_KEY]["services"]["web"]["secrets"] == ["API_KEY"]
    small_stack.project.run("config", "set", "--secret", "agent-platform:API_KEY", stdin=SECRET, stack=STACK)
    program = "import os, sys; print('the key', os.environ['API_KEY'], 'is void'); sys.exit(3)"
    changes = {
        "services.web.secrets": ["API_KEY"],
        "services.web.command": ["python3", "-c", program],
        "services.web.health": dict(SLOW_START),
    }
    started = time.monotonic()
    with container_events(tmp_path / "events"):
        message = small_stack.failure(changes)
    assert time.monotonic() - started < CRASH_SECONDS
    assert _seconds_until_removal(tmp_path / "events", f"{STACK}-compute-web-1-") < ABANDONED_SECONDS
    assert message.startswith(f"{STACK}: services.web: {STACK}-compute-web-1-")
    assert "does not start: it ended again after" in message
    assert 'its log ends with "the key [secret] is void"' in message.replace("the key [secret] is void | ", "")
    assert f"Correct this and run `agent-platform up {STACK}` again" in message
    assert SECRET not in message


@contextmanager
def container_events(file: Path) -> Generator[None]:
    """Write events of containers to a file during the block; the daemon keeps the last 256 only, health checks included."""
    names = [f"--filter=event={name}" for name in ("create", "start", "destroy")]
    with file.open("wb") as output:
        command = ["docker", "events", "--filter=type=container", *names, "--format={{json .}}"]
        events = subprocess.Popen(command, stdout=output)
        try:
            yield
        finally:
            time.sleep(1)  # until the last event has arrived
            events.terminate()
            events.wait()


def _seconds_until_removal(file: Path, name: str) -> float:
    """Seconds from the first start of a new container to its removal, in the events of the daemon."""
    events = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    replaced = {each["Actor"]["ID"] for each in events if each["Action"] == "create"}
    times = {
        action: [
            each["timeNano"] / 1e9
            for each in events
            if each["Action"] == action
            and each["Actor"]["ID"] in replaced
            and each["Actor"]["Attributes"]["name"].startswith(name)
        ]
        for action in ("start", "destroy")
    }
    seconds = times["destroy"][-1] - times["start"][0]
    print(f"abandoned {seconds:.1f} s after its start")
    return seconds


def test_a_service_that_does_not_answer_is_reported_with_its_check(small_stack: SmallStack) -> None:
    message = small_stack.failure({"services.web.command": ["sleep", "600"]})
    assert 'did not become healthy: it runs; its health check reports "' in message


def test_a_command_that_the_image_lacks_is_reported(small_stack: SmallStack) -> None:
    message = small_stack.failure({"services.web.command": ["nosuchprogram"]})
    assert "services.web: Docker cannot start compute-web-1: " in message
    assert '"nosuchprogram": executable file not found' in message


def test_a_volume_of_another_major_version_is_refused_while_the_server_runs(small_stack: SmallStack) -> None:
    before = {name for name in small_stack.containers() if "-database-server-" in name}
    message = small_stack.refusal({"database.version": "16"})
    assert message == (
        'database.version: 16 cannot open the volume of this stack, which PostgreSQL 15 wrote. Set it to "15", or restore '
        "the last dump into a new stack."
    )
    assert {name for name in small_stack.containers() if "-database-server-" in name} == before


def test_a_server_reports_a_volume_of_another_major_version(small_stack: SmallStack) -> None:
    small_stack.write({})
    deployment = Deployment(STACK, small_stack.project.folder, environment=small_stack.project.environment)
    unchanged = deployment.preview()
    # a preview that the caller passes is not checked again
    small_stack.write({"database.version": "16"})
    with pytest.raises(DeploymentFailed) as failure:
        Deployment(STACK, small_stack.project.folder, environment=small_stack.project.environment).up(preview=unchanged)
    assert str(failure.value) == (
        f'{STACK}: database.version: "16" cannot open this volume, which PostgreSQL 15 wrote. Set the version back, or '
        "restore the last dump into a new stack."
    )
    small_stack.write({})
    assert small_stack.command("up", STACK, "--yes").code == 0


@pytest.mark.parametrize(
    ("existing_folder", "data_folder"), [("pgdata", "18/docker"), ("data/18/docker", "data/pgdata")]
)
def test_a_version_with_another_folder_does_not_create_an_empty_database(
    tmp_path: Path, existing_folder: str, data_folder: str
) -> None:
    require_docker()
    root, data_version = "/var/lib/postgresql", "17" if existing_folder == "pgdata" else "18"
    version = "18" if data_version == "17" else "17"
    prepare = (
        f"mkdir -p {root}/{existing_folder} && echo {data_version} > {root}/{existing_folder}/PG_VERSION && exec sh -s"
    )
    run = ["docker", "run", "--rm", "--interactive", "--network=none", "--user=0", "--entrypoint=sh"]
    variables = [f"--env=PGDATA={root}/{data_folder}", f"--env=AGENT_PLATFORM_MAJOR={version}"]
    result = subprocess.run(
        [*run, *variables, images.role_images()["postgres"], "-c", prepare],
        input=script("postgres"), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 1
    assert result.stderr.startswith(
        f'database.version: "{version}" cannot open this volume, which PostgreSQL {data_version} wrote; '
    )
