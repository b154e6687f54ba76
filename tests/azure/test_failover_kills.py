"""Failovers on Azure whose process ends before or after any command, each continued by the same command to the same end."""

from collections.abc import Mapping
from functools import cache

import pytest

from automation.deploy.failover_record import Kind
from providers.azure.recovery.control import CONTROL, complete_standby
from tests.automation.control_failover import ControlPort, KillableShell, killed_at_every_call
from tests.azure.scripted_azure import FakeAzure, stack
from tests.azure.warm_plans import HOME, STANDBY

SCENES: Mapping[str, tuple[Kind, str, str, str, str]] = {
    "planned": ("failover", HOME, STANDBY, "", "Planned"),
    "unplanned": ("failover", HOME, STANDBY, HOME, "Forced"),
    "failback": ("failback", STANDBY, HOME, "", "Planned"),
    "the other location is lost after a failover": ("failover", STANDBY, HOME, STANDBY, "Forced"),
}
"""Command, the location that serves before and after, the one that is lost, and how the server is promoted."""


STACKS = cache(stack)


def begun(scene: str) -> tuple[ControlPort, FakeAzure]:
    """Return the stack before a scene, after the failover that it continues."""
    _, source, _, lost, _ = SCENES[scene]
    azure = FakeAzure()
    azure.delays = (0.0,)
    port = ControlPort(CONTROL, STACKS, KillableShell(shell=azure), HOME, complete_standby)
    port.converge()
    if source == STANDBY:
        port.move("failover", planned=True)
    azure.lost = lost
    port.shell.calls.clear()
    azure.promotions.clear()
    return port, azure


def run(port: ControlPort, scene: str) -> None:
    """Give the command of a scene."""
    kind, _, _, lost, _ = SCENES[scene]
    port.move(kind, planned=not lost)


def ended(port: ControlPort, azure: FakeAzure, scene: str) -> None:
    """Assert that the location serves alone, and that the other one serves nothing after it answers and is updated."""
    _, source, target, _, option = SCENES[scene]
    assert port.stored is not None and not port.stored.open
    assert (port.active, set(azure.promotions)) == (target, {option})
    assert (azure.origins[target], azure.origins[source]) == ("Enabled", "Disabled")
    assert [server and server["replicationRole"] for server in (azure.servers[target], azure.servers[source])] == [
        "Primary", "GeoAsyncReplica",
    ]  # fmt: skip
    assert set(azure.states[target].values()) == {"Running", "Ready"}
    # services there write objects, so nothing is copied into the account
    assert not [policy for policy in azure.policies[target] if policy["destinationAccount"].endswith(f"data{target}")]
    azure.lost = ""
    port.converge()
    assert azure.endpoint == (target, source)


@pytest.mark.parametrize("scene", SCENES)
def test_a_process_that_is_killed_before_or_after_any_command_is_continued_to_the_same_end(scene: str) -> None:
    target = SCENES[scene][2]
    killed_at_every_call(
        lambda: begun(scene),
        lambda port: run(port, scene),
        target,
        lambda port, cloud: ended(port, cloud, scene),
    )
