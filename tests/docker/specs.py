"""Specs of production on Docker, changed in one place, with their refusals and adjustments."""

from collections.abc import Mapping

from components.validation.parse import parse
from providers.contract.diagnostics import Adjustment, Diagnostic, InvalidConfiguration
from providers.contract.spec import Platform
from providers.docker.context import REGION, DockerContext
from providers.docker.limits import LIMITS
from tests.planning import production


def spec_of(changes: Mapping[str, object] | None = None, stack: str = "prod") -> Platform:
    """Production on Docker with changes by dotted path; raises InvalidConfiguration."""
    return parse(production(changes, cloud="docker"), stack)


def context_of(changes: Mapping[str, object] | None = None) -> DockerContext:
    """Context of the same spec."""
    return DockerContext(spec_of(changes), "prod", REGION)


def refusals(changes: Mapping[str, object] | None = None, stack: str = "prod") -> list[Diagnostic]:
    """Diagnostics of a spec; none for a valid one."""
    try:
        spec_of(changes, stack)
    except InvalidConfiguration as invalid:
        return list(invalid.diagnostics)
    return []


def adjustments(changes: Mapping[str, object] | None = None) -> dict[str, list[Adjustment]]:
    """Adjustments of a spec by key."""
    by_key: dict[str, list[Adjustment]] = {}
    for adjustment in LIMITS.adjustments(spec_of(changes)):
        by_key.setdefault(adjustment.key, []).append(adjustment)
    return by_key
