"""Waits until every service runs the revision that was just asked for: a deploy that a cloud took back is no success."""

from collections.abc import Mapping
from typing import Protocol

from automation.deploy.clock import Clock
from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.events import EngineMessage, OnEvent
from automation.deploy.revisions import Revision, revisions_of, still_wanted
from automation.deploy.urn import name_of
from automation.plan.inventory import Value
from providers.contract.diagnostics import listed
from providers.contract.resource_traits import ServiceType

POLL_SECONDS = 10.0


class RolloutEngine(Protocol):
    """What is asked of a stack under the engine here."""

    name: str

    def exported(self) -> Mapping[str, Value]:
        """Its state."""
        ...

    def refresh(self, *, target: list[str]) -> object:
        """Take over into the state what the cloud has of some resources."""
        ...


def settle(
    engine: RolloutEngine,
    services: Mapping[str, ServiceType],
    clock: Clock,
    seconds: float,
    on_event: OnEvent | None = None,
) -> None:
    """Ask the cloud of late services again until they run what was asked for; raises DeploymentFailed after `seconds`.

    It is asked once at least: only a state that has what really runs lets the next update try again.
    """
    begun = clock.seconds()
    asked = revisions_of(engine.exported(), services)
    late = tuple(revision for revision in asked if not revision.settled)
    while late:
        left = seconds - (clock.seconds() - begun)
        if on_event is not None:
            names = listed((name_of(revision.urn) for revision in late), "and")
            on_event(EngineMessage(seconds - left, "info", f"waiting for {names} to run what was asked for", ours=True))
        clock.sleep(max(0.0, min(POLL_SECONDS, left)))
        engine.refresh(target=[revision.urn for revision in late])
        late = _late(engine, services, asked)
        if late and clock.seconds() - begun >= seconds:
            raise not_running(engine.name, late)


def _late(
    engine: RolloutEngine, services: Mapping[str, ServiceType], asked: tuple[Revision, ...]
) -> tuple[Revision, ...]:
    now = still_wanted(revisions_of(engine.exported(), services), asked)
    return tuple(revision for revision in now if not revision.settled)


def not_running(stack: str, late: tuple[Revision, ...]) -> DeploymentFailed:
    """The failure of an update whose services do not run what was asked for."""
    told = listed((str(revision) for revision in late), "and")
    return DeploymentFailed(
        Failure.NOT_RUNNING,
        f"{stack}: the update went through, but {told}",
        f"look into the logs of what did not start, mend it and run `up` again, or `agent-platform rollback {stack}`",
    )
