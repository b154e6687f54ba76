"""Restore drills on AWS: the state machines with services that answer as AWS does, what is declared, and the commands."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from providers.aws.context import AwsContext
from providers.aws.drill.control import CONTROL
from providers.aws.drill.machine import DrillTask, definition
from providers.aws.drill.report import report_definition
from providers.contract.cli import CliFailure, DeployedResource, DeployedStack
from tests.aws.plans import spec_of
from tests.aws.step_functions import Execution, Service, ServiceError
from tests.aws.test_cli import FakeShell

DRILL = {"recovery.drill": {"query": "SELECT count(*) FROM sessions"}}
CONTEXT = AwsContext(spec_of(DRILL), "prod", "us-west-2")
START = datetime(2026, 11, 29, 4, 0, tzinfo=UTC)
POINT = "arn:aws:rds:us-west-2:111122223333:snapshot:awsbackup:job-1a2b"
COPY = "prod-drill-20261129040000"
TASK = DrillTask(
    context=CONTEXT, vault="prod-drill", restore_role="arn:aws:iam::111122223333:role/backup",
    restore_metadata={"DBSubnetGroupName": "subnets", "VpcSecurityGroupIds": '["sg-1"]'},
    cluster="prod-agents", definition="arn:aws:ecs:us-west-2:111122223333:task-definition/prod_drill:1",
    subnets=["subnet-1"], security_group="sg-2",
)  # fmt: skip


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class Cloud:
    """Services of one region: databases by name, recovery points, and one restore job."""

    def __init__(self, minutes: int = 20) -> None:
        self.databases: dict[str, dict[str, Any]] = {"prod-database": {}, "prod-drill-database": {}}
        self.points = [
            {"RecoveryPointArn": "arn:old", "Status": "COMPLETED", "CreationDate": iso(START - timedelta(days=2))},
            {"RecoveryPointArn": POINT, "Status": "COMPLETED", "CreationDate": iso(START - timedelta(hours=4))},
            {"RecoveryPointArn": "arn:partial", "Status": "PARTIAL", "CreationDate": iso(START)},
        ]
        self.minutes, self.ended, self.copy = minutes, "COMPLETED", ""
        self.query: Service = lambda _arguments: {}
        self.deletion_errors: list[str] = []
        self.result: Mapping[str, str] = {}
        self.metrics: dict[str, float] = {}
        self.page = 100
        self.execution: Execution | None = None
        self.failing: dict[str, str] = {}
        """Error by action."""

    def run(self, machine: Mapping[str, Any], machine_input: Mapping[str, Any] | None = None) -> Any:
        self.execution = Execution(machine, self.services(), START)
        answer = self.execution.run(machine_input)
        return json.loads(answer) if isinstance(answer, str) and answer.startswith("{") else answer

    def services(self) -> dict[str, Service]:
        services: dict[str, Service] = {
            "rds:describeDBInstances": self.describe, "rds:deleteDBInstance": self.delete,
            "backup:listRecoveryPointsByBackupVault": lambda _given: {"RecoveryPoints": self.points},
            "backup:startRestoreJob": self.restore, "backup:describeRestoreJob": self.job,
            "backup:putRestoreValidationResult": self.store, "ecs:runTask": lambda machine_input: self.query(machine_input),
            "cloudwatch:putMetricData": self.put,
        }  # fmt: skip
        return {**services, **{action: self.refuse(error) for action, error in self.failing.items()}}

    def describe(self, machine_input: Any) -> Any:
        name = machine_input.get("DbInstanceIdentifier")
        if name is not None:
            return {"DbInstances": [{"DbInstanceIdentifier": name, "Endpoint": {"Address": f"{name}.rds"}}]}
        rows = [{"DbInstanceIdentifier": key, **values} for key, values in self.databases.items()]
        first = int(machine_input.get("Marker", 0))
        more = first + self.page < len(rows)
        return {"DbInstances": rows[first : first + self.page], **({"Marker": str(first + self.page)} if more else {})}

    def delete(self, machine_input: Any) -> Any:
        if self.deletion_errors:
            raise ServiceError(self.deletion_errors.pop(0))
        assert (machine_input["SkipFinalSnapshot"], machine_input["DeleteAutomatedBackups"]) == (True, True)
        if self.databases.pop(machine_input["DbInstanceIdentifier"], None) is None:
            raise ServiceError("Rds.DbInstanceNotFoundException")
        return {}

    def restore(self, machine_input: Any) -> Any:
        self.copy = machine_input["Metadata"]["DBInstanceIdentifier"]
        self.databases[self.copy] = {"InstanceCreateTime": iso(START)}
        self.point = machine_input["RecoveryPointArn"]
        return {"RestoreJobId": "job-1"}

    def job(self, machine_input: Any) -> Any:
        assert self.execution is not None and machine_input == {"RestoreJobId": "job-1"}
        end = START + timedelta(minutes=self.minutes)
        status = self.ended if self.execution.now >= end else "RUNNING"
        return {
            "Status": status, "CreationDate": iso(START), "CompletionDate": iso(end), "RecoveryPointArn": POINT,
            "RecoveryPointCreationDate": iso(START - timedelta(hours=4)),
            "CreatedResourceArn": f"arn:aws:rds:us-west-2:111122223333:db:{self.copy}",
        }  # fmt: skip

    def store(self, machine_input: Any) -> Any:
        self.result = machine_input
        return {}

    def put(self, machine_input: Any) -> Any:
        assert machine_input["Namespace"] == "AgentPlatform/prod"
        self.metrics |= {each["MetricName"]: each["Value"] for each in machine_input["MetricData"]}
        return {}

    def refuse(self, error: str = "States.TaskFailed") -> Service:
        def fail(_given: Any) -> Any:
            raise ServiceError(error)

        return fail


def test_a_drill_by_hand_restores_the_newest_point_and_deletes_the_copy() -> None:
    cloud = Cloud()
    evidence = cloud.run(definition(TASK))
    assert evidence == {
        "verified": True, "deleted": True, "problem": "", "recovery_point": POINT,
        "recovery_point_time": "2026-11-29T00:00:00Z", "restore_seconds": 1200,
    }  # fmt: skip
    assert (cloud.point, cloud.copy, set(cloud.databases)) == (POINT, COPY, {"prod-database", "prod-drill-database"})
    assert cloud.metrics["backup_verified_age_seconds"] == pytest.approx(4 * 3600 + 1200, abs=61)


def test_the_query_runs_against_the_copy() -> None:
    cloud = Cloud()
    commands_run: list[Any] = []
    cloud.query = commands_run.append
    cloud.run(definition(TASK))
    (override,) = commands_run[0]["Overrides"]["ContainerOverrides"]
    assert override["Environment"] == [{"Name": "PGHOST", "Value": f"{COPY}.rds"}]
    assert commands_run[0]["NetworkConfiguration"]["AwsvpcConfiguration"]["AssignPublicIp"] == "DISABLED"


@pytest.mark.parametrize("error", ["States.TaskFailed", "States.Timeout"])
def test_a_query_that_fails_is_a_failed_drill_whose_copy_is_deleted(error: str) -> None:
    cloud = Cloud()
    cloud.query = cloud.refuse(error)
    evidence = cloud.run(definition(TASK))
    assert cloud.execution is not None and (cloud.execution.status, cloud.execution.error) == ("FAILED", "DrillFailed")
    assert (evidence["verified"], evidence["deleted"], evidence["restore_seconds"]) == (False, True, 1200)
    assert "did not return one number above 0" in evidence["problem"]
    assert COPY not in cloud.databases and not cloud.metrics


@pytest.mark.parametrize(("ended", "minutes"), [("FAILED", 10), ("ABORTED", 10), ("COMPLETED", 7 * 60)])
def test_a_restore_that_fails_or_takes_too_long_is_a_failed_drill(ended: str, minutes: int) -> None:
    cloud = Cloud(minutes)
    cloud.ended = ended
    evidence = cloud.run(definition(TASK))
    assert (evidence["verified"], evidence["deleted"]) == (False, True)
    assert ("did not end in time" if ended == "COMPLETED" else "failed") in evidence["problem"]
    assert COPY not in cloud.databases


def test_a_vault_without_a_completed_point_is_a_failed_drill() -> None:
    cloud = Cloud()
    cloud.points = cloud.points[2:]
    assert cloud.run(definition(TASK))["problem"] == "the vault has no completed recovery point"


def test_a_restore_that_cannot_start_is_a_failed_drill() -> None:
    cloud = Cloud()
    cloud.failing = {"backup:startRestoreJob": "Backup.LimitExceededException"}
    evidence = cloud.run(definition(TASK))
    assert (evidence["verified"], evidence["deleted"]) == (False, True)
    assert evidence["problem"] == "the restore could not start"


def test_a_deletion_is_repeated() -> None:
    cloud = Cloud()
    cloud.deletion_errors = ["Rds.InvalidDbInstanceStateException"] * 3
    assert cloud.run(definition(TASK))["deleted"] and COPY not in cloud.databases


def test_a_copy_that_cannot_be_deleted_is_named_and_the_backup_is_good() -> None:
    cloud = Cloud()
    cloud.deletion_errors = ["Rds.InvalidDbInstanceStateException"] * 20
    evidence = cloud.run(definition(TASK))
    assert (evidence["verified"], evidence["deleted"]) == (True, False)
    assert evidence["problem"] == f"the restored copy {COPY} could not be deleted"


@pytest.mark.parametrize("page", [1, 2, 100])
def test_the_next_drill_deletes_what_an_interrupted_one_has_left(page: int) -> None:
    cloud = Cloud()
    cloud.page = page
    old, recent = "prod-drill-20261122040000", "prod-drill-20261129035500"
    cloud.databases |= {old: {"InstanceCreateTime": iso(START - timedelta(days=7))}}
    cloud.databases |= {recent: {"InstanceCreateTime": iso(START - timedelta(minutes=5))}}
    others = ("prod-drill-2026112204000", "prod-drill-20261122040000a", "staging-drill-20261122040000")
    cloud.databases |= {name: {"InstanceCreateTime": iso(START - timedelta(days=7))} for name in others}
    cloud.run(definition(TASK))
    assert set(cloud.databases) == {"prod-database", "prod-drill-database", recent, *others}


def test_a_leftover_that_cannot_be_deleted_stops_no_drill() -> None:
    cloud = Cloud()
    cloud.databases |= {"prod-drill-20261122040000": {"InstanceCreateTime": iso(START - timedelta(days=7))}}
    cloud.deletion_errors = ["Rds.InvalidDbInstanceStateException"] * 6
    assert cloud.run(definition(TASK))["verified"]


def restore_test(cloud: Cloud, status: str = "COMPLETED") -> Any:
    """Run the state machine as the event of a restore test does."""
    cloud.copy, cloud.minutes = "awsbackup-restore-test-1a2b", 0
    return cloud.run(definition(TASK), {"restoreJobId": "job-1", "status": status, "percentDone": 100})


def test_a_restore_test_is_validated_and_aws_backup_deletes_its_copy() -> None:
    cloud = Cloud()
    evidence = restore_test(cloud)
    assert cloud.result["RestoreJobId"] == "job-1" and cloud.result["ValidationStatus"] == "SUCCESSFUL"
    assert (evidence["verified"], evidence["deleted"]) == (True, True)
    assert cloud.execution is not None and "rds:deleteDBInstance" not in dict(cloud.execution.calls)


def test_a_restore_test_whose_query_fails_is_stored_as_failed() -> None:
    cloud = Cloud()
    cloud.query = cloud.refuse()
    evidence = restore_test(cloud)
    assert cloud.result["ValidationStatus"] == "FAILED" and not evidence["verified"]
    assert "did not return one number above 0" in cloud.result["ValidationStatusMessage"]


def test_a_restore_test_that_failed_is_a_failed_drill() -> None:
    cloud = Cloud()
    assert restore_test(cloud, "FAILED")["problem"] == "the restore job job-1 failed" and not cloud.result


def test_a_result_that_is_not_accepted_is_reported() -> None:
    cloud = Cloud()
    cloud.failing = {"backup:putRestoreValidationResult": "Backup.InvalidRequestException"}
    evidence = restore_test(cloud)
    assert (evidence["verified"], evidence["deleted"]) == (True, False)


def reported(cloud: Cloud, executions: list[Mapping[str, Any]]) -> dict[str, float]:
    services: dict[str, Service] = {
        **cloud.services(),
        "sfn:listExecutions": lambda _given: {"Executions": executions},
        "sfn:describeExecution": lambda _given: {
            "Output": json.dumps({"verified": True, "recovery_point_time": iso(START - timedelta(days=3))})
        },
        "sfn:describeStateMachine": lambda _given: {"CreationDate": iso(START - timedelta(hours=2))},
    }
    execution = Execution(report_definition(CONTEXT, "subnets"), services, START)
    execution.run()
    assert execution.status == "SUCCEEDED"
    return cloud.metrics


def test_the_age_of_the_last_success_is_put_every_hour() -> None:
    metrics = reported(Cloud(), [{"ExecutionArn": "arn:aws:states:us-west-2:1:execution:prod_drill:a"}])
    assert metrics == {"backup_verified_age_seconds": 3 * 86400, "backup_drill_leftovers": 0}


def test_before_the_first_success_the_age_counts_from_the_declaration() -> None:
    assert reported(Cloud(), [])["backup_verified_age_seconds"] == 2 * 3600


@pytest.mark.parametrize("page", [1, 3, 100])
def test_copies_older_than_a_day_are_counted(page: int) -> None:
    cloud = Cloud()
    cloud.page = page
    day, hour = iso(START - timedelta(hours=25)), iso(START - timedelta(hours=1))
    own = {"DbSubnetGroup": {"DbSubnetGroupName": "subnets"}}
    cloud.databases |= {
        "prod-drill-20261128030000": {"InstanceCreateTime": day},
        "prod-drill-20261129030000": {"InstanceCreateTime": hour},
        "awsbackup-restore-test-1": {"InstanceCreateTime": day, **own},
        "awsbackup-restore-test-2": {"InstanceCreateTime": hour, **own},
        "awsbackup-restore-test-3": {"InstanceCreateTime": day, "DbSubnetGroup": {"DbSubnetGroupName": "other"}},
    }
    assert reported(cloud, [])["backup_drill_leftovers"] == 2


class Shell(FakeShell):
    """AWS CLI with one execution of the state machine."""

    def __init__(self, status: str, document: Mapping[str, object], log: str = "", error: str = "DrillFailed") -> None:
        key = "output" if status == "SUCCEEDED" else "cause"
        described = {"status": status, "startDate": "2026-11-29T04:00:00Z", key: json.dumps(document), "error": error}
        super().__init__(
            {
                "start-execution": json.dumps({"executionArn": "arn:execution"}),
                "describe-execution": json.dumps(described), "logs tail": log,
                "list-executions": '"arn:execution"',
            }
        )  # fmt: skip


MACHINE = DeployedResource("prod-drill-machine", "aws:sfn/stateMachine:StateMachine", "arn:machine", {})
STACK = DeployedStack("prod", spec_of(DRILL), (MACHINE,))
GOOD = {
    "verified": True, "deleted": True, "problem": "", "recovery_point": POINT,
    "recovery_point_time": "2026-11-29T00:00:00Z", "restore_seconds": 1200,
}  # fmt: skip


def test_a_drill_by_hand_is_an_execution_whose_output_is_the_evidence() -> None:
    shell = Shell("SUCCEEDED", GOOD, "2026-11-29T04:21:00Z the query returned 17\n")
    evidence = CONTROL.run(STACK, shell)
    assert evidence.succeeded and (evidence.query_result, evidence.restore_seconds) == ("17", 1200)
    assert any("stateMachine:prod_drill" in " ".join(command.arguments) for command in shell.commands)


def test_the_reason_of_a_failed_query_is_read_from_its_log() -> None:
    failed = {**GOOD, "verified": False, "problem": "the query did not return one number above 0"}
    evidence = CONTROL.run(STACK, Shell("FAILED", failed, 'ERROR:  relation "sessions" does not exist\n'))
    assert not evidence.verified and evidence.deleted
    assert evidence.problem.endswith('ERROR:  relation "sessions" does not exist')


def test_an_execution_that_ends_in_another_way_names_its_error() -> None:
    shell = Shell("FAILED", {}, error="States.Runtime")
    with pytest.raises(CliFailure, match=r"States\.Runtime"):
        CONTROL.run(STACK, shell)


def test_a_drill_that_is_not_deployed_says_so() -> None:
    with pytest.raises(CliFailure, match="not deployed yet"):
        CONTROL.run(DeployedStack("prod", STACK.spec), FakeShell())


def test_the_last_success_is_that_of_the_newest_execution() -> None:
    assert CONTROL.last_verified(STACK, Shell("SUCCEEDED", GOOD)) == datetime(2026, 11, 29, tzinfo=UTC)
    assert CONTROL.last_verified(STACK, FakeShell({"list-executions": "null"})) is None


def test_leftovers_are_databases_of_drills_of_this_stack() -> None:
    names = ["prod-database", "prod-drill-database", COPY, "staging-drill-20261129040000", "awsbackup-restore-test-1"]
    shell = FakeShell({"describe-db-instances": json.dumps(names)})
    assert CONTROL.leftovers(STACK, shell) == [COPY]
    CONTROL.delete(STACK, COPY, shell)
    assert shell.commands[-1].arguments[1:5] == ("rds", "delete-db-instance", "--db-instance-identifier", COPY)


def test_the_copy_of_a_drill_in_progress_is_no_leftover() -> None:
    with pytest.raises(CliFailure, match="in progress"):
        CONTROL.leftovers(STACK, FakeShell({"list-executions": '["arn:running"]'}))
