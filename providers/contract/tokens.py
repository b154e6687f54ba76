"""Models whose tokens are priced, where they are counted, and what cannot be counted. Pure.

Tokens are counted in two places. A cloud counts those of its own models (`models` of its block), for all services together.
Prometheus counts those that services report in the metrics of OpenTelemetry for generative AI, for each service and any
provider. What has no price is never counted as free: it is refused, or said in the plan and by an alarm.
"""

from collections.abc import Iterator, Mapping
from datetime import date

from providers.contract.diagnostics import Adjustment, Effect, listed
from providers.contract.scrape_endpoints import scrape_endpoint
from providers.contract.spec import CloudName, ModelPrice, Platform

OLD_PRICES_DAYS = 180
"""Age above which the plan asks to check the prices."""
OWN_PROMETHEUS: frozenset[CloudName] = frozenset({"docker"})
"""Clouds on which Prometheus always runs; on the others it does with `monitoring.prometheus`."""


def managed_models(spec: Platform) -> tuple[str, ...]:
    """Return the names of the cloud's models that services may invoke."""
    return spec.model_names if spec.users_of("models") else ()


def counted_prices(spec: Platform) -> Mapping[str, ModelPrice]:
    """Return the prices of the models that the cloud itself counts."""
    return {name: spec.cost.models[name] for name in managed_models(spec) if name in spec.cost.models}


def unpriced_models(spec: Platform) -> tuple[str, ...]:
    """Return the cloud's models that services may invoke and that have no price."""
    return tuple(name for name in managed_models(spec) if name not in spec.cost.models)


def has_prometheus(spec: Platform) -> bool:
    """Return whether a Prometheus server evaluates rules."""
    return spec.cloud in OWN_PROMETHEUS or spec.monitoring.prometheus


def counting_services(spec: Platform) -> tuple[str, ...]:
    """Return the services whose metrics Prometheus scrapes, which may have counts of tokens."""
    if not has_prometheus(spec):
        return ()
    return tuple(name for name, service in spec.services.items() if scrape_endpoint(service) is not None)


def price_note(spec: Platform, subject: str) -> str:
    """Return ` at prices of 2026-11-27 from <source> (<region>)` for the models of a rule; empty without a date."""
    if spec.cost.prices_as_of is None:
        return ""
    prices = counted_prices(spec) if subject == "models" else spec.cost.models
    origins = dict.fromkeys(filter(None, map(_origin, prices.values())))
    named = f" from {listed(origins, 'and')}" if origins else ""
    return f" at prices of {spec.cost.prices_as_of}{named}"


def _origin(price: ModelPrice) -> str:
    region = f" ({price.region})" if price.region else ""
    return f"{price.source or 'an unnamed source'}{region}" if price.source or price.region else ""


def limit_line(spec: Platform, today: date) -> str:
    """Return what a plan says of the cost of models: limits and the age of the prices; empty where nothing counts tokens."""
    counted, services = counted_prices(spec), counting_services(spec)
    if spec.cost.models and (services or counted):
        return f"alarm above {_limits(spec)}; {_age(spec, today)}"
    if services or managed_models(spec):
        return f"not measured, so no alarm above {spec.cost.per_hour_usd:g} USD an hour: cost.models has no price"
    return ""


def _limits(spec: Platform) -> str:
    cost = spec.cost
    day = f" or {cost.per_day_usd:g} USD a day" if cost.per_day_usd is not None else ""
    own = f", and for {listed(cost.services, 'and')} alone" if cost.services else ""
    return f"{cost.per_hour_usd:g} USD an hour{day}{own}"


def _age(spec: Platform, today: date) -> str:
    as_of = spec.cost.prices_as_of
    if as_of is None:
        return "prices without a date"
    days = (today - date.fromisoformat(as_of)).days
    if days < 0:
        return f"prices of {as_of}, which is in the future"
    old = f", {days} days old: read them again" if days > OLD_PRICES_DAYS else ""
    return f"prices of {as_of}{old}"


def token_adjustments(spec: Platform) -> Iterator[Adjustment]:
    """Yield limits that nothing measures, and prices of models that nothing counts."""
    services, cost = counting_services(spec), spec.cost
    measured = bool(cost.models) and bool(services or counted_prices(spec))
    for key in ("per_hour_usd", "per_day_usd"):
        limit = cost.model_dump()[key]
        if key in cost.model_fields_set and limit is not None and not measured:
            yield Adjustment(f"cost.{key}", limit, Effect.IGNORED, f"no alarm: {_unmeasured(spec)}")
    unused = [name for name in cost.models if name not in counted_prices(spec)]
    if unused and not services:
        reason = (
            f"nothing counts the tokens of {listed(unused, 'and')}: they are none of the cloud's models that services use, "
            "and Prometheus scrapes no service"
        )
        yield Adjustment("cost.models", unused, Effect.IGNORED, reason)


def _unmeasured(spec: Platform) -> str:
    if not spec.cost.models:
        return "cost.models has no price"
    return (
        "nothing counts tokens; it needs a price for a model of the cloud's block that services use, or a service whose metrics "
        "Prometheus scrapes"
    )
