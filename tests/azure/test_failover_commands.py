"""Commands of a failover on Azure: what is asked, stopped, promoted, routed and completed, each in one location."""

import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from inspect import signature
from typing import Any, cast

import pulumi_azure_native as azure_native
import pytest

from automation.plan.inventory import Inventory
from providers import failover_control
from providers.azure.naming import endpoint_name
from providers.azure.recovery import app_states, servers
from providers.azure.recovery.control import CONTROL, complete_standby
from providers.contract.cli import CliFailure, DeployedStack
from providers.contract.failover import Address, DatabaseState, Move, Notice
from tests.azure.fake_shell import text
from tests.azure.plans import spec_of
from tests.azure.scripted_azure import (
    ACCOUNTS,
    APPS,
    GROUPS,
    NO_DATABASE,
    NO_OBJECTS,
    SERVERS,
    FakeAzure,
    context,
    stack,
)
from tests.azure.warm_plans import HOME, STANDBY, warm


def test_the_control_of_azure_swaps_roles_behind_one_entry() -> None:
    assert failover_control("azure") is CONTROL
    assert (CONTROL.reseeds, CONTROL.shares_entry) == (False, True)


@pytest.mark.parametrize("lost", ["", HOME])
def test_a_probe_ends_within_seconds_and_has_no_token_in_an_argument(lost: str) -> None:
    shell = FakeAzure(lost)
    assert CONTROL.answers(stack(), HOME, shell) is not bool(lost)
    (command,) = shell.commands
    assert command.arguments[command.arguments.index("--max-time") + 1] == "10"
    assert command.stdin is not None and command.stdin.arguments[:3] == ("az", "account", "get-access-token")
    assert GROUPS[HOME] in command.arguments[-1] and "Bearer" not in shlex.join(command.arguments)


PRIMARY = {"state": "Ready", "replicationRole": "Primary"}
REPLICA = {"state": "Ready", "replicationRole": "GeoAsyncReplica"}
STATES: Mapping[str, tuple[dict[str, Any] | None, Sequence[float | None], DatabaseState]] = {
    "a primary": (PRIMARY, (), DatabaseState(True, True, True, None)),
    "one that never had a replica": (
        {"state": "Ready", "replicationRole": "None"},
        (),
        DatabaseState(True, True, True, None),
    ),
    "a primary that changes": ({**PRIMARY, "state": "Updating"}, (), DatabaseState(True, True, False, None)),
    "a replica": (REPLICA, (4.0, 2.0, None), DatabaseState(True, False, True, 2.0)),
    "a replica of the same location": (
        {**REPLICA, "replicationRole": "AsyncReplica"},
        (0,),
        DatabaseState(True, False, True, 0.0),
    ),
    "a replica that reports nothing": (REPLICA, (None,), DatabaseState(True, False, True, None)),
    "none": (None, (), DatabaseState(False)),
}


@pytest.mark.parametrize(("server", "delays", "expected"), STATES.values(), ids=STATES)
def test_the_state_of_a_server(
    server: dict[str, Any] | None, delays: Sequence[float | None], expected: DatabaseState
) -> None:
    shell = FakeAzure(lost=HOME)
    shell.servers[STANDBY], shell.delays = server, delays
    assert CONTROL.database(stack(), STANDBY, shell) == expected


def test_stopping_ends_apps_jobs_and_runs_once_and_starting_undoes_it() -> None:
    shell = FakeAzure()
    CONTROL.stop(stack(), HOME, shell)
    assert set(shell.states[HOME].values()) == {"Stopped", "Suspended"}
    assert set(shell.states[STANDBY].values()) == {"Running", "Ready"}
    assert [each for each in shell.texts if "containerapp job stop --name prod-nightly" in each]
    changed = len([each for each in shell.texts if "--method post" in each])
    CONTROL.stop(stack(), HOME, shell)
    assert len([each for each in shell.texts if "--method post" in each]) == changed == len(APPS) + 1
    CONTROL.start(stack(), HOME, shell)
    assert set(shell.states[HOME].values()) == {"Running", "Ready"}


@pytest.mark.parametrize(("planned", "option"), [(True, "Planned"), (False, "Forced")])
def test_a_promotion_swaps_the_roles_without_a_request_to_the_other_location(planned: bool, option: str) -> None:
    shell = FakeAzure(lost=HOME)
    shell.policies[STANDBY] = [
        {"policyId": "p0", "sourceAccount": ACCOUNTS[HOME], "destinationAccount": ACCOUNTS[STANDBY]}
    ]
    CONTROL.promote(stack(), STANDBY, shell, planned=planned)
    assert shell.bodies["promotion"] == {
        "properties": {"replica": {"role": "Primary", "promoteMode": "Switchover", "promoteOption": option}}
    }
    # services there write objects from then on
    assert shell.policies[STANDBY] == []
    assert all(GROUPS[STANDBY] in each for each in shell.texts)


