"""Cost of a plan in one line, and what its budget leaves uncovered. Pure but for the price table."""

from dataclasses import dataclass
from math import floor, fsum, log10

from automation.cost.estimate import CostEstimate, estimate_of
from automation.plan.inventory import Inventory
from providers.contract.cost import NAME_CHECKS
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.spec import Platform

DIGITS = 2
"""Significant digits of an amount in one line; more would claim a precision that assumptions do not have."""


@dataclass(frozen=True)
class CostSummary:
    """Monthly cost in US dollars at minimum and maximum replicas; both are None with the reason why there is no estimate."""

    minimum_usd: float | None
    maximum_usd: float | None
    unknown: int
    """Parts without a price, which are not in the numbers."""
    budget_usd: float | None
    reason: str = ""
    name_checks_usd: float | None = None
    """Part for the check of names of hosts outside; None without one, and where it has no price."""

    @property
    def text(self) -> str:
        """`about 1,200 to 2,200 USD a month`."""
        if self.minimum_usd is None or self.maximum_usd is None:
            return f"unknown: {self.reason}"
        low, high = rounded(self.minimum_usd), rounded(self.maximum_usd)
        amount = low if low == high else f"{low} to {high}"
        if not self.unknown:
            return f"about {amount} USD a month"
        parts = "1 part has" if self.unknown == 1 else f"{self.unknown} parts have"
        return f"at least {amount} USD a month; {parts} no known price"

    @property
    def budget_note(self) -> str:
        """Part of the estimate that the budget does not cover; empty when it covers all of it, and without a budget."""
        if self.budget_usd is None or self.minimum_usd is None or self.maximum_usd is None:
            return ""
        budget = f"the budget of {self.budget_usd:,.0f} is below the"
        if self.budget_usd < self.minimum_usd:
            return f"{budget} minimum"
        return f"{budget} maximum" if self.budget_usd < self.maximum_usd else ""


def cost_summary(spec: Platform, region: str, inventory: Inventory) -> CostSummary:
    """Return the cost of what a platform declares with default usage; without prices, the reason."""
    try:
        return summary_of_estimate(estimate_of(spec, region, inventory))
    except InvalidConfiguration as invalid:
        budget = spec.budget.monthly_usd if spec.budget else None
        return CostSummary(None, None, 0, budget, invalid.diagnostics[0].problem)


def summary_of_estimate(estimate: CostEstimate) -> CostSummary:
    """Return the line of an estimate."""
    total = estimate.total
    checks = [line.minimum for line in estimate.lines if line.charge.sku.startswith(NAME_CHECKS)]
    usd = fsum(checks) if checks else None
    return CostSummary(total.minimum, total.maximum, len(estimate.unknown), estimate.budget_usd, name_checks_usd=usd)


def rounded(usd: float) -> str:
    """Return an amount with two significant digits and no cents: `1,200`, `87`; `less than 1` below a dollar."""
    if usd < 1:
        return "0" if usd == 0 else "less than 1"
    factor = 10 ** max(floor(log10(usd)) - DIGITS + 1, 0)
    return f"{round(usd / factor) * factor:,}"
