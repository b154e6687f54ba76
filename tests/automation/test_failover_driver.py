"""Failover and failback on a scripted stack: order, faults, refusals, and continuing after a kill before and after any call."""

from collections.abc import Callable, Mapping

import pytest

from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.failover_record import FailoverRecord
from automation.failover.driver import CATCH_UP_TIMEOUT_SECONDS, TEST_TIMEOUT_SECONDS
from tests.automation.scripted_failover import (
    HOME,
    STANDBY,
    ScriptedDatabase,
    ScriptedRegions,
    after_failover,
    lost,
    move,
    written_by_hand,
)
from tests.automation.scripted_rollout import Killed


def changes(stack: ScriptedRegions) -> list[str]:
    """Calls that change something, without records and looks."""
    return [call for call in stack.calls if not call.startswith(("write", "database", "answers", "test"))]


def refusal(stack: ScriptedRegions, kind: str = "failover", *, planned: bool = False, force: bool = False) -> str:
    with pytest.raises(DeploymentFailed) as refused:
        move(stack, "failback" if kind == "failback" else "failover", planned=planned, force=force)
    return str(refused.value)


def serves_alone(stack: ScriptedRegions, region: str) -> None:
    assert (stack.active, stack.served, stack.running) == (region, region, {region})
    assert stack.databases[region].writes
    assert stack.stored is not None and not stack.stored.open


def test_a_planned_failover_stops_waits_promotes_tests_and_moves_requests_last() -> None:
    stack = ScriptedRegions(lag=lambda now: max(0.0, 200.0 - now))
    move(stack)
    assert changes(stack) == [f"stop {HOME}", f"promote {STANDBY}", f"adopt {STANDBY}", f"route {STANDBY}", "converge"]
    assert stack.calls.index(f"test {STANDBY}") < stack.calls.index(f"route {STANDBY}")
    assert stack.time.now >= 200 + 300
    serves_alone(stack, STANDBY)


def test_each_phase_is_recorded_before_what_it_names() -> None:
    stack = ScriptedRegions()
    move(stack)
    written = [call.removeprefix("write ") for call in stack.calls if call.startswith("write")]
    assert written == ["stopping", "promoting", "adopting", "testing", "routing", "finishing", "done"]
    for phase, first in (
        ("stopping", f"stop {HOME}"),
        ("promoting", f"promote {STANDBY}"),
        ("adopting", f"adopt {STANDBY}"),
        ("testing", f"test {STANDBY}"),
        ("routing", f"route {STANDBY}"),
        ("finishing", "converge"),
    ):
        assert stack.calls.index(f"write {phase}") < stack.calls.index(first)


def test_a_lost_region_is_probed_and_never_called() -> None:
    stack = ScriptedRegions(down=lost(HOME), lag=lambda _now: 3.0)
    end = move(stack, planned=False)
    assert changes(stack) == [f"promote {STANDBY}", f"adopt {STANDBY}", f"route {STANDBY}"]
    assert {call for call in stack.calls if HOME in call} == {f"answers {HOME}"}
    assert (stack.served, end.target) == (STANDBY, STANDBY)
    assert any("agent-platform failback prod" in note for note in stack.notes)


def test_a_region_that_answers_again_in_the_middle_is_stopped_before_the_promotion_and_the_requests() -> None:
    for again in (0.1, 200.0, 400.0):
        stack = ScriptedRegions(down=lost(HOME, until=again), lag=lambda _now: 3.0)
        stack.time.now = 0.0
        move(stack, planned=False)
        if again < 300:
            assert f"stop {HOME}" in stack.calls
            assert stack.calls.index(f"stop {HOME}") < stack.calls.index(f"route {STANDBY}")
        assert (stack.active, stack.served) == (STANDBY, STANDBY)


def test_a_replica_that_was_promoted_in_the_console_is_not_promoted_again() -> None:
    stack = written_by_hand(ScriptedRegions(down=lost(HOME)))
    move(stack, planned=False)
    assert changes(stack) == [f"adopt {STANDBY}", f"route {STANDBY}"]
    assert f"the database of {STANDBY} was promoted already" in stack.notes


