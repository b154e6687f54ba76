"""Automatic failover on a scripted stack: checks, refusals, notices, its timeout, and continuing after a kill at any call."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.failover_record import FailoverRecord
from automation.deploy.results import Clock
from automation.failover.automatic import CHECK_SECONDS, AutomaticFailover, Ended
from providers.contract.failover import DatabaseState, Notice
from tests.automation.scripted_failover import (
    HOME,
    STANDBY,
    ScriptedDatabase,
    ScriptedRegions,
    lost,
    move,
    written_by_hand,
)
from tests.automation.scripted_rollout import Killed

BEGINNING = datetime(2026, 11, 28, 19, tzinfo=UTC)
TIMEOUT_MINUTES = 30
MAX_LOSS_SECONDS = 900.0


@dataclass
class WatchedRegions(ScriptedRegions):
    """Scripted stack with an entry in each region, channels, and commands that fail."""

    entry_down: Callable[[str, float], bool] | None = None
    """When the entry of a region does not answer; with its API by default."""
    notices: list[tuple[str, Notice]] = field(default_factory=list[tuple[str, Notice]])
    channel: bool = True
    resumed: int = 0
    fault: Callable[[str, float], bool] = lambda _call, _now: False
    """Calls that fail, at a time."""

    def call(self, name: str, effect: Callable[[], object]) -> None:
        """Carry out a call, or let it fail."""
        if self.fault(name, self.time.now):
            self.calls.append(f"{name} failed")
            raise DeploymentFailed(Failure.COMMAND, f"{name} was answered with 500", stack=self.name)
        super().call(name, effect)

    def resume(self) -> None:
        """Count the runs that continue."""
        self.resumed += 1

    def entry_answers(self, region: str) -> bool:
        """Return whether the entry answers."""
        return not (self.entry_down or self.down)(region, self.time.now)

    def notify(self, region: str, notice: Notice) -> bool:
        """Keep a notice."""
        self._reach(region)
        self.call(f"notify {notice.subject}", lambda: self.notices.append((region, notice)))
        return self.channel

    def max_loss_seconds(self) -> float:
        """Return what the recovery plan promises to lose at most."""
        return MAX_LOSS_SECONDS

    @property
    def clock(self) -> Clock:
        """Clock whose time of day passes too."""
        return replace(self.time.clock, now=lambda: BEGINNING + timedelta(seconds=self.time.now))

    @property
    def subjects(self) -> list[str]:
        """Subjects of the notices."""
        return [notice.subject for _, notice in self.notices]


def watch(stack: WatchedRegions, timeout_minutes: int = TIMEOUT_MINUTES) -> Ended:
    """Do what a scheduled run does."""
    return AutomaticFailover(
        stack,
        stack.clock,
        stack.notes.append,
        timeout_minutes=timeout_minutes,
        max_loss_seconds=stack.max_loss_seconds(),
    ).run()


def held(stack: WatchedRegions, timeout_minutes: int = TIMEOUT_MINUTES) -> str:
    with pytest.raises(DeploymentFailed) as failed:
        watch(stack, timeout_minutes)
    return str(failed.value)


def changes(stack: ScriptedRegions) -> list[str]:
    looks = ("write", "database", "answers", "test", "notify")
    return [call for call in stack.calls if not call.startswith(looks)]


Fault = Callable[[str, float], bool]


def lost_home(
    down: Fault | None = None,
    *,
    lag: Callable[[float], float | None] = lambda _now: 4.0,
    entry_down: Fault | None = None,
    fault: Fault = lambda _call, _now: False,
    databases: dict[str, ScriptedDatabase] | None = None,
    stored: FailoverRecord | None = None,
    channel: bool = True,
) -> WatchedRegions:
    """Return a stack whose home region does not answer."""
    stack = WatchedRegions(
        down=down or lost(HOME), lag=lag, entry_down=entry_down, fault=fault, stored=stored, channel=channel
    )
    stack.databases = databases or stack.databases
    return stack


def serves(stack: WatchedRegions, region: str) -> None:
    assert (stack.active, stack.served) == (region, region)
    assert stack.databases[region].writes and region in stack.running


def test_a_region_that_answers_is_left_alone() -> None:
    stack = WatchedRegions()
    assert watch(stack) == "answers"
    assert (stack.calls, stack.stored, stack.notices) == ([f"answers {HOME}"], None, [])


def test_three_failed_checks_begin_a_failover_of_which_the_channels_of_the_other_region_know() -> None:
    stack = lost_home()
    assert watch(stack) == "moved"
    serves(stack, STANDBY)
    assert changes(stack) == [f"promote {STANDBY}", f"adopt {STANDBY}", f"route {STANDBY}"]
    assert stack.notices == [
        (
            STANDBY,
            Notice(
                f"prod: failover to {STANDBY} begins",
                f"{HOME} has not answered 3 checks. {STANDBY} will serve; lost: what was written in the last about 4 s, and objects "
                "of the last 15 minutes.",
            ),
        ),
        (
            STANDBY,
            Notice(
                f"prod: {STANDBY} serves",
                f"{HOME} does not answer, and was left. `agent-platform failback prod` returns to {HOME} when it answers again.",
            ),
        ),
    ]
    assert stack.stored is not None and stack.stored.since == BEGINNING.isoformat()
    assert stack.calls.count(f"answers {HOME}") >= 3


@pytest.mark.parametrize("answers_at", [0.5, 1.5])
def test_one_answer_among_the_checks_ends_them(answers_at: float) -> None:
    since = answers_at * CHECK_SECONDS
    stack = lost_home(lost(HOME, until=since))
    assert watch(stack) == "answers"
    assert (changes(stack), stack.stored, stack.notices) == ([], None, [])


def test_a_region_that_comes_and_goes_is_never_left() -> None:
    stack = lost_home(lambda region, now: region == HOME and now // CHECK_SECONDS % 3 != 2)
    for _ in range(20):
        assert watch(stack) == "answers"
        stack.time.sleep(45)
    assert (changes(stack), stack.stored, stack.notices) == ([], None, [])


def test_services_that_answer_are_not_moved_because_an_api_does_not() -> None:
    stack = lost_home(entry_down=lambda _region, _now: False)
    assert watch(stack) == "answers"
    assert (changes(stack), stack.notices) == ([], [])


def test_a_machine_that_reaches_no_region_moves_nothing() -> None:
    stack = lost_home(lambda _region, _now: True)
    assert held(stack) == (
        f"prod: neither {HOME} nor {STANDBY} answers, which is no proof that {HOME} is lost. Check network and login of this machine, "
        "then run `agent-platform failover prod --when-unreachable` again."
    )
    assert (changes(stack), stack.stored, stack.notices) == ([], None, [])


REFUSED: Mapping[str, tuple[Callable[[], WatchedRegions], str]] = {
    "the delay is not known": (
        lambda: lost_home(lag=lambda _now: None),
        f"prod: the delay of the replica in {STANDBY} is not known, and so is what would be lost. Add --force to promote it "
        "nevertheless.",
    ),
    "more would be lost than promised": (
        lambda: lost_home(lag=lambda _now: 901.0),
        f"prod: the replica in {STANDBY} is 901 s behind, and the recovery plan promises to lose at most 900 s. Decide with "
        "`agent-platform failover prod`.",
    ),
    "the database was promoted by hand": (
        lambda: written(lost_home()),
        f"prod: the database of {STANDBY} was promoted by hand, and lacks what {HOME} wrote since. Decide with "
        "`agent-platform failover prod`.",
    ),
    "there is no database": (
        lambda: lost_home(databases={HOME: ScriptedDatabase(writes=True), STANDBY: ScriptedDatabase(exists=False)}),
        f"prod: {STANDBY} has no database. Follow `agent-platform recovery plan prod`, which restores a backup.",
    ),
}


def written(stack: WatchedRegions) -> WatchedRegions:
    written_by_hand(stack)
    return stack


@pytest.mark.parametrize(("make", "message"), REFUSED.values(), ids=REFUSED)
def test_what_a_person_must_decide_is_not_begun_and_the_channels_know(
    make: Callable[[], WatchedRegions], message: str
) -> None:
    stack = make()
    assert held(stack) == message
    assert (changes(stack), stack.stored) == ([], None)
    assert stack.notices == [
        (STANDBY, Notice(f"prod: no failover to {STANDBY} by itself", f"{HOME} does not answer. {message}"))
    ]


def test_a_second_failover_at_once_is_left_to_a_person() -> None:
    stack = lost_home()
    watch(stack)
    stack.down = lost(STANDBY, since=stack.time.now)
    stack.calls.clear()
    assert "Run `agent-platform failback prod`, which copies the data first." in held(stack)
    assert changes(stack) == []


@pytest.mark.parametrize("phase", ["answers", "promote"])
def test_a_region_that_answers_before_the_promotion_is_kept(phase: str) -> None:
    """The region answers again after the third check, or when the replica is about to be promoted."""
    stack = lost_home()
    original, looks = stack.database, 0

    def database(region: str) -> DatabaseState:
        nonlocal looks
        looks += 1
        if looks == (1 if phase == "answers" else 3):
            stack.down = lost("")
        return original(region)

    stack.__dict__["database"] = database
    assert watch(stack) == "answers"
    assert changes(stack) == []
    assert stack.subjects[-1:] == ["prod: no failover"]
    assert stack.stored is not None and (stack.stored.open, stack.stored.target) == (False, HOME)
    stack.down = lost(HOME)
    stack.__dict__.pop("database")
    assert watch(stack) == "moved"
    serves(stack, STANDBY)


def test_a_region_that_answers_after_the_promotion_is_stopped() -> None:
    stack = lost_home()
    stack.down = lambda region, _now: region == HOME and not stack.databases[STANDBY].writes
    assert watch(stack) == "moved"
    assert f"stop {HOME}" in stack.calls
    serves(stack, STANDBY)
    assert stack.running == {STANDBY}


def test_a_command_that_fails_for_a_while_is_repeated() -> None:
    stack = lost_home(fault=lambda call, now: call.startswith(("promote", "adopt", "database")) and now < 700)
    assert watch(stack) == "moved"
    serves(stack, STANDBY)
    assert f"database {STANDBY} was answered with 500; it is repeated in 30 s" in stack.notes
    assert stack.subjects == [f"prod: failover to {STANDBY} begins", f"prod: {STANDBY} serves"]


def test_a_failover_that_is_not_ended_in_time_is_held_and_a_person_continues_it() -> None:
    stack = lost_home(fault=lambda call, _now: call.startswith("adopt"))
    message = held(stack)
    assert message == (
        f"prod: the automatic failover to {STANDBY} is held: adopt {STANDBY} was answered with 500. Continue with "
        "`agent-platform failover prod`."
    )
    assert TIMEOUT_MINUTES * 60 - 60 <= stack.time.now <= TIMEOUT_MINUTES * 60
    assert stack.notices[-1] == (STANDBY, Notice(f"prod: failover to {STANDBY} is held", message))
    assert stack.served == HOME and stack.stored is not None and (stack.stored.open, stack.stored.held) == (True, True)

    notices = len(stack.notices)
    assert held(stack) == (
        f"prod: the automatic failover to {STANDBY} is held: its time of 30 min is over (adopting). Continue with "
        "`agent-platform failover prod`."
    )
    assert len(stack.notices) == notices, "each channel is told once"

    stack.fault = lambda _call, _now: False
    move(stack, planned=False)
    serves(stack, STANDBY)


def test_nothing_is_promoted_after_the_time_is_over() -> None:
    stack = lost_home(databases={HOME: ScriptedDatabase(writes=True), STANDBY: ScriptedDatabase(busy_until=1e9)})
    assert "is not promoted after" in held(stack)
    assert stack.time.now <= TIMEOUT_MINUTES * 60
    assert not stack.databases[STANDBY].writes

    busy = lost_home(
        databases={HOME: ScriptedDatabase(writes=True), STANDBY: ScriptedDatabase(busy_until=TIMEOUT_MINUTES * 60 - 1)}
    )
    assert f"the time for an automatic failover is over, and the database of {STANDBY} is not promoted" in held(busy)
    assert not busy.databases[STANDBY].writes

    late = lost_home(
        stored=FailoverRecord("failover", "promoting", HOME, STANDBY, False, BEGINNING.isoformat(), automatic=True)
    )
    late.time.sleep(TIMEOUT_MINUTES * 60 + 1)
    assert held(late) == (
        f"prod: the automatic failover to {STANDBY} is held: it has not ended within 30 min (promoting). Continue with "
        "`agent-platform failover prod`."
    )
    assert changes(late) == [] and late.subjects == [f"prod: failover to {STANDBY} is held"]


def test_a_failover_of_a_person_is_left_to_them() -> None:
    stack = lost_home(stored=FailoverRecord("failover", "adopting", HOME, STANDBY, False, BEGINNING.isoformat()))
    assert watch(stack) == "by hand"
    assert (stack.calls, stack.notices) == ([], [])


@pytest.mark.parametrize("channel", ["fails", "is absent"])
def test_a_channel_does_not_stop_a_failover(channel: str) -> None:
    stack = (
        lost_home(channel=False) if channel == "is absent" else lost_home(fault=lambda call, _now: call[:6] == "notify")
    )
    assert watch(stack) == "moved"
    serves(stack, STANDBY)
    problems = {
        "fails": f"the notice was not sent: notify prod: {STANDBY} serves was answered with 500",
        "is absent": "nobody receives the notice: set monitoring.slack, or monitoring.emails where `plan` does not exclude them",
    }
    assert problems[channel] in stack.notes


def test_a_run_that_is_killed_before_or_after_any_call_is_continued_by_the_next_one() -> None:
    whole = lost_home()
    watch(whole)
    assert len(whole.calls) > 40
    for kill_at in range(2 * len(whole.calls)):
        stack = lost_home()
        stack.kill_at = kill_at
        with pytest.raises(Killed):
            watch(stack)
        record = stack.stored
        for _ in range(2):  # the second one has nothing to do
            if stack.active == HOME or (stack.stored is not None and stack.stored.open):
                assert watch(stack) == "moved", kill_at
        serves(stack, STANDBY)
        assert stack.stored is not None and not stack.stored.open
        assert stack.resumed == (record is not None and record.open), kill_at
        assert stack.calls.count(f"promote {STANDBY}") in (1, 2), kill_at
