"""Faults during an update of a small stack: each is reported in one sentence, and a repeat finishes without a loss.

The state is on a small file system of its own, which can be full.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local.host_stack import docker
from tests.local.requirements import require_docker
from tests.local.test_bad_input import STACK, SmallStack, deployed
from tests.local.test_host_repair import container

pytestmark = pytest.mark.xdist_group("local-bad-input")
STATE_MIB = 16


@pytest.fixture(scope="module")
def small_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallStack]:
    """Deployed small stack, whose backend is a file system of STATE_MIB."""
    require_docker()
    if os.geteuid():
        pytest.skip("only root can mount a file system of a given size")
    home = tmp_path_factory.mktemp("faults")
    backend = home / "backend"
    backend.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={STATE_MIB}m", "tmpfs", str(backend)], check=True)
    try:
        with deployed(home) as stack:
            yield stack
    finally:
        subprocess.run(["umount", "--lazy", str(backend)], check=True)


def repeated(stack: SmallStack) -> str:
    """Output of an `up` that finishes, after which nothing differs."""
    up = stack.command("up", STACK, "--yes")
    assert up.code == 0, up.err
    assert "no drift" in stack.command("drift", STACK).out
    return up.out


def state_file(stack: SmallStack) -> Path:
    (path,) = (stack.project.folder.parent / "backend").glob(f".pulumi/stacks/*/{STACK}.json")
    return path


def test_the_second_of_two_updates_is_refused_with_the_holder_of_the_lock(small_stack: SmallStack) -> None:
    small_stack.write({"services.web.environment": {"ROUND": "1"}})
    command = [sys.executable, "-m", "automation", "up", STACK, "--yes"]
    both = [
        subprocess.Popen(
            command, cwd=small_stack.project.folder, env=dict(small_stack.project.environment), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for _ in range(2)
    ]  # fmt: skip
    ended = [(process.communicate()[1], process.returncode) for process in both]
    assert sorted(code for _, code in ended) == [0, 1], ended
    (refusal,) = [text.splitlines()[-1] for text, code in ended if code]
    assert "has held the lock since" in refusal
    assert f"run `agent-platform cancel {STACK}`" in refusal
    repeated(small_stack)


def test_a_state_that_was_cut_is_replaced_by_its_backup(small_stack: SmallStack) -> None:
    path, before = state_file(small_stack), container("database-server")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    up = small_stack.command("up", STACK, "--yes")
    assert (up.code, up.sentence) == (
        1,
        f"{STACK}: the state in the backend is damaged. Run `agent-platform recover {STACK}`, which repairs it or names the "
        "backup to restore.",
    )
    assert small_stack.command("recover", STACK).code == 0
    repeated(small_stack)
    assert container("database-server") == before


def test_a_full_disk_of_the_state_is_reported_and_the_update_is_finished_after_it(small_stack: SmallStack) -> None:
    filler = state_file(small_stack).parents[2] / "filler"
    try:
        subprocess.run(["dd", "if=/dev/zero", f"of={filler}", "bs=1M"], capture_output=True, check=False)
        small_stack.write({"services.web.environment": {"ROUND": "2"}})
        up = small_stack.command("up", STACK, "--yes")
    finally:
        filler.unlink(missing_ok=True)
    assert (up.code, "this machine has no disk space left" in up.sentence) == (1, True), up.err
    small_stack.command("recover", STACK)
    repeated(small_stack)
    assert "ROUND=2" in docker("inspect", "--format", "{{.Config.Env}}", container("compute-web-1"))
