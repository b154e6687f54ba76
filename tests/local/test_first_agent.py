"""docs/first-agent.md walked by a new user: its files, its commands in their order, and what it says about each.

`agent-platform engine install` needs Pulumi's server, which tests do not ask: the engine on PATH is used. The base image and the
platform's images are those of the tests, by the variable and the key that the document names for such a machine.
"""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from automation.stack.document import read_stack, with_values
from automation.stack.yaml_reader import dump
from components.configuration import PLATFORM_KEY
from tests.engine.project import TIMEOUT_SECONDS
from tests.local import images
from tests.local.debug_client import DebugClient
from tests.local.host_stack import docker
from tests.local.poll import eventually
from tests.local.requirements import require_docker
from tests.local.test_first_day import INHERITED
from tests.planning import ROOT, raw_of

pytestmark = pytest.mark.xdist_group("local-first-day")
GUIDE = (ROOT / "docs" / "first-agent.md").read_text(encoding="utf-8")
STACK, NETWORK = "hello", "10.91.0.0/16"
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
COMMAND = re.compile(r"^ {4}(?! )(.+?)(?: +#.*)?$", re.MULTILINE)
INSTALL = "agent-platform engine install"
BENCHMARK = "python -m benchmarks.edit_to_answer app.py https://localhost:8443/ask"
WALKED = (
    "agent-platform init", "agent-platform dev", "curl", "agent-platform psql hello -- ", "agent-platform psql", "agent-platform exec",
)  # fmt: skip
FIRST_SECONDS, EDIT_SECONDS = 600, 30
"""Longest times on a machine that runs other tests too."""
BREAKPOINT = 'return {"answer": '


def blocks() -> dict[str, str]:
    """Blocks of the guide by language; each language is used once."""
    found = BLOCK.findall(GUIDE)
    assert [language for language, _ in found] == ["text", "python", "json"]
    return dict(found)


def commands() -> list[str]:
    """Commands of the guide, in their order."""
    return COMMAND.findall(BLOCK.sub("", GUIDE))


def command(start: str) -> str:
    """The one command of the guide that begins like this."""
    (found,) = [line for line in commands() if line.startswith(start)]
    return found


def quoted(word: str) -> str:
    """The command in a sentence of the guide that has this word."""
    found = re.search(rf"`(agent-platform {word} {STACK})`", GUIDE)
    assert found is not None
    return found[1]


