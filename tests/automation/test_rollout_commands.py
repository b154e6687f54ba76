"""The commands `rollout status|pause|resume|abort`, and the lines of a rollout's progress."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from automation.cli.rollout_text import RolloutLines, progress_json, progress_line, record_line
from automation.cli.session import ExitCode
from automation.deploy import Deployment, DeploymentFailed, Failure, engine_stack
from automation.deploy.results import Clock
from automation.plan.spec_keys import BASE
from automation.rollout.bake import Sample
from automation.rollout.driver import RolloutProgress
from automation.rollout.record import RecordStore, RolloutRecord
from automation.rollout.stack_rollouts import ServiceRollout, StackRollouts
from automation.stack.document import with_values
from providers.contract.rollout import RevisionMetrics
from tests.automation.command_line import Run, runner, write_stack_file
from tests.automation.scripted_rollout import CANARY, START, FakeClock
from tests.automation.test_rollout_records import FakeTags

ROOT = Path(__file__).parent.parent.parent
HELD = replace(START, phase="held", step=2, reason="error_percent 30 > 10")
AT_TEN = replace(START, step=1)
METRICS = RevisionMetrics(requests=312, errors=1, latency_seconds=0.2104)
BAKING = RolloutProgress("gateway", 10, "", Sample(250, 600, METRICS))


class FakeEngine(FakeTags):
    """Stack of the commands."""

    name = "trial"


@pytest.fixture
def tags(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """Tags of the stack `trial`, whose services web and tool have canary rollouts on Google Cloud."""
    for file in ("__main__.py", "Pulumi.yaml"):
        (tmp_path / file).write_text((ROOT / file).read_text(encoding="utf-8"), encoding="utf-8")
    canary = {"app": "fastapi", "image": "ghcr.io/acme/web:1.0", "rollout": {"strategy": "canary"}}
    changes = {"cloud": "gcp", "services.web": canary, "services.tool": canary}
    write_stack_file(tmp_path, "trial", with_values(BASE, changes))
    write_stack_file(tmp_path, "rolling", with_values(BASE, {"cloud": "gcp"}))
    monkeypatch.chdir(tmp_path)
    engine = FakeEngine()
    monkeypatch.setattr(StackRollouts, "store", RecordStore(engine))
    return engine


@pytest.fixture
def run(tags: FakeEngine, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(capsys)


def ignore_positions(_deployment: Deployment, _positions: object) -> None:
    """Declare no position: no update runs here."""


@contextmanager
def checked_rollouts() -> Generator[tuple[StackRollouts, StackRollouts]]:
    """Return the rollouts of the stack `trial` in two processes."""
    stacks = [Deployment("trial", Path.cwd(), environment={}) for _ in range(2)]
    first, second = (StackRollouts(stack, lambda text: None) for stack in stacks)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Deployment, "set_positions", ignore_positions)
        yield first, second


def put(tags: FakeEngine, **records: RolloutRecord) -> None:
    for name, record in records.items():
        RecordStore(tags).write(name, record)


@pytest.mark.parametrize("stack", ["trial", "rolling"])
def test_without_records_no_rollout_is_in_progress(stack: str, run: Run) -> None:
    result = run("rollout", "status", stack)
    assert (result.out, result.code) == ("no rollout is in progress\n", ExitCode.OK)


def test_the_status_names_phase_share_image_and_reason(tags: FakeEngine, run: Run) -> None:
    put(tags, web=AT_TEN, tool=HELD)
    RecordStore(tags).request("web", "pause")
    assert run("rollout", "status", "trial").out.splitlines() == [
        "tool  held  0 %  gateway:2  since 2026-11-27T10:00:00+00:00  error_percent 30 > 10",
        "web  stepping (pause requested)  10 %  gateway:2  since 2026-11-27T10:00:00+00:00",
    ]
    assert json.loads(run("rollout", "status", "trial", "web", "--json").out) == [{"service": "web", **asdict(AT_TEN)}]


def test_pause_and_resume_leave_a_request_for_the_running_update(tags: FakeEngine, run: Run) -> None:
    put(tags, web=AT_TEN)
    assert run("rollout", "pause", "trial").out == (
        "web: paused at its step; continue with `agent-platform rollout resume trial web`\n"
    )
    assert RecordStore(tags).read().requests == {"web": "pause"}
    assert run("rollout", "resume", "trial", "web").code == ExitCode.OK
    assert RecordStore(tags).read().requests == {}


@pytest.mark.parametrize("command", ["pause", "resume", "abort"])
def test_a_command_without_a_rollout_in_progress_is_one_sentence(command: str, tags: FakeEngine, run: Run) -> None:
    put(tags, tool=HELD)
    yes = ["--yes"] if command == "abort" else []
    result = run("rollout", command, "trial", *yes)
    assert (result.code, result.errors) == (
        ExitCode.FAILED,
        ["trial: no rollout is in progress. Run `agent-platform rollout status trial`."],
    )


def test_of_several_rollouts_one_must_be_named(tags: FakeEngine, run: Run) -> None:
    put(tags, web=AT_TEN, tool=AT_TEN)
    result = run("rollout", "pause", "trial")
    assert result.errors == ["trial: the rollouts of tool and web are in progress. Name one of the services."]


def test_an_abort_is_done_by_the_running_update_when_it_answers(
    tags: FakeEngine, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tags, web=AT_TEN)
    time = FakeClock()

    def answer(seconds: float) -> None:
        time.sleep(seconds)
        put(tags, web=HELD)

    # every deployment of the command has this clock
    monkeypatch.setattr(engine_stack, "Clock", lambda: Clock(seconds=lambda: time.now, sleep=answer))
    result = run("rollout", "abort", "trial", "--yes")
    assert result.out.splitlines()[-1] == "web: aborted; the stable revision receives all requests"
    assert time.now > 0


def test_a_line_has_share_requests_errors_latency_and_the_time_left() -> None:
    assert progress_line(BAKING) == "gateway   10 %  312 requests  errors 0.321 %  latency 0.21 s  5 min 50 s left"
    lost = replace(BAKING, text="paused", bake=Sample(0, 600, None, "no answer"))
    assert progress_line(lost) == "gateway   10 %  paused  the metrics cannot be read: no answer  10 min 0 s left"
    moving = RolloutProgress("gateway", 50, "moving 50 % of the requests to the new revision")
    assert progress_line(moving) == "gateway   50 %  moving 50 % of the requests to the new revision"


def test_an_event_has_the_same_values() -> None:
    assert progress_json(BAKING) == {
        "event": "rollout", "service": "gateway", "percent": 10, "text": "", "elapsedSeconds": 250, "totalSeconds": 600,
        "requests": 312, "errorPercent": 0.321, "latencySeconds": 0.2104,
    }  # fmt: skip
    assert "requests" not in progress_json(replace(BAKING, bake=Sample(0, 600, None)))


def test_piped_output_has_a_line_for_every_step_and_one_a_minute(capsys: pytest.CaptureFixture[str]) -> None:
    time = FakeClock()
    lines = RolloutLines(time.clock)
    for _ in range(13):  # two minutes of looks every ten seconds
        lines.take(BAKING)
        time.sleep(10)
    lines.take(replace(BAKING, percent=50))
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()] == ["10", "10", "10", "50"]


def test_the_line_of_a_record_without_a_reason_ends_with_its_start() -> None:
    assert record_line("gateway", START, CANARY, None).endswith("since 2026-11-27T10:00:00+00:00")
    assert "  removing  100 %  " in record_line("gateway", replace(START, phase="removing"), CANARY, None)


def test_a_process_whose_rollout_another_one_continues_stops_and_writes_nothing(tags: FakeEngine) -> None:
    put(tags, web=AT_TEN)
    with checked_rollouts() as (first, second):
        first.load()
        second.load()
        at_fifty = replace(AT_TEN, step=2)
        second.write("web", at_fifty)
        for action in (lambda: ServiceRollout(first, "web").requested(), lambda: first.write("web", AT_TEN)):
            with pytest.raises(DeploymentFailed, match="another process continues the rollout of web") as caught:
                action()
            assert caught.value.kind is Failure.LOCKED
        assert RecordStore(tags).read().records == {"web": at_fifty}
        assert ServiceRollout(second, "web").requested() is None
        second.write("web", None)
        with pytest.raises(DeploymentFailed, match="another process continues"):
            first.write("web", replace(AT_TEN, phase="aborting"))
        assert RecordStore(tags).read().records == {}


def test_a_shortened_record_is_still_the_own_one(tags: FakeEngine) -> None:
    long = replace(AT_TEN, image="registry.example/" + "a" * 200, reason="b" * 300)
    with checked_rollouts() as (rollouts, _):
        rollouts.load()
        rollouts.write("web", long)
        assert ServiceRollout(rollouts, "web").requested() is None
        rollouts.write("web", replace(long, step=2))


def test_metrics_that_cannot_be_read_are_told_with_the_reason() -> None:
    progress = RolloutProgress("gateway", 10, "", Sample(250, 600, None, "gcloud answers 403"))
    assert progress_line(progress) == "gateway   10 %  the metrics cannot be read: gcloud answers 403  5 min 50 s left"
    assert progress_json(progress)["problem"] == "gcloud answers 403"


@pytest.mark.parametrize(("locked", "ends"), [(0, True), (3, True), (1000, False)])
def test_a_step_waits_for_another_update_of_the_stack_and_says_so(tags: FakeEngine, locked: int, *, ends: bool) -> None:
    time, notes, runs = FakeClock(), list[str](), list[float]()
    rollouts = StackRollouts(Deployment("trial", Path.cwd(), environment={}, clock=time.clock), notes.append)

    def run() -> None:
        runs.append(time.now)
        if len(runs) <= locked:
            raise DeploymentFailed(Failure.LOCKED, "the stack is locked", "wait")

    if ends:
        rollouts.when_free(run)
        assert len(runs) == locked + 1
    else:
        with pytest.raises(DeploymentFailed, match="the stack is locked"):
            rollouts.when_free(run)
        assert time.now == 1800
    assert notes == ["another update has locked the stack; the rollout waits for its end"] * (len(runs) - 1)


def test_a_step_that_fails_for_another_reason_is_not_repeated(tags: FakeEngine) -> None:
    runs, time = list[str](), FakeClock()
    rollouts = StackRollouts(Deployment("trial", Path.cwd(), environment={}, clock=time.clock), lambda text: None)

    def run() -> None:
        runs.append("run")
        raise DeploymentFailed(Failure.RESOURCE, "the service was not updated", "read the log")

    with pytest.raises(DeploymentFailed, match="was not updated"):
        rollouts.when_free(run)
    assert runs == ["run"]
