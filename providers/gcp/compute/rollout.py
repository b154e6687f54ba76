"""Rollouts in steps on Cloud Run: requests are split between two revisions of a service. Pure.

Cloud Run keeps a split until another update, so the program declares it (`traffic_of`), and a step is an update of the
service alone. The stable revision has its name in the split and the new one is the latest: no revision name has to be
known before it exists (hashicorp/terraform-provider-google#14569 for what names in the template cause). A revision that
does not pass its startup probe fails the update and receives nothing.
"""

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, ValidationError

from providers.contract.cli import CliCommand, CliFailure, DeployedStack, OutputReader, Shell
from providers.contract.diagnostics import Adjustment, Diagnostic
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
from providers.gcp.compute.smoke import SmokeJob, smoke_problem
from providers.gcp.naming import run_name
from providers.gcp.rest import TOKEN

SERVICE_TYPE = "gcp:cloudrunv2/service:Service"
ALLOCATION = "TRAFFIC_TARGET_ALLOCATION_TYPE_"
TAG = "next"
"""Tag of the new revision: it has a name in the split, also with no requests."""
METRICS_DELAY_SECONDS = 180
"""Samples of Cloud Run are taken every 60 seconds and are visible after up to 180 seconds: list of Google Cloud metrics,
`run.googleapis.com/request_count`."""
PROMQL = "https://monitoring.googleapis.com/v1/projects/{project}/location/global/prometheus/api/v1/query"
MILLISECONDS = 1000


@dataclass(frozen=True)
class TrafficTarget:
    """Part of the requests: those of a revision, or of the latest one when `revision` is None."""

    percent: int
    revision: str | None = None
    tag: str | None = None

    @property
    def type(self) -> str:
        """Allocation type of the API."""
        return f"{ALLOCATION}{'LATEST' if self.revision is None else 'REVISION'}"


def traffic_of(position: RolloutPosition | None) -> tuple[TrafficTarget, ...]:
    """Return the split of a service at a position of its rollout."""
    if position is None:
        return (TrafficTarget(100),)
    if position.phase == "held":
        return (TrafficTarget(100, position.stable),)
    stable = TrafficTarget(100 - position.percent, position.stable)
    return (stable, TrafficTarget(position.percent, tag=TAG))


