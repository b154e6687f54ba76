"""Monthly cost of a recovery mode: what is the same on every cloud that runs services in two regions. Pure."""

from collections.abc import Callable, Iterator

from providers.contract.cost import default_usage
from providers.contract.recovery_plan import CostItem
from providers.contract.spec import Platform

HOURS = default_usage("hours")
"""Hours of a month, the same as those of the cost estimate."""
PartCosts = Callable[[Platform], Iterator[CostItem]]


def mode_costs(spec: Platform, copies: PartCosts, *warm: PartCosts) -> Iterator[CostItem]:
    """Yield the monthly cost of the mode of the spec; `copies` are in both modes, and `warm` in that one only."""
    if spec.recovery.mode == "none":
        return
    yield from copies(spec)
    if spec.recovery.mode == "warm":
        for part in warm:
            yield from part(spec)
        yield CostItem("logs, metrics and alarms in the standby region", 0)
    yield CostItem("transfer between the regions", 0)