def test_a_platform_without_a_database_only_moves_its_requests() -> None:
    stack = ScriptedRegions(has_database=False, databases={})
    move(stack)
    assert changes(stack) == [f"stop {HOME}", f"adopt {STANDBY}", f"route {STANDBY}", "converge"]


def test_a_replica_that_does_not_catch_up_moves_nothing_and_starts_the_services_again() -> None:
    for lag, delay in ((45.0, "45 s"), (None, "unknown")):
        stack = ScriptedRegions(lag=lambda _now, lag=lag: lag)
        message = refusal(stack, planned=True)
        assert message == (
            f"prod: the replica in {STANDBY} did not catch up within 15 min (its delay is {delay}), so nothing was moved, and the "
            f"services of {HOME} were started again. Find out why the database of {STANDBY} is late, then run "
            "`agent-platform failover prod` again."
        )
        assert changes(stack) == [f"stop {HOME}", f"start {HOME}"]
        assert stack.running == {HOME} and stack.active == HOME
        assert stack.stored is not None and not stack.stored.open and stack.stored.serving == HOME
        assert stack.time.now == pytest.approx(CATCH_UP_TIMEOUT_SECONDS, abs=20)


def test_services_that_do_not_answer_keep_the_requests_where_they_are_until_they_do() -> None:
    stack = ScriptedRegions(problem="/health is answered with 503")
    message = refusal(stack, planned=True)
    assert message == (
        f"prod: the services of {STANDBY} do not answer (/health is answered with 503), so no request was moved. Read "
        "`agent-platform logs prod SERVICE` and run `agent-platform failover prod` again; with --force the requests move "
        "nevertheless."
    )
    assert stack.served == HOME
    stack.problem = ""
    move(stack)
    assert stack.calls.count(f"promote {STANDBY}") == 1
    serves_alone(stack, STANDBY)


def test_force_moves_requests_although_the_test_fails() -> None:
    stack = ScriptedRegions(problem="/health is answered with 503", down=lost(HOME), lag=lambda _now: None)
    move(stack, planned=False, force=True)
    assert stack.served == STANDBY
    assert stack.time.now >= TEST_TIMEOUT_SECONDS


REFUSED: Mapping[str, tuple[Callable[[], ScriptedRegions], bool, str]] = {
    "the old region takes writes": (
        ScriptedRegions,
        False,
        f"prod: {HOME} answers, and its database may take writes. Run `agent-platform failover prod --planned`, which loses "
        "nothing, or add --force.",
    ),
    "planned without the old region": (
        lambda: ScriptedRegions(down=lost(HOME)),
        True,
        f"prod: {HOME} does not answer, so its services cannot be stopped. Run `agent-platform failover prod` without --planned, "
        f"which loses what {STANDBY} has not received.",
    ),
    "an unknown delay": (
        lambda: ScriptedRegions(down=lost(HOME), lag=lambda _now: None),
        False,
        f"prod: the delay of the replica in {STANDBY} is not known, and so is what would be lost. Add --force to promote it "
        "nevertheless.",
    ),
    "no database there": (
        lambda: ScriptedRegions(
            down=lost(HOME), databases={HOME: ScriptedDatabase(writes=True), STANDBY: ScriptedDatabase(exists=False)}
        ),
        False,
        f"prod: {STANDBY} has no database. Follow `agent-platform recovery plan prod`, which restores a backup.",
    ),
}


@pytest.mark.parametrize(("stack", "planned", "message"), REFUSED.values(), ids=REFUSED)
def test_a_failover_that_must_not_begin_is_refused_with_a_safe_next_step(
    stack: Callable[[], ScriptedRegions], planned: bool, message: str
) -> None:
    refused = stack()
    assert refusal(refused, planned=planned) == message
    assert changes(refused) == [] and refused.stored is None


def test_a_second_failover_at_once_is_refused_because_the_other_region_has_old_data() -> None:
    stack = after_failover()
    since = stack.stored.since if stack.stored else ""
    assert refusal(stack, planned=True) == (
        f"prod: the database of {HOME} is from before {since}, when {STANDBY} began to serve. Run `agent-platform failback prod`, "
        "which copies the data first."
    )
    assert changes(stack) == []


