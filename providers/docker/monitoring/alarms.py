"""Alert rules of Docker in addition to the shared ones: verified backups and service level objectives. Pure."""

import json
from collections.abc import Iterator
from dataclasses import replace

from providers.contract.alarms import AlarmRule, AlarmRules, Severity, Signal
from providers.contract.burn_rates import BURN_RATES, BurnRate
from providers.contract.prometheus import SECONDS_WITHOUT_BACKUP, expression
from providers.contract.spec import Platform, Slo
from providers.docker.context import keeps_backups

AGE_SERIES = "backup_verified_age_seconds"
VERIFIED_SERIES = "backup_verified_timestamp_seconds"
FAILED_SERIES = "backup_verification_failed"
FIRST_DRILL_SECONDS = 3600
"""Time that a new stack has for its first dump, upload and drill."""

PrometheusRuleDocument = dict[str, object]


def docker_rules_document(spec: Platform, rules: AlarmRules) -> str:
    """Rules file in JSON, which is YAML; its group is declared even when it is empty."""
    documents = [*_backup_rules(spec), *_slo_rules(spec, rules)]
    return json.dumps({"groups": [{"name": "docker", "rules": documents}]}, indent=2)


def _backup_rules(spec: Platform) -> Iterator[PrometheusRuleDocument]:
    """Rules on the age of the last verified backup, which Prometheus computes so that it grows without drills."""
    if not keeps_backups(spec):
        return
    yield {"record": AGE_SERIES, "expr": f"time() - max({VERIFIED_SERIES})"}
    if spec.recovery.drill is None:  # otherwise the rule table has an alarm with the age of the drill
        yield _alert(
            name="backup-not-verified",
            expr=f"{AGE_SERIES} > {SECONDS_WITHOUT_BACKUP} or absent({VERIFIED_SERIES})",
            for_seconds=FIRST_DRILL_SECONDS,
            severity="critical",
            subject="database",
            summary="no backup of the last day could be restored",
        )
    yield _alert(
        name="backup-verification-failed",
        expr=f"max({FAILED_SERIES}) > 0",
        for_seconds=0,
        severity="critical",
        subject="database",
        summary="the newest backup of the database cannot be restored",
    )


def _slo_rules(spec: Platform, rules: AlarmRules) -> Iterator[PrometheusRuleDocument]:
    slo = spec.monitoring.slo
    if slo is None:
        return
    for name in spec.public:
        for rate in BURN_RATES:
            yield _availability_rule(spec, slo, rules.rule(name, Signal.ERROR_PERCENT), rate)
        yield _latency_rule(spec, slo, rules.rule(name, Signal.LATENCY_P95_SECONDS))


def _availability_rule(spec: Platform, slo: Slo, rule: AlarmRule, rate: BurnRate) -> PrometheusRuleDocument:
    return _alert(
        name=f"{rule.name}-availability-burn-{rate.long_seconds // 3600}h",
        expr=_in_both_windows(spec, rule, rate, rate.error_percent(slo.availability_percent)),
        for_seconds=0,
        severity=rate.severity,
        subject=rule.name,
        summary=f"{rule.name} burns its error budget {rate.factor:g} times too fast",
    )


def _latency_rule(spec: Platform, slo: Slo, rule: AlarmRule) -> PrometheusRuleDocument:
    return _alert(
        name=f"{rule.name}-speed-burn-1h",
        expr=_in_both_windows(spec, rule, BURN_RATES[0], slo.latency_p95_seconds),
        for_seconds=0,
        severity="warning",
        subject=rule.name,
        summary=(f"the 95th percentile latency of {rule.name} is above the objective of {slo.latency_p95_seconds:g} s"),
    )


def _in_both_windows(spec: Platform, rule: AlarmRule, rate: BurnRate, limit: float) -> str:
    """Expression above the limit in the long window and in the short one, so that the alarm ends with the fault."""
    windows = (rate.long_seconds, rate.short_seconds)
    parts = [f"({expression(spec, replace(rule, period_seconds=window))}) > {limit:g}" for window in windows]
    return " and ".join(parts)


def _alert(
    *, name: str, expr: str, for_seconds: int, severity: Severity, subject: str, summary: str
) -> PrometheusRuleDocument:
    return {
        "alert": name,
        "expr": expr,
        "for": f"{for_seconds}s",
        "labels": {"severity": severity, "service": subject},
        "annotations": {"summary": summary},
    }
