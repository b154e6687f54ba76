"""Dev session on the real Docker: an edit answers, the next edit corrects a failing import, and `up` runs images again."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local.host_stack import docker
from tests.local.poll import eventually
from tests.local.requirements import require_docker
from tests.local.test_first_day import STACK, UserFolder
from tests.ports import free_port

pytestmark = pytest.mark.xdist_group("local-first-day")
READY_SECONDS = 300
AGENT = f"{STACK}-compute-agent-1"
END_SECONDS = 120
"""Longest time in which an interrupted update completes the operations that run."""
EDIT_SECONDS = 20
"""Longest time on a machine that runs other tests too; benchmarks/edit_to_answer.py measures."""


class Session:
    """Process of `agent-platform dev`, with its output in a file."""

    def __init__(self, user: UserFolder, output: Path, *options: str) -> None:
        self.user, self.output = user, output
        with output.open("w", encoding="utf-8") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "automation", "dev", STACK, *options],
                cwd=user.path, env=user.environment, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT,
            )  # fmt: skip
        eventually(lambda: "logs follow" in self.text or self.process.poll() is not None, READY_SECONDS)
        assert self.process.poll() is None, self.text

    @property
    def text(self) -> str:
        """Output until now."""
        return self.output.read_text(encoding="utf-8")

    def end(self, seconds: float = 30) -> int:
        """Interrupt the session and return its exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=seconds)


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UserFolder]:
    """Folder of a user with an agent, destroyed after the module."""
    require_docker()
    home = tmp_path_factory.mktemp("dev")
    for name in ("home", "agent"):
        (home / name).mkdir()
    user = UserFolder(home / "agent", free_port())
    user.write()
    secret = user.command("secret", "set", STACK, "API_KEY", "--stdin", stdin="secret")
    assert secret.returncode == 0, secret.stderr
    try:
        yield user
    finally:
        user.command("destroy", STACK, "--yes")


def containers() -> dict[str, str]:
    """Id of each running container of the stack by its name without the suffix that Pulumi adds."""
    listed = docker("ps", "--no-trunc", "--filter", f"label=stack={STACK}", "--format", "{{.Names}} {{.ID}}")
    return {name.rpartition("-")[0]: identity for name, identity in (line.split() for line in listed.splitlines())}


def answers(user: UserFolder, text: str) -> bool:
    return user.ask("hello").body == {"answer": f"{text}: hello"}


def edit(user: UserFolder, before: str, after: str) -> None:
    source = user.path / "app.py"
    source.write_text(source.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")


def test_a_session_answers_edits_and_survives_code_that_fails(user: UserFolder) -> None:
    session = Session(user, user.path.parent / "first.log")
    try:
        eventually(lambda: answers(user, "You asked"), READY_SECONDS)
        edit(user, "You asked", "You wondered")
        eventually(lambda: answers(user, "You wondered"), EDIT_SECONDS)
        edit(user, "from fastapi", "from nowhere")
        eventually(lambda: "ended with exit code 1; waiting for the next edit" in session.text, EDIT_SECONDS)
        assert "No module named 'nowhere'" in session.text
        assert user.ask("hello").status == 503
        edit(user, "from nowhere", "from fastapi")
        eventually(lambda: answers(user, "You wondered"), EDIT_SECONDS)
        refused = user.command("up", STACK, "--yes")
        assert refused.returncode == 1
        assert "a dev session is running" in refused.stderr
    finally:
        code = session.end()
    assert code == 0, session.text
    assert f"agent-platform up {STACK}" in session.text
    assert answers(user, "You wondered")


def test_a_container_in_a_session_has_no_secret_of_the_folder(user: UserFolder) -> None:
    (name,) = docker("ps", "--filter", f"name={STACK}-compute-agent-1", "--format", "{{.Names}}").split()
    files = docker("exec", name, "find", "/srv", "-name", "*.yaml", "-o", "-name", "passphrase")
    assert files.split() == []
    written = subprocess.run(["docker", "exec", name, "touch", "/srv/file"], capture_output=True, check=False)
    assert written.returncode != 0


def test_a_changed_dependency_builds_one_image_and_replaces_its_container_alone(user: UserFolder) -> None:
    session = Session(user, user.path.parent / "dependency.log")
    try:
        eventually(lambda: answers(user, "You wondered"), READY_SECONDS)
        before = containers()
        dockerfile = user.path / "Dockerfile"
        changed = dockerfile.read_text(encoding="utf-8").replace("COPY", "ENV DEPENDENCY=2\nCOPY")
        dockerfile.write_text(changed, encoding="utf-8")
        eventually(lambda: AGENT in containers() and containers()[AGENT] != before[AGENT], READY_SECONDS)
        eventually(lambda: answers(user, "You wondered"), READY_SECONDS)
        assert docker("exec", containers()[AGENT], "printenv", "DEPENDENCY").strip() == "2"
        # the session deploys this container again, and no other
        assert {part: each for part, each in containers().items() if before.get(part) != each}.keys() == {AGENT}
        assert session.text.count("changed: building the image") == 1
        eventually(lambda: "runs the new image after" in session.text, READY_SECONDS)
    finally:
        code = session.end()
    assert code == 0, session.text


def test_an_interrupt_during_an_update_ends_the_session_and_the_next_one_continues(user: UserFolder) -> None:
    session = Session(user, user.path.parent / "interrupted.log")
    try:
        dockerfile = user.path / "Dockerfile"
        changed = dockerfile.read_text(encoding="utf-8").replace("DEPENDENCY=2", "DEPENDENCY=3")
        dockerfile.write_text(changed, encoding="utf-8")
        # the engine has begun to change the stack
        eventually(lambda: "Registry" in session.text.partition("building the image")[2], READY_SECONDS)
    finally:
        code = session.end(END_SECONDS)
    assert code == 0, session.text
    assert "not updated: " in session.text
    assert "the session has ended" in session.text
    session = Session(user, user.path.parent / "continued.log")
    code = session.end(END_SECONDS)
    assert code == 0, session.text
    assert docker("exec", containers()[AGENT], "printenv", "DEPENDENCY").strip() == "3"


def test_a_killed_session_is_followed_by_another_and_by_images(user: UserFolder) -> None:
    session = Session(user, user.path.parent / "second.log")
    session.process.kill()
    session.process.wait()
    edit(user, "You wondered", "You asked")
    up = user.command("up", STACK, "--yes")
    assert up.returncode == 0, up.stderr
    eventually(lambda: answers(user, "You asked"), EDIT_SECONDS)
    assert docker("ps", "--filter", "label=agent-platform-dev", "--filter", f"label=stack={STACK}", "--quiet") == ""
