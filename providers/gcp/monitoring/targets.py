"""What the alarms and graphs of this region look at: each subject by the name Google Cloud gives it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi

from providers.contract.alarms import AlarmRule
from providers.contract.spec import Platform
from providers.gcp.context import GcpContext
from providers.gcp.monitoring import metrics
from providers.gcp.naming import run_name

if TYPE_CHECKING:
    # For types alone: the ground holds this room's channels, so at run time these would import each other in a circle.
    from providers.gcp.workloads import GcpWatched


@dataclass(frozen=True)
class GcpTargets:
    """Subjects by name (`gateway`, `database`, `cache`), and the connections that the database's server takes."""

    context: GcpContext
    subjects: Mapping[str, pulumi.Output[str]]
    max_connections: int

    @property
    def spec(self) -> Platform:
        """The spec that is watched."""
        return self.context.spec

    def series(self, rule: AlarmRule) -> pulumi.Output[str]:
        """Filter of the series of a rule."""
        subject = self.subjects[rule.name]
        return subject.apply(lambda known: metrics.series(self.spec, self.context.stack, rule, known))

    def all_series(self, rule: AlarmRule) -> pulumi.Output[str]:
        """Filter of the series that a share is a share of."""
        subject = self.subjects[rule.name]
        return subject.apply(lambda known: metrics.all_series(self.spec, self.context.stack, rule, known))

    def limit(self, rule: AlarmRule) -> float:
        """The number that fires, in the metric's own unit."""
        return metrics.METRICS[rule.signal].limit(self.spec, rule, self.max_connections)


def find_targets(context: GcpContext, watched: GcpWatched) -> GcpTargets:
    """Everything that the alarm rules name."""
    subjects = {name: pulumi.Output.from_input(run_name(context.stack, name)) for name in context.spec.services}
    if watched.database is not None:
        subjects["database"] = watched.database.identifier
    if watched.cache is not None:
        subjects["cache"] = watched.cache.identifier
    return GcpTargets(context, subjects, watched.database.max_connections if watched.database else 0)