def test_a_planned_promotion_waits_for_the_replication() -> None:
    shell = FakeAzure()
    shell.servers[STANDBY] = {**REPLICA, "replica": {"replicationState": "Catchup"}}
    with pytest.raises(CliFailure, match="is Catchup, and a planned switchover needs Active"):
        CONTROL.promote(stack(HOME, NO_OBJECTS), STANDBY, shell, planned=True)
    assert "promotion" not in shell.bodies
    CONTROL.promote(stack(HOME, NO_OBJECTS), STANDBY, shell, planned=False)
    assert "promotion" in shell.bodies


def test_routing_enables_the_other_origin_before_it_disables_the_old_one() -> None:
    shell = FakeAzure()
    CONTROL.route(stack(), STANDBY, shell)
    changed = [each for each in shell.texts if " afd origin update" in each]
    assert [("eastus" in each.split("--origin-name ")[1].split()[0], "Enabled" in each) for each in changed] == [
        (True, True),
        (False, False),
    ]
    assert all(
        "--resource-group prod-agents-westus3" in each and "--profile-name prod-front" in each for each in changed
    )


def test_routing_agrees_with_the_program_of_the_location_that_serves() -> None:
    for active, other in ((STANDBY, HOME), (HOME, STANDBY)):
        shell = FakeAzure()
        CONTROL.route(stack(), active, shell)
        for region in (active, other):
            declared = warm(active).one(f"prod-entry-gateway-{region}").inputs
            (command,) = [each for each in shell.texts if f"--origin-name {region} " in each]
            assert f"--enabled-state {declared['enabledState']} --priority {declared['priority']}" in command


def test_services_are_ready_when_their_newest_revision_is_and_stopped_ones_are_started() -> None:
    shell = FakeAzure()
    shell.states[STANDBY]["prod-chat"] = "Stopped"
    assert CONTROL.problem(stack(), STANDBY, shell) == ""
    assert shell.states[STANDBY]["prod-chat"] == "Running"
    shell.not_ready = {"prod-chat"}
    assert CONTROL.problem(stack(), STANDBY, shell) == "the newest revision of chat is not ready"


def test_the_address_is_that_of_front_door_for_both_locations() -> None:
    for region in (HOME, STANDBY):
        assert CONTROL.address(stack(), region) == Address("prod-1a.z01.azurefd.net", 443)
    assert CONTROL.address(DeployedStack("prod", stack().spec), HOME) is None


def test_a_notice_goes_to_the_chat_by_a_url_that_is_in_no_argument() -> None:
    shell = FakeAzure()
    assert CONTROL.notify(stack(), STANDBY, Notice("prod: eastus serves", "westus3 does not answer."), shell)
    (command,) = shell.commands
    assert command.stdin is not None and "listCallbackUrl" in shlex.join(command.stdin.arguments)
    essentials = json.loads(command.arguments[command.arguments.index("--data") + 1])["data"]["essentials"]
    assert essentials["description"] == "westus3 does not answer."
    assert not CONTROL.notify(stack(), HOME, Notice("s", "t"), shell)


def test_the_server_that_is_left_is_never_deleted() -> None:
    with pytest.raises(CliFailure, match="it follows the other one by itself"):
        CONTROL.delete_database(stack(), HOME, FakeAzure())


def test_a_dry_run_prints_what_is_run() -> None:
    move = Move(HOME, STANDBY)
    printed = CONTROL.commands(stack(), move, planned=False)
    shell = FakeAzure()
    CONTROL.stop(stack(), HOME, shell)
    CONTROL.promote(stack(HOME, NO_OBJECTS), STANDBY, shell, planned=False)
    CONTROL.route(stack(HOME, NO_OBJECTS), STANDBY, shell)
    assert [text(each) for each in (*printed.stop, *printed.promote, *printed.route)] == [
        each for each in shell.texts if not each.startswith("az account")
    ]
    assert CONTROL.commands(stack(HOME, NO_DATABASE), move, planned=True).promote == ()


def test_an_update_connects_the_replica_and_directs_the_objects_once() -> None:
    shell = FakeAzure()
    shell.states[HOME]["prod-worker"] = "Stopped"
    assert complete_standby(stack(), shell) == [
        "started prod-worker in westus3",
        f"connected the virtual endpoint {endpoint_name(context(HOME))} with the replica in eastus",
        "objects of westus3 are copied to eastus",
    ]
    assert shell.endpoint == (HOME, STANDBY)
    assert {region: [each["policyId"] for each in of] for region, of in shell.policies.items()} == {
        HOME: ["p1"],
        STANDBY: ["p1"],
    }
    assert complete_standby(stack(), shell) == []


