"""Cost of a stack as lines and as JSON: by component, by line, and of several clouds beside each other."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from automation.cost.estimate import NOT_INCLUDED, CostEstimate, CostLine, component_total
from automation.cost.prices import CURRENCY, STALE_DAYS, sources_of
from automation.cost.summary import summary_of_estimate
from automation.plan.tree import rank
from providers.contract.cost import USAGE
from providers.contract.diagnostics import listed

SCHEMA = 1
"""Version of the JSON document."""
NAME_WIDTH, AMOUNT_WIDTH, CLOUD_WIDTH = 13, 11, 22
TOTAL = "Total"
MEANINGS = {key.name: key.meaning for key in USAGE}


@dataclass(frozen=True)
class CloudColumn:
    """Estimate of a stack on one cloud, or the problems for which there is none."""

    cloud: str
    estimate: CostEstimate | None
    problems: tuple[str, ...] = ()


def estimate_lines(title: str, estimate: CostEstimate, today: date, *, full: bool) -> Iterator[str]:
    """Yield the lines of an estimate; with `full`, every priced line with its quantity and price."""
    yield f"{title}  {summary_of_estimate(estimate).text}"
    yield ""
    yield f"{'COMPONENT':<{NAME_WIDTH}}{'MINIMUM':>{AMOUNT_WIDTH}}{'MAXIMUM':>{AMOUNT_WIDTH}}  LARGEST PART"
    for name, lines in estimate.components.items():
        part, usd = _largest(lines)
        yield f"{_amounts(name, lines)}  {part} {usd:,.2f}"
        if full:
            yield from (f"  {_priced(line)}" for line in lines)
    yield _amounts(TOTAL, estimate.lines)
    yield from _unknown(estimate)
    yield from _assumptions(estimate)
    yield from _notes(estimate, today)


def comparison_lines(stack: str, columns: Sequence[CloudColumn]) -> Iterator[str]:
    """Yield a table with a column for each cloud that has an estimate, and why others have none."""
    estimates = [column.estimate for column in columns if column.estimate is not None]
    yield f"{stack}  monthly cost in {CURRENCY} at minimum and at maximum replicas"
    yield ""
    heads = (f"{one.cloud} {one.table.region}" for one in estimates)
    yield f"{'COMPONENT':<{NAME_WIDTH}}{''.join(f'{head:>{CLOUD_WIDTH}}' for head in heads)}"
    names = sorted({name for one in estimates for name in one.components}, key=rank)
    for name in names:
        yield _across(name, [one.components.get(name, ()) for one in estimates])
    yield _across(TOTAL, [one.lines for one in estimates])
    counts = (f"{len(one.unknown):>{CLOUD_WIDTH}}" for one in estimates)
    yield f"{'No price':<{NAME_WIDTH}}{''.join(counts)}"
    for column in columns:
        yield from (f"{column.cloud}: {problem}" for problem in column.problems)
    yield ""
    yield f"Usage is the same on every cloud. `agent-platform cost {stack} --cloud CLOUD` has the parts and assumptions."


def estimate_json(stack: str, estimate: CostEstimate) -> Mapping[str, object]:
    """Return an estimate as JSON data; amounts are US dollars a month."""
    total = estimate.total
    return {
        "schema": SCHEMA,
        "stack": stack,
        "cloud": estimate.cloud,
        "region": estimate.region,
        "priceRegion": estimate.table.region,
        "asOf": estimate.table.as_of.isoformat(),
        "currency": CURRENCY,
        "totals": {"min": round(total.minimum, 2), "max": round(total.maximum, 2), "complete": not estimate.unknown},
        "budgetUsd": estimate.budget_usd,
        "budgetNote": summary_of_estimate(estimate).budget_note or None,
        "components": [_component_json(name, lines) for name, lines in estimate.components.items()],
        "usage": {key: {"value": estimate.usage.values[key], "from": estimate.usage.origin(key)} for key in MEANINGS},
        "unknown": [vars(part) for part in estimate.unknown],
        "notEstimated": dict(estimate.excluded),
        "notIncluded": list(NOT_INCLUDED),
        "sources": sources_of(estimate.cloud),
    }


def comparison_json(stack: str, columns: Sequence[CloudColumn]) -> Mapping[str, object]:
    """Return the estimates of several clouds; one without an estimate has its problems."""
    clouds = [
        {"cloud": column.cloud, "problems": list(column.problems)}
        if column.estimate is None
        else estimate_json(stack, column.estimate)
        for column in columns
    ]
    return {"schema": SCHEMA, "stack": stack, "clouds": clouds}


def _amounts(name: str, lines: Sequence[CostLine]) -> str:
    total = component_total(lines)
    return f"{name:<{NAME_WIDTH}}{total.minimum:>{AMOUNT_WIDTH},.2f}{total.maximum:>{AMOUNT_WIDTH},.2f}"


def _across(name: str, columns: Sequence[Sequence[CostLine]]) -> str:
    cells = (f"{_range(lines):>{CLOUD_WIDTH}}" for lines in columns)
    return f"{name:<{NAME_WIDTH}}{''.join(cells)}"


def _range(lines: Sequence[CostLine]) -> str:
    if not lines:
        return "-"
    total = component_total(lines)
    low, high = f"{total.minimum:,.0f}", f"{total.maximum:,.0f}"
    return low if low == high else f"{low} to {high}"


def _largest(lines: Sequence[CostLine]) -> tuple[str, float]:
    """Return the charge that costs most at minimum replicas, added up over the resources that have it."""
    sums: dict[str, float] = {}
    for line in lines:
        sums[line.charge.what] = sums.get(line.charge.what, 0) + line.minimum
    what = max(sums, key=lambda name: sums[name])
    return what, sums[what]


def _priced(line: CostLine) -> str:
    charge, price = line.charge, line.price
    quantity, usd = f"{charge.minimum:,.10g}", f"{line.minimum:,.2f}"
    if charge.maximum != charge.minimum:
        quantity, usd = f"{quantity} to {charge.maximum:,.10g}", f"{usd} to {line.maximum:,.2f}"
    estimated = "" if price.verified else " (estimated price)"
    return f"{line.name}, {charge.what}: {quantity} x {price.usd:g} per {price.unit} = {usd}{estimated}"


def _unknown(estimate: CostEstimate) -> Iterator[str]:
    if estimate.unknown:
        yield ""
        yield "Unknown, not in the total"
        yield from (f"  {part.component}: {part.name}: {part.reason}" for part in estimate.unknown)


def _assumptions(estimate: CostEstimate) -> Iterator[str]:
    yield ""
    yield "Assumed for a month; --usage FILE changes it"
    width = max(map(len, estimate.used_keys))
    for key in estimate.used_keys:
        origin = estimate.usage.origin(key)
        source = "" if origin == "default" else f" ({origin})"
        yield f"  {key:<{width}} {estimate.usage.values[key]:>6g}  {MEANINGS[key]}{source}"


def _notes(estimate: CostEstimate, today: date) -> Iterator[str]:
    table = estimate.table
    excluded = [f"{name} ({reason})" for name, reason in estimate.excluded]
    yield ""
    yield f"Not included: {listed((*NOT_INCLUDED, *excluded), 'and')}."
    region = "" if table.region == estimate.region else f" instead of {estimate.region}"
    yield (
        f"Prices of {table.as_of.isoformat()} in {table.region}{region}; {estimate.unverified_usd:,.0f} {CURRENCY} of the minimum "
        "rest on estimated prices, which the vendor's page may contradict."
    )
    if (today - table.as_of).days > STALE_DAYS:
        yield f"The prices are older than {STALE_DAYS} days."
    note = summary_of_estimate(estimate).budget_note
    if note:
        yield f"budget.monthly_usd: {note}."


def _component_json(name: str, lines: Sequence[CostLine]) -> Mapping[str, object]:
    total = component_total(lines)
    return {
        "component": name,
        "min": round(total.minimum, 2),
        "max": round(total.maximum, 2),
        "lines": [_line_json(line) for line in lines],
    }


def _line_json(line: CostLine) -> Mapping[str, object]:
    charge, price = line.charge, line.price
    return {
        "resource": line.resource,
        "what": charge.what,
        "sku": charge.sku,
        "unit": price.unit,
        "unitUsd": price.usd,
        "quantityMin": charge.minimum,
        "quantityMax": charge.maximum,
        "min": round(line.minimum, 4),
        "max": round(line.maximum, 4),
        "usage": list(charge.usage),
        "source": price.source,
        "sourceDate": price.date,
        "verified": price.verified,
        "note": price.note or None,
    }
