"""Restore drills on Google Cloud: the workflows with services that answer as the APIs do, and the commands."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from providers.contract.cli import CliFailure, DeployedResource, DeployedStack
from providers.gcp.drill.control import CONTROL
from providers.gcp.drill.report import report_workflow
from providers.gcp.drill.workflow import DrillSettings, drill_workflow
from tests.gcp.plans import spec_of
from tests.gcp.test_cli import FakeShell
from tests.gcp.workflows import Execution, Service, WorkflowError, step_names

DRILL = {"recovery.drill": {"query": "SELECT count(*) FROM sessions"}}
START = datetime(2026, 11, 29, 4, 0, tzinfo=UTC)
COPY = "prod-drill-20261129040000"
SOURCE = "prod-database-1a2b3c4"
SETTINGS = DrillSettings("acme-agents", "us-central1", "prod", SOURCE, "key", "network", "range")
NOT_FOUND, BUSY = WorkflowError({"code": 404}), WorkflowError({"code": 409})


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


class Cloud:
    """Cloud SQL of one project: instances by name, backups of the database, and the job of the query."""

    def __init__(self) -> None:
        source = {
            "databaseVersion": "POSTGRES_16",
            "settings": {
                "tier": "db-perf-optimized-N-2", "edition": "ENTERPRISE_PLUS", "dataDiskType": "PD_SSD",
                "dataDiskSizeGb": "137", "databaseFlags": [{"name": "max_connections", "value": "200"}],
            },
        }  # fmt: skip
        self.instances: dict[str, dict[str, Any]] = {SOURCE: source, "prod-drill-database": {}}
        self.backups: list[dict[str, Any]] = [
            {"id": "3", "status": "FAILED", "endTime": iso(START)},
            {"id": "2", "status": "SUCCESSFUL", "endTime": iso(START - timedelta(hours=2))},
            {"id": "1", "status": "SUCCESSFUL", "endTime": iso(START - timedelta(hours=26))},
        ]
        self.restored: Mapping[str, Any] = {}
        self.created: Mapping[str, Any] = {}
        self.asked: Mapping[str, Any] = {}
        self.succeeded = 1
        self.metrics: dict[str, float] = {}
        self.failing: dict[str, list[WorkflowError]] = {}
        self.page = 100
        self.execution: Execution | None = None

    def run(self, workflow: Mapping[str, Any]) -> Any:
        self.execution = Execution(workflow, {name: self.of(name) for name in self.answers()}, START)
        return self.execution.run()

    def answers(self) -> dict[str, Service]:
        return {
            "sqladmin.v1.instances.list": self.list, "sqladmin.v1.instances.get": self.get,
            "sqladmin.v1.instances.insert": self.insert, "sqladmin.v1.instances.delete": self.delete,
            "sqladmin.v1.instances.restoreBackup": self.restore,
            "sqladmin.v1.backupRuns.list": lambda _given: {"items": self.backups} if self.backups else {},
            "run.v2.projects.locations.jobs.run": self.query,
            "monitoring.v3.projects.timeSeries.create": self.put,
        }  # fmt: skip

    def of(self, name: str) -> Service:
        """Service of a method, which fails with the errors that are left for it."""

        def answer(arguments: Mapping[str, Any]) -> Any:
            errors = self.failing.get(name, [])
            if errors:
                raise errors.pop(0)
            return self.answers()[name](arguments)

        return answer

    def list(self, given: Mapping[str, Any]) -> Any:
        rows = [{"name": name, "createTime": iso(START), **values} for name, values in self.instances.items()]
        first = int(given["pageToken"] or 0)
        answer: dict[str, Any] = {"items": rows[first : first + self.page]}
        return {**answer, "nextPageToken": str(first + self.page)} if first + self.page < len(rows) else answer

    def get(self, given: Mapping[str, Any]) -> Any:
        return self.instances[given["instance"]]

    def insert(self, given: Mapping[str, Any]) -> Any:
        self.created = given["body"]
        addresses = [{"type": "OUTGOING", "ipAddress": "34.1.2.3"}, {"type": "PRIVATE", "ipAddress": "10.0.128.9"}]
        self.instances[given["body"]["name"]] = {"ipAddresses": addresses}
        return {"status": "DONE"}

    def delete(self, given: Mapping[str, Any]) -> Any:
        if self.instances.pop(given["instance"], None) is None:
            raise NOT_FOUND
        return {}

    def restore(self, given: Mapping[str, Any]) -> Any:
        assert self.execution is not None
        self.execution.now += timedelta(minutes=20)
        assert given["instance"] in self.instances and given["instance"] != SOURCE
        self.restored = given["body"]["restoreBackupContext"]
        return {}

    def query(self, given: Mapping[str, Any]) -> Any:
        self.asked = given
        return {"succeededCount": self.succeeded} if self.succeeded else {}

    def put(self, given: Mapping[str, Any]) -> Any:
        for series in given["body"]["timeSeries"]:
            assert series["metric"]["labels"] == {"stack": "prod"}
            self.metrics[series["metric"]["type"].rpartition("/")[2]] = series["points"][0]["value"]["doubleValue"]
        return {}


def failed(cloud: Cloud) -> Any:
    """Evidence of a drill that fails."""
    with pytest.raises(WorkflowError) as error:
        cloud.run(drill_workflow(SETTINGS))
    return error.value.value


def test_a_drill_restores_the_newest_backup_queries_and_deletes_the_copy() -> None:
    cloud = Cloud()
    assert cloud.run(drill_workflow(SETTINGS)) == {
        "verified": True, "deleted": True, "problem": "", "recovery_point": "2",
        "recovery_point_time": "2026-11-29T02:00:00.000Z", "restore_seconds": 1200,
    }  # fmt: skip
    assert cloud.restored == {"project": "acme-agents", "instanceId": SOURCE, "backupRunId": "2"}
    assert set(cloud.instances) == {SOURCE, "prod-drill-database"}
    assert cloud.metrics == {"backup_verified_age_seconds": pytest.approx(2 * 3600 + 1200)}


def test_the_copy_is_private_encrypted_without_backups_and_fits_the_backup() -> None:
    cloud = Cloud()
    cloud.run(drill_workflow(SETTINGS))
    assert (cloud.created["name"], cloud.created["databaseVersion"], cloud.created["region"]) == (
        COPY, "POSTGRES_16", "us-central1",
    )  # fmt: skip
    assert cloud.created["diskEncryptionConfiguration"] == {"kmsKeyName": "key"}
    settings = cloud.created["settings"]
    assert (settings["tier"], settings["dataDiskSizeGb"]) == ("db-perf-optimized-N-2", "137")
    assert (settings["backupConfiguration"], settings["deletionProtectionEnabled"]) == ({"enabled": False}, False)
    assert settings["ipConfiguration"] == {
        "ipv4Enabled": False, "privateNetwork": "network", "allocatedIpRange": "range", "sslMode": "ENCRYPTED_ONLY",
    }  # fmt: skip


def test_the_query_runs_against_the_private_address_of_the_copy() -> None:
    cloud = Cloud()
    cloud.run(drill_workflow(SETTINGS))
    assert cloud.asked["name"] == "projects/acme-agents/locations/us-central1/jobs/prod-drill"
    (override,) = cloud.asked["body"]["overrides"]["containerOverrides"]
    assert override["env"] == [{"name": "PGHOST", "value": "10.0.128.9"}]


@pytest.mark.parametrize("succeeded", [0, 1])
def test_a_query_that_fails_is_a_failed_drill_whose_copy_is_deleted(succeeded: int) -> None:
    cloud = Cloud()
    cloud.succeeded = succeeded
    if succeeded:
        cloud.failing = {"run.v2.projects.locations.jobs.run": [WorkflowError({"message": "failed"})]}
    evidence = failed(cloud)
    assert (evidence["verified"], evidence["deleted"], evidence["restore_seconds"]) == (False, True, 1200)
    assert "did not return one number above 0" in evidence["problem"]
    assert COPY not in cloud.instances and not cloud.metrics


@pytest.mark.parametrize(
    ("method", "problem"),
    [
        ("sqladmin.v1.backupRuns.list", "the newest backup could not be read"),
        ("sqladmin.v1.instances.insert", "the instance of the drill could not be created"),
        ("sqladmin.v1.instances.restoreBackup", "the backup could not be restored"),
    ],
)
def test_a_step_that_fails_is_the_problem_and_nothing_is_left(method: str, problem: str) -> None:
    cloud = Cloud()
    cloud.failing = {method: [WorkflowError({"message": "timeout", "tags": ["TimeoutError"]})]}
    evidence = failed(cloud)
    assert (evidence["verified"], evidence["deleted"], evidence["problem"]) == (False, True, problem)
    assert set(cloud.instances) == {SOURCE, "prod-drill-database"}


@pytest.mark.parametrize("backups", [[], [{"id": "3", "status": "FAILED"}]])
def test_a_database_without_a_successful_backup_is_a_failed_drill(backups: list[dict[str, Any]]) -> None:
    cloud = Cloud()
    cloud.backups = backups
    assert failed(cloud)["problem"] == "the database has no successful backup"
    assert not cloud.created


def test_a_deletion_is_repeated() -> None:
    cloud = Cloud()
    cloud.failing = {"sqladmin.v1.instances.delete": [BUSY] * 3}
    assert cloud.run(drill_workflow(SETTINGS))["deleted"] and COPY not in cloud.instances


def test_a_copy_that_cannot_be_deleted_is_named_and_the_backup_is_good() -> None:
    cloud = Cloud()
    cloud.failing = {"sqladmin.v1.instances.delete": [BUSY] * 20}
    evidence = failed(cloud)
    assert (evidence["verified"], evidence["deleted"]) == (True, False)
    assert evidence["problem"] == f"the restored copy {COPY} could not be deleted"
    assert cloud.metrics["backup_verified_age_seconds"] > 0


def test_a_failed_query_stays_the_problem_when_the_copy_cannot_be_deleted() -> None:
    cloud = Cloud()
    cloud.succeeded = 0
    cloud.failing = {"sqladmin.v1.instances.delete": [BUSY] * 20}
    evidence = failed(cloud)
    assert not evidence["deleted"] and "did not return one number" in evidence["problem"]


@pytest.mark.parametrize("page", [1, 2, 100])
def test_the_next_drill_deletes_what_an_interrupted_one_has_left(page: int) -> None:
    cloud = Cloud()
    cloud.page = page
    old, recent = "prod-drill-20261122040000", "prod-drill-20261129035500"
    cloud.instances |= {old: {"createTime": iso(START - timedelta(days=7))}, recent: {}}
    others = ("prod-drill-2026112204000", "prod-drill-20261122040000a", "staging-drill-20261122040000")
    cloud.instances |= {name: {"createTime": iso(START - timedelta(days=7))} for name in others}
    cloud.run(drill_workflow(SETTINGS))
    assert set(cloud.instances) == {SOURCE, "prod-drill-database", recent, *others}


def test_a_leftover_that_cannot_be_deleted_stops_no_drill() -> None:
    cloud = Cloud()
    cloud.instances |= {"prod-drill-20261122040000": {"createTime": iso(START - timedelta(days=7))}}
    cloud.failing = {"sqladmin.v1.instances.delete": [BUSY]}
    assert cloud.run(drill_workflow(SETTINGS))["verified"]


def test_a_metric_that_cannot_be_put_fails_no_drill() -> None:
    cloud = Cloud()
    cloud.failing = {"monitoring.v3.projects.timeSeries.create": [BUSY]}
    assert cloud.run(drill_workflow(SETTINGS))["verified"] and not cloud.metrics


REPORT = report_workflow("acme-agents", "us-central1", "prod")


@pytest.mark.parametrize("workflow", [drill_workflow(SETTINGS), REPORT], ids=["drill", "report"])
def test_no_step_has_the_name_of_another(workflow: Mapping[str, Any]) -> None:
    for block in workflow.values():
        names = list(step_names(block["steps"]))
        assert names and sorted(names) == sorted(set(names))


def reported(cloud: Cloud, executions: list[Mapping[str, Any]]) -> dict[str, float]:
    drill = "projects/acme-agents/locations/us-central1/workflows/prod_drill"

    def listed(given: Mapping[str, Any]) -> Any:
        assert (given["parent"], given["filter"], given["view"]) == (drill, 'state="SUCCEEDED"', "FULL")
        return {"executions": executions} if executions else {}

    def declared(given: Mapping[str, Any]) -> Any:
        assert given == {"name": drill}
        return {"createTime": iso(START - timedelta(hours=2))}

    services: dict[str, Service] = {
        **{name: cloud.of(name) for name in cloud.answers()},
        "workflowexecutions.v1.projects.locations.workflows.executions.list": listed,
        "workflows.v1.projects.locations.workflows.get": declared,
    }
    Execution(REPORT, services, START).run()
    return cloud.metrics


def test_the_age_of_the_last_success_is_put_every_hour() -> None:
    result = json.dumps({"verified": True, "recovery_point_time": iso(START - timedelta(days=3))})
    assert reported(Cloud(), [{"name": "a", "result": result}]) == {
        "backup_verified_age_seconds": 3 * 86400, "backup_drill_leftovers": 0,
    }  # fmt: skip


def test_before_the_first_success_the_age_counts_from_the_declaration() -> None:
    assert reported(Cloud(), [])["backup_verified_age_seconds"] == 2 * 3600


@pytest.mark.parametrize("page", [1, 3, 100])
def test_copies_older_than_a_day_are_counted(page: int) -> None:
    cloud = Cloud()
    cloud.page = page
    cloud.instances |= {
        "prod-drill-20261128030000": {"createTime": iso(START - timedelta(hours=25))},
        "prod-drill-20261129030000": {"createTime": iso(START - timedelta(hours=1))},
        "other-drill-20261128030000": {"createTime": iso(START - timedelta(hours=25))},
    }
    assert reported(cloud, [])["backup_drill_leftovers"] == 1


class Shell(FakeShell):
    """gcloud with one execution of the workflow."""

    def __init__(self, state: str, document: Mapping[str, object], log: str = "") -> None:
        text = json.dumps(document) if document else ""
        outcome = {"result": text} if state == "SUCCEEDED" else {"error": {"payload": text or "permission denied"}}
        described = {"state": state, "startTime": "2026-11-29T04:00:00Z", **outcome}
        name = "projects/4711/locations/us-central1/workflows/prod_drill/executions/1a2b"
        super().__init__(
            {
                "workflows execute ": json.dumps({"name": name, "state": "ACTIVE"}),
                "workflows executions describe": json.dumps(described), "logging read": log,
                "--filter=state=SUCCEEDED": json.dumps([{"name": name}]), "--filter=state=ACTIVE": "[]",
            }
        )  # fmt: skip

    def output(self, command: Any) -> str:
        self.commands.append(command)
        text = " ".join(command.arguments)
        return next((answer for words, answer in self.answers.items() if words in text), "")


WORKFLOW = DeployedResource("prod-drill-workflow", "gcp:workflows/workflow:Workflow", "prod_drill", {})
STACK = DeployedStack("prod", spec_of(DRILL), (WORKFLOW,))
GOOD = {
    "verified": True, "deleted": True, "problem": "", "recovery_point": "2",
    "recovery_point_time": "2026-11-29T02:00:00Z", "restore_seconds": 1200,
}  # fmt: skip


def test_a_drill_by_hand_is_an_execution_whose_result_is_the_evidence() -> None:
    shell = Shell("SUCCEEDED", GOOD, "2026-11-29T04:21:00Z the query returned 17\n")
    evidence = CONTROL.run(STACK, shell)
    assert evidence.succeeded and (evidence.query_result, evidence.restore_seconds) == ("17", 1200)
    started = shell.commands[0].arguments
    assert started[:4] == ("gcloud", "workflows", "execute", "prod_drill")
    assert {"--project=acme-agents", "--location=us-central1"} <= set(started)
    assert shell.commands[1].arguments[4] == "1a2b"


def test_the_reason_of_a_failed_query_is_read_from_its_log() -> None:
    document = {**GOOD, "verified": False, "problem": "the query did not return one number above 0"}
    evidence = CONTROL.run(STACK, Shell("FAILED", document, 'ERROR:  relation "sessions" does not exist\n'))
    assert not evidence.verified and evidence.deleted
    assert evidence.problem.endswith('ERROR:  relation "sessions" does not exist')


def test_an_execution_that_ends_in_another_way_names_its_error() -> None:
    with pytest.raises(CliFailure, match="FAILED: permission denied"):
        CONTROL.run(STACK, Shell("FAILED", {}))


def test_a_drill_that_is_not_deployed_says_so() -> None:
    with pytest.raises(CliFailure, match="not deployed yet"):
        CONTROL.run(DeployedStack("prod", STACK.spec), Shell("SUCCEEDED", GOOD))


def test_the_last_success_is_that_of_the_newest_execution() -> None:
    assert CONTROL.last_verified(STACK, Shell("SUCCEEDED", GOOD)) == datetime(2026, 11, 29, 2, tzinfo=UTC)
    assert CONTROL.last_verified(STACK, FakeShell({"--filter=state=SUCCEEDED": "[]", "executions list": "[]"})) is None


def test_leftovers_are_instances_of_drills_of_this_stack() -> None:
    names = [SOURCE, "prod-drill-database", COPY, "staging-drill-20261129040000"]
    shell = Shell("SUCCEEDED", GOOD)
    shell.answers = {**shell.answers, "sql instances list": "\n".join(names)}
    assert CONTROL.leftovers(STACK, shell) == [COPY]
    CONTROL.delete(STACK, COPY, shell)
    assert shell.commands[-1].arguments[1:5] == ("sql", "instances", "delete", COPY)


def test_the_copy_of_a_drill_in_progress_is_no_leftover() -> None:
    shell = Shell("ACTIVE", GOOD)
    shell.answers = {"--filter=state=ACTIVE": '[{"name": "a/b"}]'}
    with pytest.raises(CliFailure, match="in progress"):
        CONTROL.leftovers(STACK, shell)


def test_the_drill_of_google_cloud_is_declared_by_the_spec() -> None:
    assert CONTROL.declared(spec_of(DRILL)) and not CONTROL.declared(spec_of())
