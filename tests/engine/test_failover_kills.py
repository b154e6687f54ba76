"""Failovers whose process ends before any change, each continued by the same command in a new process, with the real engine.

An uninterrupted run copies state, stack file and cloud before each change: such a copy is all that a killed process leaves.
"""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import pytest

from automation.deploy.failover_record import Kind
from tests.engine.test_failover import is_up_to_date, serves
from tests.engine.warm_aws import HOME, INSTANCE, SCALING, STANDBY, WarmStack
from tests.engine.warm_process import kill_during

pytestmark = pytest.mark.xdist_group("warm")
between_calls = pytest.mark.long(reason="the driver is killed before and after each call without the engine")
MOVE = (
    "write promoting", "promote", "write adopting", "adopt", "write testing", "write routing",
)  # fmt: skip
FAILOVER = ("write stopping", "stop", *MOVE, "route", "write finishing", "converge", "write done")
UNPLANNED = ("write stopping", *MOVE, "route", "write finishing", "write done")
SEED = ("delete_database", "forget_database", "converge")
FAILBACK = ("write seeding", *SEED, *FAILOVER[:-1], "write returning", *SEED, "write done")
POINTS: Mapping[str, tuple[str, ...]] = {"planned": FAILOVER, "unplanned": UNPLANNED, "failback": FAILBACK}
"""Changes of an uninterrupted run, before each of which the process ends."""
END: Mapping[str, tuple[Kind, str]] = {
    "planned": ("failover", STANDBY), "unplanned": ("failover", STANDBY), "failback": ("failback", HOME),
}  # fmt: skip
KILLS = [
    pytest.param(scene, number, id=f"{scene}-{number}-{what}")
    for scene, points in POINTS.items()
    for number, what in enumerate(points)
]
Runs = Callable[[str], WarmStack]


@pytest.fixture(scope="module")
def runs(warm_deployed: tuple[WarmStack, WarmStack], tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """Return an uninterrupted run of a scene, with its copies."""

    @cache
    def run(scene: str) -> WarmStack:
        home = tmp_path_factory.mktemp(scene)
        stack = (run("planned") if scene == "failback" else warm_deployed[1]).copy(home / "stack")
        if scene == "unplanned":
            stack.lose(HOME)
        stack.move(END[scene][0], planned=scene != "unplanned", copies=home)
        return stack

    return run


@between_calls
@pytest.mark.parametrize("scene", POINTS)
def test_every_change_is_one_before_which_the_process_ends(runs: Runs, scene: str) -> None:
    assert tuple(what for what, _ in runs(scene).points) == POINTS[scene]


@between_calls
@pytest.mark.parametrize(("scene", "number"), KILLS)
def test_the_same_command_continues_to_the_same_end(runs: Runs, scene: str, number: int, tmp_path: Path) -> None:
    stack = runs(scene).points[number][1].copy(tmp_path)
    continued(stack, scene)


def continued(stack: WarmStack, scene: str) -> None:
    """Assert that the same command ends what was begun."""
    kind, region = END[scene]
    stack.move(kind, planned=scene != "unplanned")
    if scene == "unplanned":
        stack.lose("")
        stack.deployment.refresh()
        stack.project.up()
    serves(stack, region)
    assert stack.writes(STANDBY) is (region == STANDBY)
    is_up_to_date(stack)


another = pytest.mark.long(reason="a kill in the update of the region that is to serve is in the chosen set")
INSIDE = [
    pytest.param("unplanned", "update", SCALING, STANDBY, id="the region gets its role"),
    pytest.param("planned", "update", SCALING, HOME, id="the other region is reduced", marks=another),
    pytest.param("failback", "create", INSTANCE, HOME, id="a new replica is created", marks=another),
]
"""Scene, and a call to the provider of a region during which the engine is killed with the process."""


@pytest.mark.parametrize(("scene", "verb", "token", "region"), INSIDE)
def test_an_engine_that_is_killed_in_an_update_is_continued_by_the_same_command(
    warm: WarmStack, scene: str, verb: str, token: str, region: str
) -> None:
    if scene == "failback":
        warm.move()
    if scene == "unplanned":
        warm.lose(HOME)
    name = warm.shell.objects(token, region)[0].name
    kill_during(warm, END[scene][0], verb, token, name, planned=scene != "unplanned")
    continued(warm, scene)
