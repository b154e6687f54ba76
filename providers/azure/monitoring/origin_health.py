"""What Front Door sees of the origins behind its private links: an unapproved link shows here first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from providers.azure.entry.resources import AzureEntry
from providers.azure.monitoring.alert_rules import AzureAlarm, Threshold, metric_alert
from providers.azure.monitoring.metrics import FRONT
from providers.contract.component import Scope
from providers.contract.results import Entry

if TYPE_CHECKING:
    # For its type alone: the ground holds this room's channels, so at run time these would import each other in a circle.
    from providers.azure.base.resources import AzureBaseResources

HEALTHY_PERCENT = 90
WINDOW_SECONDS = 300


def watch_origins(scope: Scope, base: AzureBaseResources, entry: Entry) -> None:
    """An alarm on probes from outside that fail; nothing without a public service."""
    if not isinstance(entry, AzureEntry):
        return
    summary = f"fewer than {HEALTHY_PERCENT} % of Front Door's probes reach a service; is its private link approved?"
    threshold = Threshold(FRONT, "OriginHealthPercentage", "Average", "LessThan", HEALTHY_PERCENT, WINDOW_SECONDS)
    alarm = AzureAlarm("origin-health", "critical", summary)
    metric_alert(scope, base.context, base.channels, alarm, threshold, entry.profile_id)
