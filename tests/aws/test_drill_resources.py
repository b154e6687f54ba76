"""What a restore drill declares on AWS: schedules, networks, permissions and alarms; and what is refused."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.plan.inventory import Inventory, plain
from components.validation.parse import parse
from providers.aws.database.windows import HOUR_MINUTES, is_free, windows
from providers.aws.drill.schedules import snapshot_expression, snapshot_minutes
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.schedule import DAY_MINUTES, parse_schedule
from providers.contract.spec.data import BackupSpec, DatabaseSpec, MaintenanceSpec
from tests.aws.plans import changed, production_plan
from tests.aws.readers import json_object, json_objects, statements, strings, text
from tests.planning import plan, production

QUERY = "SELECT count(*) FROM sessions"
DRILL = {"recovery.drill": {"query": QUERY, "schedule": "30 5 * * 1,4", "max_age_days": 5}}


@pytest.fixture(scope="module")
def drilled() -> Inventory:
    return changed(DRILL)


def test_the_restore_test_follows_the_spec(drilled: Inventory) -> None:
    test = drilled.one("prod-drill-test", "backup:RestoreTestingPlan").inputs
    assert (test["scheduleExpression"], test["name"]) == ("cron(30 5 ? * MON,THU *)", "prod_drill")
    assert json_object(test["recoveryPointSelection"]) == {
        "algorithm": "LATEST_WITHIN_WINDOW",
        "includeVaults": ["<backup:Vault prod-drill-vault>.arn"],
        "recoveryPointTypes": ["SNAPSHOT"],
        "selectionWindowDays": 7,
    }


def test_a_restored_database_is_in_the_database_tier_and_reached_by_the_query_only(drilled: Inventory) -> None:
    selection = drilled.one("prod-drill-test-selection", "backup:RestoreTestingSelection").inputs
    metadata = json_object(selection["restoreMetadataOverrides"])
    assert metadata["vpcSecurityGroupIds"] == '["<ec2:SecurityGroup prod-drill-databases>.id"]'
    assert "prod-database-subnets" in metadata["dbSubnetGroupName"]
    assert (metadata["publiclyAccessible"], metadata["multiAz"]) == ("false", "false")
    into = [
        rule.inputs["referencedSecurityGroupId"]
        for rule in drilled.of_type("vpc:SecurityGroupIngressRule")
        if rule.inputs["securityGroupId"] == "<ec2:SecurityGroup prod-drill-databases>.id"
    ]
    assert into == ["<ec2:SecurityGroup prod-drill-task>.id"]


def test_the_query_has_the_stored_password_and_no_permission_on_aws(drilled: Inventory) -> None:
    task = drilled.one("prod-drill-query", "ecs:TaskDefinition").inputs
    assert "taskRoleArn" not in task
    (container,) = json_objects(task["containerDefinitions"])
    assert {each["name"]: each["value"] for each in container["environment"]}["DRILL_QUERY"] == QUERY
    (password,) = container["secrets"]
    assert password["name"] == "PGPASSWORD" and "prod-database-database-password>.arn" in password["valueFrom"]
    assert (container["readonlyRootFilesystem"], container["user"]) == (True, "10001:10001")
    granted = {action for row in statements(drilled.one("prod-drill-execution-policy")) for action in actions(row)}
    assert granted == {
        "logs:CreateLogStream", "logs:PutLogEvents", "secretsmanager:GetSecretValue", "kms:Decrypt",
    }  # fmt: skip


def actions(statement: dict[str, Any]) -> list[str]:
    action = statement["Action"]
    return [action] if isinstance(action, str) else strings(action)


def test_only_databases_of_drills_can_be_created_or_deleted(drilled: Inventory) -> None:
    allowed: set[str] = set()
    for policy in drilled.of_type("iam:RolePolicy"):
        for statement in statements(policy):
            if {"rds:DeleteDBInstance", "rds:RestoreDBInstanceFromDBSnapshot"} & set(actions(statement)):
                targets = statement["Resource"]
                allowed |= {targets} if isinstance(targets, str) else set(targets)
    databases = {target.rpartition(":db:")[2] for target in allowed if ":db:" in target}
    assert databases == {"prod-drill-20????????????", "awsbackup-restore-test-*"}


def test_the_rights_of_the_services_are_unchanged(drilled: Inventory) -> None:
    def rights(inventory: Inventory) -> dict[str, object]:
        types = ("iam:RolePolicy", "iam:Role", "iam:RolePolicyAttachment")
        rows = (resource for kind in types for resource in inventory.of_type(kind))
        return {row.urn: plain(row.inputs) for row in rows if not row.name.startswith("prod-drill")}

    assert rights(drilled) == rights(production_plan())


def test_a_drill_adds_resources_and_changes_none_but_the_dashboard(drilled: Inventory) -> None:
    before = {resource.urn: plain(resource.inputs) for resource in production_plan().custom}
    after = {resource.urn: plain(resource.inputs) for resource in drilled.custom}
    differing = {urn.rpartition("::")[2] for urn, inputs in before.items() if after.get(urn) != inputs}
    assert differing <= {"prod-monitoring-dashboard", "prod-monitoring"}


def test_ended_restore_tests_start_the_state_machine(drilled: Inventory) -> None:
    pattern = json.loads(text(drilled.one("prod-drill-restored", "cloudwatch:EventRule").inputs["eventPattern"]))
    assert pattern["detail"] == {
        "restoreTestingPlanArn": ["<backup:RestoreTestingPlan prod-drill-test>.arn"],
        "status": ["COMPLETED", "FAILED", "ABORTED"],
    }
    target = drilled.one("prod-drill-restored", "cloudwatch:EventTarget").inputs
    assert (target["inputPath"], target["arn"]) == ("$.detail", "<sfn:StateMachine prod-drill-machine>.arn")


def test_age_and_silence_are_one_alarm_within_the_limits_of_cloudwatch(drilled: Inventory) -> None:
    alarm = drilled.one("prod-monitoring-database-backup-verified-age-seconds", "cloudwatch:MetricAlarm").inputs
    assert (alarm["threshold"], alarm["treatMissingData"], alarm["metricName"]) == (
        5 * 86400, "breaching", "backup_verified_age_seconds",
    )  # fmt: skip
    assert (alarm["period"], alarm["evaluationPeriods"], alarm["namespace"]) == (3600, 6, "AgentPlatform/prod")
    assert strings(alarm["alarmActions"]) == ["<sns:Topic prod-channels-critical>.arn"]
    left = drilled.one("prod-monitoring-database-drill-leftovers", "cloudwatch:MetricAlarm").inputs
    assert (left["threshold"], left["metricName"]) == (0, "backup_drill_leftovers")


@given(
    backup=st.integers(0, 23), maintenance=st.integers(0, 23), hour=st.integers(0, 23), minute=st.integers(0, 59),
)  # fmt: skip
def test_a_snapshot_is_due_in_a_free_hour_before_the_drill(
    backup: int, maintenance: int, hour: int, minute: int
) -> None:
    database = DatabaseSpec(
        backup=BackupSpec(window_start=f"{backup:02}:30"),
        maintenance=MaintenanceSpec(window_start=f"{maintenance:02}:00"),
    )
    drill = parse_schedule(f"{minute} {hour} * * 0")
    start = snapshot_minutes(database, drill)
    lead = (hour * HOUR_MINUTES + minute - start) % DAY_MINUTES or DAY_MINUTES
    assert 180 <= lead <= 12 * HOUR_MINUTES
    for window in windows(database):
        closed = {(window - 60 + each) % DAY_MINUTES for each in range(120)}
        assert not closed & {(start + each) % DAY_MINUTES for each in range(60)}


@pytest.mark.parametrize(("start", "free"), [(0, True), (60, False), (61, False), (179, False), (180, True)])
def test_an_hour_is_free_when_it_touches_neither_window_nor_the_hour_before(start: int, free: bool) -> None:
    assert is_free(start, 120) is free


def test_the_default_snapshot_is_four_hours_before_the_default_drill() -> None:
    assert snapshot_expression(DatabaseSpec(), parse_schedule("0 4 * * 0")) == "cron(0 0 * * ? *)"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            {"network.egress": "none", "services.gateway.image": "gateway", "services.chat.image": "chat"},
            "public.ecr.aws",
        ),
        ({"recovery.drill": {"query": QUERY, "schedule": "0 4 1 * 0"}}, "accepts a restriction of one day field"),
    ],
)
def test_a_drill_that_cannot_run_is_refused(changes: dict[str, object], problem: str) -> None:
    with pytest.raises(InvalidConfiguration) as refused:
        parse(production({**DRILL, **changes}, cloud="aws"), "prod")
    assert any(problem in str(each) and str(each).startswith("recovery.drill") for each in refused.value.diagnostics)


def test_a_database_that_no_service_uses_can_be_drilled() -> None:
    unused = {"services.gateway.uses": ["cache"], "services.chat.uses": [], "services.worker.uses": ["cache"]}
    inventory = plan(production({**DRILL, **unused}, cloud="aws"))
    assert inventory.one("prod-database-database-password", "secretsmanager:Secret")
