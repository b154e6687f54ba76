"""Damaged files of a file backend and their repair."""

import gzip
import json
import socket
from datetime import datetime
from pathlib import Path

import pytest

from automation.deploy import DeploymentFailed
from automation.deploy.state import LockHolder
from automation.recover.blockers import refuse_running_update
from automation.recover.state_files import StateDamage, StateFiles, backend_folder, repair

NOW = datetime(2026, 11, 21, 12, 0)
INTACT = json.dumps({"version": 3, "checkpoint": {"stack": "prod"}})
LOCK = {"pid": 4711, "username": "maria", "hostname": "ci-7", "timestamp": "2026-11-21T11:13:43.5Z"}


@pytest.fixture
def files(tmp_path: Path) -> StateFiles:
    """Backend with one intact stack."""
    backend = StateFiles(tmp_path, "agent-platform", "prod")
    write(backend, "stacks/agent-platform/prod.json", INTACT)
    return backend


def write(files: StateFiles, name: str, text: str) -> Path:
    path = files.folder / ".pulumi" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def repair_all(files: StateFiles) -> list[StateDamage]:
    damages = list(files.damages())
    for damage in damages:
        repair(damage, NOW)
    return damages


def test_an_intact_stack_has_no_damage(files: StateFiles) -> None:
    write(files, "stacks/agent-platform/prod.json.attrs", '{"user.content_type": "text/plain"}')
    assert list(files.damages()) == []


@pytest.mark.parametrize(
    "name",
    [
        "meta.yaml.attrs",
        "stacks/agent-platform/prod.json.attrs",
        "stacks/agent-platform/prod.json.bak.attrs",
        "locks/organization/agent-platform/prod/1.json.attrs",
        "history/agent-platform/prod/prod-1.history.json.attrs",
    ],
)
def test_an_empty_attribute_file_is_removed(files: StateFiles, name: str) -> None:
    path = write(files, name, "")
    assert [damage.path for damage in repair_all(files)] == [path]
    assert not path.exists()


def test_files_of_other_stacks_and_projects_are_ignored(files: StateFiles) -> None:
    write(files, "stacks/agent-platform/staging.json.attrs", "")
    write(files, "stacks/agent-platform/staging.json", "")
    write(files, "stacks/other/prod.json", "")
    write(files, "locks/organization/other/prod/1.json.attrs", "")
    assert list(files.damages()) == []


def test_a_damaged_state_is_kept_and_replaced_by_its_backup(files: StateFiles) -> None:
    state = write(files, "stacks/agent-platform/prod.json", INTACT[:20])
    attributes = write(files, "stacks/agent-platform/prod.json.attrs", "{}")
    write(files, "stacks/agent-platform/prod.json.bak", INTACT)
    assert [damage.source and damage.source.name for damage in repair_all(files)] == ["prod.json.bak"]
    assert state.read_text(encoding="utf-8") == INTACT
    assert state.with_name("prod.json.damaged-20261121T120000").read_text(encoding="utf-8") == INTACT[:20]
    assert not attributes.exists()
    assert list(files.damages()) == []


def test_a_damaged_backup_is_skipped_for_the_latest_older_one(files: StateFiles) -> None:
    state = write(files, "stacks/agent-platform/prod.json", "")
    write(files, "stacks/agent-platform/prod.json.bak", "{")
    write(files, "backups/agent-platform/prod/prod.1700000000000000000.json", INTACT)
    write(files, "backups/agent-platform/prod/prod.1800000000000000000.json", INTACT.replace("prod", "latest"))
    repair_all(files)
    assert "latest" in state.read_text(encoding="utf-8")


def test_a_damaged_state_without_a_backup_has_no_repair(files: StateFiles) -> None:
    write(files, "stacks/agent-platform/prod.json", "null")
    assert [(damage.problem, damage.repair) for damage in files.damages()] == [("damaged, and no backup is intact", "")]


def test_a_removed_stack_is_not_restored(files: StateFiles) -> None:
    state = write(files, "stacks/agent-platform/prod.json", INTACT)
    write(files, "stacks/agent-platform/prod.json.bak", INTACT)
    state.unlink()
    assert list(files.damages()) == []


def test_a_compressed_state_is_read(tmp_path: Path) -> None:
    files = StateFiles(tmp_path, "agent-platform", "prod")
    path = write(files, "stacks/agent-platform/prod.json.gz", "")
    path.write_bytes(gzip.compress(INTACT.encode()))
    assert list(files.damages()) == []
    path.write_bytes(gzip.compress(INTACT.encode())[:-9])
    assert [damage.path for damage in files.damages()] == [path]


def test_a_layout_without_projects_is_read(tmp_path: Path) -> None:
    files = StateFiles(tmp_path, "agent-platform", "prod")
    path = write(files, "stacks/prod.json", "{")
    assert [damage.path for damage in files.damages()] == [path]


def test_a_lock_names_its_holder(files: StateFiles) -> None:
    write(files, "locks/organization/agent-platform/prod/1.json", json.dumps(LOCK))
    assert files.lock_holders() == (LockHolder("maria", "ci-7", 4711, "2026-11-21T11:13:43"),)


@pytest.mark.parametrize("name", ["1.json", "1.json.18ec37babf461013.tmp"])
def test_an_unreadable_lock_is_removed(files: StateFiles, name: str) -> None:
    """A full disk leaves the second one, which the engine reads too."""
    path = write(files, f"locks/organization/agent-platform/prod/{name}", "")
    assert files.lock_holders() == ()
    repair_all(files)
    assert not path.exists()


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        ("file:///srv/state", Path("/srv/state")),
        ("file:///srv/my%20state?no_tmp_dir=true", Path("/srv/my state")),
        ("file://~", Path.home()),
        ("s3://bucket/prefix", None),
        ("https://app.pulumi.com/acme", None),
    ],
)
def test_only_a_file_backend_has_a_folder(url: str, folder: Path | None) -> None:
    assert backend_folder(url) == folder


def test_the_lock_of_another_machine_is_released_only_with_take_lock() -> None:
    holder = LockHolder("maria", "elsewhere.example.com", 1, "2026-11-21T11:13:43")
    with pytest.raises(DeploymentFailed, match=r"cannot be determined from this machine.*--take-lock"):
        refuse_running_update("prod", holder, take_lock=False)
    refuse_running_update("prod", holder, take_lock=True)


def test_the_lock_of_a_process_that_is_not_an_engine_is_released() -> None:
    refuse_running_update("prod", LockHolder("maria", socket.gethostname(), 1, "2026-11-21T11:13:43"), take_lock=False)
