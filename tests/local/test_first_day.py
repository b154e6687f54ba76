"""First day on this machine: a folder with a Dockerfile, one `up`, an answer through the entry, and the daily commands.

The folder has no Pulumi project, and no backend or passphrase is set: the commands find everything themselves.
"""

import os
import shutil
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import pytest

from automation.images.host_builds import KEPT_BUILDS, BuildRecord, HostBuilds
from automation.images.own_images import OwnImage
from automation.shell import LocalShell
from automation.stack.document import read_stack
from automation.stack.yaml_reader import dump
from components.configuration import PLATFORM_KEY
from providers.contract.images import parse_image
from providers.contract.spec import Build
from tests.engine.project import TIMEOUT_SECONDS
from tests.local import images
from tests.local.agent_os.system import Answer
from tests.local.host_stack import docker, request_through_entry
from tests.local.poll import eventually
from tests.local.requirements import require_docker
from tests.planning import ROOT
from tests.ports import free_port

STACK = "firstday"
pytestmark = pytest.mark.xdist_group("local-first-day")
SECRET = "line one of a key\nline two"
CHECK = {"path": "/health", "interval_seconds": 5, "timeout_seconds": 2, "start_period_seconds": 5}
INHERITED = ("PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE", "PULUMI_ACCESS_TOKEN")


@dataclass(frozen=True)
class UserFolder:
    """Folder of a user with an agent, a Dockerfile and a stack file."""

    path: Path
    port: int

    @property
    def environment(self) -> Mapping[str, str]:
        """Environment of a user who has never logged in to a backend."""
        kept = {name: value for name, value in os.environ.items() if name not in INHERITED}
        return {**kept, "HOME": str(self.path.parent / "home"), "PYTHONPATH": str(ROOT)}

    def command(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run `agent-platform`."""
        return subprocess.run(
            [sys.executable, "-m", "automation", *arguments],
            cwd=self.path, env=self.environment, text=True, input=stdin if stdin is not None else "",
            capture_output=True, timeout=TIMEOUT_SECONDS, check=False,
        )  # fmt: skip

    def ask(self, message: str) -> Answer:
        """Ask the agent through the entry."""
        return request_through_entry(self.port, "/ask", {"message": message})

    def write(self) -> None:
        """Write agent, Dockerfile and stack file; the image has the packages of the example's services."""
        shutil.copy(ROOT / "examples" / "hello_agent" / "app.py", self.path)
        lines = (f"FROM {images.service_images()['tools']}", "COPY app.py /srv/app.py")
        start = 'CMD ["uvicorn", "app:app", "--host=0.0.0.0", "--port=8000"]'
        (self.path / "Dockerfile").write_text("\n".join((*lines, start)), encoding="utf-8")
        size = {"vcpu": 0.5, "memory_gib": 0.25}
        service = {
            "app": "fastapi", "build": {"context": "."}, "path": "/", "health": CHECK, "secrets": ["API_KEY"],
            "size": size, "replicas": {"min": 2, "max": 2},
        }  # fmt: skip
        platform = {
            "cloud": "docker",
            "profile": "development",
            "docker": {"entry_port": self.port, "images": dict(images.role_images())},
            "network": {"cidr": "10.89.0.0/16"},
            "services": {"agent": service},
            "monitoring": {"dashboards": False},
        }
        (self.path / f"Pulumi.{STACK}.yaml").write_text(dump({"config": {PLATFORM_KEY: platform}}), encoding="utf-8")

    @property
    def image(self) -> str:
        """Image in the stack file."""
        return BuildRecord.load(self.path, STACK).builds["agent"][0].reference


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UserFolder]:
    """Deployed agent, destroyed after the module."""
    require_docker()
    home = tmp_path_factory.mktemp("first-day")
    for name in ("home", "agent"):
        (home / name).mkdir()
    user = UserFolder(home / "agent", free_port())
    user.write()
    secret = user.command("secret", "set", STACK, "API_KEY", "--stdin", stdin=SECRET)
    assert secret.returncode == 0, secret.stderr
    try:
        up = user.command("up", STACK, "--yes")
        assert up.returncode == 0, up.stderr
        yield user
    finally:
        destroy = user.command("destroy", STACK, "--yes", "--volumes")
        assert destroy.returncode == 0, destroy.stderr


def test_one_update_builds_the_image_and_answers_through_the_entry(folder: UserFolder) -> None:
    answer = folder.ask("hello")
    assert (answer.status, answer.body) == (200, {"answer": "You asked: hello"})
    assert folder.image.startswith("agent:")
    assert read_stack(folder.path, STACK).spec.services["agent"].image == "agent:unbuilt", "the file is not changed"
    assert (folder.path / ".local" / "passphrase").is_file()
    trust = ssl.create_default_context(cafile=str(folder.path / ".local" / f"{STACK}-ca.pem"))
    with urlopen(f"https://localhost:{folder.port}/health", timeout=10, context=trust) as response:  # always https
        assert response.status == 200