def test_after_a_failover_reader_and_copies_follow_the_location_that_serves() -> None:
    shell = FakeAzure()
    complete_standby(stack(), shell)
    CONTROL.promote(stack(), STANDBY, shell, planned=True)
    shell.servers = {HOME: REPLICA, STANDBY: PRIMARY}
    shell.endpoint = (STANDBY, HOME)
    moved = stack(STANDBY)
    assert complete_standby(moved, shell) == ["objects of eastus are copied to westus3"]
    assert [each["destinationAccount"].rpartition("/")[2] for of in shell.policies.values() for each in of] == [
        ACCOUNTS[HOME]
    ] * 2
    assert complete_standby(moved, shell) == []


def test_a_reader_that_is_the_primary_is_changed_under_its_name() -> None:
    shell = FakeAzure()
    shell.endpoint = (HOME, HOME)
    assert "connected the virtual endpoint existing with the replica in eastus" in complete_standby(stack(), shell)


def test_nothing_is_connected_while_the_servers_have_other_roles() -> None:
    shell = FakeAzure()
    shell.servers[STANDBY] = PRIMARY
    assert servers.connect_endpoint(stack(), shell) == ()
    assert "endpoint" not in shell.bodies


def test_a_policy_of_a_user_between_other_accounts_stays() -> None:
    shell = FakeAzure()
    own = {"policyId": "mine", "sourceAccount": ACCOUNTS[HOME], "destinationAccount": "archive", "rules": []}
    shell.policies[HOME] = [own]
    complete_standby(stack(), shell)
    assert own in shell.policies[HOME]


def test_without_a_warm_standby_an_update_needs_nothing_more() -> None:
    shell = FakeAzure()
    assert complete_standby(DeployedStack("prod", spec_of()), shell) == ()
    assert shell.commands == []


def accepted(model: Callable[..., object], body: Mapping[str, Any], path: str = "") -> list[str]:
    """Return the members of a REST body that an input type of the SDK does not have, and those with another type."""
    names = {each.replace("_", "").lower() for each in signature(model).parameters}
    return [f"{path}{key}" for key in body if key.lower() not in names]


def test_the_bodies_of_the_requests_have_the_members_that_the_sdk_has() -> None:
    postgres, storage = azure_native.dbforpostgresql, azure_native.storage
    patch = cast("Mapping[str, Any]", json.loads(servers.promotion(stack(), STANDBY, planned=True).arguments[7]))
    replica = patch["properties"]["replica"]
    assert accepted(postgres.ReplicaArgs, replica) == [] and accepted(postgres.ServerArgs, patch["properties"]) == []
    assert replica["promoteMode"] in {each.value for each in postgres.ReadReplicaPromoteMode}
    assert replica["promoteOption"] in {each.value for each in postgres.ReadReplicaPromoteOption}
    assert replica["role"] in {each.value for each in postgres.ReplicationRole}
    shell = FakeAzure()
    complete_standby(stack(), shell)
    endpoint = shell.bodies["endpoint"]["properties"]
    assert accepted(postgres.VirtualEndpointArgs, endpoint) == []
    assert endpoint["endpointType"] in {each.value for each in postgres.VirtualEndpointType}
    for region in (HOME, STANDBY):
        policy = shell.bodies[f"policy {region}"]["properties"]
        assert accepted(storage.ObjectReplicationPolicyArgs, policy) == []
        assert accepted(storage.ObjectReplicationPolicyPropertiesMetricsArgs, policy["metrics"]) == []
        assert accepted(storage.ObjectReplicationPolicyRuleArgs, policy["rules"][0]) == []
        assert accepted(storage.ObjectReplicationPolicyFilterArgs, policy["rules"][0]["filters"]) == []
    assert accepted(storage.ObjectReplicationPolicyArgs, {"sourceAccount": "", "wrong": ""}) == ["wrong"]


def test_the_names_in_commands_are_those_of_the_program() -> None:
    declared: Inventory = warm(jobs=True)
    for place, region in (("prod", HOME), (f"prod-{STANDBY}", STANDBY)):
        assert declared.one(f"{place}-database", "dbforpostgresql:Server").inputs["serverName"] == SERVERS[region]
        assert declared.one(f"{place}-storage", "storage:StorageAccount").inputs["accountName"] == ACCOUNTS[region]
        for name in APPS:
            app = declared.one(f"{place}-compute-{name.removeprefix('prod-')}", "app:ContainerApp").inputs
            assert (app["containerAppName"], app["resourceGroupName"]) == (name, f"prod-agents-{region}")
        assert declared.one(f"{place}-jobs-nightly", "app:Job").inputs["jobName"] == "prod-nightly"
    assert app_states.probe(stack(), HOME).arguments[-1].endswith(f"api-version={app_states.API_VERSION}")
