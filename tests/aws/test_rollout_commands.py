"""Commands of the driver of rollouts in steps on AWS: the stable revision, smoke tests, and metrics of the new one."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from providers.aws.cli import SERVICE_TYPE
from providers.aws.compute.revisions import StableTasks
from providers.aws.compute.rollout import BALANCER_TYPE, CONTROL, GROUP_TYPE, METRICS, RULE_TYPE, metric_query
from providers.contract.cli import CliCommand, CliFailure, DeployedResource, DeployedStack
from providers.contract.rollout import RevisionLost, RevisionMetrics
from tests.aws.plans import spec_of
from tests.aws.test_cli import ACCOUNT, CLUSTER, needs_aws, sample_answer
from tests.aws.test_rollout import CANARY, FROM_BEFORE, STABLE

INVALID_SAMPLES = {
    "ecs describe-services": "services[0].deploymentConfiguration.lifecycleHooks[0].timeoutConfiguration",
    "elbv2 describe-rules": "Rules[0].Actions[0].Order",
    "elbv2 describe-target-health": "TargetHealthDescriptions[0].Target.Port",
}
"""Value in the sample of an answer that the AWS CLI itself refuses, after it has accepted the arguments."""
RULE, NEXT_ARN, BALANCER = "arn:rule", "arn:targetgroup/prod-gateway-next-1a2b", "app/prod-agents/1"
DESCRIBED = {
    "desiredCount": 4,
    "deployments": [{"status": "PRIMARY", "taskDefinition": FROM_BEFORE}],
    "loadBalancers": [{"containerName": "gateway", "containerPort": 7777}],
}


def deployed(changes: Mapping[str, object] | None = None) -> DeployedStack:
    """Production in the state, with a new revision of the gateway."""
    resources = (
        DeployedResource("prod-compute-gateway", SERVICE_TYPE, "arn:service", {"cluster": CLUSTER}),
        DeployedResource("prod-ingress", BALANCER_TYPE, "arn:balancer", {"arnSuffix": BALANCER, "dnsName": "lb.aws"}),
        DeployedResource("prod-ingress-gateway-next", GROUP_TYPE, NEXT_ARN, {"arnSuffix": "targetgroup/next/2"}),
        DeployedResource("prod-ingress-gateway-route", RULE_TYPE, RULE, {}),
    )
    return DeployedStack("prod", spec_of({**CANARY, **(changes or {})}), resources)


@dataclass
class Account:
    """Account with one service in a rollout: what the AWS CLI and curl answer."""

    services: list[object] = field(default_factory=lambda: [DESCRIBED])
    weight: int = 10
    states: tuple[str, ...] = ("initial", "healthy")
    values: Mapping[str, Mapping[str, float]] = field(default_factory=dict[str, Mapping[str, float]])
    """Values of each metric by time."""
    status: str = "204"
    answers: tuple[bool, ...] = (True,)
    """Whether curl gets an answer, for one attempt after the other."""
    raw: Mapping[str, str] = field(default_factory=dict[str, str])
    commands: list[CliCommand] = field(default_factory=list[CliCommand])
    slept_seconds: float = 0.0

    def output(self, command: CliCommand) -> str:
        """Answer a command as AWS does."""
        self.commands.append(command)
        if command.program == "curl":
            return self.status
        operation = " ".join(command.arguments[1:3])
        answers: Mapping[str, object] = {
            "ecs describe-services": {"services": self.services},
            "elbv2 describe-rules": {"Rules": [{"Actions": [self._action()]}]},
            "elbv2 describe-target-health": {
                "TargetHealthDescriptions": [{"TargetHealth": {"State": state}} for state in self.states]
            },
            "cloudwatch get-metric-data": {
                "MetricDataResults": [
                    {"Id": id, "Timestamps": list(values), "Values": list(values.values())}
                    for id, values in self.values.items()
                ]
            },
        }
        if operation == "sts get-caller-identity":
            return ACCOUNT
        return self.raw.get(operation) or json.dumps(answers[operation])

    def _action(self) -> object:
        groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in ((NEXT_ARN, self.weight), ("arn:1", 1))]
        return {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}

    def succeeds(self, command: CliCommand) -> bool:
        """Answer whether curl gets an answer."""
        self.commands.append(command)
        attempt, *later = self.answers
        self.answers = tuple(later) or (attempt,)
        return attempt

    def stream(self, command: CliCommand) -> int:
        """Fail: no command of a rollout prints."""
        raise NotImplementedError

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.slept_seconds += seconds

    def sent(self, operation: str) -> CliCommand:
        """Return the last command of an operation."""
        return [each for each in self.commands if operation in " ".join(each.arguments)][-1]


def test_the_stable_revision_is_the_running_task_definition_with_count_and_port() -> None:
    name = CONTROL.stable_revision(deployed(), "gateway", Account())
    assert name == STABLE
    assert StableTasks.parse(name) == StableTasks(4, "prod-gateway:7", 7777)


NOT_STABLE: Mapping[str, tuple[list[object], str]] = {
    "no service": ([], "its ECS service does not exist"),
    "two deployments": (
        [{**DESCRIBED, "deployments": [{"taskDefinition": FROM_BEFORE}] * 2}],
        r"a deployment of it is in progress\. Wait for it with `aws ecs wait services-stable --cluster",
    ),
    "no target group": ([{**DESCRIBED, "loadBalancers": []}], r"it had no path until now\. Set its rollout\.strategy"),
    "another port": (
        [{**DESCRIBED, "loadBalancers": [{"containerPort": 80}]}],
        r"services\.gateway\.port: the stable revision listens on port 80, and a rollout in steps cannot change",
    ),
}


@pytest.mark.parametrize(("services", "problem"), NOT_STABLE.values(), ids=NOT_STABLE)
def test_without_a_single_stable_revision_nothing_is_rolled_out(services: list[object], problem: str) -> None:
    with pytest.raises(CliFailure, match=problem):
        CONTROL.stable_revision(deployed(), "gateway", Account(services))


def test_a_service_that_is_not_deployed_has_no_stable_revision() -> None:
    with pytest.raises(CliFailure, match="not deployed yet"):
        CONTROL.stable_revision(DeployedStack("prod", spec_of(CANARY)), "gateway", Account())


def test_a_smoke_test_is_a_request_with_the_header_to_the_load_balancer_itself() -> None:
    account = Account()
    assert CONTROL.smoke_test(deployed(), "gateway", "/ready?deep=1", 204, account) == ""
    words = account.sent("curl").arguments
    assert words[-1] == "https://agents.example.com/ready?deep=1"
    assert words[words.index("--header") + 1] == "x-rollout-service: gateway"
    assert words[words.index("--connect-to") + 1] == "agents.example.com:443:lb.aws:443"
    plain = Account()
    without_domain = deployed({"profile": "staging", "ingress": {"waf": False}})
    CONTROL.smoke_test(without_domain, "gateway", "/ready?deep=1", 204, plain)
    assert plain.sent("curl").arguments[-1] == "http://lb.aws/ready?deep=1"
    assert "--connect-to" not in plain.sent("curl").arguments


SMOKE_TESTS: Mapping[str, tuple[Account, str, str]] = {
    "another status": (Account(status="500"), "/ready?deep=1", "/ready?deep=1 answered 500, not 204"),
    "no answer": (Account(answers=(False,)), "/ready?deep=1", "/ready?deep=1 was not answered"),
    "a late rule": (Account(answers=(False, False, True)), "/ready?deep=1", ""),
    "the health path": (Account(status="500"), "/health", ""),
    "unhealthy tasks": (
        Account(states=("initial", "unhealthy")),
        "/health",
        "no replica of the new revision passes the health check of the load balancer",
    ),
}


@pytest.mark.parametrize(("account", "path", "failure"), SMOKE_TESTS.values(), ids=SMOKE_TESTS)
def test_a_smoke_test_fails_with_its_reason(account: Account, path: str, failure: str) -> None:
    assert CONTROL.smoke_test(deployed(), "gateway", path, 204, account) == failure
    assert account.slept_seconds <= 60


TIMES = ("2026-11-28T10:00:00Z", "2026-11-28T10:05:00Z")
COUNTED: Mapping[str, tuple[Mapping[str, Mapping[str, float]], RevisionMetrics]] = {
    "one period": (
        {"requests": {TIMES[0]: 300}, "errors": {TIMES[0]: 30}, "latency": {TIMES[0]: 0.4125}},
        RevisionMetrics(300, 30, 0.4125),
    ),
    "refused connections": (
        {"requests": {TIMES[0]: 300}, "errors": {TIMES[0]: 30}, "refused": {TIMES[0]: 12}},
        RevisionMetrics(300, 42, None),
    ),
    "more refusals than requests": (
        {"requests": {TIMES[0]: 10}, "refused": {TIMES[0]: 25}},
        RevisionMetrics(10, 10, None),
    ),
    "a divided period": (
        {"requests": {TIMES[0]: 100, TIMES[1]: 300}, "latency": {TIMES[1]: 0.4, TIMES[0]: 0.8}},
        RevisionMetrics(400, 0, 0.5),
    ),
    "no requests": ({}, RevisionMetrics(0, 0, None)),
}


@pytest.mark.parametrize(("values", "expected"), COUNTED.values(), ids=COUNTED)
def test_metrics_are_those_of_the_new_target_group(
    values: Mapping[str, Mapping[str, float]], expected: RevisionMetrics
) -> None:
    account = Account(values=values)
    found = CONTROL.metrics(deployed(), "gateway", 95, account)
    assert (found.requests, found.errors) == (expected.requests, expected.errors)
    assert found.latency_seconds == pytest.approx(expected.latency_seconds)
    words = account.sent("get-metric-data").arguments
    queries = json.loads(words[words.index("--metric-data-queries") + 1])
    assert [each["Id"] for each in queries] == list(METRICS)
    for query in queries:
        statistic = query["MetricStat"]
        assert (statistic["Metric"]["MetricName"], statistic["Stat"]) == METRICS[query["Id"]]
        assert statistic["Period"] == 120
        assert statistic["Metric"]["Dimensions"] == [
            {"Name": "LoadBalancer", "Value": BALANCER},
            {"Name": "TargetGroup", "Value": "targetgroup/next/2"},
        ]


@pytest.mark.parametrize(("since", "start"), [(0, "10:00"), (1, "10:00"), (60, "10:00"), (61, "09:59"), (600, "09:51")])
def test_the_time_of_a_query_is_whole_minutes_with_the_current_one(since: float, start: str) -> None:
    words = metric_query("a", "b", since, datetime(2026, 11, 28, 10, 0, 59, 7, tzinfo=UTC))
    assert words[2:] == ("--start-time", f"2026-11-28T{start}:00Z", "--end-time", "2026-11-28T10:01:00Z")


LOST: Mapping[str, tuple[Account, str]] = {
    "a rule changed by hand": (Account(weight=0), "the listener rule was changed"),
    "no healthy task": (Account(states=("draining",)), "no replica of the new revision passes the health check"),
    "no task": (Account(states=()), "no replica of the new revision passes the health check"),
}


@pytest.mark.parametrize(("account", "reason"), LOST.values(), ids=LOST)
def test_a_new_revision_without_requests_is_lost(account: Account, reason: str) -> None:
    with pytest.raises(RevisionLost, match=reason):
        CONTROL.metrics(deployed(), "gateway", 60, account)


@pytest.mark.parametrize("operation", ["elbv2 describe-rules", "cloudwatch get-metric-data"])
def test_an_answer_without_values_is_a_failure_and_not_zero_requests(operation: str) -> None:
    with pytest.raises(CliFailure, match=f"aws {operation} answers without values"):
        CONTROL.metrics(deployed(), "gateway", 60, Account(raw={operation: "None"}))


def api_commands() -> dict[str, CliCommand]:
    """Commands of the driver by service and operation."""
    account = Account()
    CONTROL.stable_revision(deployed(), "gateway", account)
    CONTROL.metrics(deployed(), "gateway", 60, account)
    found = {" ".join(each.arguments[1:3]): each for each in account.commands}
    return {name: command for name, command in found.items() if name != "sts get-caller-identity"}


@pytest.mark.long(reason="needs the AWS CLI")
@needs_aws
@pytest.mark.parametrize("operation", sorted(api_commands()))
def test_the_aws_cli_accepts_the_arguments_and_its_answer_is_understood(operation: str) -> None:
    result = sample_answer(api_commands()[operation].arguments)
    if operation in INVALID_SAMPLES:
        assert INVALID_SAMPLES[operation] in result.stderr, "the arguments are refused, and not the sample"
        return
    assert result.returncode == 0, result.stderr
    account = Account(raw={operation: result.stdout})
    try:
        CONTROL.stable_revision(deployed(), "gateway", account)
        CONTROL.metrics(deployed(), "gateway", 60, account)
    except RevisionLost:
        pass
    except CliFailure as failure:
        assert "answers without values" not in failure.problem


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_accepts_the_options_of_a_smoke_test() -> None:
    account = Account()
    CONTROL.smoke_test(deployed(), "gateway", "/ready?deep=1", 204, account)
    words = [word.replace("lb.aws:443", "127.0.0.1:9") for word in account.sent("curl").arguments]
    completed = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (completed.returncode, completed.stdout) == (7, "000"), "the port is closed, and nothing else is wrong"
