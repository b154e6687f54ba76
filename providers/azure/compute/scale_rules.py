"""Neutral targets -> KEDA rules, which are a part of each app: the rules are made here, for compute to hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi_azure_native as azure_native

from providers.azure.compute.scaling import POLLING_SECONDS, AzureScaling, scaling_of
from providers.contract.component import Scope
from providers.contract.spec import Platform, Service

if TYPE_CHECKING:
    # For types alone: compute holds the rules made here, so at run time these would import each other in a circle.
    from providers.azure.base.resources import AzureBaseResources
    from providers.azure.compute.resources import AzureCompute
    from providers.azure.entry.ingress import AzureIngress

Rule = azure_native.app.ScaleRuleArgs


def create_autoscaling(
    scope: Scope, base: AzureBaseResources, ingress: AzureIngress | None, compute: AzureCompute
) -> None:
    """Declares nothing: an app carries its own rules."""


def scale(spec: Platform, service: Service) -> azure_native.app.ScaleArgs:
    """Bounds and rules of one app."""
    scaling = scaling_of(spec, service)
    return azure_native.app.ScaleArgs(
        min_replicas=scaling.least,
        max_replicas=scaling.most,
        polling_interval=POLLING_SECONDS,
        cooldown_period=service.autoscaling.scale_in_cooldown_seconds,
        rules=_rules(scaling),
    )


def _rules(scaling: AzureScaling) -> list[Rule]:
    targets = {"cpu": scaling.cpu_percent, "memory": scaling.memory_percent}
    rules = [_utilization(kind, percent) for kind, percent in targets.items() if percent is not None]
    if scaling.concurrent_requests is not None:
        metadata = {"concurrentRequests": str(scaling.concurrent_requests)}
        rules.append(Rule(name="requests", http=azure_native.app.HttpScaleRuleArgs(metadata=metadata)))
    return rules


def _utilization(kind: str, percent: int) -> Rule:
    metadata = {"type": "Utilization", "value": str(percent)}
    return Rule(name=kind, custom=azure_native.app.CustomScaleRuleArgs(type=kind, metadata=metadata))
