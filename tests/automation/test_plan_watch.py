"""`agent-platform plan --watch`: the plan after each kind of change, and the end of the watch."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from watchfiles import Change

from automation.cli.main import main
from automation.plan.watch import PlanWatch
from components.configuration import PLATFORM_KEY
from providers.contract.json_data import Raw

pytestmark = pytest.mark.long(reason="real processes that wait for edits")

ROOT = Path(__file__).parents[2]
SERVICE: Raw = {"app": "fastapi", "image": "api:1", "path": "/"}
GCP: Raw = {"project": "a-project", "region": "europe-west1"}


def write(folder: Path, **changes: object) -> None:
    platform: Raw = {
        "cloud": "aws", "profile": "development", "aws": {"region": "eu-central-1", "account_id": "123456789012"},
        "services": {"api": SERVICE}, **changes,
    }  # fmt: skip
    text = yaml.safe_dump({"config": {PLATFORM_KEY: {key: value for key, value in platform.items() if value}}})
    (folder / "Pulumi.dev.yaml").write_text(text, encoding="utf-8")


def test_each_kind_of_change_is_planned_again(tmp_path: Path) -> None:
    write(tmp_path)
    watch = PlanWatch(tmp_path, "dev")
    first = watch.plan_again()
    assert first.plan is not None
    assert first.differences == ()

    write(tmp_path, monitoring={"log_retention_days": 90})
    value = watch.plan_again([watch.file])
    assert value.differences
    assert 90 in [change.right for component in value.differences for change in component.changes]

    write(tmp_path, services={"api": SERVICE, "page": {**SERVICE, "path": "/page"}})
    added = watch.plan_again([watch.file])
    assert added.plan is not None
    assert len(added.plan.inventory.resources) > len(first.plan.inventory.resources)
    assert any("Service" in name for component in added.differences for name in component.only_right)

    write(tmp_path, services={"api": {**SERVICE, "size": "large"}})
    invalid = watch.plan_again([watch.file])
    assert invalid.plan is None
    assert [error.key for error in invalid.diagnostics] == ["services.api.size"]

    write(tmp_path, services={"api": SERVICE, "page": {**SERVICE, "path": "/page"}})
    corrected = watch.plan_again([watch.file])
    assert corrected.before is added.plan
    assert corrected.differences == ()

    write(tmp_path, cloud="gcp", aws=None, gcp=GCP)
    moved = watch.plan_again([watch.file])
    assert moved.plan is not None
    assert any(resource.type.startswith("gcp:") for resource in moved.plan.inventory.resources)
    assert not any(resource.type.startswith("aws:") for resource in moved.plan.inventory.resources)


def test_files_of_a_build_folder_are_watched_and_those_of_tools_are_not(tmp_path: Path) -> None:
    for folder in ("gateway", "gateway/.git", "other"):
        (tmp_path / folder).mkdir()
    write(tmp_path, services={"api": {"app": "fastapi", "path": "/", "build": {"context": "gateway"}}})
    watch = PlanWatch(tmp_path, "dev")
    assert watch.plan_again().plan is not None
    paths = {
        "gateway/Dockerfile": True,
        "Pulumi.dev.yaml": True,
        "gateway/.git/index": False,
        "other/file": False,
        "Pulumi.prod.yaml": False,
    }
    assert {path: watch.is_relevant(Change.modified, str(tmp_path / path)) for path in paths} == paths
    again = watch.plan_again([tmp_path / "gateway" / "Dockerfile"])
    assert again.plan is not None
    assert again.differences == ()


def test_a_saved_file_is_planned_again_and_ctrl_c_ends_with_code_0(tmp_path: Path) -> None:
    write(tmp_path, services={"api": {**SERVICE, "size": "large"}})
    command = [sys.executable, "-m", "automation", "-C", str(tmp_path), "plan", "dev", "--watch"]
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "PYTHONUNBUFFERED": "1"}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        assert process.stderr.readline().startswith("services.api.size")
        assert process.stderr.readline().startswith("watching Pulumi.dev.yaml")
        write(tmp_path)
        assert process.stderr.readline().startswith("watching Pulumi.dev.yaml")
        write(tmp_path, monitoring={"log_retention_days": 90})
        assert process.stderr.readline().startswith("watching Pulumi.dev.yaml")
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0, errors
    assert "Pulumi.dev.yaml: " in out
    assert "30 -> 90" in out


@pytest.mark.parametrize("option", [("--json",), ("--markdown",), ("--diff", "aws")])
def test_watch_refuses_other_forms_of_output(option: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["plan", "prod", "--watch", *option])
    assert end.value.code == 2
    assert f"{option[0]}: not possible with --watch" in capsys.readouterr().err
