"""Rollouts in steps on AWS: a second ECS service for the new revision, and a listener rule with two weights. Pure.

The program declares the weights, so a step is an update of the rule. The second service exists during a rollout only; its
target group is part of the rule as long as the strategy has steps. At the end the tasks of the stable service are
replaced while the new revision serves, which is then removed. ECS's own strategies are compared in docs/adr/0030.
"""

import json
import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from providers.aws.cli import SERVICE_TYPE, aws, checked_context, context_of, json_command
from providers.aws.compute.revisions import METRICS_DELAY_SECONDS, ROLLING, StableTasks, port_problem
from providers.aws.context import AwsContext
from providers.aws.entry.routes import SERVICE_HEADER
from providers.contract.cli import CliCommand, CliFailure, DeployedResource, DeployedStack, OutputReader, Shell
from providers.contract.naming import next_part
from providers.contract.rollout import (
    RevisionLost,
    RevisionMetrics,
    RolloutControl,
    StepsByUpdate,
)
from providers.contract.smoke import ATTEMPTS, PAUSE_SECONDS, is_requested, wrong_status

BALANCER_TYPE = "aws:lb/loadBalancer:LoadBalancer"
GROUP_TYPE = "aws:lb/targetGroup:TargetGroup"
RULE_TYPE = "aws:lb/listenerRule:ListenerRule"
NAMESPACE = "AWS/ApplicationELB"
METRICS: Mapping[str, tuple[str, str]] = {
    "requests": ("RequestCount", "Sum"),
    "errors": ("HTTPCode_Target_5XX_Count", "Sum"),
    "refused": ("TargetConnectionErrorCount", "Sum"),
    "latency": ("TargetResponseTime", "p95"),
}
"""Metric and statistic of the target group by the id of its query; a refused connection is answered with 502."""
MINUTE_SECONDS = 60
SCALED_PARTS = ("", "-cpu", "-memory", "-requests")
"""Suffixes of the scalable target of a service and its policies."""
Answer = TypeVar("Answer", bound=BaseModel)


class _Services(BaseModel):
    """Answer of `ecs describe-services`."""

    class Described(BaseModel):
        """ECS service."""

        class EcsDeployment(BaseModel):
            """Task definition that is running or being started."""

            taskDefinition: str

        class Balancer(BaseModel):
            """Target group of the service."""

            containerPort: int

        desiredCount: int
        deployments: list[EcsDeployment]
        loadBalancers: list[Balancer] = []

    services: list[Described]


class _Rules(BaseModel):
    """Answer of `elbv2 describe-rules`."""

    class DescribedRule(BaseModel):
        """Listener rule."""

        class RuleAction(BaseModel):
            """Action of a rule."""

            class Forward(BaseModel):
                """Target groups of a rule."""

                class WeightedGroup(BaseModel):
                    """Target group with its weight."""

                    TargetGroupArn: str
                    Weight: int = 1

                TargetGroups: list[WeightedGroup] = []

            ForwardConfig: Forward | None = None

        Actions: list[RuleAction]

    Rules: list[DescribedRule]


class _Targets(BaseModel):
    """Answer of `elbv2 describe-target-health`."""

    class DescribedTarget(BaseModel):
        """Task in a target group."""

        class TargetState(BaseModel):
            """State of its health check."""

            State: str

        TargetHealth: TargetState

    TargetHealthDescriptions: list[DescribedTarget]


class _MetricData(BaseModel):
    """Answer of `cloudwatch get-metric-data`."""

    class Result(BaseModel):
        """Values of one query by time."""

        Id: str
        Timestamps: list[str]
        Values: list[float]

    MetricDataResults: list[Result]


