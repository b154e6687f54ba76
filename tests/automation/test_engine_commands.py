"""The commands that come before a deployment: `engine install`, `doctor`, `describe`."""

import json
import urllib.error
from pathlib import Path

import pytest
import yaml

from automation.cli.main import MISTAKEN, main
from automation.plan.spec_keys import BASE
from automation.stack.keys import with_values
from components.configuration import PLATFORM_KEY
from tests.automation.test_cli import Run, Told


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
    def command(*arguments: str) -> Told:
        with pytest.raises(SystemExit) as end:
            main(arguments)
        out, errors = capsys.readouterr()
        return Told(out, errors.splitlines(), end.value.code)

    return command


def test_the_doctor_tells_one_line_for_each_subject_and_fails_when_one_is_refused(run: Run) -> None:
    told = run("doctor", "gcp")
    assert told.code == 1
    verdicts = {line.split(maxsplit=1)[0] for line in told.out.splitlines()}
    assert verdicts == {"allowed", "refused", "unknown"}
    assert "refused  cli: The Pulumi CLI is not installed; run `agent-platform engine install`" in told.out


def test_the_doctor_speaks_json(run: Run) -> None:
    told = json.loads(run("doctor", "gcp", "--json").out)
    assert (told["stack"], told["ready"]) == ("gcp", False)
    assert all(set(finding) == {"subject", "verdict", "told", "advice"} for finding in told["findings"])


def test_the_doctor_of_an_unknown_stack_names_those_there_are(run: Run) -> None:
    told = run("doctor", "gpc")
    assert (told.code, told.out) == (MISTAKEN, "")
    assert "did you mean gcp" in told.errors[0]


def test_a_program_that_cannot_be_planned_leaves_the_count_unknown(folder: Path, run: Run) -> None:
    (folder / "__main__.py").write_text("raise RuntimeError('hunter2')", encoding="utf-8")
    told = run("doctor", "aws")
    assert "unknown  VPCs: the program could not be planned; run `agent-platform plan aws`." in told.out
    assert "hunter2" not in told.out


def test_a_stack_is_described_line_by_line_for_a_pipeline(run: Run) -> None:
    told = run("describe", "gcp")
    assert told.code == 0
    lines = dict(line.split("=") for line in told.out.splitlines())
    assert (lines["cloud"], lines["region"], lines["account"]) == ("gcp", "us-central1", "acme-agents")
    assert lines["deployer_environment"] == "prod"


def test_a_stack_is_described_as_json(run: Run) -> None:
    told = json.loads(run("describe", "azure", "--json").out)
    assert (told["account"][-1], told["tenant"][-1], told["region"]) == ("1", "2", "westus3")


def test_an_install_that_fails_is_one_sentence_and_1(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(_root: str, _version: object) -> None:
        raise urllib.error.URLError("no such host")

    monkeypatch.setattr("automation.engine.install._install", unreachable)
    told = run("engine", "install")
    assert (told.code, told.out, len(told.errors)) == (1, "", 1)
    assert "could not be installed, because get.pulumi.com cannot be reached from here" in told.errors[0]


def test_a_version_that_is_none_is_refused_before_anything_is_fetched(run: Run) -> None:
    told = run("engine", "install", "--version", "latest")
    assert (told.code, len(told.errors)) == (MISTAKEN, 1)
    assert told.errors[0].startswith('--version: "latest" is no version')
