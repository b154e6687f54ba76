"""Waits until every service runs the revision that was just asked for: a deploy that a cloud took back is no success."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, cast

from automation.deploy.changes import value_at
from automation.deploy.clock import Clock
from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.events import EngineMessage, OnEvent, masked
from automation.deploy.urn import name_of
from automation.plan.inventory import Value
from providers.contract.diagnostics import listed
from providers.contract.resource_traits import ServiceType

POLL_SECONDS = 10.0


@dataclass(frozen=True)
class Revision:
    """One service: the revision asked for, the one that runs (empty: none), and whether the cloud gave up."""

    urn: str
    wanted: str
    running: str
    given_up: str = ""

    @property
    def settled(self) -> bool:
        """True when the revision asked for runs."""
        return self.wanted == self.running and not self.given_up

    def __str__(self) -> str:
        why = f", and the cloud says {self.given_up}" if self.given_up else ""
        return f"{name_of(self.urn)} runs {self.running or 'no revision'} instead of {self.wanted}{why}"


def read_revisions(exported: Mapping[str, Value], services: Mapping[str, ServiceType]) -> tuple[Revision, ...]:
    """Every service of an exported state that tells its revision."""
    found = (_revision(resource, services) for resource in _resources(exported))
    return tuple(revision for revision in found if revision is not None)


def with_desired_revisions(now: Iterable[Revision], before: Iterable[Revision]) -> tuple[Revision, ...]:
    """What runs `now` against what was wanted `before` a refresh, which may have overwritten it."""
    wanted = {revision.urn: revision.wanted for revision in before}
    return tuple(
        Revision(revision.urn, wanted.get(revision.urn, revision.wanted), revision.running, revision.given_up)
        for revision in now
    )


def _resources(exported: Mapping[str, Value]) -> Iterable[Mapping[str, Value]]:
    deployment = cast("Mapping[str, Value]", exported.get("deployment") or {})
    resources = cast("list[Mapping[str, Value]]", deployment.get("resources") or [])
    # what a replacement has left to be deleted bears the same urn as what replaced it
    return [resource for resource in resources if not resource.get("delete")]


def _revision(resource: Mapping[str, Value], services: Mapping[str, ServiceType]) -> Revision | None:
    row = services.get(str(resource.get("type")))
    if row is None:
        return None
    sides = {side: masked(resource.get(side) or {}) for side in ("inputs", "outputs")}
    wanted = value_at(sides[row.wanted_in], row.wanted)
    if not isinstance(wanted, str):
        return None
    running = value_at(sides[row.running_in], row.running)
    return Revision(str(resource["urn"]), wanted, str(running or ""), _given_up(sides["outputs"], row))


def _given_up(outputs: Value, row: ServiceType) -> str:
    if row.failed is None:
        return ""
    path, values = row.failed
    told = value_at(outputs, path)
    return str(told) if told in values else ""


class RolloutEngine(Protocol):
    """What is asked of a stack under the engine here."""

    name: str

    def export_state(self) -> Mapping[str, Value]:
        """Its state."""
        ...

    def refresh(self, *, target: list[str]) -> object:
        """Take over into the state what the cloud has of some resources."""
        ...


def wait_for_rollout(
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
    asked = read_revisions(engine.export_state(), services)
    late = tuple(revision for revision in asked if not revision.settled)
    while late:
        left = seconds - (clock.seconds() - begun)
        if on_event is not None:
            names = listed((name_of(revision.urn) for revision in late), "and")
            on_event(
                EngineMessage(
                    seconds - left, "info", f"waiting for {names} to run what was asked for", from_engine=False
                )
            )
        clock.sleep(max(0.0, min(POLL_SECONDS, left)))
        engine.refresh(target=[revision.urn for revision in late])
        late = _late(engine, services, asked)
        if late and clock.seconds() - begun >= seconds:
            raise rollout_failure(engine.name, late)


def _late(
    engine: RolloutEngine, services: Mapping[str, ServiceType], asked: tuple[Revision, ...]
) -> tuple[Revision, ...]:
    now = with_desired_revisions(read_revisions(engine.export_state(), services), asked)
    return tuple(revision for revision in now if not revision.settled)


def rollout_failure(stack: str, late: tuple[Revision, ...]) -> DeploymentFailed:
    """The failure of an update whose services do not run what was asked for."""
    told = listed((str(revision) for revision in late), "and")
    return DeploymentFailed(
        Failure.NOT_RUNNING,
        f"{stack}: the update went through, but {told}",
        f"look into the logs of what did not start, mend it and run `up` again, or `agent-platform rollback {stack}`",
    )
