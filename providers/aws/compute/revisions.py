"""Revisions of a service during a rollout in steps: the tasks that stay, how many run, refusals and adjustments. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from providers.aws.network.flows import ANY_IPV4, client_cidrs
from providers.contract.diagnostics import Adjustment, ConfigError, Diagnostic, Effect, InvalidConfiguration, listed
from providers.contract.naming import next_part
from providers.contract.rollout import RolloutPosition, bake_adjustments, refuse_steps, refuse_taken_names
from providers.contract.spec import Platform, Service

ROLLING = "set its rollout.strategy to rolling for one `agent-platform up`"
METRICS_DELAY_SECONDS = 180
"""The load balancer sends metrics in intervals of 60 seconds (Elastic Load Balancing, "CloudWatch metrics for your
Application Load Balancer"), and CloudWatch shows them up to two minutes later."""
STABLE_NAME = re.compile(r"(\d+) x (\S+:\w+) on port (\d+)")


@dataclass(frozen=True)
class StableTasks:
    """Tasks of the stable revision: their number, their task definition such as `prod-gateway:7`, and their port."""

    count: int
    definition: str
    port: int

    @property
    def name(self) -> str:
        """Name of the revision in records and positions, such as `3 x prod-gateway:7 on port 8000`."""
        return f"{self.count} x {self.definition} on port {self.port}"

    @classmethod
    def parse(cls, name: str) -> "StableTasks":
        """Return the tasks of a name; raises ValueError for any other text."""
        match = STABLE_NAME.fullmatch(name)
        if match is None:
            raise ValueError(f"{name} names no tasks")
        return cls(int(match[1]), match[2], int(match[3]))


def new_revision_runs(position: RolloutPosition | None) -> bool:
    """True while the tasks of a new revision run beside the stable ones."""
    return position is not None and position.phase != "held"


def stable_tasks(position: RolloutPosition | None, name: str, service: Service) -> StableTasks | None:
    """Return the tasks that stay as they are at a position; None when the tasks are those of the file.

    Raises InvalidConfiguration for another port: both revisions share the health check and the rules of the network.
    """
    if position is None or position.phase == "replacing":
        return None
    tasks = StableTasks.parse(position.stable)
    if tasks.port != service.port:
        raise InvalidConfiguration([ConfigError(f"services.{name}.port", port_problem(tasks.port), ROLLING)])
    return tasks


def port_problem(port: int) -> str:
    """Return the problem of another port during a rollout in steps."""
    return f"the stable revision listens on port {port}, and a rollout in steps cannot change the port"


def replica_bounds(service: Service, position: RolloutPosition | None) -> tuple[int, int]:
    """Return the least and most tasks of each revision: during a rollout none has fewer than the stable one had before.

    Otherwise autoscaling would remove the tasks of a revision that has a small share, and the end or an abort of the
    rollout would give the rest of them all requests.
    """
    least, most = service.replicas.min, service.replicas.max
    if position is None or position.phase == "held":
        return least, most
    return min(most, max(1, least, StableTasks.parse(position.stable).count)), most


def rollout_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Refuse steps where no request passes the load balancer or a cookie selects a task, and names that are taken."""
    return [*refuse_steps(spec, _reason), *refuse_taken_names(spec, _names)]


def _reason(_name: str, service: Service) -> str:
    if service.port is None:
        return "a worker has no requests to split"
    if service.path is None:
        return "its callers reach it through Service Connect, and their requests do not pass the load balancer"
    if service.app == "streamlit":
        # AWS re:Post, "ALB to automatically redirect traffic": stickiness takes precedence over weights, also over zero
        return "the cookie of a session belongs to a replica of one revision, and takes precedence over the weights"
    return ""


def _names(service: str) -> dict[str, str]:
    return {next_part(service): f"the ECS service of a new revision of {service} has this name during a rollout"}


def rollout_adjustments(spec: Platform) -> list[Adjustment]:
    """Report errors that are not counted, calls that are not split, where smoke tests come from, and short bake times."""
    own = [each for name in spec.services_in_steps for each in _adjustments(spec, name)]
    return [*own, *bake_adjustments(spec, METRICS_DELAY_SECONDS)]


def _adjustments(spec: Platform, name: str) -> Iterator[Adjustment]:
    rollout = spec.services[name].rollout
    if "error_percent" in rollout.abort_on:
        reason = (
            "answers that the load balancer gives itself are not counted, such as 504 after a timeout: AWS counts them for "
            "all services together"
        )
        yield Adjustment(f"services.{name}.rollout.abort_on", "error_percent", Effect.PARTIAL, reason)
    if callers := spec.callers_of(name):
        reason = (
            f"requests of {listed(callers, 'and')} reach the stable revision until the end, when its tasks are replaced: "
            "they do not pass the load balancer"
        )
        yield Adjustment(f"services.{name}.rollout.strategy", rollout.strategy, Effect.PARTIAL, reason)
    if rollout.smoke is not None and ANY_IPV4 not in client_cidrs(spec):
        reason = "the machine that runs `agent-platform up` sends it, so ingress.allowed_cidrs must contain its address"
        yield Adjustment(f"services.{name}.rollout.smoke", rollout.smoke.path, Effect.PARTIAL, reason)
