"""Answers of the AWS CLI and curl about ECS services, target groups and listener rules of a fake cloud, with scripted metrics."""

import json
from collections.abc import Mapping
from typing import cast

from providers.aws.compute.rollout import GROUP_TYPE, METRICS, RULE_TYPE
from providers.contract.cli import CliCommand
from providers.contract.rollout import RevisionMetrics
from tests.engine.fake_cloud.cloud import FakeObject
from tests.engine.project import EngineProject
from tests.engine.rollout_cloud import NAME, SERVICE_TYPES, CloudShell, Read, good

Inputs = Mapping[str, object]
NEXT_NAME = f"{NAME}-next"
ROUTE = "prod-ingress-gateway-route"
SMOKE_ROUTE = "prod-ingress-gateway-next-test"
ACCOUNT = "111122223333"


class EcsShell(CloudShell):
    """Shell of AWS; the stable revision is the task definition of the service that is in the group with the requests."""

    def output(self, command: CliCommand) -> str:
        """See `Shell.output`."""
        text = " ".join(command.arguments)
        self.commands.append(text)
        operation = " ".join(command.arguments[1:3])
        if command.program == "curl":
            assert self.object_named(RULE_TYPE, SMOKE_ROUTE), "the stable revision would answer"
            test = (self.newest, dict(self.split)["latest"])
            # a test repeats a request that fails
            if self.smoke_succeeds or self.smoked[-1:] != [test]:
                self.smoked.append(test)
            return "200" if self.smoke_succeeds else "503"
        answers = {
            "sts get-caller-identity": lambda: ACCOUNT,
            "ecs describe-services": lambda: json.dumps({"services": [self._described(NAME)]}),
            "elbv2 describe-rules": lambda: json.dumps({"Rules": [{"Actions": self._actions()}]}),
            "elbv2 describe-target-health": lambda: json.dumps(self._health(option(command, "--target-group-arn"))),
            "cloudwatch get-metric-data": lambda: json.dumps(self._metrics(command)),
        }
        return answers[operation]()

    def succeeds(self, command: CliCommand) -> bool:
        """See `Shell.succeeds`; every request is answered."""
        assert command.program == "curl", command
        return True

    def object_named(self, token: str, name: str) -> FakeObject | None:
        """Return the object of a logical name."""
        return next((item for item in self.project.cloud.objects(token) if item.name == name), None)

    @property
    def weights(self) -> Mapping[str, int]:
        """Weight by target group of the listener rule."""
        (action,) = cast("list[Inputs]", self._inputs(RULE_TYPE, ROUTE)["actions"])
        groups = cast("Mapping[str, list[Inputs]]", action["forward"])["targetGroups"]
        return {cast("str", group["arn"]): cast("int", group["weight"]) for group in groups}

    @property
    def split(self) -> list[tuple[str, int]]:
        """Revision, or `latest`, and percentage of each target group; a group without tasks must have no weight."""
        parts: list[tuple[str, int]] = []
        for group, weight in self.weights.items():
            service = self._service_in(group)
            assert service is not None or not weight, f"{weight} % of the requests are answered with 503"
            if service is not None:
                definition = cast("str", json.loads(service.inputs)["taskDefinition"])
                parts.append(("latest" if definition == self.newest else definition, weight))
        return parts

    @property
    def newest(self) -> str:
        """Task definition of the file."""
        definitions = self.project.cloud.objects("aws:ecs/taskDefinition:TaskDefinition")
        return [json.loads(item.outputs)["arn"] for item in definitions if item.name == f"{NAME}-task"][-1]

    def _service_in(self, group: str) -> FakeObject | None:
        services = self.project.cloud.objects(SERVICE_TYPES["aws"])
        return next((item for item in services if group in item.inputs), None)

    def _inputs(self, token: str, name: str) -> Inputs:
        found = self.object_named(token, name)
        assert found is not None, f"{name} does not exist"
        return json.loads(found.inputs)

    def _described(self, name: str) -> Inputs:
        inputs = self._inputs(SERVICE_TYPES["aws"], name)
        groups = cast("list[Inputs]", inputs["loadBalancers"])
        return {
            "desiredCount": inputs["desiredCount"],
            "deployments": [{"status": "PRIMARY", "taskDefinition": inputs["taskDefinition"]}],
            "loadBalancers": [{"containerPort": group["containerPort"]} for group in groups],
        }

    def _actions(self) -> list[Inputs]:
        groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in self.weights.items()]
        return [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]

    def _health(self, group: str) -> Inputs:
        states = ["healthy"] if self._service_in(group) else list[str]()
        return {"TargetHealthDescriptions": [{"TargetHealth": {"State": state}} for state in states]}

    def _metrics(self, command: CliCommand) -> Inputs:
        queries = cast("list[Inputs]", json.loads(option(command, "--metric-data-queries")))
        group = json.loads(self._next_group.outputs)["arnSuffix"]
        assert all(group in json.dumps(query) for query in queries), "only the new revision is measured"
        metrics = self.look()
        values = self._values(metrics)
        results = [{"Id": id, "Timestamps": ["2026-11-28T10:00:00Z"], "Values": [values[id]]} for id in METRICS]
        return {"MetricDataResults": results}

    def _values(self, metrics: RevisionMetrics) -> Mapping[str, float]:
        return {
            "requests": metrics.requests,
            "errors": metrics.errors,
            "refused": 0,
            "latency": metrics.latency_seconds or 0,
        }

    @property
    def _next_group(self) -> FakeObject:
        found = self.object_named(GROUP_TYPE, "prod-ingress-gateway-next")
        assert found is not None
        return found


def option(command: CliCommand, name: str) -> str:
    """Value of an option of a command."""
    return command.arguments[command.arguments.index(name) + 1]


def cloud_shell(project: EngineProject, cloud: str, read: Read = good) -> CloudShell:
    """Return the shell of a cloud on which a step is an update."""
    return EcsShell(project, cloud, read) if cloud == "aws" else CloudShell(project, cloud, read)
