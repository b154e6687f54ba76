"""Rollout of service revisions: waits until every service runs the revision of the update.

A cloud may report a successful update and then roll a service back, so the update counts as failed until the desired
revision runs. Desired revisions are read once, right after the update: a refresh overwrites the inputs too.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from automation.deploy.changes import value_at
from automation.deploy.engine_events import masked
from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.events import EngineMessage, OnEvent
from automation.deploy.results import Clock
from automation.deploy.state import ExportedState, StateResource, state_resources
from automation.plan.inventory import Value
from automation.urn import Urn
from providers.contract.diagnostics import listed
from providers.contract.resource_traits import ServiceType

POLL_SECONDS = 10.0


@dataclass(frozen=True)
class Revision:
    """Desired and running revision of a service; an empty running revision means none.

    `failure` is the state that the cloud reports for a failed revision.
    """

    urn: Urn
    desired: str
    running: str
    failure: str = ""

    @property
    def ready(self) -> bool:
        """True when the desired revision runs."""
        return self.desired == self.running and not self.failure

    def __str__(self) -> str:
        reason = f" (the cloud reports {self.failure})" if self.failure else ""
        return f"{self.urn.name} runs {self.running or 'no revision'} instead of {self.desired}{reason}"


class RolloutEngine(Protocol):
    """Operations of a stack that a rollout needs."""

    name: str

    def export_state(self) -> ExportedState:
        """Return the state."""
        ...

    def refresh(self, *, target: list[str]) -> object:
        """Update the state of some resources from the cloud."""
        ...


def wait_for_rollout(
    engine: RolloutEngine,
    services: Mapping[str, ServiceType],
    clock: Clock,
    timeout_seconds: float,
    on_event: OnEvent | None = None,
) -> None:
    """Refresh services until they run their desired revision; raises DeploymentFailed after the timeout.

    Late services are refreshed at least once: the next update retries only what the state shows as different.
    """
    started = clock.seconds()
    desired = read_revisions(engine.export_state(), services)
    late = tuple(revision for revision in desired if not revision.ready)
    while late:
        elapsed = clock.seconds() - started
        if on_event is not None:
            names = listed((revision.urn.name for revision in late), "and")
            on_event(EngineMessage(elapsed, "info", f"waiting for the rollout of {names}", from_engine=False))
        clock.sleep(max(0.0, min(POLL_SECONDS, timeout_seconds - elapsed)))
        engine.refresh(target=[str(revision.urn) for revision in late])
        current = with_desired_revisions(read_revisions(engine.export_state(), services), desired)
        late = tuple(revision for revision in current if not revision.ready)
        if late and clock.seconds() - started >= timeout_seconds:
            raise _rollout_failure(engine.name, late)


def read_revisions(exported: ExportedState, services: Mapping[str, ServiceType]) -> tuple[Revision, ...]:
    """Return the revisions of every service in an exported state that reports one."""
    revisions = (_revision(resource, services) for resource in state_resources(exported, pending_deletes=False))
    return tuple(revision for revision in revisions if revision is not None)


def with_desired_revisions(current: Iterable[Revision], desired: Iterable[Revision]) -> tuple[Revision, ...]:
    """Return the current revisions with the desired ones from before a refresh, which may have overwritten them."""
    by_urn = {revision.urn: revision.desired for revision in desired}
    return tuple(replace(revision, desired=by_urn.get(revision.urn, revision.desired)) for revision in current)


def _revision(resource: StateResource, services: Mapping[str, ServiceType]) -> Revision | None:
    service = services.get(str(resource.get("type")))
    if service is None:
        return None
    values = {key: masked(resource.get(key) or {}) for key in ("inputs", "outputs")}
    desired = value_at(values[service.desired_in], service.desired)
    if not isinstance(desired, str):
        return None
    running = value_at(values[service.running_in], service.running)
    return Revision(Urn(resource["urn"]), desired, str(running or ""), _failure_state(values["outputs"], service))


def _failure_state(outputs: Value, service: ServiceType) -> str:
    if service.failed is None:
        return ""
    path, failed_values = service.failed
    state = value_at(outputs, path)
    return str(state) if state in failed_values else ""


def _rollout_failure(stack: str, late: Iterable[Revision]) -> DeploymentFailed:
    problem = f"the update completed, but {listed((str(revision) for revision in late), 'and')}"
    fix = f"check the logs of the failed revision, fix it and run `up` again, or run `agent-platform rollback {stack}`"
    return DeploymentFailed(Failure.NOT_RUNNING, problem, fix, stack=stack)
