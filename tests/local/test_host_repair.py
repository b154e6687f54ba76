"""Containers that were stopped, deleted or pruned, and a restart of Docker's daemon, repaired by one `up`."""

import json
import subprocess
from collections.abc import Iterator

import pytest

from tests.local import images
from tests.local.host_stack import docker
from tests.local.test_bad_input import PORT, STACK, CommandResult, SmallStack, deployed

pytestmark = pytest.mark.xdist_group("local-bad-input")
VOLUME_MARK = "/var/lib/postgresql/data/mark"


@pytest.fixture(scope="module")
def small_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallStack]:
    """Deployed small stack, destroyed after the module."""
    with deployed(tmp_path_factory.mktemp("repair")) as stack:
        yield stack


def container(part: str) -> str:
    """Name of the one container of a part."""
    (name,) = docker(
        "ps", "--all", "--format", "{{.Names}}", "--filter", f"name=^/{STACK}-{part}-[0-9a-f]{{7,8}}$"
    ).split()
    return name


def repaired(stack: SmallStack) -> CommandResult:
    """Output of an `up`, after which nothing differs and everything runs."""
    up = stack.command("up", STACK, "--yes")
    assert up.code == 0, up.err
    drift = stack.command("drift", STACK)
    assert (drift.code, "no drift" in drift.out) == (0, True), drift.out
    return up


def started_at(part: str) -> str:
    """Time at which the process of a container started, which a replacement or a restart changes."""
    return docker("inspect", "--format", "{{.Id}} {{.State.StartedAt}}", container(part)).strip()


def test_an_update_without_changes_says_nothing_about_the_host(small_stack: SmallStack) -> None:
    up = repaired(small_stack)
    assert "container" not in up.out
    assert "unchanged" in up.out


def test_pruned_files_are_created_again_and_nothing_is_restarted(small_stack: SmallStack) -> None:
    parts = ("database-server", "compute-web-1", "entry-proxy", "monitoring-prometheus")
    before = [started_at(part) for part in parts]
    files = container("entry-proxy-files")
    docker("container", "prune", "--force")
    up = repaired(small_stack)
    assert f"container {files} no longer exists; the update creates it again" in up.out
    assert container("entry-proxy-files") == files
    assert [started_at(part) for part in parts] == before


def test_a_change_after_a_prune_is_deployed(small_stack: SmallStack) -> None:
    before = container("entry-router")
    docker("container", "prune", "--force")
    small_stack.write({"ingress.rate_limit_per_minute": 77})
    repaired(small_stack)
    assert container("entry-router") != before
    small_stack.write({})
    repaired(small_stack)


def test_a_container_that_was_killed_is_started_with_its_data(small_stack: SmallStack) -> None:
    server = container("database-server")
    docker("exec", server, "touch", VOLUME_MARK)
    docker("kill", server)
    up = small_stack.command("up", STACK, "--yes")
    assert up.code == 0, up.err
    assert f"container {server} was stopped (exit code 137); started" in up.out
    docker("exec", server, "test", "-f", VOLUME_MARK)
    assert "no drift" in small_stack.command("drift", STACK).out


def test_deleted_containers_and_networks_are_created_again_and_the_volume_is_kept(small_stack: SmallStack) -> None:
    docker("exec", container("database-server"), "touch", VOLUME_MARK)
    docker("rm", "--force", "--volumes", *docker("ps", "--all", "--quiet", "--filter", f"label=stack={STACK}").split())
    docker("network", "prune", "--force")
    up = repaired(small_stack)
    assert f"network {STACK}-network-data-" in up.out
    docker("exec", container("database-server"), "test", "-f", VOLUME_MARK)


def test_a_deleted_volume_is_named_with_its_loss(small_stack: SmallStack) -> None:
    (volume,) = docker("volume", "ls", "--quiet", "--filter", f"name={STACK}-database-data").split()
    docker("rm", "--force", "--volumes", *docker("ps", "--all", "--quiet", "--filter", f"volume={volume}").split())
    docker("volume", "rm", volume)
    up = repaired(small_stack)
    assert (
        f"volume {volume} no longer exists; the update creates it again empty, without the data of the database"
        in up.out
    )


def test_every_network_has_its_gateway_in_its_configuration(small_stack: SmallStack) -> None:
    """Docker then writes no other one when it starts again, which would be drift in every network."""
    assert small_stack.containers()
    networks = docker("network", "ls", "--quiet", "--filter", f"label=stack={STACK}").split()
    for network in json.loads(docker("network", "inspect", *networks)):
        (settings,) = network["IPAM"]["Config"]
        assert settings["Gateway"].rpartition(".")[0] == settings["Subnet"].rpartition(".")[0], network["Name"]


def test_an_image_that_was_built_again_under_its_name_is_drift_and_is_deployed(small_stack: SmallStack) -> None:
    name = "agent-platform-test/again:1"
    built = _build(name, "first")
    small_stack.write({"services.web.image": name})
    repaired(small_stack)
    assert docker("inspect", "--format", "{{.Image}}", container("compute-web-1")).strip() == built
    built = _build(name, "second")
    drift = small_stack.command("drift", STACK)
    assert (drift.code, f"{STACK}-registry-service-web" in drift.out) == (3, True), drift.out + drift.err
    repaired(small_stack)
    assert docker("inspect", "--format", "{{.Image}}", container("compute-web-1")).strip() == built
    small_stack.write({})
    repaired(small_stack)


def _build(name: str, content: str) -> str:
    """Id of the image that is built under the name."""
    lines = f"FROM {images.service_images()['tools']}\nENV CONTENT={content}"
    docker("build", "--quiet", "--tag", name, "-", stdin=lines)
    return docker("image", "inspect", "--format", "{{.Id}}", name).strip()


def test_a_stopped_container_that_cannot_start_is_reported(small_stack: SmallStack) -> None:
    entry = container("entry-proxy")
    docker("stop", entry)
    image = docker("inspect", "--format", "{{.Image}}", container("compute-web-1")).strip()
    blocker = docker("run", "--detach", "--publish", f"{PORT}:1", "--label", "x=y", image, "sleep", "600").strip()
    try:
        up = small_stack.command("up", STACK, "--yes")
    finally:
        subprocess.run(["docker", "rm", "--force", blocker], capture_output=True, check=True)
    assert up.code == 2
    assert f"port {PORT} is used by the container" in up.sentence
    assert f"container {entry} was stopped (exit code" in repaired(small_stack).out
