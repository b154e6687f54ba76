"""Services whose running revision is not the one that was asked for, read from an exported state. Pure.

What was asked for is read once, right after the update: a refresh writes what the cloud runs into the inputs too.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from automation.deploy.events import masked
from automation.deploy.property_paths import value_at
from automation.deploy.urn import name_of
from automation.plan.inventory import Value
from providers.contract.resource_traits import ServiceType


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


def revisions_of(exported: Mapping[str, Value], services: Mapping[str, ServiceType]) -> tuple[Revision, ...]:
    """Every service of an exported state that tells its revision."""
    found = (_revision(resource, services) for resource in _resources(exported))
    return tuple(revision for revision in found if revision is not None)


def still_wanted(now: Iterable[Revision], before: Iterable[Revision]) -> tuple[Revision, ...]:
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
