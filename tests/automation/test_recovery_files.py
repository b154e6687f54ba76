"""Which files of a backend block a stack, and what they are mended from."""

import gzip
import json
import socket
from datetime import datetime
from pathlib import Path

import pytest

from automation.deploy import DeploymentFailed
from automation.deploy.locks import LockHolder
from automation.recover.state_files import Damage, StateFiles, folder_of, mend
from automation.recover.unblock import refuse_living

NOW = datetime(2026, 11, 21, 12, 0)
WHOLE = json.dumps({"version": 3, "checkpoint": {"stack": "prod"}})
LOCK = {"pid": 4711, "username": "maria", "hostname": "ci-7", "timestamp": "2026-11-21T11:13:43.5Z"}


@pytest.fixture
def files(tmp_path: Path) -> StateFiles:
    """A backend with one whole stack."""
    found = StateFiles(tmp_path, "agent-platform", "prod")
    write(found, "stacks/agent-platform/prod.json", WHOLE)
    return found


def write(files: StateFiles, name: str, text: str) -> Path:
    path = files.folder / ".pulumi" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def mended(files: StateFiles) -> list[Damage]:
    found = list(files.damages())
    for damage in found:
        mend(damage, NOW)
    return found


def test_a_whole_stack_has_no_damage(files: StateFiles) -> None:
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
def test_an_empty_file_of_attributes_is_taken_away(files: StateFiles, name: str) -> None:
    path = write(files, name, "")
    assert [damage.path for damage in mended(files)] == [path]
    assert not path.exists()


def test_files_of_other_stacks_and_projects_are_left_alone(files: StateFiles) -> None:
    write(files, "stacks/agent-platform/staging.json.attrs", "")
    write(files, "stacks/agent-platform/staging.json", "")
    write(files, "stacks/other/prod.json", "")
    write(files, "locks/organization/other/prod/1.json.attrs", "")
    assert list(files.damages()) == []


def test_a_damaged_state_is_kept_beside_and_its_backup_takes_its_place(files: StateFiles) -> None:
    state = write(files, "stacks/agent-platform/prod.json", WHOLE[:20])
    attributes = write(files, "stacks/agent-platform/prod.json.attrs", "{}")
    write(files, "stacks/agent-platform/prod.json.bak", WHOLE)
    assert [damage.source and damage.source.name for damage in mended(files)] == ["prod.json.bak"]
    assert state.read_text(encoding="utf-8") == WHOLE
    assert state.with_name("prod.json.damaged-20261121T120000").read_text(encoding="utf-8") == WHOLE[:20]
    assert not attributes.exists()
    assert list(files.damages()) == []


def test_where_the_backup_is_damaged_too_the_latest_older_copy_takes_its_place(files: StateFiles) -> None:
    state = write(files, "stacks/agent-platform/prod.json", "")
    write(files, "stacks/agent-platform/prod.json.bak", "{")
    write(files, "backups/agent-platform/prod/prod.1700000000000000000.json", WHOLE)
    write(files, "backups/agent-platform/prod/prod.1800000000000000000.json", WHOLE.replace("prod", "latest"))
    mended(files)
    assert "latest" in state.read_text(encoding="utf-8")


def test_a_damaged_state_without_a_copy_is_told_as_hopeless(files: StateFiles) -> None:
    write(files, "stacks/agent-platform/prod.json", "null")
    assert [damage.hopeless for damage in files.damages()] == [True]


def test_a_removed_stack_is_not_brought_back(files: StateFiles) -> None:
    state = write(files, "stacks/agent-platform/prod.json", WHOLE)
    write(files, "stacks/agent-platform/prod.json.bak", WHOLE)
    state.unlink()
    assert list(files.damages()) == []


def test_a_packed_state_is_read_too(tmp_path: Path) -> None:
    files = StateFiles(tmp_path, "agent-platform", "prod")
    path = write(files, "stacks/agent-platform/prod.json.gz", "")
    path.write_bytes(gzip.compress(WHOLE.encode()))
    assert list(files.damages()) == []
    path.write_bytes(gzip.compress(WHOLE.encode())[:-9])
    assert [damage.path for damage in files.damages()] == [path]


def test_a_layout_without_projects_is_read_too(tmp_path: Path) -> None:
    files = StateFiles(tmp_path, "agent-platform", "prod")
    path = write(files, "stacks/prod.json", "{")
    assert [damage.path for damage in files.damages()] == [path]


def test_a_lock_tells_who_holds_the_stack(files: StateFiles) -> None:
    write(files, "locks/organization/agent-platform/prod/1.json", json.dumps(LOCK))
    assert files.held() == (LockHolder("maria", "ci-7", 4711, "2026-11-21T11:13:43"),)


def test_a_lock_that_cannot_be_read_is_taken_away(files: StateFiles) -> None:
    path = write(files, "locks/organization/agent-platform/prod/1.json", "")
    assert files.held() == ()
    mended(files)
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
def test_only_a_backend_of_files_has_a_folder(url: str, folder: Path | None) -> None:
    assert folder_of(url) == folder


def test_the_lock_of_another_machine_is_taken_only_when_told_to() -> None:
    held = LockHolder("maria", "elsewhere.example.com", 1, "2026-11-21T11:13:43")
    with pytest.raises(DeploymentFailed, match=r"cannot be seen from this machine.*--take-lock"):
        refuse_living("prod", held, take_lock=False)
    refuse_living("prod", held, take_lock=True)


def test_the_lock_of_a_process_that_is_no_engine_any_more_is_taken() -> None:
    refuse_living("prod", LockHolder("maria", socket.gethostname(), 1, "2026-11-21T11:13:43"), take_lock=False)
