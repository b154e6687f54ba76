"""Estimates for tests: the production stack, changed in one place, on one cloud."""

from collections.abc import Iterable, Mapping

from automation.cost.estimate import CostEstimate, component_total, estimate_of
from automation.cost.prices import price_table, priced_regions
from automation.cost.usage import DEFAULTS, Usage
from automation.stack.document import stack_of
from components.settings import PLATFORM_KEY
from providers import limits
from tests.planning import plan, production

HOURS = 730
SECONDS = 730 * 3600
Amount = tuple[float, float]
"""Amount at minimum and at maximum replicas."""


def estimated(
    cloud: str, changes: Mapping[str, object] | None = None, usage: Mapping[str, float] | None = None
) -> CostEstimate:
    """Return the estimate of production on a cloud with `changes` by dotted path, and with another usage."""
    raw = production(changes, cloud)
    spec = stack_of("prod", {PLATFORM_KEY: raw}).spec
    return estimate_of(spec, limits(cloud).region(spec), plan(raw), Usage({**DEFAULTS, **(usage or {})}))


def by_component(estimate: CostEstimate) -> dict[str, Amount]:
    """Return US dollars at minimum and at maximum replicas, rounded to cents."""
    totals = {name: component_total(lines) for name, lines in estimate.components.items()}
    return {name: (round(total.minimum, 2), round(total.maximum, 2)) for name, total in totals.items()}


def cents(amounts: Mapping[str, Amount]) -> dict[str, Amount]:
    """Return amounts as `by_component` does."""
    return {name: (round(low, 2), round(high, 2)) for name, (low, high) in amounts.items()}


def part(estimate: CostEstimate, component: str, what: str) -> Amount:
    """Return the quantities of a charge in a component, added up."""
    charges = [line.charge for line in estimate.components[component] if line.charge.what == what]
    return round(sum(each.minimum for each in charges), 6), round(sum(each.maximum for each in charges), 6)


def assert_prices(cloud: str, skus: Iterable[str]) -> None:
    """Assert that every priced region of a cloud has a price above 0 for each SKU."""
    wanted = tuple(skus)
    assert wanted
    missing = [
        f"{sku} in {region}"
        for region in priced_regions(cloud)
        for sku in wanted
        if not (price_table(cloud, region).usd(sku) or 0) > 0
    ]
    assert missing == []
