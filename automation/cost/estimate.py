"""Estimate of the monthly cost of declared resources at minimum and at maximum replicas. Pure but for the price table.

A charge without a price, a resource whose size is not known and a resource type without a classification are unknown: they
are named and counted as nothing, so a total with unknown parts is a lower bound.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import fsum

from automation.cost.prices import Price, PriceTable, required_table
from automation.cost.usage import DEFAULT_USAGE, REGION_KEY, Usage
from automation.plan.inventory import Inventory, declared_resource
from automation.plan.tree import rank
from providers import cost
from providers.contract.cost import Charge, CloudCost, CostSite, is_local
from providers.contract.declaration import DeclaredResource
from providers.contract.diagnostics import ConfigError, InvalidConfiguration
from providers.contract.spec import CloudName, Platform

NOT_INCLUDED = (
    "tokens of models",
    "other companies' services",
    "tax and discounts",
    "support plans",
    "free tiers that an account has for all its stacks",
    "traffic between zones",
    "requests to keys, secrets and buckets",
)
"""Costs that no estimate has."""


@dataclass(frozen=True)
class CostLine:
    """Priced charge of one resource in US dollars a month."""

    component: str
    resource: str
    name: str
    charge: Charge
    price: Price

    @property
    def minimum(self) -> float:
        """US dollars at minimum replicas."""
        return self.charge.minimum * self.price.usd

    @property
    def maximum(self) -> float:
        """US dollars at maximum replicas."""
        return self.charge.maximum * self.price.usd


@dataclass(frozen=True)
class UnknownCost:
    """Part of the cost without a price, and the reason."""

    component: str
    name: str
    reason: str


@dataclass(frozen=True)
class Total:
    """US dollars a month at minimum and at maximum replicas."""

    minimum: float
    maximum: float


@dataclass(frozen=True)
class CostEstimate:
    """Estimate of one stack."""

    cloud: str
    region: str
    table: PriceTable
    usage: Usage
    lines: tuple[CostLine, ...]
    unknown: tuple[UnknownCost, ...]
    excluded: tuple[tuple[str, str], ...]
    """Resource types that are left out, and the reason."""
    budget_usd: float | None

    @cached_property
    def total(self) -> Total:
        """Sum of all priced lines."""
        return _total(self.lines)

    @cached_property
    def components(self) -> Mapping[str, tuple[CostLine, ...]]:
        """Lines by component, in display order."""
        names = sorted({line.component for line in self.lines}, key=rank)
        return {name: tuple(line for line in self.lines if line.component == name) for name in names}

    @property
    def unverified_usd(self) -> float:
        """Part of the minimum that rests on prices without a source."""
        return fsum(line.minimum for line in self.lines if not line.price.verified)

    @property
    def used_keys(self) -> tuple[str, ...]:
        """Assumptions that lines depend on, and those that a file sets, in the order of the usage table."""
        used = {key for line in self.lines for key in line.charge.usage} | {"hours"} | self.usage.changed
        return tuple(key for key in self.usage.values if key in used)


WITHOUT_PRICES: Mapping[CloudName, str] = {
    "docker": "a Docker host has no price list",
    "kubernetes": "a cluster has no price list: its nodes, volumes and load balancers are billed where it runs",
}
"""Reason why the cost of a target is unknown; it is never shown as 0."""


def estimate_of(spec: Platform, region: str, inventory: Inventory, usage: Usage = DEFAULT_USAGE) -> CostEstimate:
    """Return the estimate of what a platform declares; raises InvalidConfiguration when its region has no prices."""
    charges = cost(spec.cloud)
    if charges is None:
        raise InvalidConfiguration([ConfigError("cloud", WITHOUT_PRICES[spec.cloud], "use --cloud aws, gcp or azure")])
    key = REGION_KEY if usage.price_region else region_key(spec.cloud)
    table = required_table(spec.cloud, usage.price_region or region, key)
    return estimate(spec, region, inventory, charges, table, usage)


def region_key(cloud: str) -> str:
    """Return the key of a cloud's region."""
    return f"{cloud}.location" if cloud == "azure" else f"{cloud}.region"


def estimate(
    spec: Platform, region: str, inventory: Inventory, charges: CloudCost, table: PriceTable, usage: Usage
) -> CostEstimate:
    """Return the estimate of an inventory with the charges of a cloud and the prices of a table."""
    types = {resource.short_type for resource in inventory.custom}
    site = CostSite(tuple(_resources(inventory, charges)), spec, usage.values)
    lines, unknown = _priced(site, charges, table)
    return CostEstimate(
        cloud=spec.cloud,
        region=region,
        table=table,
        usage=usage,
        lines=lines,
        unknown=(*unknown, *_unclassified(inventory, charges)),
        excluded=tuple((name, reason) for name, reason in charges.excluded.items() if name in types),
        budget_usd=spec.budget.monthly_usd if spec.budget else None,
    )


def component_total(lines: Iterable[CostLine]) -> Total:
    """Return the sum of some lines."""
    return _total(lines)


def _total(lines: Iterable[CostLine]) -> Total:
    listed = tuple(lines)
    # sum() rounds differently before and after Python 3.12
    return Total(fsum(line.minimum for line in listed), fsum(line.maximum for line in listed))


def _resources(inventory: Inventory, charges: CloudCost) -> Iterator[DeclaredResource]:
    """Yield the priced resources, and the free ones that their charges read."""
    for resource in inventory.custom:
        name = resource.short_type
        if name in charges.priced or name in charges.read:
            yield declared_resource(inventory, resource)


def _priced(
    site: CostSite, cloud: CloudCost, table: PriceTable
) -> tuple[tuple[CostLine, ...], tuple[UnknownCost, ...]]:
    lines: list[CostLine] = []
    unknown: list[UnknownCost] = []
    for resource in site.resources:
        if resource.type not in cloud.priced:
            continue
        try:
            charges = tuple(cloud.priced[resource.type](resource, site))
        except LookupError as missing:
            unknown.append(UnknownCost(resource.component, f"{resource.type} {resource.name}", str(missing)))
            continue
        for charge in charges:
            price = table.price(charge.sku)
            if price is not None:
                lines.append(CostLine(resource.component, resource.urn, resource.name, charge, price))
            else:
                reason = f"no price of {charge.sku} in {table.region}"
                unknown.append(UnknownCost(resource.component, f"{resource.name}, {charge.what}", reason))
    return tuple(lines), tuple(unknown)


def _unclassified(inventory: Inventory, charges: CloudCost) -> Iterator[UnknownCost]:
    known = set(charges.types)
    for resource in inventory.custom:
        if resource.short_type not in known and not is_local(resource.short_type):
            name = f"{resource.short_type} {resource.name}"
            yield UnknownCost(inventory.component_of(resource), name, "no price for this resource type")
