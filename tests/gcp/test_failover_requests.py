"""Requests of a failover on Google Cloud: each one by the discovery documents, what is asked, stopped, promoted and moved."""

from collections.abc import Mapping
from typing import Any, cast

import pytest

from providers import command_line, failover_control
from providers.contract.cli import CliCommand, CliFailure, DeployedStack
from providers.contract.failover import Address, DatabaseState, Move, Notice
from providers.gcp.recovery.control import CONTROL
from providers.gcp.rest import TOKEN
from tests.gcp.scripted_google import (
    NEW,
    OLD,
    PROJECT,
    SERVICES,
    ScriptedGoogle,
    answers,
    body_of,
    described,
    instance,
    option,
    replica,
    request_errors,
    stack,
)
from tests.gcp.test_warm import HOME, RECOVERY, STANDBY, warm
from tests.gcp.test_warm_limits import SMALL
from tests.planning import DROP, JOBS, plan, production


def everything(of: DeployedStack, shell: ScriptedGoogle) -> None:
    for region in (HOME, STANDBY):
        CONTROL.answers(of, region, shell)
        CONTROL.stop(of, region, shell)
        CONTROL.start(of, region, shell)
        CONTROL.problem(of, region, shell)
        CONTROL.route(of, region, shell)
    CONTROL.database(of, STANDBY, shell)
    for planned in (True, False):
        CONTROL.promote(of, STANDBY, shell, planned=planned)


@pytest.mark.parametrize("changed", [{}, {"jobs": JOBS}, SMALL, {"services.chat.replicas": {"min": 2, "max": 2}}])
def test_every_request_is_one_of_the_api(changed: Mapping[str, object]) -> None:
    for cluster in ({"drReplica": True}, {}):
        shell = ScriptedGoogle(answers(replica(replicationCluster=cluster)))
        everything(stack(changed), shell)
        assert {
            described(command): request_errors(command) for command in shell.commands if request_errors(command)
        } == {}
        assert len(shell.commands) > 30


def test_a_request_that_the_api_does_not_know_is_noticed() -> None:
    shell = ScriptedGoogle()
    CONTROL.route(stack(), STANDBY, shell)
    command = shell.commands[-1]
    wrong = CliCommand((*command.arguments[:-3], "--data", '{"backend": []}', command.arguments[-1]))
    assert request_errors(wrong) == ["body.backend: no field"]
    missing = CliCommand((*command.arguments[:-1], "https://run.googleapis.com/v2/projects/p/locations/r/pools"))
    assert request_errors(missing) == ["run has no method PATCH v2/projects/p/locations/r/pools"]


def test_no_token_is_an_argument() -> None:
    shell = ScriptedGoogle(answers(replica()))
    everything(stack(), shell)
    for command in shell.commands:
        assert command.stdin == TOKEN and option(command, "--header") == "@-"
        assert not [each for each in command.arguments if "Bearer" in each]


@pytest.mark.parametrize("reachable", [True, False])
def test_a_region_is_probed_once_with_short_timeouts(reachable: bool) -> None:
    shell = ScriptedGoogle(reachable=reachable)
    assert CONTROL.answers(stack(), HOME, shell) is reachable
    (command,) = shell.commands
    assert described(command) == f"GET run v2/projects/{PROJECT}/locations/{HOME}/services?pageSize=1"
    assert (option(command, "--connect-timeout"), option(command, "--max-time")) == ("5", "10")


BUSY = {"operationType": "SWITCHOVER", "status": "RUNNING"}
STATES: Mapping[str, tuple[dict[str, object], DatabaseState]] = {
    "a replica": (answers(replica(), 3), DatabaseState(True, False, True, 3.0)),
    "a replica without a sample": (answers(replica(), None), DatabaseState(True, False, True, None)),
    "a replica that is switched over": (answers(replica(), 0, BUSY), DatabaseState(True, False, False, 0.0)),
    "a replica that is maintained": (answers(replica(state="MAINTENANCE")), DatabaseState(True, False, False, 2.0)),
    "an operation that has ended": (
        answers(replica(), 0, {**BUSY, "status": "DONE"}), DatabaseState(True, False, True, 0.0)
    ),
    "a promoted one": (answers(instance(NEW), 3), DatabaseState(True, True, True, None)),
    "a promoted one with a backup": (
        answers(instance(NEW), 3, {"operationType": "BACKUP_VOLUME", "status": "RUNNING"}),
        DatabaseState(True, True, True, None),
    ),
    "another with a longer name": (answers(instance(f"{NEW}-restored")), DatabaseState(False)),
    "none": (answers({}), DatabaseState(False)),
}  # fmt: skip


