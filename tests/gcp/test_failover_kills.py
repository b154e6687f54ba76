"""Failovers on Google Cloud whose process ends before or after any request, each continued by the same command to the same end."""

from collections.abc import Mapping
from functools import cache

import pytest

from automation.deploy.failover_record import Kind
from providers import command_line
from providers.contract.cli import DeployedStack
from providers.gcp.recovery.control import CONTROL
from tests.automation.control_failover import ControlPort, KillableShell, killed_at_every_call
from tests.gcp.fake_google import TRANSFERS, FakeGoogle
from tests.gcp.scripted_google import stack
from tests.gcp.test_warm import HOME, RECOVERY, STANDBY
from tests.gcp.test_warm_limits import SMALL
from tests.planning import JOBS

SCENES: Mapping[str, tuple[Kind, str, str, str, str]] = {
    "planned": ("failover", HOME, STANDBY, "", "switchover?dbTimeout=900s"),
    "planned, without a designation": ("failover", HOME, STANDBY, "", "promoteReplica"),
    "unplanned": ("failover", HOME, STANDBY, HOME, "promoteReplica?failover=true"),
    "failback": ("failback", STANDBY, HOME, "", "switchover?dbTimeout=900s"),
    "the other region is lost after a failover": ("failover", STANDBY, HOME, STANDBY, "promoteReplica?failover=true"),
}
"""Command, the region that serves before and after, the one that is lost, and the request that promotes."""


@cache
def stack_of(active: str, small: bool) -> DeployedStack:
    recovery = {**RECOVERY, "active_region": active}
    return stack({"recovery": recovery, "jobs": JOBS, **(SMALL if small else {})})


def begun(scene: str) -> tuple[ControlPort, FakeGoogle]:
    """Return the stack before a scene, after the failover that it continues."""
    _, source, _, lost, _ = SCENES[scene]
    google, small = FakeGoogle(), "without" in scene
    after_update = command_line("gcp").after_update
    port = ControlPort(CONTROL, lambda active: stack_of(active, small), KillableShell(shell=google), HOME, after_update)
    port.converge()
    if source == STANDBY:
        port.move("failover", planned=True)
        declare(port, google)
    google.lost = lost
    port.shell.calls.clear()
    google.promotions.clear()
    return port, google


def declare(port: ControlPort, google: FakeGoogle) -> None:
    """Do what the update of the whole stack does: the transfer into the region that does not serve runs again."""
    for region, job in TRANSFERS.items():
        google.transfers[job] = "DISABLED" if region == port.active else "ENABLED"
    google.stopped[port.active] = set()


def run(port: ControlPort, scene: str) -> None:
    """Give the command of a scene."""
    kind, _, _, lost, _ = SCENES[scene]
    port.move(kind, planned=not lost)


def ended(port: ControlPort, google: FakeGoogle, scene: str) -> None:
    """Assert that a region serves, that nothing is written into its bucket by a transfer, and that the other one is stopped."""
    _, source, target, lost, promotion = SCENES[scene]
    assert port.stored is not None and not port.stored.open
    assert (port.active, google.primary, google.served) == (target, target, target)
    assert google.promotions == [promotion]
    assert google.transfers[TRANSFERS[target]] == "DISABLED"
    names = {"prod-gateway", "prod-chat", "prod-worker", "prod-nightly"}
    place = "prod" if source == HOME else f"prod-{STANDBY}"
    assert google.stopped[source] == (set() if lost else {each.replace("prod", place) for each in names})


@pytest.mark.parametrize("scene", SCENES)
def test_a_process_that_is_killed_before_or_after_any_request_is_continued_to_the_same_end(scene: str) -> None:
    target = SCENES[scene][2]
    killed_at_every_call(
        lambda: begun(scene),
        lambda port: run(port, scene),
        target,
        lambda port, cloud: ended(port, cloud, scene),
    )
