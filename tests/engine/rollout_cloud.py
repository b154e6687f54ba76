"""Answers of gcloud, az and curl about the services of a fake cloud: the split of requests, and scripted metrics."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

from providers.contract.cli import CliCommand
from providers.contract.rollout import RevisionMetrics
from tests.engine.fake_cloud.cloud import FakeObject
from tests.engine.project import EngineProject

Read = Callable[[int], RevisionMetrics]
"""Metrics of the new revision at a percentage of the requests."""
GOOD = RevisionMetrics(requests=500, errors=0, latency_seconds=0.1)
FAILING = RevisionMetrics(requests=500, errors=150, latency_seconds=0.1)
SERVICE_TYPES = {
    "aws": "aws:ecs/service:Service",
    "gcp": "gcp:cloudrunv2/service:Service",
    "azure": "azure-native:app:ContainerApp",
}
NAME = "prod-compute-gateway"
SMOKE_COMMANDS = ("run jobs", "containerapp job", "az rest --method", "logging read")
"""Parts of the commands that send a smoke test."""


def good(percent: int) -> RevisionMetrics:
    """Metrics of a revision without errors."""
    return GOOD


def failing_at(percent: int) -> Read:
    """Metrics of a revision that fails 30 % of its requests at one step."""
    return lambda current: FAILING if current == percent else GOOD


@dataclass
class CloudShell:
    """Shell of one cloud; raises an error planned for a look at the metrics, as a process that ends there."""

    project: EngineProject
    cloud: str
    read: Read = good
    end_at: int | None = None
    smoke_succeeds: bool = True
    looks: int = 0
    percents: list[int] = field(default_factory=list[int])
    """Percentage of the new revision at each look at its metrics, without repeats."""
    smoked: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    """Newest revision and its percentage at each smoke test."""
    commands: list[str] = field(default_factory=list[str])

    def output(self, command: CliCommand) -> str:
        """See `Shell.output`."""
        text = " ".join(command.arguments)
        self.commands.append(text)
        if any(part in text for part in SMOKE_COMMANDS):
            return self._smoke(text)
        if "services describe" in text:
            return json.dumps({"status": {"traffic": [{"revisionName": self.stable, "percent": 100}, *self._tagged]}})
        if "containerapp show" in text:
            entry = {"revisionName": self.stable, "weight": 100}
            return json.dumps({"traffic": [entry], "latest": self.outputs["latestReadyRevisionName"]})
        if "request_count" in text or "--metric Requests" in text:
            return self._counts(self.look())
        if "request_latencies" in text:
            return json.dumps({"data": {"result": [{"metric": {}, "value": [1, "100"]}]}})
        if "--metric ResponseTime" in text:
            return json.dumps({"value": [{"timeseries": [{"data": [{"average": 100}]}]}]})
        assert "revision deactivate" in text, text
        return ""

    def succeeds(self, command: CliCommand) -> bool:
        """See `Shell.succeeds`: no job of an earlier smoke test is left, and one can be deleted."""
        self.commands.append(" ".join(command.arguments))
        return "delete" in command.arguments

    def stream(self, command: CliCommand) -> int:
        """See `Shell.stream`."""
        raise AssertionError(command)

    def sleep(self, seconds: float, /) -> None:
        """See `Shell.sleep`."""

    @property
    def outputs(self) -> Mapping[str, str]:
        """Outputs of the gateway."""
        return cast("Mapping[str, str]", json.loads(self._gateway.outputs))

    @property
    def split(self) -> list[tuple[str, int]]:
        """Revision, or `latest`, and percentage of each part of the gateway's requests."""
        inputs = json.loads(self._gateway.inputs)
        if self.cloud == "gcp":
            return [(each.get("revision", "latest"), each["percent"]) for each in inputs["traffics"]]
        traffic = inputs["configuration"]["ingress"]["traffic"]
        return [(each.get("revisionName", "latest"), each["weight"]) for each in traffic]

    @property
    def newest(self) -> str:
        """Name of the newest revision."""
        return self.outputs["latestCreatedRevision" if self.cloud == "gcp" else "latestRevisionName"]

    @property
    def stable(self) -> str:
        """Name of the revision that has all requests."""
        (serving,) = [name for name, percent in self.split if percent == 100]
        return self.newest if serving == "latest" else serving

    @property
    def _tagged(self) -> list[dict[str, str]]:
        """Tag of the newest revision, whose URL exists while those of the service are on."""
        inputs = json.loads(self._gateway.inputs)
        tags = [each["tag"] for each in inputs["traffics"] if "tag" in each]
        url = "" if inputs["defaultUriDisabled"] else "https://next---prod-gateway.example"
        return [{"revisionName": self.newest, "tag": tag, "url": url} for tag in tags]

    def _smoke(self, text: str) -> str:
        """Answer a command of the job that sends a smoke test, which ends at once."""
        if "create" in text or "--method put" in text:
            self.smoked.append((self.newest, dict(self.split)["latest"]))
        status = "True" if self.smoke_succeeds else "False"
        answers = {
            "executions describe": "2026-11-28T11:00:00Z",
            "tasks list": json.dumps([{"status": {"conditions": [{"type": "Completed", "status": status}]}}]),
            "job execution show": "Succeeded" if self.smoke_succeeds else "Failed",
            "job show": "Succeeded",
            "jobs execute": "smoke-x1",
            "job start": "smoke-x1",
            "logging read": "smoke-status 503",
            "--method post": "smoke-status 503",
        }
        return next((answer for part, answer in answers.items() if part in text), "")

    def look(self) -> RevisionMetrics:
        """Return the metrics of the new revision at its percentage."""
        self.looks += 1
        if self.looks == self.end_at:
            raise SystemExit
        percent = dict(self.split)["latest"]
        if self.percents[-1:] != [percent]:
            self.percents.append(percent)
        return self.read(percent)

    def _counts(self, metrics: RevisionMetrics) -> str:
        counts = {"2xx": metrics.requests - metrics.errors, "5xx": metrics.errors}
        if self.cloud == "gcp":
            result = [
                {"metric": {"response_code_class": key}, "value": [1, str(value)]} for key, value in counts.items()
            ]
            return json.dumps({"data": {"result": result}})
        series = [{"metadatavalues": [{"value": key}], "data": [{"total": value}]} for key, value in counts.items()]
        return json.dumps({"value": [{"timeseries": series}]})

    @property
    def _gateway(self) -> FakeObject:
        (found,) = [item for item in self.project.cloud.objects(SERVICE_TYPES[self.cloud]) if item.name == NAME]
        return found
