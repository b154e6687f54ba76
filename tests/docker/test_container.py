"""Every container: what it may do, what it may take, what is kept of what it says."""

from typing import cast

import pytest

from automation.plan.inventory import Inventory
from providers.docker.compute.health import go_duration
from tests.docker.laid import container, containers, files, holders, items, variables
from tests.planning import SECRET

ROOTS = ("-opened", "container-exporter")
"""Names of the two that run as root, without a capability: who opens a volume, who reads control groups."""


def test_no_container_can_gain_a_right(prod: Inventory) -> None:
    for found in containers(prod):
        assert found.inputs["capabilities"] == {"drops": ["ALL"]}, found.name
        assert found.inputs["securityOpts"] == ["no-new-privileges:true"], found.name
        assert not {"privileged", "pidMode", "ipcMode", "devices"} & set(found.inputs), found.name


def test_no_container_writes_to_its_image(prod: Inventory) -> None:
    assert {found.inputs["readOnly"] for found in containers(prod)} == {True}


def test_every_container_has_limits(prod: Inventory) -> None:
    for found in containers(prod):
        assert cast("int", found.inputs["memory"]) >= 64, found.name
        assert found.inputs["memorySwap"] == found.inputs["memory"], found.name
        assert float(cast("str", found.inputs["cpus"])) > 0, found.name


def test_only_two_kinds_run_as_root(prod: Inventory) -> None:
    roots = {found.name for found in containers(prod) if str(found.inputs["user"]).startswith("0:")}
    assert roots
    assert all(name.endswith(ROOTS) for name in roots)


def test_no_container_is_given_dockers_socket(prod: Inventory) -> None:
    for found in containers(prod):
        assert not [mount for mount in items(found, "volumes") if "docker.sock" in str(mount.get("hostPath", ""))]


def test_logs_are_bounded(prod: Inventory) -> None:
    for found in containers(prod):
        assert found.inputs["logDriver"] == "local"
        assert found.inputs["logOpts"] == {"max-size": "10m", "max-file": "100"}


def test_what_does_its_work_once_is_waited_for_and_not_restarted(prod: Inventory) -> None:
    roles = container(prod, "database-roles").inputs
    assert (roles["attach"], roles["mustRun"], roles["restart"]) == (True, False, "no")


def test_everything_else_comes_back_after_a_restart_of_the_machine(prod: Inventory) -> None:
    lasting = [found for found in containers(prod) if not found.inputs.get("attach")]
    assert {found.inputs["restart"] for found in lasting} == {"unless-stopped"}


def test_a_containers_files_are_held_by_one_that_never_runs_and_read_from_there(prod: Inventory) -> None:
    holder = container(prod, "entry-proxy-files")
    assert holder.inputs["volumes"] == [{"containerPath": "/etc/agent-platform"}]
    assert (holder.inputs["start"], holder.inputs["mustRun"], holder.inputs["restart"]) == (False, False, "no")
    assert holder.inputs["networkMode"] == "none"
    read = {"fromContainer": "<docker:Container prod-entry-proxy-files>.id:ro"}
    assert read in items(container(prod, "entry-proxy"), "volumes")


def test_nothing_is_copied_into_a_container_that_runs(prod: Inventory) -> None:
    assert not [found.name for found in containers(prod) if found.inputs.get("uploads")]
    assert len(holders(prod)) > 10


def test_a_containers_files_can_be_read_by_its_user_and_written_by_nobody(prod: Inventory) -> None:
    for found in holders(prod):
        assert {upload["permissions"] for upload in items(found, "uploads")} <= {"0444"}


def test_no_secret_stands_in_an_argument(prod: Inventory) -> None:
    passwords = [f"<random:RandomPassword {found.name}>.result" for found in prod.of_type("random:RandomPassword")]
    for found in containers(prod):
        words = " ".join(
            [
                *cast("list[str]", found.inputs.get("command") or []),
                *cast("list[str]", found.inputs.get("entrypoints") or []),
            ]
        )
        assert not [value for value in (*passwords, SECRET) if value in words], found.name


def test_a_password_travels_to_the_platforms_own_parts_as_a_file(prod: Inventory) -> None:
    for name in ("database-server", "cache-server", "monitoring-postgres-exporter", "backup-dump"):
        found = container(prod, name)
        assert "RandomPassword" not in " ".join(variables(found).values())
        assert any("RandomPassword" in content for content in files(prod, name).values()), name


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (30, "30s"), (60, "1m0s"), (90, "1m30s"), (3600, "1h0m0s"), (3661, "1h1m1s")]
)
def test_durations_are_written_as_docker_tells_them_back(seconds: int, text: str) -> None:
    assert go_duration(seconds) == text
