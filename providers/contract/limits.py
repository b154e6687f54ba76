"""Settings that a cloud refuses or adjusts, collected from its capabilities. Pure: imports no SDK."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from providers.contract.connections import ConnectionBudget
from providers.contract.diagnostics import Adjustment, Diagnostic, Effect
from providers.contract.existing_registry import ExistingImage
from providers.contract.spec import CacheSettings, Platform, Service

RefusalRule = Callable[[Platform, str], Sequence[Diagnostic]]
"""Refusals of one capability for a spec and the name of its stack."""
AdjustmentRule = Callable[[Platform], Sequence[Adjustment]]


Outbound = Callable[[Platform], Mapping[str, str]]
"""Ports of the internet, as text, by service that may open connections to it; services without access are absent."""


def _no_budget(_spec: Platform) -> ConnectionBudget | None:
    return None


def _no_secrets(_spec: Platform) -> tuple[str, ...]:
    return ()


def _not_existing(_spec: Platform, _service: Service) -> str | None:
    return None


@dataclass(frozen=True)
class CloudLimits:
    """Rules of one cloud; each capability keeps its own in its `limits.py`."""

    region: Callable[[Platform], str]
    """Region of the cloud's block."""
    refusal_rules: tuple[RefusalRule, ...]
    adjustment_rules: tuple[AdjustmentRule, ...]
    outbound: Outbound
    """Outbound access of the services to the internet."""
    cache_copies: Callable[[CacheSettings], str]
    """Copies of a cache's data, and whether they outlive it, as a phrase."""
    connections: Callable[[Platform], ConnectionBudget | None] = _no_budget
    """Connections of the database during a rollout; None without a database."""
    stack_secrets: Callable[[Platform], tuple[str, ...]] = _no_secrets
    """Secrets that the stack must set for the cloud itself, beside those that services list."""
    deferred_image: str = "deferred.invalid/image"
    """Placeholder for an image that is an Output, in the registry where it is expected; `{region}` is the cloud's region."""
    existing_image: ExistingImage = _not_existing
    """Address of the image of a service in a registry that exists already."""

    def refusals(self, spec: Platform, stack: str) -> list[Diagnostic]:
        """Every setting that this cloud cannot honour; nothing is declared when there is one."""
        return [refusal for rule in self.refusal_rules for refusal in rule(spec, stack)]

    def adjustments(self, spec: Platform) -> list[Adjustment]:
        """Every setting that this cloud honours differently than written."""
        return [adjustment for rule in self.adjustment_rules for adjustment in rule(spec)]


def denied_flow_adjustments(spec: Platform, effect: Effect, reason: str) -> Iterator[Adjustment]:
    """Yield the alarm on denied connections, where a cloud logs none or a part of them; of production, or of a set threshold."""
    alerts = spec.monitoring.alerts
    if spec.network.flow_logs and (spec.profile == "production" or "denied_flows" in alerts.model_fields_set):
        yield Adjustment("monitoring.alerts.denied_flows", alerts.denied_flows, effect, reason)


def query_log_adjustments(spec: Platform, log: str) -> Iterator[Adjustment]:
    """Yield the log of a production entry that keeps query strings, which no input of a resource removes."""
    if spec.public and spec.profile == "production":
        reason = (
            f"{log} keeps addresses with their query strings for {spec.monitoring.log_retention_days} days, which no setting removes: "
            "put no keys or prompts into addresses"
        )
        yield Adjustment("ingress", None, Effect.PARTIAL, reason)