@pytest.mark.parametrize(("found", "expected"), STATES.values(), ids=STATES)
def test_the_state_of_a_database(found: dict[str, object], expected: DatabaseState) -> None:
    assert CONTROL.database(stack(), STANDBY, ScriptedGoogle(found)) == expected


def test_a_database_that_is_not_in_the_state_does_not_exist() -> None:
    shell = ScriptedGoogle()
    assert CONTROL.database(stack(without="sql/"), STANDBY, shell) == DatabaseState(False)
    assert shell.commands == []


def test_a_stopped_region_runs_nothing_and_its_last_objects_are_copied_before_the_transfer_ends() -> None:
    shell = ScriptedGoogle(answers(replica()))
    CONTROL.stop(stack({"jobs": JOBS}), HOME, shell)
    place = f"v2/projects/{PROJECT}/locations/{HOME}"
    assert shell.changes == [
        f"PATCH run {place}/services/prod-gateway?updateMask=scaling",
        f"PATCH run {place}/services/prod-chat?updateMask=scaling",
        f"PATCH run {place}/workerPools/prod-worker?updateMask=scaling",
        f"POST cloudscheduler v1/projects/{PROJECT}/locations/{HOME}/jobs/prod-nightly:pause",
        "POST storagetransfer v1/transferJobs/11:run",
        "PATCH storagetransfer v1/transferJobs/11",
    ]
    bodies = [body_of(command)["scaling"] for command in shell.commands[:3]]
    assert bodies == [{"scalingMode": "MANUAL", "manualInstanceCount": 0}] * 2 + [{"manualInstanceCount": 0}]
    assert body_of(shell.commands[-1])["transferJob"] == {"status": "DISABLED"}


def test_a_region_is_started_again_with_the_replicas_of_the_spec_and_its_transfer() -> None:
    shell = ScriptedGoogle({**answers(replica()), r"GET cloudscheduler": {"state": "PAUSED"}})
    of = stack({"jobs": JOBS, "services.chat.replicas": {"min": 3, "max": 3}})
    CONTROL.start(of, STANDBY, shell)
    gateway, worker = (of.spec.services[name].replicas for name in ("gateway", "worker"))
    assert [body_of(command)["scaling"] for command in shell.commands[:3]] == [
        {"scalingMode": "AUTOMATIC", "minInstanceCount": gateway.min, "maxInstanceCount": gateway.max},
        {"scalingMode": "MANUAL", "manualInstanceCount": 3},
        {"manualInstanceCount": worker.min},
    ]
    assert [text for text in shell.changes if "cloudscheduler" in text] == [
        f"POST cloudscheduler v1/projects/{PROJECT}/locations/{STANDBY}/jobs/prod-{STANDBY}-nightly:resume"
    ]
    assert described(shell.commands[-1]) == "PATCH storagetransfer v1/transferJobs/22"
    assert body_of(shell.commands[-1])["transferJob"] == {"status": "ENABLED"}


def test_a_schedule_that_is_paused_already_is_left() -> None:
    shell = ScriptedGoogle({**answers(replica()), r"GET cloudscheduler": {"state": "PAUSED"}})
    CONTROL.stop(stack({"jobs": JOBS}), HOME, shell)
    assert not [text for text in shell.changes if "cloudscheduler" in text]


def test_a_transfer_that_runs_is_awaited_before_and_after_the_last_one() -> None:
    states = [{"done": False}, {"done": True}, {"done": False}, {"done": True}]
    shell = ScriptedGoogle({**answers(replica()), r"GET storagetransfer v1/transferOperations": states})
    CONTROL.stop(stack(), HOME, shell)
    texts = [described(command) for command in shell.commands if "transfer" in described(command)]
    assert texts[1:6] == [
        *["GET storagetransfer v1/transferOperations/1"] * 2,
        "POST storagetransfer v1/transferJobs/11:run",
        *["GET storagetransfer v1/transferOperations/2"] * 2,
    ]
    assert shell.slept == 20.0


def test_no_last_objects_are_copied_by_a_transfer_that_is_disabled() -> None:
    disabled = {r"GET storagetransfer v1/transferJobs": {"status": "DISABLED"}}
    shell = ScriptedGoogle({**answers(replica()), **disabled})
    CONTROL.stop(stack(), HOME, shell)
    assert not [text for text in shell.changes if text.endswith(":run")]


