"""Folder with stack files alone: the command line runs the program of the package."""

import sys
from pathlib import Path

import pytest

from automation.plan.build import plan_of
from automation.stack.document import read_stack
from automation.stack.workdir import PACKAGES, Workdir, program_path
from automation.stack.yaml_reader import read_mapping
from providers.contract.diagnostics import InvalidConfiguration
from tests.automation.command_line import write_stack_file
from tests.planning import ROOT, plan, production


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Folder with the stack file of production and nothing else."""
    write_stack_file(tmp_path, "prod", production())
    return tmp_path


def test_the_plan_is_that_of_the_project(folder: Path) -> None:
    made = plan_of(read_stack(folder, "prod"), folder).inventory
    assert [resource.urn for resource in made.resources] == [resource.urn for resource in plan().resources]


def test_a_program_without_a_project_file_beside_it_is_not_run(folder: Path) -> None:
    (folder / "__main__.py").write_text("raise SystemExit('the agent of the user')")
    assert program_path(folder) is None
    assert plan_of(read_stack(folder, "prod"), folder).inventory.custom


def test_the_program_of_a_project_is_found_by_main(folder: Path) -> None:
    assert program_path(ROOT) == ROOT / "__main__.py"
    (folder / "infra").mkdir()
    (folder / "Pulumi.yaml").write_text("{name: agents, runtime: python, main: infra}")
    assert program_path(folder) is None
    (folder / "infra" / "__main__.py").touch()
    assert program_path(folder) == folder / "infra" / "__main__.py"
    (folder / "Pulumi.yaml").write_text("{name: agents, runtime: python, main: infra/__main__.py}")
    assert program_path(folder) == folder / "infra" / "__main__.py"


def test_a_missing_sdk_is_reported_with_the_command_that_installs_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pulumi_aws", None)
    monkeypatch.delitem(sys.modules, "providers.aws.adapter", raising=False)
    with pytest.raises(InvalidConfiguration) as refused:
        plan_of(read_stack(folder, "prod"), folder)
    (error,) = map(str, refused.value.diagnostics)
    assert error.startswith("cloud: the SDK of aws is not installed")
    assert error.endswith("Run `pip install 'agent-platform[aws] @ git+https://github.com/acme/agent-platform'`.")


def test_the_engine_gets_a_project_that_uses_the_stack_file_of_the_user(folder: Path) -> None:
    workdir = Workdir(folder, "prod", "prod", {})
    own = workdir.work_folder
    project = read_mapping(own / "Pulumi.yaml")
    assert own != folder
    assert (own / str(project["stackConfigDir"])).resolve() == folder.resolve()
    assert project["main"] == str(own)
    assert project["runtime"] == {"name": "python", "options": {"virtualenv": sys.prefix}}
    assert str(PACKAGES) in (own / "__main__.py").read_text(encoding="utf-8")
    assert workdir.stack_folder == folder
    assert workdir.file.name == "prod"
    assert sorted(path.name for path in folder.iterdir()) == ["Pulumi.prod.yaml"]


def test_a_project_file_without_a_program_keeps_its_name_and_settings(folder: Path) -> None:
    (folder / "Pulumi.yaml").write_text("{name: agents, runtime: {name: python, options: {virtualenv: .venv}}}")
    workdir = Workdir(folder, "prod", "prod", {})
    project = read_mapping(workdir.work_folder / "Pulumi.yaml")
    assert (project["name"], project["runtime"]) == (
        "agents", {"name": "python", "options": {"virtualenv": str(folder / ".venv")}},
    )  # fmt: skip


def test_the_temporary_project_is_deleted_and_the_stack_file_is_kept(folder: Path) -> None:
    workdir = Workdir(folder, "prod", "prod", {})
    own = workdir.work_folder
    del workdir
    assert not own.exists()
    assert (folder / "Pulumi.prod.yaml").is_file()


def test_an_ephemeral_stack_has_its_own_stack_file(folder: Path) -> None:
    workdir = Workdir(folder, "prod", "pr-1", {"profile": "development", "accept_risk": None})
    assert workdir.file.name == "pr-1"
    assert workdir.stack_folder == workdir.work_folder
    assert (workdir.work_folder / "__main__.py").is_file()
