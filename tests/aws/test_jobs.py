"""Jobs on AWS: schedule expression, state machine, task definition, permissions, alarms and commands."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from automation.plan.inventory import Inventory
from components.validation.parse import parse
from providers import command_line
from providers.aws.jobs.state_machine import RETRY_SECONDS, JobTask, definition, schedule_expression
from providers.contract.cli import CliFailure, DeployedResource, DeployedStack, LogQuery
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.release import CommandTask
from providers.contract.schedule import parse_schedule
from tests.aws.plans import changed, spec_of
from tests.aws.readers import json_object, json_objects, statements
from tests.aws.test_cli import ACCOUNT, FakeShell
from tests.planning import JOBS, production

CLI = command_line("aws")
TASK = JobTask("aws", "prod-agents", "arn:task", ["subnet-1"], "sg-1")
MACHINE = f"arn:aws:states:us-west-2:{ACCOUNT}:stateMachine:prod-nightly"
EXECUTION = MACHINE.replace("stateMachine", "execution") + ":1a2b"


def job(timeout_minutes: int = 60, retries: int = 0) -> CommandTask:
    return CommandTask("nightly", "gateway", ("report",), timeout_minutes, retries)


def prod(**changes: object) -> Inventory:
    return changed({"jobs": {"nightly": {**JOBS["nightly"], **changes}}})


@pytest.mark.parametrize(
    ("cron", "expression"),
    [
        ("0 3 * * *", "cron(0 3 * * ? *)"),
        ("*/15 9-17 * * MON-FRI", "cron(0,15,30,45 9-17 ? * MON,TUE,WED,THU,FRI *)"),
        ("30 4 * * 7", "cron(30 4 ? * SUN *)"),
        ("0 0 1 */3 *", "cron(0 0 1 1,4,7,10 ? *)"),
        ("* * * * *", "cron(* * * * ? *)"),
    ],
)
def test_a_schedule_has_six_fields_and_one_question_mark(cron: str, expression: str) -> None:
    assert schedule_expression(parse_schedule(cron)) == expression


class Interpreter:
    """Parallel state of a job as Step Functions runs it: each attempt ends with the first error of a branch."""

    def __init__(self, machine: Mapping[str, Any]) -> None:
        self.attempt: Mapping[str, Any] = machine["States"]["Attempt"]
        self.attempts = 0

    def run(self, *errors: str) -> str:
        """Outcome of a run whose attempts end with these errors."""
        retried = dict.fromkeys(range(len(self.attempt["Retry"])), 0)
        for error in errors:
            self.attempts += 1
            rules = enumerate(self.attempt["Retry"])
            found = next(((n, rule) for n, rule in rules if self.matches(rule["ErrorEquals"], error)), None)
            if found and retried[found[0]] < found[1]["MaxAttempts"]:
                retried[found[0]] += 1
                continue
            caught = [each for each in self.attempt["Catch"] if self.matches(each["ErrorEquals"], error)]
            return caught[0]["Next"] if caught else error
        return "still running"

    @staticmethod
    def matches(names: list[str], error: str) -> bool:
        return error in names or names == ["States.ALL"]


@pytest.mark.parametrize(
    ("retries", "errors", "outcome", "attempts"),
    [
        (0, ["JobSucceeded"], "Succeeded", 1),
        (0, ["States.TaskFailed"], "States.TaskFailed", 1),
        (0, ["JobTimedOut"], "JobTimedOut", 1),
        (2, ["JobSucceeded"], "Succeeded", 1),
        (2, ["States.TaskFailed", "JobTimedOut", "JobSucceeded"], "Succeeded", 3),
        (2, ["States.TaskFailed"] * 3, "States.TaskFailed", 3),
    ],
)
def test_a_run_ends_with_a_success_or_after_all_attempts(
    retries: int, errors: list[str], outcome: str, attempts: int
) -> None:
    interpreter = Interpreter(definition(job(retries=retries), TASK))
    assert (interpreter.run(*errors), interpreter.attempts) == (outcome, attempts)


def test_each_branch_of_an_attempt_ends_the_other_one() -> None:
    states = definition(job(timeout_minutes=45), TASK)["States"]
    task, timer = states["Attempt"]["Branches"]  # pyrefly: ignore[bad-index]
    assert task["States"]["Task"]["Resource"] == "arn:aws:states:::ecs:runTask.sync"
    assert task["States"]["Done"]["Error"] == "JobSucceeded"
    assert timer["States"]["Timer"]["Seconds"] == 45 * 60
    assert timer["States"]["TimedOut"]["Error"] == "JobTimedOut"


def test_an_attempt_begins_after_the_task_of_the_last_one_has_stopped() -> None:
    stop_timeout = json_objects(
        prod().one("prod-jobs-nightly-task", "ecs:TaskDefinition").inputs["containerDefinitions"]
    )
    assert stop_timeout[0]["stopTimeout"] < RETRY_SECONDS


def test_a_task_is_that_of_the_service_with_the_command_and_logs_of_the_job() -> None:
    inventory = prod()
    ((of_job,), (of_service, *_)) = (
        json_objects(inventory.one(name, "ecs:TaskDefinition").inputs["containerDefinitions"])
        for name in ("prod-jobs-nightly-task", "prod-compute-gateway-task")
    )
    assert of_job["command"] == ["python", "-m", "report"] and of_job["name"] == "nightly"
    assert not {"portMappings", "healthCheck", "dependsOn"} & set(of_job)
    for key in ("image", "user", "readonlyRootFilesystem", "environment", "secrets", "linuxParameters"):
        assert of_job[key] == of_service[key]
    options = of_job["logConfiguration"]["options"]
    assert options["awslogs-group"] == of_service["logConfiguration"]["options"]["awslogs-group"]
    assert options["awslogs-stream-prefix"] == "nightly"
    roles = [
        inventory.one(name, "ecs:TaskDefinition").inputs["taskRoleArn"]
        for name in ("prod-jobs-nightly-task", "prod-compute-gateway-task")
    ]
    assert roles[0] == roles[1]


def test_the_roles_may_run_this_task_and_start_this_machine_only() -> None:
    inventory = prod()
    run = statements(inventory.one("prod-jobs-nightly-run-policy", "iam:RolePolicy"))
    allowed = {str(each["Action"]): each["Resource"] for each in run}
    assert allowed["ecs:RunTask"] == f"arn:aws:ecs:us-west-2:{ACCOUNT}:task-definition/prod-nightly:*"
    assert allowed["iam:PassRole"] == [f"<iam:Role prod-identity-gateway-{kind}>.arn" for kind in ("execution", "task")]
    schedule = statements(inventory.one("prod-jobs-nightly-schedule-policy", "iam:RolePolicy"))
    assert [(each["Action"], each["Resource"]) for each in schedule] == [
        ("states:StartExecution", "<sfn:StateMachine prod-jobs-nightly>.arn"),
        ("sqs:SendMessage", "<sqs:Queue prod-jobs-failed-starts>.arn"),
    ]
    for role, source in (
        ("run", MACHINE),
        ("schedule", f"arn:aws:scheduler:us-west-2:{ACCOUNT}:schedule-group/prod-nightly"),
    ):
        (trust,) = statements(inventory.one(f"prod-jobs-nightly-{role}", "iam:Role"), "assumeRolePolicy")
        assert trust["Condition"]["ArnLike"] == {"aws:SourceArn": source}


def test_a_schedule_has_the_zone_and_a_queue_for_failed_starts() -> None:
    inputs = prod(time_zone="Europe/Berlin").one("prod-jobs-nightly-schedule", "scheduler:Schedule").inputs
    assert (inputs["scheduleExpression"], inputs["scheduleExpressionTimezone"]) == (
        "cron(0 3 * * ? *)",
        "Europe/Berlin",
    )
    target = json_object(inputs["target"])
    assert target["deadLetterConfig"] == {"arn": "<sqs:Queue prod-jobs-failed-starts>.arn"}


def test_alarms_fire_on_failed_and_dropped_runs_and_on_a_missing_success() -> None:
    inventory = prod(retries=1)
    failed = inventory.one("prod-monitoring-nightly-job-failed", "cloudwatch:MetricAlarm").inputs
    assert [each.get("expression") or each["metric"]["metricName"] for each in json_objects(failed["metricQueries"])] == [
        "ExecutionsFailed", "InvocationDroppedCount", "FILL(failed,0)+FILL(dropped,0)"
    ]  # fmt: skip
    missed = inventory.one("prod-monitoring-nightly-job-missed", "cloudwatch:MetricAlarm").inputs
    assert (missed["metricName"], missed["comparisonOperator"], missed["threshold"]) == (
        "ExecutionsSucceeded",
        "LessThanThreshold",
        1,
    )
    assert (missed["period"], missed["evaluationPeriods"], missed["treatMissingData"]) == (3600, 26, "breaching")
    assert json_object(missed["warmUpConfiguration"])["warmUpPeriodDurationInMinutes"] == 26 * 60


def test_a_name_that_is_too_long_is_refused_with_the_characters_to_remove() -> None:
    with pytest.raises(
        InvalidConfiguration, match=r"role would have 73 characters.*Shorten the name of the job or the stack by 9"
    ):
        parse(production({"jobs": {"j" * 40: JOBS["nightly"]}}, cloud="aws"), "production")


def stack() -> DeployedStack:
    resources = (
        DeployedResource("prod-jobs-nightly", "aws:sfn/stateMachine:StateMachine", MACHINE, {}),
        DeployedResource("prod-compute-gateway-log", "aws:cloudwatch/logGroup:LogGroup", "log", {}),
    )
    return DeployedStack("prod", spec_of({"jobs": JOBS}), resources)


def shell(**ended: object) -> FakeShell:
    started = json.dumps({"executionArn": EXECUTION, "startDate": "2026-11-28T03:00:00+00:00"})
    return FakeShell({"start-execution": started, "describe-execution": json.dumps(ended)})


@pytest.mark.parametrize(
    ("ended", "code"),
    [
        ({"status": "SUCCEEDED"}, 0),
        ({"status": "FAILED", "error": "States.TaskFailed", "cause": '{"Containers":[{"ExitCode":3}]}'}, 3),
        ({"status": "FAILED", "error": "JobTimedOut", "cause": "stopped"}, 124),
        ({"status": "ABORTED"}, 1),
    ],
)
def test_a_run_by_hand_starts_the_machine_and_returns_the_exit_code(ended: Mapping[str, object], code: int) -> None:
    fake = shell(**ended)
    assert CLI.run_job(stack(), "nightly", fake) == code
    operations = fake.operations
    assert operations == [
        "sts get-caller-identity",
        "stepfunctions start-execution",
        "stepfunctions describe-execution",
        "logs tail",
    ]
    tail = fake.commands[-1].arguments
    assert (
        "nightly/nightly/" in tail
        and "/agent-platform/prod/services/gateway" in tail
        and "2026-11-28T03:00:00+00:00" in tail
    )


def test_an_interrupted_run_is_stopped() -> None:
    fake = shell(status="RUNNING")
    fake.interrupted = "describe-execution"
    with pytest.raises(KeyboardInterrupt):
        CLI.run_job(stack(), "nightly", fake)
    assert fake.operations[-1] == "stepfunctions stop-execution"


def test_logs_of_a_job_are_its_streams_in_the_group_of_the_service() -> None:
    fake = FakeShell()
    CLI.logs(stack(), LogQuery("nightly"), fake)
    arguments = fake.commands[-1].arguments
    assert "/agent-platform/prod/services/gateway" in arguments and "nightly/nightly/" in arguments


def test_a_job_that_is_not_deployed_or_unknown_has_a_clear_failure() -> None:
    with pytest.raises(CliFailure, match="not deployed yet"):
        CLI.run_job(DeployedStack("prod", spec_of({"jobs": JOBS})), "nightly", FakeShell())
    with pytest.raises(CliFailure, match="no such job"):
        CLI.run_job(stack(), "weekly", FakeShell())
