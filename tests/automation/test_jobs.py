"""Jobs on the command line: `run` and `logs`, the completion of names, and the summary of a plan."""

import io
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
import typer
from rich.console import Console

from automation.cli.completion import complete_service, complete_service_or_job
from automation.cli.formats import PIPED_WIDTH
from automation.cli.plan_text import summary_text
from automation.plan.build import plan_of
from automation.plan.spec_keys import BASE, WITH_JOB
from automation.plan.summary import summary_json, summary_of
from automation.services import operations
from automation.stack.document import stack_of, with_values
from components.configuration import PLATFORM_KEY
from providers.contract.cli import DeployedStack, LogQuery
from tests.automation.command_line import Run, runner, write_stack_file
from tests.automation.fake_engine import FakeEngine
from tests.automation.test_services import SERVICE
from tests.planning import ROOT

NOW = datetime(2026, 11, 28, 8, tzinfo=UTC)


@dataclass
class FakeJobCli:
    """Command line of a cloud that records the jobs it ran and the logs it printed."""

    calls: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    programs: tuple[()] = ()

    def logs(self, stack: DeployedStack, query: LogQuery, shell: object) -> int:
        self.calls.append(("logs", query.service))
        return 0

    def run_job(self, stack: DeployedStack, job: str, shell: object) -> int:
        self.calls.append(("run_job", job))
        return 4


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch) -> FakeJobCli:
    fake = FakeJobCli()

    def load(cloud: str) -> FakeJobCli:
        return fake

    monkeypatch.setattr(operations, "command_line", load)
    return fake


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: FakeJobCli, capsys: pytest.CaptureFixture[str]) -> Run:
    folder = tmp_path / "project"
    folder.mkdir()
    write_stack_file(folder, "trial", with_values(BASE, WITH_JOB))
    monkeypatch.chdir(folder)
    FakeEngine.install(tmp_path, monkeypatch).add("trial", [SERVICE])
    return runner(capsys)


def test_a_job_runs_by_hand_without_a_command_and_returns_its_exit_code(run: Run, cli: FakeJobCli) -> None:
    assert run("run", "trial", "nightly").code == 4
    assert cli.calls == [("run_job", "nightly")]


def test_a_job_has_its_own_command_and_a_service_needs_one(run: Run, cli: FakeJobCli) -> None:
    (of_job,) = run("run", "trial", "nightly", "--", "python").errors
    (of_service,) = run("run", "trial", "web").errors
    assert "nightly is a job, which has its own command" in str(of_job)
    assert "run `agent-platform run trial web -- COMMAND`".lower() in str(of_service).lower()
    assert cli.calls == []


def test_logs_of_everything_include_jobs(run: Run, cli: FakeJobCli) -> None:
    assert run("logs", "trial").code == 0
    assert cli.calls == [("logs", "web"), ("logs", "nightly")]
    run("logs", "trial", "nightly")
    assert cli.calls[-1] == ("logs", "nightly")


def test_an_unknown_name_is_refused_with_services_and_jobs(run: Run) -> None:
    (error,) = run("run", "trial", "nightli", "--", "x").errors
    assert "no service nightli" in str(error)
    (error,) = run("logs", "trial", "nightli").errors
    assert "no service or job nightli (did you mean nightly)" in str(error)


def test_names_of_jobs_complete_where_a_job_is_meant(run: Run) -> None:
    context = cast(
        "typer.Context", SimpleNamespace(params={"stack": "trial"}, find_root=lambda: SimpleNamespace(params={}))
    )
    assert complete_service_or_job(context, "") == ["web", "nightly"]
    assert complete_service_or_job(context, "n") == ["nightly"] and complete_service(context, "n") == []


def test_the_summary_explains_the_schedule_with_the_next_times() -> None:
    stack = stack_of("trial", {PLATFORM_KEY: with_values(BASE, {**WITH_JOB, "jobs.nightly.time_zone": "Asia/Tokyo"})})
    summary = summary_of(plan_of(stack, ROOT), now=NOW)
    stream = io.StringIO()
    Console(file=stream, width=PIPED_WIDTH, highlight=False).print(summary_text(summary))
    (line,) = [line for line in stream.getvalue().splitlines() if line.startswith("Jobs")]
    assert "nightly in web: At 03:00 every day (Asia/Tokyo); next 2026-11-29T03:00+09:00" in line
    assert summary_json(summary)["jobs"] == (
        {
            "job": "nightly",
            "service": "web",
            "schedule": "At 03:00 every day (Asia/Tokyo)",
            "next_runs": ("2026-11-29T03:00+09:00", "2026-11-30T03:00+09:00"),
        },
    )


def test_a_platform_without_jobs_has_no_row_for_them() -> None:
    summary = summary_of(plan_of(stack_of("trial", {PLATFORM_KEY: BASE}), ROOT), now=NOW)
    stream = io.StringIO()
    Console(file=stream, width=PIPED_WIDTH, highlight=False).print(summary_text(summary))
    assert "Jobs" not in stream.getvalue()
