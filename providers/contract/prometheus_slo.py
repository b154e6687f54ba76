"""Alerting rules of Prometheus beside the rule table: burn rates of service level objectives. Pure."""

from collections.abc import Iterator
from dataclasses import replace

from providers.contract.alarms import AlarmRule, AlarmRules, Severity, Signal
from providers.contract.burn_rates import BURN_RATES, BurnRate
from providers.contract.prometheus import OWN_SERVER, Series, expression
from providers.contract.spec import Platform, Slo

RuleDocument = dict[str, object]
"""Rule in the format of a Prometheus rules file."""


def slo_rules(spec: Platform, rules: AlarmRules, series: Series = OWN_SERVER) -> Iterator[RuleDocument]:
    """Rules on the error budget and the latency of each public service; none without `monitoring.slo`."""
    slo = spec.monitoring.slo
    if slo is None:
        return
    for name in spec.public:
        for rate in BURN_RATES:
            yield _availability_rule(spec, slo, rules.rule(name, Signal.ERROR_PERCENT), rate, series)
        yield _latency_rule(spec, slo, rules.rule(name, Signal.LATENCY_P95_SECONDS), series)


def _availability_rule(spec: Platform, slo: Slo, rule: AlarmRule, rate: BurnRate, series: Series) -> RuleDocument:
    return alert(
        name=f"{rule.name}-availability-burn-{rate.long_seconds // 3600}h",
        expr=_in_both_windows(spec, rule, rate, rate.error_percent(slo.availability_percent), series),
        for_seconds=0,
        severity=rate.severity,
        subject=rule.name,
        summary=f"{rule.name} burns its error budget {rate.factor:g} times too fast",
    )


def _latency_rule(spec: Platform, slo: Slo, rule: AlarmRule, series: Series) -> RuleDocument:
    return alert(
        name=f"{rule.name}-speed-burn-1h",
        expr=_in_both_windows(spec, rule, BURN_RATES[0], slo.latency_p95_seconds, series),
        for_seconds=0,
        severity="warning",
        subject=rule.name,
        summary=(f"the 95th percentile latency of {rule.name} is above the objective of {slo.latency_p95_seconds:g} s"),
    )


def _in_both_windows(spec: Platform, rule: AlarmRule, rate: BurnRate, limit: float, series: Series) -> str:
    """Expression above the limit in the long window and in the short one, so that the alarm ends with the fault."""
    windows = (rate.long_seconds, rate.short_seconds)
    parts = [f"({expression(spec, replace(rule, period_seconds=window), series)}) > {limit:g}" for window in windows]
    return " and ".join(parts)


def alert(*, name: str, expr: str, for_seconds: int, severity: Severity, subject: str, summary: str) -> RuleDocument:
    """Alerting rule with the labels that notifications use."""
    return {
        "alert": name,
        "expr": expr,
        "for": f"{for_seconds}s",
        "labels": {"severity": severity, "service": subject},
        "annotations": {"summary": summary},
    }
