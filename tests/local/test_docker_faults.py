"""Faults of the Docker daemon during an update: it is killed, it restarts, or its disk is full. A repeat of the update finishes.

The tests start a separate daemon.
"""

import json
import signal
from collections.abc import Iterator

import pytest

from providers.docker.naming import state_file
from providers.docker.preflight.deviations import KINDS
from tests.engine.small_disk import full
from tests.local import images, own_docker
from tests.local.host_stack import docker
from tests.local.own_docker import OwnDocker
from tests.local.poll import eventually
from tests.local.requirements import require_docker
from tests.local.test_checkouts import READ, STACK, WRITE, Checkout
from tests.ports import free_port

pytestmark = pytest.mark.xdist_group("local-docker-faults")
REACHED_SECONDS = 300
MORE_REPLICAS = {"services.web.replicas": {"min": 3, "max": 3}}
PARTS_RUN = "parts: every container of the stack exists and runs."
UNREACHABLE = f"{STACK}: cannot reach the Docker daemon. Start it, or set DOCKER_HOST to its address; "


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnDocker]:
    """Separate daemon with the images of the stack, which the commands of this module use."""
    require_docker()
    if missing := own_docker.missing():
        pytest.skip(missing)
    names = {images.service_images()["gateway"], *images.role_images().values()}
    with own_docker.own_docker(tmp_path_factory.mktemp("docker")) as daemon, pytest.MonkeyPatch.context() as patch:
        daemon.load(names)
        patch.setenv("DOCKER_HOST", daemon.address)
        yield daemon


@pytest.fixture(scope="module")
def stack(daemon: OwnDocker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """Stack on the daemon with a note in its database, destroyed after the module."""
    stack = Checkout(tmp_path_factory.mktemp("docker-faults") / "a", free_port(), "10.85.0.0/16")
    stack.path.mkdir()
    stack.write()
    try:
        stack.up()
        stack.python(WRITE, "kept")
        yield stack
    finally:
        stack.command("destroy", STACK, "--yes", "--volumes")
        stack.command("destroy", STACK, "--yes", "--force-by-label", "--volumes")


def existing(kind: str) -> set[str]:
    """Ids, or names of volumes, of the objects of the stack on the daemon."""
    listing = {
        "container": ("ps", "--all", "--no-trunc"), "network": ("network", "ls", "--no-trunc"), "volume": ("volume", "ls")
    }  # fmt: skip
    return set(docker(*listing[kind], "--quiet", "--filter", f"label=stack={STACK}").split())


def in_state(stack: Checkout, kind: str) -> set[str]:
    """Ids of the objects of a kind in the state."""
    document = json.loads(state_file(stack.path, STACK).read_text(encoding="utf-8"))
    resources = document["checkpoint"]["latest"].get("resources", [])
    return {str(each["id"]) for each in resources if KINDS.get(each["type"]) == kind}


def finished(stack: Checkout) -> str:
    """Output of an `up` that succeeds, after which nothing differs and only the objects in the state exist."""
    out = stack.up()
    print(out)
    drift = stack.command("drift", STACK)
    assert (drift.returncode, "no drift" in drift.stdout) == (0, True), drift.stdout + drift.stderr
    for kind in ("container", "network", "volume"):
        assert existing(kind) == in_state(stack, kind), kind
    return out


def end_in_update(stack: Checkout, daemon: OwnDocker, kind: str, number: signal.Signals) -> str:
    """End the daemon with a signal when an update has created an object of a kind; return the last line of the update."""
    before = existing(kind)
    process = stack.start("up", STACK, "--yes")
    eventually(lambda: existing(kind) - before or process.poll() is not None, REACHED_SECONDS)
    daemon.end(number)
    _, err = process.communicate(timeout=REACHED_SECONDS)
    daemon.start()
    assert process.returncode == 1, err
    return err.splitlines()[-1]


def running() -> set[str]:
    """Ids of the running containers of the stack."""
    return set(docker("ps", "--quiet", "--filter", f"label=stack={STACK}").split())


def test_a_restart_of_docker_needs_no_command_and_leaves_no_drift(stack: Checkout, daemon: OwnDocker) -> None:
    before = running()
    daemon.end(signal.SIGTERM)
    daemon.start()
    # the entry is in the network namespace of the daemon, so `doctor` cannot reach it from here
    eventually(lambda: PARTS_RUN in stack.command("doctor", STACK).stdout, REACHED_SECONDS)
    assert running() == before
    assert stack.python(READ).strip() == "[('kept',)]"
    assert "unchanged" in finished(stack)


def test_containers_that_a_crash_of_docker_stopped_are_started_by_the_next_update(
    stack: Checkout, daemon: OwnDocker
) -> None:
    """The next daemon ends the containers of a killed one, and takes that for a stop by hand."""
    before = running()
    daemon.end(signal.SIGKILL)
    daemon.start()
    out = finished(stack)
    assert "started" in out
    assert running() == before
    assert stack.python(READ).strip() == "[('kept',)]"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "restarted"])
def test_a_daemon_that_ends_during_an_update_is_reported_and_a_repeat_finishes(
    stack: Checkout, daemon: OwnDocker, number: signal.Signals
) -> None:
    stack.write({**MORE_REPLICAS, "services.web.environment": {"ROUND": number.name}})
    assert end_in_update(stack, daemon, "container", number).startswith(UNREACHABLE)
    finished(stack)
    assert stack.python(READ).strip() == "[('kept',)]"
    stack.write()
    finished(stack)


@pytest.mark.parametrize("kind", ["network", "volume", "container"])
def test_a_first_update_whose_daemon_is_killed_is_finished_by_a_repeat(
    stack: Checkout, daemon: OwnDocker, kind: str
) -> None:
    destroyed = stack.command("destroy", STACK, "--yes", "--volumes")
    assert destroyed.returncode == 0, destroyed.stderr
    assert end_in_update(stack, daemon, kind, signal.SIGKILL).startswith(UNREACHABLE)
    finished(stack)
    stack.python(WRITE, "kept")


def test_a_full_disk_of_the_daemon_is_reported_and_the_update_is_finished_after_it(
    stack: Checkout, daemon: OwnDocker
) -> None:
    before = running()
    stack.write(MORE_REPLICAS)
    with full(daemon.disk):
        up = stack.command("up", STACK, "--yes")
        assert running() >= before
    (*_, sentence) = up.stderr.splitlines()
    assert (up.returncode, sentence.startswith(f"{STACK}: the disk of the Docker host is full")) == (1, True), up.stderr
    assert f"Free space there, such as with `docker image prune`, and run `agent-platform up {STACK}` again" in sentence
    finished(stack)
    assert stack.python(READ).strip() == "[('kept',)]"