def test_another_update_changes_nothing(folder: UserFolder) -> None:
    image = folder.image
    up = folder.command("up", STACK, "--yes")
    assert (up.returncode, folder.image) == (0, image)
    assert "unchanged" in up.stdout
    assert "replaced" not in up.stdout


def test_an_edit_runs_after_one_update(folder: UserFolder) -> None:
    source, before = folder.path / "app.py", folder.image
    source.write_text(source.read_text(encoding="utf-8").replace("You asked", "You wondered"), encoding="utf-8")
    assert folder.command("up", STACK, "--yes").returncode == 0
    assert folder.image != before
    eventually(lambda: folder.ask("hello").body == {"answer": "You wondered: hello"}, 10)


def test_the_logs_of_both_replicas_are_printed(folder: UserFolder) -> None:
    folder.ask("hello")
    logs = folder.command("logs", STACK, "agent", "--since", "10m")
    assert logs.returncode == 0, logs.stderr
    replicas = {line.split(" ")[1] for line in logs.stdout.splitlines() if "/health" in line}
    assert len(replicas) == 2
    assert "docker logs --timestamps --since 600s" in logs.stderr


def test_a_followed_log_ends_with_an_interrupt(folder: UserFolder, tmp_path: Path) -> None:
    output = tmp_path / "log"
    with output.open("wb") as file:
        follow = subprocess.Popen(
            [sys.executable, "-m", "automation", "logs", STACK, "agent", "--follow", "--since", "1s"],
            cwd=folder.path, env=folder.environment, stdout=file, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def is_followed() -> bool:
        return folder.ask("hello").status == 200 and 'POST /ask HTTP/1.1" 200' in output.read_text(encoding="utf-8")

    try:
        eventually(is_followed, TIMEOUT_SECONDS)
    finally:
        follow.send_signal(signal.SIGINT)
        _, errors = follow.communicate(timeout=TIMEOUT_SECONDS)
    assert "Traceback" not in errors
    readers = subprocess.run(["pgrep", "-f", f"docker logs .*{STACK}"], capture_output=True, check=False)
    assert readers.returncode == 1


def test_a_task_runs_with_the_variables_of_the_service(folder: UserFolder) -> None:
    program = "import os, socket; print(os.environ['API_KEY'].count('\\n'), socket.gethostbyname('agent').count('.'))"
    run = folder.command("run", STACK, "agent", "--", "python", "-c", program)
    assert (run.returncode, run.stdout.split()) == (0, ["1", "3"])
    assert "line one" not in run.stderr
    assert folder.command("run", STACK, "agent", "--", "sh", "-c", "exit 3").returncode == 3


def test_a_command_runs_in_a_replica(folder: UserFolder) -> None:
    result = folder.command("exec", STACK, "agent", "--", "id", "-u")
    assert (result.returncode, result.stdout.strip()) == (0, "65532")


def test_the_host_is_checked_without_a_login(folder: UserFolder) -> None:
    doctor = folder.command("doctor", STACK)
    assert f"state is stored at file://{folder.path}/.local/state" in doctor.stdout
    assert doctor.returncode == 0, doctor.stdout


def test_the_builds_of_an_image_leave_the_last_three_and_a_removal_leaves_none(tmp_path: Path) -> None:
    require_docker()
    before, base = _images(), images.base_image()
    builds = HostBuilds("leftovers", tmp_path, LocalShell(folder=tmp_path, echo=lambda _line: None))
    build = Build(context=".", dockerfile="Dockerfile")
    architecture = docker("version", "--format", "{{.Server.Arch}}").strip()
    image = OwnImage("web", parse_image("leftovers:unbuilt"), "agent-platform-test/leftovers", architecture, build)
    (tmp_path / "Dockerfile").write_text(
        f"FROM {base} AS build\nCOPY app.txt /build/\nRUN cp /build/app.txt /build/built.txt\n"
        f"FROM {base}\nCOPY --from=build /build/built.txt /srv/\n",
        encoding="utf-8",
    )
    counts: list[int] = []
    for version in range(KEPT_BUILDS + 2):
        (tmp_path / "app.txt").write_text(str(version), encoding="utf-8")
        builds.build([image])
        builds.remove_superseded()
        counts.append(len(_images() - before))
    assert counts[-1] == counts[-2] == counts[KEPT_BUILDS - 1], counts
    builds.remove_all()
    assert _images() == before


def _images() -> set[str]:
    """Images on this host, with those that have no tag."""
    return set(docker("image", "ls", "--all", "--quiet", "--no-trunc").split())
