"""Settings of every container: privileges, limits, logs, files and restarts."""

from collections.abc import Mapping

import pytest

from automation.plan.inventory import Inventory
from providers.docker.compute.health import go_duration
from providers.docker.compute.resources import HOME
from providers.docker.database.parameters import SOCKET_FOLDER
from providers.docker.preflight.daemon import fields
from tests.docker.plans import command, container, containers, file_containers, files, settings, variables, words
from tests.planning import SECRET, plan, production

ROOT_CONTAINERS = ("-opened", "container-exporter")
"""Name endings of the containers that run as root, without capabilities: volume setup and the container exporter."""


def test_no_container_can_gain_privileges(prod: Inventory) -> None:
    for found in containers(prod):
        assert found.inputs["capabilities"] == {"drops": ["ALL"]}, found.name
        assert found.inputs["securityOpts"] == ["no-new-privileges:true"], found.name
        assert not {"privileged", "pidMode", "ipcMode", "devices"} & set(found.inputs), found.name


def test_no_container_writes_to_its_image(prod: Inventory) -> None:
    assert {found.inputs["readOnly"] for found in containers(prod)} == {True}


def test_folders_in_memory_are_those_that_images_let_every_user_write(prod: Inventory) -> None:
    """Of any other folder, runc before 1.1.8 takes the permission away when the container starts again."""
    folders = {folder for found in containers(prod) for folder in fields(found.inputs.get("tmpfs"))}
    assert folders == {HOME, SOCKET_FOLDER}


def test_every_container_has_limits(prod: Inventory) -> None:
    for found in containers(prod):
        memory_mib = found.inputs["memory"]
        assert isinstance(memory_mib, int) and memory_mib >= 64, found.name
        assert found.inputs["memorySwap"] == memory_mib, found.name
        assert float(str(found.inputs["cpus"])) > 0, found.name


def test_only_two_kinds_of_container_run_as_root(prod: Inventory) -> None:
    roots = {found.name for found in containers(prod) if str(found.inputs["user"]).startswith("0:")}
    assert roots
    assert all(name.endswith(ROOT_CONTAINERS) for name in roots)


def test_no_container_mounts_the_socket_of_docker(prod: Inventory) -> None:
    for found in containers(prod):
        assert not [mount for mount in settings(found, "volumes") if "docker.sock" in str(mount.get("hostPath", ""))]


def test_logs_are_bounded(prod: Inventory) -> None:
    for found in containers(prod):
        sent = found.inputs["logDriver"] == "syslog"
        options = found.inputs["logOpts"]
        assert isinstance(options, Mapping)
        prefix, files = ("cache-", "5") if sent else ("", "100")
        assert (options[f"{prefix}max-size"], options[f"{prefix}max-file"]) == ("10m", files), found.name


@pytest.mark.parametrize(("changes", "seconds"), [({}, 300), ({"services.gateway.streaming": False}, 30)])
def test_what_streams_has_the_pause_of_a_stream_to_end(changes: dict[str, object], seconds: int) -> None:
    inventory = plan(production({"ingress.idle_timeout_seconds": 300, **changes}, cloud="docker"))
    names = ("compute-gateway-1", "compute-worker-1", "database-server")
    times = [container(inventory, name).inputs["destroyGraceSeconds"] for name in names]
    assert times == [seconds, 30, 30]
    # HAProxy ends by itself before Docker ends it
    assert f"hard-stop-after {seconds}s" in files(inventory, "entry-router")["haproxy.cfg"]
    assert container(inventory, "entry-router").inputs["destroyGraceSeconds"] == seconds + 30


def test_an_update_waits_for_a_container_that_runs_once_and_does_not_restart_it(prod: Inventory) -> None:
    roles = container(prod, "database-roles").inputs
    assert (roles["attach"], roles["mustRun"], roles["restart"]) == (True, False, "no")


def test_every_other_container_starts_again_with_the_host(prod: Inventory) -> None:
    lasting = [found for found in containers(prod) if not found.inputs.get("attach")]
    assert {found.inputs["restart"] for found in lasting} == {"unless-stopped"}


def test_files_are_mounted_from_a_container_that_is_never_started(prod: Inventory) -> None:
    holder = container(prod, "entry-proxy-files")
    assert holder.inputs["volumes"] == [{"containerPath": "/etc/agent-platform"}]
    assert (holder.inputs["start"], holder.inputs["mustRun"], holder.inputs["restart"]) == (False, False, "no")
    assert holder.inputs["networkMode"] == "none"
    mount = {"fromContainer": "prod-entry-proxy-files-<random:RandomId prod-entry-proxy-files-version>.hex:ro"}
    assert mount in settings(container(prod, "entry-proxy"), "volumes")


def test_nothing_is_uploaded_to_a_container_that_is_started(prod: Inventory) -> None:
    assert not [found.name for found in containers(prod) if found.inputs.get("uploads")]
    assert len(file_containers(prod)) > 10


def test_files_are_read_only(prod: Inventory) -> None:
    for found in file_containers(prod):
        assert {upload["permissions"] for upload in settings(found, "uploads")} <= {"0444"}


def test_no_secret_is_in_an_argument(prod: Inventory) -> None:
    passwords = [f"<random:RandomPassword {found.name}>.result" for found in prod.of_type("random:RandomPassword")]
    for found in containers(prod):
        text = " ".join([*command(found), *words(found, "entrypoints")])
        assert not [value for value in (*passwords, SECRET) if value in text], found.name


def test_containers_of_the_platform_get_passwords_as_files(prod: Inventory) -> None:
    for name in ("database-server", "cache-server", "monitoring-postgres-exporter", "backup-dump"):
        found = container(prod, name)
        assert "RandomPassword" not in " ".join(variables(found).values())
        assert any("RandomPassword" in content for content in files(prod, name).values()), name


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (30, "30s"), (60, "1m0s"), (90, "1m30s"), (3600, "1h0m0s"), (3661, "1h1m1s")]
)
def test_durations_have_the_format_that_docker_returns(seconds: int, text: str) -> None:
    assert go_duration(seconds) == text