class EcsRollout(StepsByUpdate):
    """Control of rollouts on AWS; see `providers.contract.rollout.RolloutControl` for each member."""

    def resources(self, stack: str, service: str) -> Sequence[str]:
        """See `RolloutControl.resources`; an abort also changes the services and their autoscaling back."""
        added = next_part(service)
        scaled = (f"{stack}-autoscaling-{part}{suffix}" for part in (service, added) for suffix in SCALED_PARTS)
        rules = (f"{stack}-ingress-{service}-route", f"{stack}-ingress-{added}-test")
        return (*rules, f"{stack}-compute-{service}", f"{stack}-compute-{added}", *scaled)

    def stable_revision(self, stack: DeployedStack, service: str, shell: Shell) -> str:
        """See `RolloutControl.stable_revision`."""
        deployed = _required(stack, SERVICE_TYPE, f"{stack.active_name}-compute-{service}", service)
        cluster = OutputReader("ECS service").text(deployed.outputs, "cluster")
        context = checked_context(stack, shell)
        command = json_command(context, "ecs", "describe-services", "--cluster", cluster, "--services", deployed.id)
        found = _answer(shell, command, _Services).services
        key = f"services.{service}"
        if len(found) != 1 or len(found[0].deployments) != 1:
            problem = "a deployment of it is in progress" if found else "its ECS service does not exist"
            wait = aws(context, "ecs", "wait", "services-stable", "--cluster", cluster, "--services", deployed.id)
            raise CliFailure(key, problem, f"wait for it with `{shlex.join(wait.arguments)}`")
        if not found[0].loadBalancers:
            raise CliFailure(f"{key}.rollout.strategy", "it had no path until now", ROLLING)
        definition = found[0].deployments[0].taskDefinition.rpartition("/")[2]
        port = found[0].loadBalancers[0].containerPort
        if port != stack.spec.services[service].port:
            raise CliFailure(f"{key}.port", port_problem(port), ROLLING)
        return StableTasks(found[0].desiredCount, definition, port).name

    def smoke_test(self, stack: DeployedStack, service: str, path: str, expect_status: int, shell: Shell) -> str:
        """See `RolloutControl.smoke_test`; the load balancer itself requests `health.path`, which may have no route."""
        try:
            _require_healthy(stack, service, shell)
            if not is_requested(stack.spec.services[service], path, expect_status):
                return ""
        except RevisionLost as lost:
            return lost.reason
        status = _status(_request(stack, service, path), str(expect_status), shell)
        return "" if status == str(expect_status) else wrong_status(path, expect_status, status)

    def metrics(self, stack: DeployedStack, service: str, since_seconds: float, shell: Shell) -> RevisionMetrics:
        """See `RolloutControl.metrics`; a rule that was changed by hand or a group without healthy tasks is lost."""
        group = _required(stack, GROUP_TYPE, f"{stack.name}-ingress-{next_part(service)}", service)
        rule = _required(stack, RULE_TYPE, f"{stack.name}-ingress-{service}-route", service)
        command = json_command(_context(stack), "elbv2", "describe-rules", "--rule-arns", rule.id)
        actions = [action for each in _answer(shell, command, _Rules).Rules for action in each.Actions]
        groups = [each for action in actions if action.ForwardConfig for each in action.ForwardConfig.TargetGroups]
        if not any(each.Weight for each in groups if each.TargetGroupArn == group.id):
            raise RevisionLost("the listener rule was changed, and gives the new revision no requests")
        _require_healthy(stack, service, shell)
        balancer = _required(stack, BALANCER_TYPE, f"{stack.name}-ingress", service)
        suffixes = [OutputReader("load balancer").text(each.outputs, "arnSuffix") for each in (balancer, group)]
        query = metric_query(suffixes[0], suffixes[1], since_seconds, datetime.now(UTC))
        return _counted(
            _answer(shell, json_command(_context(stack), "cloudwatch", "get-metric-data", *query), _MetricData)
        )

    def after_abort(self, stack: DeployedStack, service: str, stable: str, shell: Shell) -> None:
        """Do nothing: the update has removed the tasks."""


