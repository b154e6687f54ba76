"""The commands that come before a deployment: `engine install`, `doctor`, `describe`."""

import json
import urllib.error
from pathlib import Path

import pytest
import yaml

from automation.cli.session import ExitCode
from automation.plan.spec_keys import BASE
from automation.stack.document import with_values
from components.configuration import PLATFORM_KEY
from tests.automation.command_line import Run, runner


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder with a stack on each cloud, on a machine without an engine."""
    for cloud in ("aws", "gcp", "azure"):
        platform = with_values(BASE, {"cloud": cloud, "deployer": {"github": "acme/agents", "environment": "prod"}})
        text = yaml.safe_dump({"config": {PLATFORM_KEY: platform}})
        (tmp_path / f"Pulumi.{cloud}.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "Pulumi.yaml").write_text("runtime: python", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("sys.prefix", str(tmp_path))
    return tmp_path


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(capsys)


def test_the_doctor_prints_one_line_a_check_and_fails_if_one_failed(run: Run) -> None:
    result = run("doctor", "gcp")
    assert result.code == 1
    verdicts = {line.split(maxsplit=1)[0] for line in result.out.splitlines()}
    assert verdicts == {"ok", "failed", "unknown"}
    assert "failed   cli: the Pulumi CLI is not installed" in result.out


def test_the_doctor_prints_json(run: Run) -> None:
    result = json.loads(run("doctor", "gcp", "--json").out)
    assert (result["stack"], result["ready"]) == ("gcp", False)
    assert all(set(finding) == {"subject", "verdict", "observed", "fix"} for finding in result["findings"])


def test_the_doctor_suggests_the_name_of_an_unknown_stack(run: Run) -> None:
    result = run("doctor", "gpc")
    assert (result.code, result.out) == (ExitCode.INVALID, "")
    assert "did you mean gcp" in result.errors[0]


def test_a_program_that_cannot_be_planned_leaves_the_count_unknown(folder: Path, run: Run) -> None:
    (folder / "__main__.py").write_text("raise RuntimeError('hunter2')", encoding="utf-8")
    result = run("doctor", "aws")
    assert "unknown  VPCs: the plan failed. Run `agent-platform plan aws`." in result.out
    assert "hunter2" not in result.out


def test_a_stack_is_described_line_by_line_for_a_pipeline(run: Run) -> None:
    result = run("describe", "gcp")
    assert result.code == 0
    lines = dict(line.split("=") for line in result.out.splitlines())
    assert (lines["cloud"], lines["region"], lines["account"]) == ("gcp", "us-central1", "acme-agents")
    assert lines["deployer_environment"] == "prod"


def test_a_stack_is_described_as_json(run: Run) -> None:
    result = json.loads(run("describe", "azure", "--json").out)
    assert (result["account"][-1], result["tenant"][-1], result["region"]) == ("1", "2", "westus3")


def test_a_failed_installation_is_one_message_with_exit_code_1(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_arguments: object, **_options: object) -> None:
        raise urllib.error.URLError("no such host")

    monkeypatch.setattr("pulumi.automation.PulumiCommand.install", unreachable)
    result = run("engine", "install")
    assert (result.code, result.out, len(result.errors)) == (1, "", 1)
    assert "get.pulumi.com" in result.errors[0]


def test_an_invalid_version_is_refused_before_a_download(run: Run) -> None:
    result = run("engine", "install", "--version", "latest")
    assert (result.code, len(result.errors)) == (ExitCode.INVALID, 1)
    assert result.errors[0] == "--version: latest is not a version number. Use the form 3.272.0."
