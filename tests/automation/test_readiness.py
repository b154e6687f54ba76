"""Wait for the entry of a stack: it answers, a part is down, or nothing is known after two minutes."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from automation.local.readiness import GRACE_SECONDS, READY_SECONDS, wait_until_ready

URL = "https://localhost:8443/health"


@dataclass
class FakeClock:
    """Clock that advances with every pause."""

    now: float = 0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def waited(answers: Callable[[float], bool], down: Callable[[float], tuple[str, ...]]) -> tuple[str, float]:
    """Result of a wait, and how long it took."""
    clock = FakeClock()
    result = wait_until_ready(
        URL, Path("ca.pem"), lambda: down(clock.now), ask=lambda _url, _authority: 200 if answers(clock.now) else 0,
        clock=lambda: clock.now, sleep=clock.sleep,
    )  # fmt: skip
    return result, clock.now


def test_an_entry_that_answers_ends_the_wait() -> None:
    assert waited(lambda now: now >= 30, lambda _now: ()) == ("", 30)


def test_a_part_that_is_down_ends_the_wait_within_20_seconds() -> None:
    result, seconds = waited(lambda _now: False, lambda _now: ("database: it ended.", "cache: it ended."))
    assert (result, seconds) == ("database: it ended. cache: it ended.", GRACE_SECONDS)
    assert seconds <= 20


def test_a_part_that_starts_again_in_time_is_not_reported() -> None:
    assert waited(lambda now: now >= 9, lambda _now: ("web: it ended.",)) == ("", 9)


def test_a_stack_whose_containers_all_run_gets_two_minutes() -> None:
    result, seconds = waited(lambda _now: False, lambda _now: ())
    assert (result, seconds) == (f"{URL} does not answer after 120 s, although every container runs.", READY_SECONDS)
