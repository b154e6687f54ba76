"""Rollouts in steps that a cluster refuses or adjusts. Pure.

A step is an update: a second Deployment `<name>-next` runs the new revision, and the entry divides the requests by weights
(`weights_of`). The stable Deployment keeps its pod template until every request goes to the new revision; then it gets
the new one, and the second Deployment is deleted.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, listed
from providers.contract.naming import next_part
from providers.contract.rollout import RolloutPosition, bake_adjustments, refuse_steps, refuse_taken_names
from providers.contract.scrape_endpoints import scrape_endpoint
from providers.contract.spec import Platform, Service
from providers.kubernetes.context import by_haproxy


@dataclass(frozen=True)
class Weight:
    """Share of the requests, in percent, of the Service `name`."""

    name: str
    percent: int


def weights_of(service: str, position: RolloutPosition | None) -> tuple[Weight, ...]:
    """Return the weights of a service at a position of its rollout; one without a position has one revision."""
    if position is None or position.phase == "held":
        return (Weight(service, 100),)
    percent = 100 if position.phase == "replacing" else position.percent
    return (Weight(service, 100 - percent), Weight(next_part(service), percent))


def split_services(spec: Platform) -> Mapping[str, Service]:
    """Return the public services whose rollout has steps."""
    return {name: service for name, service in spec.public.items() if service.rollout.in_steps}


METRICS_DELAY_SECONDS = 120
"""Two scrapes, which are 30 seconds apart, and the evaluation of a rate over them."""
AVERAGED_RESPONSES = 1024
"""Responses that HAProxy averages a time over: https://docs.haproxy.org/3.2/management.html#9.1, `rtime`."""


def rollout_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Refuse steps where no request passes the entry or is counted, and names that a new revision takes."""
    return [*refuse_steps(spec, lambda _name, service: _reason(spec, service)), *refuse_taken_names(spec, _names)]


def _reason(spec: Platform, service: Service) -> str:
    if service.port is None:
        return "a worker has no requests to split"
    if service.path is None:
        return "its callers reach it through a Service, which has no weights"
    if service.app == "streamlit":
        return "the cookie of a session belongs to a replica of one revision"
    if not by_haproxy(spec) and scrape_endpoint(service) is None:
        return "it exposes no metrics, and a Gateway counts no requests; kubernetes.entry: haproxy does"
    return ""


def _names(service: str) -> dict[str, str]:
    return {next_part(service): f"the Deployment of a new revision of {service} has this name during a rollout"}


def rollout_adjustments(spec: Platform) -> list[Adjustment]:
    """Report short bake times, that latency is an average, and that calls between services reach the stable revision only."""
    return [*bake_adjustments(spec, METRICS_DELAY_SECONDS), *_adjustments(spec)]


def _adjustments(spec: Platform) -> Iterator[Adjustment]:
    for name, service in spec.services_in_steps.items():
        if "latency_p95_seconds" in service.rollout.abort_on and by_haproxy(spec):
            reason = (
                f"the average response time of the last {AVERAGED_RESPONSES} requests to the new revision is compared: HAProxy "
                "counts no percentile"
            )
            yield Adjustment(f"services.{name}.rollout.abort_on", "latency_p95_seconds", Effect.ADJUSTED, reason)
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
