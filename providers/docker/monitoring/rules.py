"""Alert rules of this machine beside the shared ones: backups that were restored, and promises that are broken. Pure."""

import json
from collections.abc import Iterator
from dataclasses import replace

from providers.contract.alarms import BURN_RATES, AlarmRule, AlarmRules, BurnRate, Severity, Signal
from providers.contract.prometheus import SECONDS_WITHOUT_BACKUP, expression
from providers.contract.spec import Platform, Slo
from providers.docker.context import backs_up

AGE = "backup_verified_age_seconds"
RESTORED = "backup_verified_timestamp_seconds"
FAILED = "backup_verification_failed"
FIRST_DRILL_SECONDS = 3600
"""A new stack has this long for its first dump, its way to the store and back, and its first drill."""

Rule = dict[str, object]


def own_rules(spec: Platform, rules: AlarmRules) -> str:
    """The rules file as YAML (in its JSON form); the group is there even when it is empty."""
    own = [*_backups(spec), *_promises(spec, rules)]
    return json.dumps({"groups": [{"name": "docker", "rules": own}]}, indent=2)


def _backups(spec: Platform) -> Iterator[Rule]:
    """The age is reckoned here, so that it grows even when nobody drills any more."""
    if not backs_up(spec):
        return
    yield {"record": AGE, "expr": f"time() - max({RESTORED})"}
    too_old = f"{AGE} > {SECONDS_WITHOUT_BACKUP} or absent({RESTORED})"
    yield _alert("backup-not-verified", too_old, FIRST_DRILL_SECONDS, "critical", "database",
                 "no backup of the last day could be restored")  # fmt: skip
    yield _alert("backup-verification-failed", f"max({FAILED}) > 0", 0, "critical", "database",
                 "the newest backup of the database cannot be restored")  # fmt: skip


def _promises(spec: Platform, rules: AlarmRules) -> Iterator[Rule]:
    slo = spec.monitoring.slo
    if slo is None:
        return
    for name in spec.public:
        for rate in BURN_RATES:
            yield _availability(spec, slo, rules.rule(name, Signal.ERROR_PERCENT), rate)
        yield _speed(spec, slo, rules.rule(name, Signal.LATENCY_P95_SECONDS))


def _availability(spec: Platform, slo: Slo, rule: AlarmRule, rate: BurnRate) -> Rule:
    limit = rate.error_percent(slo.availability_percent)
    hours = rate.long_seconds // 3600
    summary = f"{rule.name} burns its error budget {rate.factor:g} times too fast"
    name = f"{rule.name}-availability-burn-{hours}h"
    return _alert(name, _both(spec, rule, rate, limit), 0, rate.severity, rule.name, summary)


def _speed(spec: Platform, slo: Slo, rule: AlarmRule) -> Rule:
    summary = f"{rule.name} takes longer than the promised {slo.latency_p95_seconds:g} s for one request in twenty"
    both = _both(spec, rule, BURN_RATES[0], slo.latency_p95_seconds)
    return _alert(f"{rule.name}-speed-burn-1h", both, 0, "warning", rule.name, summary)


def _both(spec: Platform, rule: AlarmRule, rate: BurnRate, limit: float) -> str:
    """Above the limit in the long window and, so that it ends when the fault does, in the short one."""
    windows = (rate.long_seconds, rate.short_seconds)
    parts = [f"({expression(spec, replace(rule, period_seconds=window))}) > {limit:g}" for window in windows]
    return " and ".join(parts)


def _alert(name: str, expr: str, seconds: int, severity: Severity, service: str, summary: str) -> Rule:
    return {
        "alert": name,
        "expr": expr,
        "for": f"{seconds}s",
        "labels": {"severity": severity, "service": service},
        "annotations": {"summary": summary},
    }
