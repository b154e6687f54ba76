"""CloudWatch queries: metrics, metric math over them, and what missing data means. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Missing = Literal["missing", "breaching", "notBreaching"]
Comparison = Literal["GreaterThanThreshold", "GreaterThanOrEqualToThreshold", "LessThanThreshold"]


@dataclass(frozen=True)
class AwsMetric:
    """CloudWatch metric: namespace, name, statistic and the names of its dimensions."""

    namespace: str
    name: str
    stat: str
    dimensions: tuple[str, ...]
    values: Mapping[str, str] = field(default_factory=dict[str, str])
    """Values of dimensions that the target does not decide."""


@dataclass(frozen=True)
class MetricQuery:
    """CloudWatch query of one signal.

    `expression` is metric math over the metrics' ids; empty for a single metric. Placeholders in it and in a namespace
    are replaced by values of the target, and `{nodes}` by the ids of a metric that is read `per_node`.
    """

    metrics: Mapping[str, AwsMetric]
    expression: str = ""
    per_node: bool = False
    missing: Missing = "missing"
    missing_while_passive: Missing | None = None
    """Other treatment of missing data in a region that does not serve; None for the same."""
    absence: "Absence | None" = None
    both: "MetricQuery | None" = None
    """Query over both revisions of a service whose rollout has steps; ids that end with `_next` are of the new one."""


@dataclass(frozen=True)
class Absence:
    """Inverted condition: the alarm fires when the metric stays below `fewer_than` in each of `periods` periods."""

    fewer_than: float
    periods: int | None = None
    """Number of periods; absent: that of the rule.

    The alarm does not fire in these periods after its creation, because there is no history.
    """


def single_metric(
    namespace: str, name: str, stat: str, dimensions: tuple[str, ...], missing: Missing = "missing"
) -> MetricQuery:
    """Query of a single metric."""
    metric = AwsMetric(namespace=namespace, name=name, stat=stat, dimensions=dimensions)
    return MetricQuery({"m": metric}, missing=missing)
