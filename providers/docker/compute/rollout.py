"""Rollouts in steps on Docker: containers of a new revision beside the stable ones, and a share of requests in HAProxy. Pure.

A step is a request to the router, which lasts until its container restarts (providers/docker/entry/split.py); no update of
the stack. The containers of the stable revision stay as they are, while the rest of the stack changes. At the end they are
replaced while the new revision serves, which is then removed.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from providers.contract.cli import CliCommand, CliFailure, DeployedStack, OutputReader, Shell
from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, listed
from providers.contract.haproxy.sections import MAP_FILE
from providers.contract.naming import next_part
from providers.contract.rollout import (
    ResourceUpdate,
    RevisionLost,
    RevisionMetrics,
    RolloutControl,
    refuse_steps,
    refuse_taken_names,
)
from providers.contract.smoke import wrong_status
from providers.contract.spec import Platform, Service
from providers.docker.cli import containers_named
from providers.docker.entry.haproxy import METRICS_PORT
from providers.docker.entry.split import CONTROL_PORT, COUNTS, SERVICE_HEADER
from providers.docker.naming import CONTAINER_SUFFIX, both_revisions, replica_of
from providers.docker.resource_traits import CONTAINER

READY_SECONDS = 30
"""Time beyond the health check until HAProxy has found a new replica."""
REQUEST_SECONDS = 30
AVERAGED_RESPONSES = 1024
"""Responses that HAProxy averages a time over: https://docs.haproxy.org/3.2/management.html#9.1, `rtime`."""


@dataclass(frozen=True)
class StableReplicas:
    """Replicas of the stable revision: their number, and the id of their image."""

    count: int
    image: str

    @property
    def name(self) -> str:
        """Name of the revision in records and positions, such as `2 x sha256:0a1b`."""
        return f"{self.count} x {self.image}"

    @classmethod
    def parse(cls, name: str) -> "StableReplicas":
        """Return the replicas of a name; raises ValueError for any other text."""
        count, _, image = name.partition(" x ")
        return cls(int(count), image)


def rollout_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Refuse steps where no request passes HAProxy or a cookie selects a replica, and names that a new revision takes."""
    return [*refuse_steps(spec, _reason), *refuse_taken_names(spec, _names)]


def _reason(_name: str, service: Service) -> str:
    if service.port is None:
        return "a worker has no requests to split"
    if service.path is None:
        return "its callers resolve its name in Docker's DNS, and their requests do not pass the entry"
    if service.app == "streamlit":
        return "the cookie of a session belongs to a replica of one revision"
    return ""


def _names(service: str) -> dict[str, str]:
    return {
        next_part(service): f"the containers of a new revision of {service} have this name during a rollout",
        both_revisions(service): f"the containers of both revisions of {service} have this alias",
    }


def rollout_adjustments(spec: Platform) -> list[Adjustment]:
    """Report that latency is an average, and that calls between services reach the stable revision only."""
    return list(_adjustments(spec))


def _adjustments(spec: Platform) -> Iterator[Adjustment]:
    for name, service in spec.services_in_steps.items():
        if "latency_p95_seconds" in service.rollout.abort_on:
            yield Adjustment(
                f"services.{name}.rollout.abort_on",
                requested="latency_p95_seconds",
                effect=Effect.ADJUSTED,
                reason=(
                    f"the average response time of the last {AVERAGED_RESPONSES} requests to the new revision is compared: "
                    "HAProxy counts no percentile"
                ),
            )
        if callers := spec.callers_of(name):
            yield Adjustment(
                f"services.{name}.rollout.strategy",
                requested=service.rollout.strategy,
                effect=Effect.PARTIAL,
                reason=(
                    f"requests of {listed(callers, 'and')} reach the stable revision until the end, when its replicas are "
                    "replaced: they do not pass the entry"
                ),
            )


@dataclass(frozen=True)
class DockerRollout:
    """Control of rollouts on a Docker host; see `providers.contract.rollout.RolloutControl` for each member."""

    moves_by: Literal["update", "runtime"] = "runtime"
    replaces_stable: bool = True
    metrics_delay_seconds: int = 0

    def resources(self, stack: str, service: str) -> Sequence[str]:
        """Return nothing: no step is an update."""
        return ()

    def changes_revision(self, stack: str, service: str, change: ResourceUpdate) -> bool:
        """See `RolloutControl.changes_revision`; a replica of another revision is another container."""
        is_replica = change.type == CONTAINER and _number(stack, service, change.name) is not None
        return is_replica and change.operation == "replace"

    def stable_revision(self, stack: DeployedStack, service: str, shell: Shell) -> str:
        """See `RolloutControl.stable_revision`."""
        images = {
            number: OutputReader("container").text(each.outputs, "image")
            for each in stack.resources
            if each.type == CONTAINER and (number := _number(stack.name, service, each.name)) is not None
        }
        if len(set(images.values())) != 1:
            problem = "no single image runs in all of its replicas" if images else "it has no replica"
            fix = "set its rollout.strategy to rolling for one `agent-platform up`"
            raise CliFailure(f"services.{service}", problem, fix)
        return StableReplicas(max(images), images[max(images)]).name

    def set_percent(self, stack: DeployedStack, service: str, percent: int, shell: Shell) -> None:
        """See `RolloutControl.set_percent`; a router without the service's key gives a new revision nothing."""
        if percent:
            self._wait(stack, service, shell)
        for router in _routers(stack, shell):
            if percent:
                counted = _counted(router, service, shell)
                counts = (counted.requests, counted.errors)
                values = [f"{service}.{key}/{count}" for key, count in zip(COUNTS, counts, strict=True)]
                _ask(router, shell, *values, f"{service}/{percent}")
            elif shell.succeeds(_in(router, "grep", "-q", f"^{service} ", MAP_FILE)):
                _ask(router, shell, f"{service}/0")

    def smoke_test(self, stack: DeployedStack, service: str, path: str, expect_status: int, shell: Shell) -> str:
        """See `RolloutControl.smoke_test`; the router passes the request on to a replica of the new revision."""
        try:
            self._wait(stack, service, shell)
            url = f"http://127.0.0.1:{CONTROL_PORT}{path}"
            (router, *_) = _routers(stack, shell)
            status = shell.output(_get(router, url, "--header", f"{SERVICE_HEADER}: {service}")).strip()
        except RevisionLost as lost:
            return lost.reason
        except CliFailure:
            status = ""
        return "" if status == str(expect_status) else wrong_status(path, expect_status, status)

    def metrics(self, stack: DeployedStack, service: str, since_seconds: float, shell: Shell) -> RevisionMetrics:
        """See `RolloutControl.metrics`: the counts since the step, which were kept when it was taken."""
        requests, errors, latencies = 0, 0, list[float]()
        for router in _routers(stack, shell):
            share, *before = (int(_ask(router, shell, key)) for key in (service, *_count_keys(service)))
            if not share:
                raise RevisionLost("the entry restarted or was reset, and gives the new revision no requests")
            counted = _counted(router, service, shell)
            if not counted.replicas:
                raise RevisionLost("no replica of the new revision answers the health check of the entry")
            requests += counted.requests - before[0]
            errors += counted.errors - before[1]
            latencies += [counted.latency_seconds] if counted.requests else []
        return RevisionMetrics(requests, errors, max(latencies, default=None))

    def after_abort(self, stack: DeployedStack, service: str, stable: str, shell: Shell) -> None:
        """Do nothing: the update has removed the containers."""

    def _wait(self, stack: DeployedStack, service: str, shell: Shell) -> None:
        """Wait until HAProxy has found a healthy replica of the new revision; raises RevisionLost."""
        health = stack.spec.services[service].health
        for _ in range(health.interval_seconds * health.healthy_threshold + READY_SECONDS):
            if all(_counted(router, service, shell).replicas for router in _routers(stack, shell)):
                return
            shell.sleep(1)
        raise RevisionLost("no replica of the new revision answers the health check of the entry")