def test_a_failover_in_progress_is_not_taken_for_a_failback() -> None:
    stack = ScriptedRegions(stored=FailoverRecord("failover", "promoting", HOME, STANDBY, planned=True, since="t"))
    assert refusal(stack, "failback") == (
        f"prod: a failover to {STANDBY} is in progress (promoting). Complete it with `agent-platform failover prod`."
    )


@pytest.mark.parametrize("kind", [Failure.UNREACHABLE, Failure.NO_BACKEND, Failure.NO_STACK])
def test_a_lost_state_backend_leads_to_the_commands_that_need_no_state(
    kind: Failure, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_stack: ScriptedRegions) -> FailoverRecord | None:
        raise DeploymentFailed(kind, "the backend does not answer", "log in", stack="prod")

    monkeypatch.setattr(ScriptedRegions, "record", fail)
    assert refusal(ScriptedRegions(down=lost(HOME))) == (
        "prod: the backend does not answer. Follow the loss of the region in `agent-platform recovery plan prod`, whose commands "
        "need no state, and the loss of the state backend afterwards."
    )


def test_a_failback_copies_the_data_moves_without_loss_and_renews_the_standby() -> None:
    stack = after_failover()
    move(stack, "failback")
    assert changes(stack) == [
        f"delete {HOME}", f"forget {HOME}", "converge",
        f"stop {STANDBY}", f"promote {HOME}", f"adopt {HOME}", f"route {HOME}", "converge",
        f"delete {STANDBY}", f"forget {STANDBY}", "converge",
    ]  # fmt: skip
    serves_alone(stack, HOME)
    assert not stack.databases[STANDBY].writes and stack.databases[STANDBY].exists
    assert stack.snapshots == [HOME, STANDBY]


def test_a_failback_deletes_nothing_where_the_old_database_follows_by_itself() -> None:
    stack = after_failover(ScriptedRegions(reseeds=False))
    move(stack, "failback")
    assert changes(stack) == [f"stop {STANDBY}", f"promote {HOME}", f"adopt {HOME}", f"route {HOME}", "converge"]
    serves_alone(stack, HOME)
    assert stack.snapshots == [] and not stack.databases[STANDBY].writes


def test_a_failback_ends_although_the_database_that_it_leaves_does_not_follow() -> None:
    stack = written_by_hand(ScriptedRegions(reseeds=False))
    stack.stored = FailoverRecord("failback", "returning", STANDBY, HOME, planned=True, since="t")
    move(stack, "failback")
    serves_alone(stack, HOME)
    assert changes(stack) == []
    assert stack.notes == [f"the database of {STANDBY} does not follow that of {HOME}, and is left as it is"]


def test_a_failback_is_refused_before_anything_changes_where_the_old_database_does_not_follow() -> None:
    stack = after_failover(ScriptedRegions(reseeds=False))
    stack.databases[HOME].writes = True
    assert refusal(stack, "failback") == (
        f"prod: the database of {HOME} does not follow that of {STANDBY}, and its cloud does not make it a replica again. Leave "
        f"{STANDBY} serving; `agent-platform recovery plan prod` has the ways to move the data."
    )
    assert changes(stack) == [] and stack.stored is not None and not stack.stored.open


def test_an_entry_of_both_regions_is_tested_after_requests_moved_too() -> None:
    stack = ScriptedRegions(shares_entry=True)
    move(stack)
    order = [call for call in stack.calls if call.partition(" ")[0] in ("test", "route", "request", "converge")]
    assert order == [f"test {STANDBY}", f"route {STANDBY}", f"request {STANDBY}", "converge"]


def test_an_entry_that_does_not_answer_after_the_move_is_said_so() -> None:
    stack = ScriptedRegions(shares_entry=True)
    stack.problem_after_route = "/health is answered with 503"
    assert refusal(stack, planned=True).startswith(
        f"prod: the services of {STANDBY} do not answer (/health is answered with 503), and requests were moved there already."
    )
    assert stack.stored is not None and stack.stored.phase == "routing"
    stack.problem_after_route = ""
    move(stack)
    serves_alone(stack, STANDBY)


def test_after_a_failback_the_next_failover_is_one_like_the_first() -> None:
    stack = after_failover()
    move(stack, "failback")
    stack.calls.clear()
    move(stack)
    assert changes(stack)[:2] == [f"stop {HOME}", f"promote {STANDBY}"]
    serves_alone(stack, STANDBY)