def test_a_transfer_that_does_not_end_is_a_failure_with_a_next_step() -> None:
    shell = ScriptedGoogle({**answers(replica()), r"GET storagetransfer v1/transferOperations": {"done": False}})
    with pytest.raises(CliFailure, match=f"the copy of the objects into {STANDBY} has not ended after 30 min"):
        CONTROL.stop(stack(), HOME, shell)


EDITIONS: Mapping[str, tuple[Mapping[str, object], object, bool, str]] = {
    "planned": ({}, {"drReplica": True}, True, "switchover?dbTimeout=900s"),
    "unplanned": ({}, {"drReplica": True}, False, "promoteReplica?failover=true"),
    "unplanned, not designated": ({}, {}, False, "promoteReplica"),
    "the smaller edition, planned": (SMALL, {}, True, "promoteReplica"),
    "the smaller edition, unplanned": (SMALL, {}, False, "promoteReplica"),
}


@pytest.mark.parametrize(("changed", "cluster", "planned", "expected"), EDITIONS.values(), ids=EDITIONS)
def test_a_replica_is_promoted_as_its_edition_can(
    changed: Mapping[str, object], cluster: object, planned: bool, expected: str
) -> None:
    shell = ScriptedGoogle(answers(replica(replicationCluster=cluster)))
    CONTROL.promote(stack(changed), STANDBY, shell, planned=planned)
    assert shell.changes == [
        "PATCH storagetransfer v1/transferJobs/11",
        f"POST sqladmin v1/projects/{PROJECT}/instances/{NEW}/{expected}",
    ]


def test_a_planned_failover_designates_the_replica_first() -> None:
    found = {**answers(replica()), r"GET sqladmin .*/instances\?": [
        replica(replicationCluster={}), replica(replicationCluster={}), replica(),
    ]}  # fmt: skip
    shell = ScriptedGoogle(found)
    CONTROL.promote(stack(), STANDBY, shell, planned=True)
    designation = next(command for command in shell.commands if described(command).endswith(f"instances/{OLD}"))
    assert body_of(designation) == {"replicationCluster": {"failoverDrReplicaName": f"{PROJECT}:{NEW}"}}
    assert shell.changes[-1].endswith("switchover?dbTimeout=900s")


def test_an_update_designates_the_replica_once_it_exists() -> None:
    shell = ScriptedGoogle(answers(replica(replicationCluster={})))
    (sentence,) = command_line("gcp").after_update(stack(), shell)
    assert sentence == f"{NEW} is the replica of {OLD} for disaster recovery"
    assert shell.changes == [f"PATCH sqladmin v1/projects/{PROJECT}/instances/{OLD}"]


NOTHING: Mapping[str, tuple[Mapping[str, object], object]] = {
    "it is designated": ({}, replica()),
    "the other one is no replica of this one": ({}, replica(masterInstanceName="p:another")),
    "it does not exist": ({}, {}),
    "the smaller edition": (SMALL, replica(replicationCluster={})),
    "no services in two regions": ({"recovery": {"mode": "backup", "standby_region": STANDBY}}, replica()),
}


@pytest.mark.parametrize(("changed", "found"), NOTHING.values(), ids=NOTHING)
def test_an_update_designates_nothing_else(changed: Mapping[str, object], found: object) -> None:
    shell = ScriptedGoogle(answers(found))
    assert command_line("gcp").after_update(stack(changed), shell) == ()
    assert shell.changes == []


def test_a_designation_that_does_not_end_is_a_failure_with_a_next_step() -> None:
    shell = ScriptedGoogle(answers(replica(replicationCluster={}), 0, {"operationType": "UPDATE", "status": "RUNNING"}))
    with pytest.raises(CliFailure, match="does not complete the designation"):
        command_line("gcp").after_update(stack(), shell)


def test_requests_move_after_no_transfer_writes_there_and_to_the_region_alone() -> None:
    shell = ScriptedGoogle()
    CONTROL.route(stack(), STANDBY, shell)
    assert shell.changes == [
        "PATCH storagetransfer v1/transferJobs/11",
        f"PATCH compute compute/v1/projects/{PROJECT}/global/backendServices/prod-entry-gateway-1a2b3c4",
    ]
    (backend,) = body_of(shell.commands[-1])["backends"]
    assert f"/regions/{STANDBY}/" in backend["group"]