@dataclass(frozen=True)
class BackendCounts:
    """Counts of a backend since its router started."""

    replicas: int
    """Replicas that pass the health check."""
    requests: int
    errors: int
    latency_seconds: float


def _counted(router: str, service: str, shell: Shell) -> BackendCounts:
    series = _series(shell.output(_get(router, f"http://127.0.0.1:{METRICS_PORT}/metrics")), next_part(service))
    return BackendCounts(
        replicas=int(series.get("active_servers", 0)),
        requests=int(series.get("http_requests_total", 0)),
        errors=int(series.get('http_responses_total code="5xx"', 0)),
        latency_seconds=series.get("response_time_average_seconds", 0.0),
    )


def _series(text: str, backend: str) -> Mapping[str, float]:
    """Return the series of a backend, by name and the labels besides `proxy`."""
    pattern = re.compile(rf'^haproxy_backend_(\w+){{proxy="{re.escape(backend)}",?(.*?)}} (\S+)', re.MULTILINE)
    return {f"{name} {labels}".strip(): float(value) for name, labels, value in pattern.findall(text)}


def _count_keys(service: str) -> Iterator[str]:
    return (f"{service}.{count}" for count in COUNTS)


def _number(stack: str, service: str, name: str) -> int | None:
    """Return the number of the replica that has a logical name; None for anything else."""
    found, number = replica_of(stack, name) or ("", None)
    return number if found == service else None


def _routers(stack: DeployedStack, shell: Shell) -> Sequence[str]:
    """Return the running routers: one, or two while it is replaced; raises CliFailure without any."""
    found = containers_named(stack, f"{stack.name}-entry-router-{CONTAINER_SUFFIX}", shell)
    names = [each.name for each in found if each.running]
    if not names:
        raise CliFailure("ingress", "the router of the entry is not running", f"run `agent-platform up {stack.name}`")
    return names


def _ask(router: str, shell: Shell, *keys: str) -> str:
    """Read a value of the map, or change values of it; returns the last answer."""
    urls = (f"http://127.0.0.1:{CONTROL_PORT}/{key}" for key in keys)
    return shell.output(_get(router, *urls)).split()[-1]


def _get(router: str, *arguments: str) -> CliCommand:
    return _in(router, "wget", "-q", "-T", str(REQUEST_SECONDS), "-O", "-", *arguments)


def _in(router: str, *command: str) -> CliCommand:
    return CliCommand(("docker", "exec", router, *command))


CONTROL: RolloutControl = DockerRollout()