def rollout_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Refuse steps for workers and for sticky sessions, and smoke tests of services that nobody may invoke."""
    smoke = refuse_smoke_tests(spec, lambda name, service: smoke_problem(spec.callers_of(name), service))
    return [*refuse_steps(spec, _reason), *smoke]


def rollout_adjustments(spec: Platform) -> list[Adjustment]:
    """Report bake times that are shorter than what shows a fault."""
    return bake_adjustments(spec, METRICS_DELAY_SECONDS)


def _reason(_name: str, service: Service) -> str:
    if service.port is None:
        # Cloud Run documentation, "Monitoring": request count and latencies exist for services, not for worker pools
        return "Cloud Run counts no requests of a worker pool, so nothing measures its new revision"
    if service.app == "streamlit":
        # Cloud Run documentation, "Session affinity for services"
        return "session affinity takes precedence over the split of requests"
    return ""


class _Status(BaseModel):
    model_config = ConfigDict(extra="ignore")

    class Target(BaseModel):
        """Entry of `status.traffic`."""

        revisionName: str = ""
        percent: int = 0
        tag: str = ""
        url: str = ""

    traffic: list[Target] = []


class _Described(BaseModel):
    status: _Status = _Status()


class _PrometheusAnswer(BaseModel):
    """Answer of the Prometheus API: https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries."""

    class Data(BaseModel):
        """Instant vector."""

        class VectorSample(BaseModel):
            """Labels, and time and value of the sample."""

            metric: dict[str, str] = {}
            value: tuple[float, str]

        result: list[VectorSample] = []

    data: Data = Data()


class CloudRunRollout(StepsByUpdate):
    """Control of rollouts on Cloud Run; see `providers.contract.rollout.RolloutControl` for each member."""

    def stable_revision(self, stack: DeployedStack, service: str, shell: Shell) -> str:
        """See `RolloutControl.stable_revision`."""
        serving = [target.revisionName for target in _targets(stack, service, shell) if target.percent == 100]
        if len(serving) != 1 or not serving[0]:
            raise CliFailure(
                f"services.{service}",
                "no single revision receives all requests",
                f"give REVISION all of them with `{shlex.join(_give_all(stack, service, 'REVISION').arguments)}`",
            )
        return serving[0]

    def smoke_test(self, stack: DeployedStack, service: str, path: str, expect_status: int, shell: Shell) -> str:
        """See `RolloutControl.smoke_test`; the startup probe has tested `health.path`."""
        if not is_requested(stack.spec.services[service], path, expect_status):
            return ""
        urls = [target.url for target in _targets(stack, service, shell) if target.tag == TAG and target.url]
        if not urls:
            return "the new revision has no URL of its own"
        return SmokeJob(stack, service, urls[0], expect_status).run(path, shell)

    def metrics(self, stack: DeployedStack, service: str, since_seconds: float, shell: Shell) -> RevisionMetrics:
        """See `RolloutControl.metrics`."""
        window = f"{max(60, round(since_seconds))}s"
        labels = _labels(stack, service)
        counts = _query(
            stack, shell, f"sum by (response_code_class)(increase(run_googleapis_com:request_count{labels}[{window}]))"
        )
        buckets = f"sum by (le)(increase(run_googleapis_com:request_latencies_bucket{labels}[{window}]))"
        latency = _query(stack, shell, f"histogram_quantile(0.95, {buckets})")
        requests = sum(counts.values())
        errors = sum(count for labels, count in counts.items() if "5xx" in labels)
        p95 = next(iter(latency.values()), None)
        return RevisionMetrics(round(requests), round(errors), None if p95 is None else p95 / MILLISECONDS)

    def after_abort(self, stack: DeployedStack, service: str, stable: str, shell: Shell) -> None:
        """See `RolloutControl.after_abort`; a revision without requests and without a tag runs no instances."""


def _targets(stack: DeployedStack, service: str, shell: Shell) -> Sequence[_Status.Target]:
    """Split of a service's requests as it is; empty for an answer without one."""
    described = shell.output(_run_services(stack, service, "describe", "--format=json(status.traffic)"))
    try:
        return _Described.model_validate_json(described).status.traffic
    except ValidationError:
        return ()


def _give_all(stack: DeployedStack, service: str, revision: str) -> CliCommand:
    """Command with which a user gives one revision all requests."""
    return _run_services(stack, service, "update-traffic", f"--to-revisions={revision}=100")


def _run_services(stack: DeployedStack, service: str, verb: str, option: str) -> CliCommand:
    block = stack.spec.gcp
    place = (f"--project={block.project}", f"--region={stack.spec.active_region}") if block else ()
    return CliCommand(("gcloud", "run", "services", verb, run_name(stack.active_name, service), *place, option))


def _labels(stack: DeployedStack, service: str) -> str:
    """Labels of the series of the new revision, which is the latest in the state."""
    resource = stack.resource(SERVICE_TYPE, f"{stack.active_name}-compute-{service}")
    if resource is None:
        raise stack.not_deployed(service)
    revision = OutputReader("Cloud Run service").text(resource.outputs, "latestCreatedRevision")
    labels = {
        "monitored_resource": "cloud_run_revision",
        "service_name": run_name(stack.active_name, service),
        "revision_name": revision.rpartition("/")[2],
    }
    return "{" + ", ".join(f"{name}={json.dumps(value)}" for name, value in labels.items()) + "}"


def _query(stack: DeployedStack, shell: Shell, query: str) -> Mapping[str, float]:
    """Values of an instant query by the values of their labels; raises CliFailure for another answer."""
    url = PROMQL.format(project=stack.spec.gcp.project if stack.spec.gcp else "")
    options = ("--silent", "--show-error", "--fail-with-body", "--max-time", "30", "--header", "@-")
    answer = shell.output(
        CliCommand(("curl", *options, "--get", "--data-urlencode", f"query={query}", url), stdin=TOKEN)
    )
    try:
        series = _PrometheusAnswer.model_validate_json(answer).data.result
    except ValidationError:
        problem = "Cloud Monitoring answers without values"
        raise CliFailure("metrics", problem, "allow monitoring.timeSeries.list to the signed-in account") from None
    return {" ".join(each.metric.values()): float(each.value[1]) for each in series if each.value[1] != "NaN"}


CONTROL: RolloutControl = CloudRunRollout(SERVICE_TYPE, METRICS_DELAY_SECONDS)
