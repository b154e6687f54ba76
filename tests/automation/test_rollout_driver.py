"""Driver of a rollout: steps, bake times, aborts, requests of other processes, and continuing after a kill."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest

from automation.rollout.driver import ABORTED_BY_USER, POLL_SECONDS, Answer, RolloutProgress
from providers.contract.rollout import RevisionLost, RevisionMetrics
from tests.automation.scripted_rollout import (
    CANARY,
    GOOD,
    START,
    UNAVAILABLE,
    FakeClock,
    Reading,
    ScriptedService,
    driver,
    run_to_the_end,
)

FAILING = RevisionMetrics(requests=100, errors=30)
SLOW = RevisionMetrics(requests=100, errors=0, latency_seconds=9.5)
FEW = RevisionMetrics(requests=3, errors=3)


def failing_at(percent: int) -> Callable[[int], Reading]:
    return lambda current: FAILING if current == percent else GOOD


def test_a_good_revision_receives_every_share_in_order_and_then_all_requests() -> None:
    service, reports = ScriptedService(record=START), list[RolloutProgress]()
    result = driver(service, reports=reports).run(START)
    assert result.result == "done"
    assert [report.percent for report in reports if report.text.startswith("moving")] == [10, 50, 100]
    assert (service.revisions, service.record) == (("next",), None)


def test_every_step_is_observed_for_the_whole_bake_time_also_the_last() -> None:
    service, time = ScriptedService(record=START), FakeClock()
    driver(service, time=time).run(START)
    assert time.now == pytest.approx(3 * 5 * 60, abs=3 * POLL_SECONDS)


@pytest.mark.parametrize("percent", [10, 50, 100])
def test_a_revision_that_fails_is_aborted_within_the_first_look_at_its_step(percent: int) -> None:
    service, time = ScriptedService(failing_at(percent), record=START), FakeClock()
    result = driver(service, time=time).run(START)
    assert (result.result, result.reason) == ("held", "error_percent 30 > 10")
    assert (service.percent, service.revisions) == (0, ("stable",))
    earlier_steps = CANARY.percents.index(percent) * CANARY.bake_minutes * 60
    assert time.now <= earlier_steps + CANARY.percents.index(percent) * POLL_SECONDS


def test_a_failed_smoke_test_ends_the_rollout_before_any_request_moves() -> None:
    service = ScriptedService(smoke="/health answers 503", record=START)
    result = driver(service).run(START)
    assert (result.result, result.reason) == ("held", "smoke test: /health answers 503")
    assert "move" not in service.calls


@pytest.mark.parametrize(
    ("abort_on", "reading", "reason"),
    [
        (("error_percent",), FAILING, "error_percent 30 > 10"),
        (("error_percent",), SLOW, ""),
        (("latency_p95_seconds",), FAILING, ""),
        (("latency_p95_seconds",), SLOW, "latency_p95_seconds 9.5 > 5"),
        (("error_percent", "latency_p95_seconds"), SLOW, "latency_p95_seconds 9.5 > 5"),
        (("error_percent",), RevisionMetrics(requests=100, errors=10), ""),
        (("error_percent",), RevisionMetrics(requests=100, errors=11), "error_percent 11 > 10"),
        (("latency_p95_seconds",), RevisionMetrics(requests=100, errors=0), ""),
    ],
)
def test_only_the_chosen_signals_above_their_threshold_abort(
    abort_on: tuple[str, ...], reading: RevisionMetrics, reason: str
) -> None:
    rollout = CANARY.model_copy(update={"abort_on": abort_on})
    service = ScriptedService(lambda percent: reading, record=START)
    assert driver(service, rollout).run(START).reason == reason


def test_too_few_requests_double_the_bake_time_once_and_then_pass_with_a_note() -> None:
    service, time, reports = ScriptedService(lambda percent: FEW, record=START), FakeClock(), list[RolloutProgress]()
    assert driver(service, time=time, reports=reports).run(START).result == "done"
    assert time.now == pytest.approx(3 * 2 * 5 * 60, abs=3 * POLL_SECONDS)
    assert [report.text for report in reports].count("passed with 3 requests, fewer than min_requests (50)") == 3


def test_metrics_that_return_before_the_bake_time_ends_are_no_reason_to_abort() -> None:
    readings = iter([UNAVAILABLE] * 10)
    service = ScriptedService(lambda percent: next(readings, GOOD), record=START)
    assert driver(service).run(START).result == "done"


def test_metrics_that_cannot_be_read_until_the_end_abort() -> None:
    service, time = ScriptedService(lambda percent: UNAVAILABLE, record=START), FakeClock()
    result = driver(service, time=time).run(START)
    assert result.reason == "the metrics of the new revision cannot be read: the metrics API does not answer"
    assert time.now == pytest.approx(5 * 60, abs=POLL_SECONDS)


@pytest.mark.parametrize("percent", [10, 50, 100])
def test_a_revision_that_receives_no_requests_any_more_is_aborted_at_once(percent: int) -> None:
    lost = RevisionLost("the entry restarted")
    service, time = ScriptedService(lambda current: lost if current == percent else GOOD, record=START), FakeClock()
    result = driver(service, time=time).run(START)
    assert (result.result, result.reason, service.revisions) == ("held", "the entry restarted", ("stable",))
    assert time.now < (CANARY.percents.index(percent) + 1) * 5 * 60


def test_late_metrics_prolong_the_bake_time_to_what_shows_a_fault() -> None:
    rollout = CANARY.model_copy(update={"bake_minutes": 1, "steps": (100,)})
    service, time = ScriptedService(delay_seconds=120, record=START), FakeClock()
    driver(service, rollout, time=time).run(START)
    assert time.now == pytest.approx(180 + 120, abs=POLL_SECONDS)


def test_a_paused_rollout_stays_at_its_step_and_the_pause_is_no_bake_time() -> None:
    service, time = ScriptedService(record=START), FakeClock()
    service.requests = ["pause"] * 100
    assert driver(service, time=time).run(START).result == "done"
    assert time.now == pytest.approx(100 * POLL_SECONDS + 3 * 5 * 60, abs=4 * POLL_SECONDS)


def test_a_paused_rollout_is_still_aborted_for_a_fault() -> None:
    service = ScriptedService(failing_at(10), record=START)
    service.requests = ["pause"] * 100
    assert driver(service).run(START).result == "held"


def test_another_process_can_abort_at_the_next_look() -> None:
    service, time = ScriptedService(record=START), FakeClock()
    service.requests = [None, None, "abort"]
    result = driver(service, time=time).run(START)
    assert (result.result, result.reason, time.now) == ("held", ABORTED_BY_USER, 2 * POLL_SECONDS)


@pytest.mark.parametrize(("answer", "expected"), [("abort", "held"), ("leave", "left"), ("continue", "done")])
def test_an_interrupt_does_what_the_user_chooses(answer: Answer, expected: str) -> None:
    service, interrupts = ScriptedService(record=START), [True]

    def read(percent: int) -> Reading:
        if interrupts and percent == 50:
            interrupts.pop()
            raise KeyboardInterrupt
        return GOOD

    service.read = read
    result = driver(service, answers=[answer]).run(START)
    assert result.result == expected
    if expected == "left":
        assert (service.record and service.record.step, service.percent) == (2, 50)


def test_the_driver_never_reads_the_time_of_day() -> None:
    def jumps() -> datetime:
        raise AssertionError("a clock that is set forward or back must not move a step")

    service, time = ScriptedService(record=START), FakeClock()
    started = driver(service, time=time)
    started.clock = replace(started.clock, now=jumps)
    assert started.run(START).result == "done"


@pytest.mark.parametrize(("percent", "expected"), [(10, "held"), (50, "held"), (100, "held"), (None, "done")])
def test_a_machine_that_slept_for_hours_decides_by_the_metrics_of_the_whole_time(
    percent: int | None, expected: str
) -> None:
    time, windows = FakeClock(), list[float]()
    service = ScriptedService(record=START)

    def metrics(since_seconds: float) -> RevisionMetrics:
        windows.append(since_seconds)
        return FAILING if since_seconds and service.percent == percent else GOOD

    service.metrics = metrics  # pyrefly: ignore[method-assign]

    def sleep(_seconds: float) -> None:
        time.sleep(3600)

    sleeping = driver(service, time=time)
    sleeping.clock = replace(sleeping.clock, sleep=sleep)
    assert sleeping.run(START).result == expected
    assert max(windows) == 3600


def calls_of(read: Callable[[int], Reading]) -> int:
    """Return how many calls a rollout that is not killed makes."""
    service = ScriptedService(read)
    run_to_the_end(service)
    return len(service.calls)


GOOD_CALLS = calls_of(lambda percent: GOOD)
FAILING_KILLS = [
    (percent, kill_at) for percent in CANARY.percents for kill_at in range(2 * calls_of(failing_at(percent)))
]


@pytest.mark.parametrize("kill_at", range(2 * GOOD_CALLS))
def test_a_good_rollout_that_is_killed_at_any_call_ends_with_the_new_revision_alone(kill_at: int) -> None:
    service = ScriptedService(kill_at=kill_at)
    assert run_to_the_end(service).result == "done"
    assert service.kill_at is None, "the process was killed"
    assert (service.percent, service.revisions, service.record) == (100, ("next",), None)


@pytest.mark.parametrize(("percent", "kill_at"), FAILING_KILLS)
def test_a_failing_rollout_that_is_killed_at_any_call_ends_with_the_stable_revision_alone(
    kill_at: int, percent: int
) -> None:
    service = ScriptedService(failing_at(percent), kill_at=kill_at)
    assert run_to_the_end(service).result == "held"
    assert service.kill_at is None, "the process was killed"
    assert (service.percent, service.revisions) == (0, ("stable",))
    assert service.record is not None
    assert service.record.phase == "held"