def metric_query(balancer: str, group: str, since_seconds: float, now: datetime) -> tuple[str, ...]:
    """Options for the metrics of a target group in the last seconds, rounded up to minutes, as one period."""
    period = max(1, ceil(since_seconds / MINUTE_SECONDS)) * MINUTE_SECONDS
    end = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    names = {"LoadBalancer": balancer, "TargetGroup": group}
    dimensions = [{"Name": name, "Value": value} for name, value in names.items()]
    queries = [
        {
            "Id": id,
            "MetricStat": {
                "Metric": {"Namespace": NAMESPACE, "MetricName": metric, "Dimensions": dimensions},
                "Period": period,
                "Stat": stat,
            },
        }
        for id, (metric, stat) in METRICS.items()
    ]
    times = ("--start-time", _time(end - timedelta(seconds=period)), "--end-time", _time(end))
    return ("--metric-data-queries", json.dumps(queries), *times)


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _counted(answer: _MetricData) -> RevisionMetrics:
    """Return the counts, and the percentile weighted by requests should CloudWatch divide the time at a full period."""
    found = {each.Id: dict(zip(each.Timestamps, each.Values, strict=True)) for each in answer.MetricDataResults}
    values = {id: found.get(id, {}) for id in METRICS}
    requests = values["requests"]
    errors = sum(values["errors"].values()) + sum(values["refused"].values())
    weighted = {time: requests[time] for time in values["latency"] if requests.get(time)}
    total = sum(weighted.values())
    latency = sum(values["latency"][time] * weight for time, weight in weighted.items()) / total if total else None
    count = round(sum(requests.values()))
    # the load balancer may try another task after a refused connection
    return RevisionMetrics(count, min(count, round(errors)), latency)


def _require_healthy(stack: DeployedStack, service: str, shell: Shell) -> None:
    """Raise RevisionLost without a task of the new revision that passes the load balancer's health check."""
    group = _required(stack, GROUP_TYPE, f"{stack.name}-ingress-{next_part(service)}", service)
    command = json_command(_context(stack), "elbv2", "describe-target-health", "--target-group-arn", group.id)
    targets = _answer(shell, command, _Targets).TargetHealthDescriptions
    if not any(each.TargetHealth.State == "healthy" for each in targets):
        raise RevisionLost("no replica of the new revision passes the health check of the load balancer")


def _request(stack: DeployedStack, service: str, path: str) -> CliCommand:
    """Command that prints the status of a request to the new revision; it needs no record in DNS."""
    balancer = _required(stack, BALANCER_TYPE, f"{stack.name}-ingress", service)
    host = OutputReader("load balancer").text(balancer.outputs, "dnsName")
    domain = stack.spec.ingress.domain
    connect = ("--connect-to", f"{domain}:443:{host}:443") if domain else ()
    url = f"https://{domain}{path}" if domain else f"http://{host}{path}"
    options = ("--silent", "--show-error", "--max-time", "30", "--output", "/dev/null", "--write-out", "%{http_code}")
    return CliCommand(("curl", *options, "--header", f"{SERVICE_HEADER}: {service}", *connect, url))


def _status(request: CliCommand, expected: str, shell: Shell) -> str:
    """Return the expected status, or the last other one within a minute; empty without an answer."""
    status = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            shell.sleep(PAUSE_SECONDS)
        # a command that fails ends the program, so the first request finds out whether there is an answer
        status = shell.output(request).strip() if shell.succeeds(request) else ""
        if status == expected:
            break
    return status


def _context(stack: DeployedStack) -> AwsContext:
    # the account was compared when the rollout began, and the ARNs name it
    return context_of(stack.spec, stack.name)


def _required(stack: DeployedStack, type_token: str, name: str, service: str) -> DeployedResource:
    resource = stack.resource(type_token, name)
    if resource is None:
        raise stack.not_deployed(service)
    return resource


def _answer(shell: Shell, command: CliCommand, model: type[Answer]) -> Answer:
    try:
        return model.model_validate_json(shell.output(command))
    except ValidationError:
        operation = " ".join(command.arguments[1:3])
        raise CliFailure("metrics", f"aws {operation} answers without values", "update the AWS CLI") from None


CONTROL: RolloutControl = EcsRollout(
    SERVICE_TYPE, METRICS_DELAY_SECONDS, revision_input="taskDefinition", replaces_stable=True
)
