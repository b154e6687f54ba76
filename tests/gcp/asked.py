"""Questions to the pure rooms of Google Cloud: what a spec is, what is refused of it, what is done in another way."""

from collections.abc import Mapping

from components.validation.parse import parse
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.spec import Platform
from providers.gcp.limits import LIMITS
from tests.planning import production


def spec_of(changes: Mapping[str, object] | None = None, stack: str = "prod") -> Platform:
    """Production on Google Cloud with changes by dotted path; raises InvalidConfiguration."""
    return parse(production(changes, cloud="gcp"), stack)


def refused(changes: Mapping[str, object] | None = None, stack: str = "prod") -> list[str]:
    """Sentences of what is refused; none for a good spec."""
    try:
        spec_of(changes, stack)
    except InvalidConfiguration as told:
        return [str(refusal) for refusal in told.diagnostics]
    return []


def approximated(changes: Mapping[str, object] | None = None) -> dict[str, list[str]]:
    """What is given instead, by the key's path."""
    found: dict[str, list[str]] = {}
    for adjustment in LIMITS.adjustments(spec_of(changes)):
        found.setdefault(adjustment.key, []).append(adjustment.reason)
    return found
