"""Rollouts in steps on Container Apps: requests are split between two active revisions of an app. Pure.

A step is an update of the app alone. The app has several active revisions during a rollout and after an abort: with a
single one, the platform would activate the newest revision again. Changing mode or weights makes no revision (Microsoft
Learn, "Update and deploy changes in Azure Container Apps": application-scope changes). Each active revision has its own
minimum of replicas.
"""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Literal

from pydantic import BaseModel, ValidationError

from providers.azure.cli_commands import az, context_of, required
from providers.azure.compute.limits import listens
from providers.azure.compute.smoke import run_smoke_test, smoke_problem
from providers.azure.naming import app_name
from providers.contract.cli import CliCommand, CliFailure, DeployedStack, OutputReader, Shell
from providers.contract.diagnostics import Adjustment, Diagnostic, Effect
from providers.contract.rollout import (
    RevisionMetrics,
    RolloutControl,
    RolloutPosition,
    StepsByUpdate,
    bake_adjustments,
    refuse_smoke_tests,
    refuse_steps,
)
from providers.contract.smoke import is_requested
from providers.contract.spec import Platform, Service

APP_TYPE = "azure-native:app:ContainerApp"
LABEL = "next"
METRICS_DELAY_SECONDS = 180
"""Platform metrics are visible within three minutes: Microsoft Learn, "Azure Monitor Metrics overview"."""
MILLISECONDS = 1000


@dataclass(frozen=True)
class TrafficWeight:
    """Part of the requests: those of a revision, or of the latest one when `revision` is None."""

    weight: int
    revision: str | None = None
    label: str | None = None


def active_revisions_mode(position: RolloutPosition | None) -> Literal["Single", "Multiple"]:
    """Return the mode of an app at a position of its rollout."""
    return "Single" if position is None else "Multiple"


def traffic_of(position: RolloutPosition | None) -> tuple[TrafficWeight, ...]:
    """Return the weights of an app at a position of its rollout."""
    if position is None:
        return (TrafficWeight(100),)
    if position.phase == "held":
        return (TrafficWeight(100, position.stable),)
    return (TrafficWeight(100 - position.percent, position.stable), TrafficWeight(position.percent, label=LABEL))