@dataclass
class NewUser:
    """User with an empty folder, who copies files and commands from the guide into a shell."""

    folder: Path
    base_image: str
    session: "subprocess.Popen[str] | None" = None
    seconds: dict[str, float] = field(default_factory=dict[str, float])

    @property
    def environment(self) -> dict[str, str]:
        """Environment of a user who has never logged in to a backend; the command is on PATH."""
        kept = {name: value for name, value in os.environ.items() if name not in INHERITED}
        path = os.pathsep.join((str(Path(sys.executable).parent), kept["PATH"]))
        own = {"HOME": str(self.folder.parent / "home"), "PATH": path, "PYTHONPATH": str(ROOT)}
        return {**kept, **own, "BASE_IMAGE": self.base_image}

    def run(self, line: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command line in a shell."""
        started = time.monotonic()
        result = subprocess.run(
            ["bash", "-c", line], cwd=self.folder, env=self.environment, text=True, input=stdin, capture_output=True,
            timeout=TIMEOUT_SECONDS, check=False,
        )  # fmt: skip
        self.seconds[line] = time.monotonic() - started
        return result

    def succeed(self, line: str, stdin: str = "") -> str:
        """Run a command line that succeeds, and return its output."""
        result = self.run(line, stdin)
        assert result.returncode == 0, f"{line}\n{result.stdout}{result.stderr}"
        return result.stdout

    def start_session(self, line: str) -> None:
        """Start the dev session in another terminal."""
        with self.log.open("w", encoding="utf-8") as file:
            self.session = subprocess.Popen(
                ["bash", "-c", f"exec {line}"], cwd=self.folder, env=self.environment, text=True,
                stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT,
            )  # fmt: skip

    @property
    def log(self) -> Path:
        """File with the output of the session."""
        return self.folder.parent / "session.log"

    def answers(self, text: str) -> bool:
        """True when the request of the guide is answered with this text."""
        if self.session is not None and self.session.poll() is not None:
            pytest.fail(self.log.read_text(encoding="utf-8"))
        result = self.run(command("curl"))
        return result.returncode == 0 and json.loads(result.stdout or "{}") == {"answer": text}

    def end_session(self) -> int:
        """Press Ctrl-C in the terminal of the session, and return its exit code."""
        assert self.session is not None
        self.session.send_signal(signal.SIGINT)
        code = self.session.wait(timeout=60)
        self.session = None
        return code


@pytest.fixture(scope="module")
def base_image() -> str:
    """Python with pip, as a public base image has it."""
    require_docker()
    name = f"agent-platform-test/python:{images.base_image().rpartition(':')[2]}"
    lines = (
        f"FROM {images.base_image()}",
        "RUN python3 -m venv /opt/python",
        f"ENV PATH=/opt/python/bin:/usr/bin:/bin PIP_CERT={images.CERTIFICATES}",
    )
    docker("build", "--quiet", "--tag", name, "-", stdin="\n".join(lines))
    return name


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory, base_image: str) -> Iterator[NewUser]:
    """New user with the files of the guide, whose stack is removed after the module."""
    home = tmp_path_factory.mktemp("first-agent")
    for name in ("home", "hello"):
        (home / name).mkdir()
    user = NewUser(home / "hello", base_image)
    (user.folder / "requirements.txt").write_text(blocks()["text"], encoding="utf-8")
    (user.folder / "app.py").write_text(blocks()["python"], encoding="utf-8")
    try:
        yield user
    finally:
        if user.session is not None:
            user.end_session()
        user.run(f"{quoted('destroy')} --yes --volumes")
        print("\n".join(f"{seconds:6.1f} s  {line}" for line, seconds in user.seconds.items()))


def test_every_command_of_the_guide_is_walked() -> None:
    starts = [next((start for start in WALKED if line.startswith(start)), line) for line in commands()]
    assert sorted(starts) == sorted((INSTALL, *WALKED, BENCHMARK))


def test_from_an_empty_folder_to_an_answer(user: NewUser) -> None:
    user.succeed(command("agent-platform init"))
    assert {path.name for path in user.folder.iterdir()} == {
        "app.py", "requirements.txt", "Dockerfile", ".dockerignore", f"Pulumi.{STACK}.yaml",
    }  # fmt: skip
    _name_images(user.folder)
    started = time.monotonic()
    user.start_session(command("agent-platform dev"))
    eventually(lambda: user.answers("You asked: why"), FIRST_SECONDS)
    user.seconds["from the command to the first answer"] = time.monotonic() - started


def _name_images(folder: Path) -> None:
    """Name the platform's images and an address range of this test's own, without the dashboard and the backups."""
    path = folder / f"Pulumi.{STACK}.yaml"
    values = {
        "docker.images": dict(images.role_images()),
        "network.cidr": NETWORK,
        "monitoring.dashboards": False,
        "database.version": "15",
        "database.backup.retention_days": 0,
    }
    path.write_text(dump({"config": {PLATFORM_KEY: with_values(raw_of(path), values)}}), encoding="utf-8")
    assert read_stack(folder, STACK).spec.services["api"].build is not None


def test_a_saved_edit_answers(user: NewUser) -> None:
    time.sleep(10)  # as long as a user takes
    _edit(user, "You asked", "You wondered")
    started = time.monotonic()
    eventually(lambda: user.answers("You wondered: why"), EDIT_SECONDS)
    user.seconds["from the saved edit to the answer"] = time.monotonic() - started
    assert "app.py changed: restarting" in user.log.read_text(encoding="utf-8")


def _edit(user: NewUser, before: str, after: str) -> None:
    path = user.folder / "app.py"
    path.write_text(path.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")


def test_a_failing_import_is_printed_and_answered_with_503(user: NewUser) -> None:
    _edit(user, "from fastapi", "from nowhere")
    eventually(lambda: "waiting for the next edit" in user.log.read_text(encoding="utf-8"), EDIT_SECONDS)
    log = user.log.read_text(encoding="utf-8")
    assert log.count("No module named 'nowhere'") == 1
    assert user.succeed(f"{command('curl')} --silent --output /dev/null --write-out '%{{http_code}}'") == "503"
    _edit(user, "from nowhere", "from fastapi")
    eventually(lambda: user.answers("You wondered: why"), EDIT_SECONDS)


def test_the_program_stops_at_a_breakpoint_with_its_variables(user: NewUser) -> None:
    (launch,) = json.loads(blocks()["json"])["configurations"]
    mappings = [
        {**each, "localRoot": each["localRoot"].replace("${workspaceFolder}", str(user.folder))}
        for each in launch["pathMappings"]
    ]
    source = user.folder / "app.py"
    line = 1 + next(n for n, text in enumerate(source.read_text(encoding="utf-8").splitlines()) if BREAKPOINT in text)
    restarted = "changed: restarting"
    eventually(
        lambda: "the debugger listens" in user.log.read_text(encoding="utf-8").rpartition(restarted)[2], EDIT_SECONDS
    )
    started = time.monotonic()
    with DebugClient((launch["connect"]["host"], launch["connect"]["port"])) as client:
        client.attach(mappings, {source: line})
        user.seconds["attaching the debugger"] = time.monotonic() - started
        request = threading.Thread(target=user.succeed, args=(command("curl"),))
        request.start()
        path, stopped_line, variables = client.stopped()
        client.leave()
        request.join(timeout=EDIT_SECONDS)
    assert (path, stopped_line, variables["question"]) == (source, line, "'why'")


def test_the_database_is_looked_into(user: NewUser) -> None:
    interactive, query = [line for line in commands() if line.startswith("agent-platform psql")]
    assert "why" in user.succeed(query)
    assert user.succeed(interactive, stdin="SELECT current_user;\n")
    assert "why" in user.succeed(command("agent-platform exec"))
    assert user.run(interactive.replace("psql", "redis-cli")).returncode == 2, "the stack has no cache"


def test_the_end_leaves_the_last_source_and_up_runs_images(user: NewUser) -> None:
    assert user.end_session() == 0
    assert user.answers("You wondered: why")
    user.succeed(f"{quoted('up')} --yes")
    eventually(lambda: user.answers("You wondered: why"), EDIT_SECONDS)
    user.succeed(f"{quoted('destroy')} --yes")
    assert docker("ps", "--all", "--quiet", "--filter", f"label=stack={STACK}") == ""
