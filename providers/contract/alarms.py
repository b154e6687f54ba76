"""The alarm rules, decided once for every cloud.

A rule says what is measured, on which subject, when it fires and how loud. Each cloud has one table from `Signal` to
its own metric; `metric_for` raises when a table lacks one, so a cloud cannot silently skip a rule.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeVar

from providers.contract.spec import Alerts, Platform, Service

T = TypeVar("T")
Subject = Literal["service", "database", "cache"]
Severity = Literal["warning", "critical"]


class Signal(StrEnum):
    """What is measured; a unit closes each name that has one."""

    CPU_PERCENT = "cpu-percent"
    MEMORY_PERCENT = "memory-percent"
    ERROR_PERCENT = "error-percent"
    LATENCY_P95_SECONDS = "latency-p95-seconds"
    UNHEALTHY_REPLICAS = "unhealthy-replicas"
    MISSING_REPLICAS = "missing-replicas"
    DATABASE_FAILED_CONNECTIONS = "failed-connections"
    DATABASE_CPU_PERCENT = "database-cpu-percent"
    DATABASE_STORAGE_PERCENT = "storage-percent"
    DATABASE_CONNECTIONS_PERCENT = "connections-percent"
    DATABASE_BACKUP_FAILED = "backup-failed"
    CACHE_MEMORY_PERCENT = "cache-memory-percent"
    CACHE_EVICTIONS = "evictions"


@dataclass(frozen=True)
class AlarmRule:
    """Fires when `signal` of `subject` stays above `threshold` for `periods` times `period_seconds`."""

    signal: Signal
    subject: Subject
    name: str
    """The service's name; `database` and `cache` for those."""
    threshold: float
    period_seconds: int
    periods: int
    severity: Severity
    summary: str

    @property
    def key(self) -> str:
        """Logical name part, unique in a platform: `gateway-cpu-percent`, `database-storage-percent`."""
        prefix = f"{self.name}-"
        return f"{prefix}{self.signal.removeprefix(prefix)}"


def alarm_rules(spec: Platform) -> tuple[AlarmRule, ...]:
    """Every rule of the platform: for each service, then database and cache where the spec has them."""
    alerts = spec.monitoring.alerts
    rules = [rule for name, service in spec.services.items() for rule in service_rules(name, service, alerts)]
    if spec.database is not None:
        rules += database_rules(alerts, backups=spec.database.backup.retention_days > 0)
    if spec.cache is not None:
        rules += cache_rules(evictions=spec.cache.eviction != "noeviction")
    return tuple(rules)


def service_rules(name: str, service: Service, alerts: Alerts) -> list[AlarmRule]:
    """CPU and memory of every service; answers and copies behind the entry of those with a path."""
    rules = [
        AlarmRule(Signal.CPU_PERCENT, "service", name, alerts.cpu_percent, 60, 5, "warning",
                  f"{name} uses more than {alerts.cpu_percent:g} % of its CPU"),
        AlarmRule(Signal.MEMORY_PERCENT, "service", name, alerts.memory_percent, 60, 3, "critical",
                  f"{name} uses more than {alerts.memory_percent:g} % of its memory"),
        AlarmRule(Signal.MISSING_REPLICAS, "service", name, 0, 60, 5, "critical",
                  f"{name} runs fewer copies than it should"),
    ]  # fmt: skip
    if service.path is not None:
        rules += [
            AlarmRule(Signal.ERROR_PERCENT, "service", name, alerts.error_percent, 60, 2, "critical",
                      f"{name} answers more than {alerts.error_percent:g} % of requests with a 5xx status"),
            AlarmRule(Signal.LATENCY_P95_SECONDS, "service", name, alerts.latency_p95_seconds, 60, 5, "warning",
                      f"{name} takes longer than {alerts.latency_p95_seconds:g} s for one request in twenty"),
            AlarmRule(Signal.UNHEALTHY_REPLICAS, "service", name, 0, 60, 3, "critical",
                      f"{name} has copies that fail their health check"),
        ]  # fmt: skip
    return rules


def database_rules(alerts: Alerts, *, backups: bool) -> list[AlarmRule]:
    """Connections, CPU, disk and backups of the database."""
    rules = [
        AlarmRule(Signal.DATABASE_FAILED_CONNECTIONS, "database", "database", 0, 60, 1, "critical",
                  "connections to the database fail"),
        AlarmRule(Signal.DATABASE_CONNECTIONS_PERCENT, "database", "database", 80, 300, 2, "warning",
                  "the database uses more than 80 % of its connections"),
        AlarmRule(Signal.DATABASE_CPU_PERCENT, "database", "database", alerts.cpu_percent, 60, 5, "warning",
                  f"the database uses more than {alerts.cpu_percent:g} % of its CPU"),
        AlarmRule(Signal.DATABASE_STORAGE_PERCENT, "database", "database", 85, 300, 2, "warning",
                  "the database uses more than 85 % of the disk it may grow to"),
    ]  # fmt: skip
    if backups:
        rules.append(
            AlarmRule(Signal.DATABASE_BACKUP_FAILED, "database", "database", 0, 3600, 1, "critical",
                      "a backup of the database failed")
        )  # fmt: skip
    return rules


def cache_rules(*, evictions: bool) -> list[AlarmRule]:
    """Memory of the cache, and evictions where the policy evicts at all."""
    rules = [
        AlarmRule(Signal.CACHE_MEMORY_PERCENT, "cache", "cache", 80, 60, 5, "warning",
                  "the cache uses more than 80 % of its memory"),
    ]  # fmt: skip
    if evictions:
        rules.append(
            AlarmRule(Signal.CACHE_EVICTIONS, "cache", "cache", 0, 60, 5, "warning",
                      "the cache drops entries to make room")
        )  # fmt: skip
    return rules


def metric_for(table: Mapping[Signal, T], rule: AlarmRule) -> T:
    """The cloud's own metric for a rule; raises LookupError naming the missing signal."""
    try:
        return table[rule.signal]
    except KeyError as missing:
        raise LookupError(f"no metric for the signal {rule.signal!r}: every cloud needs one for each rule") from missing


@dataclass(frozen=True)
class BurnRate:
    """One window pair of a burn-rate alarm: fires when both windows burn the error budget `factor` times too fast."""

    long_seconds: int
    short_seconds: int
    factor: float
    severity: Severity

    def error_percent(self, availability_percent: float) -> float:
        """Share of failing requests, in percent, at which this pair fires; never above 100."""
        return min(100.0, round(self.factor * (100 - availability_percent), 4))


BURN_RATES = (
    BurnRate(long_seconds=3600, short_seconds=300, factor=14.4, severity="critical"),
    BurnRate(long_seconds=21600, short_seconds=1800, factor=6, severity="critical"),
    BurnRate(long_seconds=86400, short_seconds=7200, factor=3, severity="warning"),
)
"""Pairs of the Google SRE Workbook, chapter 5: 2 % of a 30-day budget in 1 h, 5 % in 6 h, 10 % in 24 h."""