def test_services_that_are_not_ready_are_named_with_the_reason() -> None:
    ready, failed = ({"terminalCondition": {"state": f"CONDITION_{state}", "message": text}} for state, text in (
        ("SUCCEEDED", ""), ("FAILED", "the probe failed"),
    ))  # fmt: skip
    assert CONTROL.problem(stack(), STANDBY, ScriptedGoogle({r"GET run": ready})) == ""
    shell = ScriptedGoogle({r"/services/prod-us-east1-chat": failed, r"GET run": ready})
    assert CONTROL.problem(stack(), STANDBY, shell) == "chat: the probe failed"
    assert not [command for command in shell.commands if HOME in described(command)]


def test_the_entry_has_one_address() -> None:
    assert CONTROL.shares_entry and not CONTROL.reseeds
    assert CONTROL.address(stack(), HOME) == CONTROL.address(stack(), STANDBY) == Address("203.0.113.7", 443)
    assert CONTROL.address(stack(without="globalAddress"), HOME) is None


def test_no_database_is_deleted() -> None:
    with pytest.raises(CliFailure, match="is not deleted"):
        CONTROL.delete_database(stack(), HOME, ScriptedGoogle())
    assert CONTROL.copies(stack(), HOME) == ()


def test_what_is_not_in_the_state_is_named() -> None:
    with pytest.raises(CliFailure, match=r"services\.gateway: not deployed yet"):
        CONTROL.stop(DeployedStack("prod", stack().spec), HOME, ScriptedGoogle())
    with pytest.raises(CliFailure, match=r"services\.gateway: not deployed yet"):
        CONTROL.route(stack(without="backendService"), STANDBY, ScriptedGoogle())


def test_an_answer_that_is_none_is_a_failure() -> None:
    with pytest.raises(CliFailure, match="the answer of Google Cloud cannot be read"):
        CONTROL.database(stack(), STANDBY, ScriptedGoogle({r"GET sqladmin": [["no object"]]}))


@pytest.mark.parametrize("planned", [True, False])
def test_the_commands_of_a_dry_run_are_those_that_are_run(planned: bool) -> None:
    of, move = stack({"jobs": JOBS}), Move(HOME, STANDBY)
    shown = CONTROL.commands(of, move, planned=planned)
    shell = ScriptedGoogle(answers(replica()))
    CONTROL.promote(of, STANDBY, shell, planned=planned)
    assert [described(command) for command in shown.promote] == shell.changes
    shell = ScriptedGoogle()
    CONTROL.route(of, STANDBY, shell)
    assert [described(command) for command in shown.route] == shell.changes
    shell = ScriptedGoogle(answers(replica()))
    CONTROL.stop(of, HOME, shell)
    assert [described(command) for command in shown.stop] == shell.changes
    assert set(shown.minutes) >= {"stop", "promote", "adopt", "test", "route", "finish", "delete"}


def test_a_platform_without_a_database_promotes_none() -> None:
    bare: Mapping[str, object] = {f"services.{name}.uses": [] for name in SERVICES}
    of = stack({"database": DROP, **bare}, without="sql/")
    assert CONTROL.commands(of, Move(HOME, STANDBY), planned=True).promote == ()


def test_a_notice_is_an_entry_of_the_log_that_the_policy_matches() -> None:
    shell = ScriptedGoogle()
    assert CONTROL.notify(stack(), STANDBY, Notice("prod: us-east1 serves", "us-central1 does not answer."), shell)
    (command,) = shell.commands
    assert request_errors(command) == []
    (entry,) = body_of(command)["entries"]
    assert entry["jsonPayload"] == {"subject": "prod: us-east1 serves", "text": "us-central1 does not answer."}
    timed = {**RECOVERY, "failover_timeout_minutes": 30}
    policy = (
        plan(production({"recovery": timed, "gcp.project": PROJECT}, cloud="gcp"))
        .one("prod-monitoring-failover-notices")
        .inputs
    )
    (condition,) = cast("list[dict[str, Any]]", policy["conditions"])
    assert condition["conditionMatchedLog"]["filter"] == f'logName="{entry["logName"]}"'
    assert set(condition["conditionMatchedLog"]["labelExtractors"]) == set(entry["jsonPayload"])
    assert policy["notificationChannels"]


def test_without_a_time_for_an_automatic_failover_there_is_no_policy_and_no_notice() -> None:
    assert not [each for each in warm().of_type("monitoring:AlertPolicy") if each.name.endswith("failover-notices")]
    shell = ScriptedGoogle()
    assert not CONTROL.notify(stack(without="alertPolicy"), STANDBY, Notice("s", "t"), shell)
    assert shell.commands == []


def test_the_control_is_that_of_the_cloud() -> None:
    assert failover_control("gcp") is CONTROL