def test_a_failback_needs_both_regions_and_a_failover_before() -> None:
    stack = after_failover()
    stack.down = lost(HOME)
    assert refusal(stack, "failback") == (
        f"prod: {HOME} does not answer, and a failback needs both regions. Run `agent-platform failback prod` again when it does."
    )
    assert refusal(ScriptedRegions(), "failback") == (
        f"prod: {HOME} serves, and no failover has left {STANDBY}. Run `agent-platform failover prod --planned` to let {STANDBY} "
        "serve."
    )


def test_the_only_database_that_writes_is_never_deleted() -> None:
    stack = after_failover()
    stack.databases[STANDBY] = ScriptedDatabase(exists=False)
    message = refusal(stack, "failback")
    assert message.startswith(
        f"prod: the database of {STANDBY} does not write, so that of the other region is the only one"
    )
    assert changes(stack) == []


def planned_failover() -> ScriptedRegions:
    return ScriptedRegions(lag=lambda now: max(0.0, 100.0 - now))


def unplanned_failover() -> ScriptedRegions:
    return ScriptedRegions(down=lost(HOME), lag=lambda _now: 2.0)


def interrupted_failover() -> ScriptedRegions:
    return ScriptedRegions(down=lost(HOME, until=100.0), lag=lambda _now: 2.0)


def failback() -> ScriptedRegions:
    return after_failover()


def followed() -> ScriptedRegions:
    return after_failover(ScriptedRegions(reseeds=False, shares_entry=True))


SCENES: Mapping[str, tuple[Callable[[], ScriptedRegions], str, bool, str, int]] = {
    "planned": (planned_failover, "failover", True, STANDBY, 48),
    "unplanned": (unplanned_failover, "failover", False, STANDBY, 38),
    "the region answers again": (interrupted_failover, "failover", False, STANDBY, 40),
    "failback": (failback, "failback", True, HOME, 176),
    "failback to a database that follows": (followed, "failback", True, HOME, 62),
}
"""Start, command, and the number of calls of an uninterrupted run."""


def run_scene(stack: ScriptedRegions, kind: str, planned: bool) -> None:
    move(stack, "failback" if kind == "failback" else "failover", planned=planned)


@pytest.mark.parametrize("scene", SCENES)
def test_a_process_that_is_killed_before_or_after_any_call_is_continued_to_the_same_end(scene: str) -> None:
    make, kind, planned, region, calls = SCENES[scene]
    for kill_at in range(2 * calls):
        stack = make()
        stack.kill_at = kill_at
        with pytest.raises(Killed):
            run_scene(stack, kind, planned)
        ended = stack.stored is not None and not stack.stored.open and stack.active == region
        begun = stack.stored is not None and stack.stored.open
        if not ended:  # the record states how it began
            run_scene(stack, kind, planned if not begun else not planned)
        assert (stack.active, stack.served) == (region, region), kill_at
        assert stack.databases[region].writes and region in stack.running
        assert stack.stored is not None and not stack.stored.open
        assert [call for call in stack.calls if call.startswith("promote")] in (
            [f"promote {region}"], [f"promote {region}"] * 2,
        )  # fmt: skip


@pytest.mark.parametrize("scene", SCENES)
def test_every_call_is_one_of_those_at_which_the_process_is_killed(scene: str) -> None:
    make, kind, planned, _region, calls = SCENES[scene]
    stack = make()
    run_scene(stack, kind, planned)
    assert len(stack.calls) == calls


def test_a_new_replica_is_awaited_until_its_delay_is_known() -> None:
    stack = after_failover()
    known = stack.time.now + 2000.0
    stack.lag = lambda now: 0.0 if now > known else None
    move(stack, "failback")
    serves_alone(stack, HOME)
    assert stack.time.now > known


def test_an_old_database_that_is_busy_is_deleted_when_it_is_available() -> None:
    stack = after_failover()
    stack.databases[HOME].busy_until = stack.time.now + 300.0
    move(stack, "failback")
    assert stack.snapshots == [HOME, STANDBY]
    serves_alone(stack, HOME)