def rollout_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Refuse steps for apps without ingress and with sticky sessions, and smoke tests that nothing could send."""
    steps = refuse_steps(spec, lambda name, service: _reason(spec, name, service))
    return [*steps, *refuse_smoke_tests(spec, lambda _name, _service: smoke_problem(spec))]


def _reason(spec: Platform, name: str, service: Service) -> str:
    if not listens(spec, name):
        return "an app without ingress has no requests to split"
    if service.app == "streamlit":
        # Microsoft Learn, "Session affinity in Azure Container Apps"
        return "session affinity needs a single active revision"
    return ""


def rollout_adjustments(spec: Platform) -> list[Adjustment]:
    """Report short bake times, and that latency is an average: Container Apps has no percentile of one revision."""
    averages = [
        Adjustment(
            f"services.{name}.rollout.abort_on",
            requested="latency_p95_seconds",
            effect=Effect.ADJUSTED,
            reason="the average response time of the new revision is compared: Azure Monitor has no percentile of a revision",
        )
        for name, service in spec.services_in_steps.items()
        if "latency_p95_seconds" in service.rollout.abort_on
    ]
    return [*bake_adjustments(spec, METRICS_DELAY_SECONDS), *averages]


class _Weight(BaseModel):
    revisionName: str | None = None
    latestRevision: bool = False
    weight: int | None = 0


class _App(BaseModel):
    traffic: list[_Weight] | None = None
    latest: str | None = None


class _Metrics(BaseModel):
    """Answer of `az monitor metrics list`."""

    class Metric(BaseModel):
        """One metric with its series."""

        class MetricSeries(BaseModel):
            """Values of one combination of dimensions."""

            class Dimension(BaseModel):
                """Value of a dimension."""

                value: str = ""

            class Point(BaseModel):
                """Value of one minute."""

                total: float | None = None
                average: float | None = None

            metadatavalues: list[Dimension] = []
            data: list[Point] = []

        timeseries: list[MetricSeries] = []

    value: list[Metric] = []


class ContainerAppRollout(StepsByUpdate):
    """Control of rollouts on Container Apps; see `providers.contract.rollout.RolloutControl` for each member."""

    def stable_revision(self, stack: DeployedStack, service: str, shell: Shell) -> str:
        """See `RolloutControl.stable_revision`."""
        query = "{traffic: properties.configuration.ingress.traffic, latest: properties.latestReadyRevisionName}"
        try:
            app = _App.model_validate_json(shell.output(_containerapp(stack, service, ("show",), "--query", query)))
        except ValidationError:
            app = _App()
        serving = [each for each in app.traffic or () if each.weight == 100]
        name = (serving[0].revisionName or app.latest) if len(serving) == 1 else None
        if not name:
            give = _containerapp(stack, service, ("ingress", "traffic", "set"), "--revision-weight", "REVISION=100")
            fix = f"give REVISION all of them with `{shlex.join(give.arguments)}`"
            raise CliFailure(f"services.{service}", "no single revision receives all requests", fix)
        return name

    def smoke_test(self, stack: DeployedStack, service: str, path: str, expect_status: int, shell: Shell) -> str:
        """See `RolloutControl.smoke_test`; the readiness probe has tested `health.path`."""
        if not is_requested(stack.spec.services[service], path, expect_status):
            return ""
        return run_smoke_test(stack, service, path, expect_status, shell)

    def metrics(self, stack: DeployedStack, service: str, since_seconds: float, shell: Shell) -> RevisionMetrics:
        """See `RolloutControl.metrics`."""
        app = required(stack, "app:ContainerApp", f"{stack.active_name}-compute-{service}")
        revision = OutputReader("Container App").text(app.outputs, "latestRevisionName")
        minutes = max(1, ceil(since_seconds / 60))
        of_revision = f"revisionName eq '{revision}'"
        counts: dict[str, float] = {}
        split = f"{of_revision} and statusCodeCategory eq '*'"
        for series in _series(stack, app.id, "Requests", "Total", split, minutes, shell):
            category = " ".join(each.value for each in series.metadatavalues)
            counts[category] = counts.get(category, 0) + sum(point.total or 0 for point in series.data)
        times = [
            point.average
            for series in _series(stack, app.id, "ResponseTime", "Average", of_revision, minutes, shell)
            for point in series.data
            if point.average
        ]
        errors = sum(count for category, count in counts.items() if "5xx" in category)
        latency = sum(times) / len(times) / MILLISECONDS if times else None
        return RevisionMetrics(round(sum(counts.values())), round(errors), latency)

    def after_abort(self, stack: DeployedStack, service: str, stable: str, shell: Shell) -> None:
        """Deactivate the new revision, whose replicas would run on without requests."""
        app = required(stack, "app:ContainerApp", f"{stack.active_name}-compute-{service}")
        latest = OutputReader("Container App").text(app.outputs, "latestRevisionName")
        if latest != stable:
            shell.output(_containerapp(stack, service, ("revision", "deactivate"), "--revision", latest))


def _containerapp(stack: DeployedStack, service: str, command: Sequence[str], *options: str) -> CliCommand:
    context = context_of(stack.spec, stack.name)
    name = ("--name", app_name(stack.name, service), "--resource-group", context.group)
    return az(context, "containerapp", *command, *name, *options, "--output", "json")


def _series(
    stack: DeployedStack, resource: str, metric: str, aggregation: str, dimensions: str, minutes: int, shell: Shell
) -> Sequence[_Metrics.Metric.MetricSeries]:
    context = context_of(stack.spec, stack.name)
    options = ("--metric", metric, "--aggregation", aggregation, "--interval", "PT1M", "--offset", f"{minutes}m")
    command = az(
        context,
        "monitor",
        "metrics",
        "list",
        "--resource",
        resource,
        *options,
        "--filter",
        dimensions,
        "--output",
        "json",
    )
    try:
        metrics = _Metrics.model_validate_json(shell.output(command)).value
    except ValidationError:
        problem = "Azure Monitor answers without values"
        raise CliFailure("metrics", problem, "give the signed-in account the role Monitoring Reader") from None
    return [series for each in metrics for series in each.timeseries]


CONTROL: RolloutControl = ContainerAppRollout(APP_TYPE, METRICS_DELAY_SECONDS)
