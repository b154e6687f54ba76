"""Watch of containers during an update, on a clock that a test advances, with a constructed host."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import pytest

from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.events import EngineMessage, Event
from automation.deploy.results import Clock
from automation.deploy.start_watch import StartWatch
from providers.contract.preflight import (
    Diagnosis,
    Environment,
    HostChecks,
    HostObject,
    HostUnreachable,
    StartingPart,
)
from providers.contract.spec import Platform
from tests.automation.check_inputs import stack

NAME = "trial-compute-web-1"


@dataclass
class Watched:
    """Host whose one container is the one of `history` at the current second, its clock, and what was done to it."""

    history: Callable[[int], StartingPart | None]
    removed: list[HostObject] = field(default_factory=list[HostObject])
    events: list[Event] = field(default_factory=list[Event])
    now: float = -1.0
    reachable: bool = True

    @property
    def watch(self) -> StartWatch:
        checks = HostChecks(remove=self.remove, list_starting=self.list_starting, explain_start=self.explain)
        clock = Clock(seconds=lambda: self.now, sleep=self.pass_time)
        return StartWatch(stack("docker"), {}, clock, self.events.append, checks)

    def list_starting(
        self, _spec: Platform, _stack: str, known: Collection[str], _environment: Environment
    ) -> list[StartingPart]:
        if not self.reachable:
            raise HostUnreachable("no answer")
        part = self.history(int(self.now)) if self.now >= 0 else None
        return [part] if part and part.found.id not in known and part.found not in self.removed else []

    def remove(self, found: HostObject, _environment: Environment) -> str:
        self.removed.append(found)
        return ""

    def explain(self, _spec: Platform, _stack: str, part: StartingPart, _environment: Environment) -> Diagnosis:
        return Diagnosis(f"services.web: {part.found.name} does not start", "correct this", ("Traceback", "KeyError"))

    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    def poll(self, watch: StartWatch, seconds: int) -> float | None:
        """Second in which a container was given up, in this time."""
        for self.now in range(seconds):
            watch.poll()
            if watch.failures:
                return self.now
        return None

    @property
    def texts(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, EngineMessage)]


def part(
    ends: int, *, running: bool = True, awaited: bool = True, healthy: bool = False, waiting: bool = False
) -> StartingPart:
    found = HostObject("container", f"{NAME}-1a2b3c4", "c1")
    return StartingPart(NAME, found, ends, running, awaited, healthy, waiting)


def crashes(ends_at: Collection[int], **fields: bool) -> Callable[[int], StartingPart]:
    """Container whose process ends in these seconds and is started again at once."""
    return lambda now: part(sum(second <= now for second in ends_at), **fields)


@pytest.mark.parametrize(
    ("ends_at", "abandoned"),
    [
        ((0, 1, 2, 4, 7, 13), 13),
        ((2, 4, 6, 8, 11, 15), 11),
        ((5, 10, 15), 10),
        ((8, 16), 16),
        ((1,), None),
        ((1, 5), None),
        ((30,), None),
    ],
)
def test_a_container_that_keeps_ending_is_abandoned_within_20_seconds(
    ends_at: tuple[int, ...], abandoned: int | None
) -> None:
    host = Watched(crashes(ends_at))
    assert host.poll(host.watch, 60) == abandoned
    assert len(host.removed) == (abandoned is not None)


def test_a_container_between_two_attempts_is_abandoned_when_its_time_is_over() -> None:
    host = Watched(lambda now: part(6 if now > 6 else 3, running=False))
    assert host.poll(host.watch, 60) == 10


def test_the_first_end_is_reported_at_once_with_the_log() -> None:
    host = Watched(crashes((3, 5)))
    host.poll(host.watch, 9)
    (text,) = host.texts
    assert text == (
        f"{NAME}-1a2b3c4 ended at its start and is started again; the end of its log:\n    Traceback\n    KeyError"
    )


def test_a_healthy_container_and_one_that_waits_for_another_service_are_not_abandoned() -> None:
    for fields in ({"healthy": True}, {"waiting": True}):
        host = Watched(crashes(range(40), **fields))
        assert host.poll(host.watch, 40) is None


def test_a_container_gets_its_time_again_when_the_service_that_it_calls_is_ready() -> None:
    host = Watched(lambda now: part(now, waiting=now < 20))
    assert host.poll(host.watch, 60) == 29


def test_the_failure_of_an_update_is_that_of_the_container() -> None:
    host = Watched(crashes(range(40)))
    watch = host.watch

    def update() -> None:
        host.poll(watch, 30)
        raise DeploymentFailed(Failure.RESOURCE, "No such container", log="engine's log")

    with pytest.raises(DeploymentFailed) as failed:
        watch.run(update)
    assert (failed.value.kind, failed.value.log) == (Failure.NOT_RUNNING, "engine's log")
    assert str(failed.value).endswith(f"services.web: {NAME}-1a2b3c4 does not start. Correct this.")


def test_other_failures_and_cancelled_updates_are_unchanged() -> None:
    for kind, ends in ((Failure.QUOTA, 0), (Failure.CANCELLED, 40)):
        host = Watched(crashes(range(ends)))
        watch, error = host.watch, DeploymentFailed(kind, "of the engine")

        def update(host: Watched = host, watch: StartWatch = watch, error: DeploymentFailed = error) -> None:
            host.poll(watch, 30)
            raise error

        with pytest.raises(DeploymentFailed) as failed:
            watch.run(update)
        assert failed.value is error


def test_a_container_without_a_health_check_is_watched_after_the_update_and_stays_for_a_look() -> None:
    host = Watched(crashes(range(40), awaited=False))

    def update() -> None:
        host.now = 0

    with pytest.raises(DeploymentFailed, match="does not start"):
        host.watch.run(update)
    assert (host.removed, host.now) == ([], 10)


def test_an_update_ends_at_once_when_every_new_container_is_healthy() -> None:
    host = Watched(crashes((), healthy=True))

    def update() -> str:
        host.now = 0
        return "done"

    assert (host.watch.run(update), host.now) == ("done", 0)


def test_without_a_host_or_an_answer_the_update_runs_as_it_is() -> None:
    host = Watched(crashes(range(40)), reachable=False)
    assert host.watch.run(lambda: "done") == "done"
    clouds = StartWatch(stack("docker"), {}, Clock(), None, HostChecks())
    assert clouds.run(lambda: "done") == "done"
