"""Two checkouts with a stack of the same name on one host, and a state that is lost while its volumes are kept.

All tests of the module use the same two stacks, in their order: the second checkout loses its passphrase, and with it the state,
and gets its data back.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from automation.stack.document import with_values
from automation.stack.yaml_reader import dump
from components.configuration import PLATFORM_KEY
from tests.engine.project import TIMEOUT_SECONDS
from tests.local import images
from tests.local.host_stack import docker
from tests.local.requirements import require_docker
from tests.local.test_bad_input import DATABASE, HEALTH
from tests.local.test_first_day import INHERITED
from tests.planning import ROOT
from tests.ports import free_port

STACK = "twice"
pytestmark = pytest.mark.xdist_group("local-checkouts")
WRITE = """
import os, sys, psycopg
connection = psycopg.connect(os.environ["DATABASE_URL"].replace("+psycopg", ""))
connection.execute("CREATE TABLE notes (text text)")
connection.execute("INSERT INTO notes VALUES (%s)", (sys.argv[1],))
connection.commit()
"""
READ = """
import os, psycopg
connection = psycopg.connect(os.environ["DATABASE_URL"].replace("+psycopg", ""))
print(connection.execute("SELECT text FROM notes").fetchall())
"""


@dataclass(frozen=True)
class Checkout:
    """Folder with the stack file; the state is in its `.local`."""

    path: Path
    port: int
    cidr: str

    def write(self, changes: Mapping[str, object] | None = None) -> None:
        """Write the stack file with changes by dotted path."""
        service = {
            "app": "custom", "image": images.service_images()["gateway"], "path": "/", "port": 9000, "uses": ["database"],
            "command": ["python3", "-m", "http.server", "9000", "--directory=/tmp"], "health": dict(HEALTH),
            "size": {"vcpu": 0.5, "memory_gib": 0.25}, "replicas": {"min": 1, "max": 1},
        }  # fmt: skip
        platform: dict[str, object] = {
            "cloud": "docker", "profile": "development", "services": {"web": service}, "database": dict(DATABASE),
            "docker": {"entry_port": self.port, "images": dict(images.role_images())}, "network": {"cidr": self.cidr},
            "monitoring": {"dashboards": False},
        }  # fmt: skip
        written = with_values(platform, changes or {})
        (self.path / f"Pulumi.{STACK}.yaml").write_text(dump({"config": {PLATFORM_KEY: written}}), encoding="utf-8")

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start `agent-platform` as a user who has never logged in to a backend."""
        kept = {name: value for name, value in os.environ.items() if name not in INHERITED}
        return subprocess.Popen(
            [sys.executable, "-m", "automation", *arguments],
            cwd=self.path, env={**kept, "HOME": str(self.path.parent / "home"), "PYTHONPATH": str(ROOT)}, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `agent-platform`."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=TIMEOUT_SECONDS)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def up(self) -> str:
        """Output of an update that succeeds."""
        up = self.command("up", STACK, "--yes")
        assert up.returncode == 0, up.stdout + up.stderr
        return up.stdout

    def python(self, program: str, *arguments: str) -> str:
        """Output of a program in the service."""
        ran = self.command("exec", STACK, "web", "--", "python3", "-c", program, *arguments)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    @property
    def containers(self) -> set[str]:
        """Containers with the label of this checkout."""
        return set(docker("ps", "--all", "--quiet", "--filter", f"label=checkout={self.path}").split())


@pytest.fixture(scope="module")
def checkouts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Checkout, Checkout]]:
    """Two deployed checkouts, each with a note in its database."""
    require_docker()
    home = tmp_path_factory.mktemp("checkouts")
    both = tuple(Checkout(home / name, free_port(), f"10.{85 + index}.0.0/16") for index, name in enumerate("ab"))
    try:
        for checkout in both:
            checkout.path.mkdir()
            checkout.write()
            checkout.up()
            checkout.python(WRITE, checkout.path.name)
        yield both[0], both[1]
    finally:
        for checkout in both:
            checkout.command("destroy", STACK, "--yes", "--volumes")
            checkout.command("destroy", STACK, "--yes", "--force-by-label", "--volumes")


def test_commands_reach_the_replica_of_their_own_checkout(checkouts: tuple[Checkout, Checkout]) -> None:
    for checkout in checkouts:
        assert checkout.python(READ).strip() == f"[('{checkout.path.name}',)]"
        ran = checkout.command("run", STACK, "web", "--", "python3", "-c", READ)
        assert (ran.returncode, ran.stdout.strip()) == (0, f"[('{checkout.path.name}',)]")
        logs = checkout.command("logs", STACK, "web")
        named = {line.split(" ")[1] for line in logs.stdout.splitlines() if line}
        assert len(named) == 1


def test_a_stack_without_its_state_is_refused_with_the_command_that_keeps_the_volumes(
    checkouts: tuple[Checkout, Checkout],
) -> None:
    state = checkouts[1].path / ".local"
    kept = state.rename(checkouts[1].path / ".kept")
    checkouts[1].write()  # without the salt of the lost passphrase
    up = checkouts[1].command("up", STACK, "--yes")
    shutil.rmtree(state)
    kept.rename(state)
    assert up.returncode == 1
    assert "the state has no containers, and this host has those of an earlier state" in up.stderr
    assert f"`agent-platform destroy {STACK} --force-by-label`" in up.stderr


def test_a_lost_passphrase_leaves_the_volumes_and_the_other_checkout(checkouts: tuple[Checkout, Checkout]) -> None:
    other, lost = checkouts
    before = other.containers
    (lost.path / ".local" / "passphrase").unlink()
    up = lost.command("up", STACK, "--yes")
    assert up.returncode == 1
    assert up.stderr.splitlines()[-1] == (
        f"{STACK}: .local/passphrase is missing, and without it the secrets of {STACK} cannot be decrypted. Restore the file "
        f"from a backup, or run `agent-platform destroy {STACK} --force-by-label`, which removes containers and networks "
        "without the state and keeps the volumes."
    )
    removal = lost.command("destroy", STACK, "--force-by-label", "--yes")
    assert removal.returncode == 0, removal.stderr
    assert (lost.containers, other.containers) == (set(), before)


def test_the_next_update_uses_the_volumes_of_the_lost_state(checkouts: tuple[Checkout, Checkout]) -> None:
    other, lost = checkouts
    before, volumes = other.containers, set(docker("volume", "ls", "--quiet").split())
    assert f"volume {STACK}-database-data-" in lost.up()
    assert lost.python(READ).strip() == "[('b',)]"
    assert set(docker("volume", "ls", "--quiet", "--filter", f"name={STACK}-").split()) <= volumes
    assert other.containers == before
    again = lost.up()
    assert "not in the state" not in again
    assert "unchanged" in again


def test_a_destroyed_stack_uses_its_volumes_and_their_passwords_again(checkouts: tuple[Checkout, Checkout]) -> None:
    _, stack = checkouts
    destroyed = stack.command("destroy", STACK, "--yes")
    assert destroyed.returncode == 0, destroyed.stderr
    stack.up()
    assert stack.python(READ).strip() == "[('b',)]"
