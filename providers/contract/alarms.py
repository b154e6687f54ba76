"""Alarm rules, the same on every cloud.

A rule names a signal, a subject, a threshold with its window, and a severity. Each cloud has one table from `Signal` to
its metric; `metric_for` raises when a signal is missing there, so no cloud can skip a rule.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

from providers.contract.drill import drill_of
from providers.contract.job_limits import hours_without_success, notices_missing_success
from providers.contract.region_specs import is_standby, is_warm
from providers.contract.signals import BETWEEN_REGIONS as BETWEEN_REGIONS
from providers.contract.signals import COPY_SIGNALS as COPY_SIGNALS
from providers.contract.signals import ONLY_IN_CLOUDS as ONLY_IN_CLOUDS
from providers.contract.signals import Signal as Signal
from providers.contract.spec import Alerts, CloudName, Platform

T = TypeVar("T")
Subject = Literal["service", "job", "database", "cache", "copies", "entry", "account"]
Severity = Literal["warning", "critical"]
MAX_COPY_LAG_SECONDS = 1800
"""Twice the 15 minutes within which the clouds copy objects as a rule."""
MAX_REPLICA_LAG_SECONDS = 60
"""Delay of a replica in another region; it is some seconds as a rule."""
ENTRY_FIREWALL, ACCOUNT_PERMISSIONS = "entry firewall", "account permissions"
"""Names of subjects that a platform has once; no service can have a name with a space."""
MIN_JUDGED_REQUESTS = 100
"""Requests of a period below which the share of blocked ones is not judged: three requests of a scanner at night are no attack."""


@dataclass(frozen=True)
class AlarmRule:
    """Fires when `signal` of `subject` stays above `threshold` for `periods` times `period_seconds`."""

    signal: Signal
    subject: Subject
    name: str
    """Name of the service or job; `database`, `cache`, `copies`, `entry firewall` and `account permissions` for those."""
    threshold: float
    period_seconds: int
    periods: int
    severity: Severity
    summary: str

    @property
    def key(self) -> str:
        """Logical name part, unique in a platform: `gateway-cpu-percent`, `database-storage-percent`."""
        prefix = f"{self.name.replace(' ', '-')}-"
        return f"{prefix}{self.signal.removeprefix(prefix)}"


@dataclass(frozen=True)
class AlarmRules:
    """Every alarm rule of a platform, computed once per plan."""

    rules: tuple[AlarmRule, ...]

    def __iter__(self) -> Iterator[AlarmRule]:
        return iter(self.rules)

    def rule(self, name: str, signal: Signal) -> AlarmRule:
        """Return the rule on `signal` of the service, job, database or cache `name`; raises LookupError."""
        for rule in self.rules:
            if (rule.name, rule.signal) == (name, signal):
                return rule
        raise LookupError(f"{name} has no alarm rule on {signal.value}")


@dataclass(frozen=True)
class RuleDefinition:
    """One line of the rule table; `threshold` and `summary` are filled in for each subject."""

    signal: Signal
    subject: Subject
    period_seconds: int
    periods: int
    severity: Severity
    summary: str
    """Sentence for the notification; `{name}` is the subject, `{threshold}` the threshold."""
    threshold: Callable[[Alerts], float] = lambda _alerts: 0
    applies: Callable[[Platform, str], bool] = lambda _spec, _name: True
    periods_of: Callable[[Platform, str], int] | None = None
    """Number of periods where it depends on the subject; `periods` is then the smallest one."""
    threshold_of: Callable[[Platform], float] | None = None
    """Threshold where it is another key of the spec than one of `monitoring.alerts`."""

    def rule(self, spec: Platform, name: str) -> AlarmRule:
        """Rule for one subject; `{periods}` of the summary is its number of periods, `{days}` a threshold in seconds."""
        threshold = self.threshold_of(spec) if self.threshold_of else self.threshold(spec.monitoring.alerts)
        periods = self.periods_of(spec, name) if self.periods_of else self.periods
        days = f"{threshold / 86400:g}"
        summary = self.summary.format(name=name, threshold=f"{threshold:g}", periods=periods, days=days)
        return AlarmRule(
            self.signal, self.subject, name, threshold, self.period_seconds, periods, self.severity, summary
        )


def _routed(spec: Platform, name: str) -> bool:
    return spec.services[name].path is not None


def _keeps_backups(spec: Platform, _name: str) -> bool:
    return spec.database is not None and spec.database.backup.retention_days > 0


def _copies(signal: Signal) -> Callable[[Platform, str], bool]:
    """True for a spec with such data, whose copies the cloud reports by `signal`."""

    def applies(spec: Platform, _name: str) -> bool:
        data = spec.database if signal.name.startswith("COPIES_DATABASE") else spec.storage
        return data is not None and signal in COPY_SIGNALS.get(spec.cloud, ())

    return applies


ENTRY_OF_REGION: frozenset[CloudName] = frozenset({"aws", "azure"})
"""Clouds on which each region has a firewall, or receives the log of the one that serves both regions."""
PERMISSION_CLOUDS: frozenset[CloudName] = frozenset({"aws", "gcp", "azure"})
"""Clouds whose services record changes of permissions."""


def _has_firewall(spec: Platform, _name: str) -> bool:
    return bool(spec.public) and (spec.cloud in ENTRY_OF_REGION or not is_standby(spec))


def watches_permissions(spec: Platform) -> bool:
    """Return whether an alarm fires on changes of permissions; the account is the same in both regions."""
    return spec.monitoring.alerts.permission_changes and spec.cloud in PERMISSION_CLOUDS and not is_standby(spec)


def _restores_backups(spec: Platform, _name: str) -> bool:
    return spec.recovery.drill is not None


def max_backup_age_seconds(spec: Platform) -> float:
    """Age of the newest backup that was restored above which an alarm fires; raises ValueError without a drill."""
    return drill_of(spec).max_age_days * 86400.0


def _evicts(spec: Platform, _name: str) -> bool:
    return spec.cache is not None and spec.cache.eviction != "noeviction"


DEFINITIONS: tuple[RuleDefinition, ...] = (
    RuleDefinition(
        signal=Signal.CPU_PERCENT,
        subject="service",
        threshold=lambda alerts: alerts.cpu_percent,
        period_seconds=60,
        periods=5,
        severity="warning",
        summary="{name} uses more than {threshold} % of its CPU",
    ),
    RuleDefinition(
        signal=Signal.MEMORY_PERCENT,
        subject="service",
        threshold=lambda alerts: alerts.memory_percent,
        period_seconds=60,
        periods=3,
        severity="critical",
        summary="{name} uses more than {threshold} % of its memory",
    ),
    RuleDefinition(
        signal=Signal.MISSING_REPLICAS,
        subject="service",
        period_seconds=60,
        periods=5,
        severity="critical",
        summary="{name} runs fewer replicas than its minimum",
    ),
    RuleDefinition(
        signal=Signal.ERROR_PERCENT,
        subject="service",
        threshold=lambda alerts: alerts.error_percent,
        period_seconds=60,
        periods=2,
        severity="critical",
        summary="{name} answers more than {threshold} % of requests with a 5xx status",
        applies=_routed,
    ),
    RuleDefinition(
        signal=Signal.LATENCY_P95_SECONDS,
        subject="service",
        threshold=lambda alerts: alerts.latency_p95_seconds,
        period_seconds=60,
        periods=5,
        severity="warning",
        summary="{name} has a 95th percentile latency above {threshold} s",
        applies=_routed,
    ),
    RuleDefinition(
        signal=Signal.UNHEALTHY_REPLICAS,
        subject="service",
        period_seconds=60,
        periods=3,
        severity="critical",
        summary="{name} has replicas that fail their health check",
        applies=_routed,
    ),
    RuleDefinition(
        signal=Signal.DATABASE_FAILED_CONNECTIONS,
        subject="database",
        period_seconds=60,
        periods=1,
        severity="critical",
        summary="connections to the database fail",
    ),
    RuleDefinition(
        signal=Signal.DATABASE_CONNECTIONS_PERCENT,
        subject="database",
        threshold=lambda _alerts: 80,
        period_seconds=300,
        periods=2,
        severity="warning",
        summary="the database uses more than {threshold} % of its connections",
    ),
    RuleDefinition(
        signal=Signal.DATABASE_CPU_PERCENT,
        subject="database",
        threshold=lambda alerts: alerts.cpu_percent,
        period_seconds=60,
        periods=5,
        severity="warning",
        summary="the database uses more than {threshold} % of its CPU",
    ),
    RuleDefinition(
        signal=Signal.DATABASE_STORAGE_PERCENT,
        subject="database",
        threshold=lambda _alerts: 85,
        period_seconds=300,
        periods=2,
        severity="warning",
        summary="the database uses more than {threshold} % of its maximum storage",
    ),
    RuleDefinition(
        signal=Signal.DATABASE_BACKUP_FAILED,
        subject="database",
        period_seconds=3600,
        periods=1,
        severity="critical",
        summary="a backup of the database failed",
        applies=_keeps_backups,
    ),
    RuleDefinition(
        signal=Signal.DATABASE_BACKUP_AGE_SECONDS,
        subject="database",
        threshold_of=max_backup_age_seconds,
        period_seconds=3600,
        # the backup that a drill restores is some hours old, and the restore takes some time
        periods=6,
        severity="critical",
        summary="the last restored backup of the database is older than {days} days, or restore drills report nothing",
        applies=_restores_backups,
    ),
    RuleDefinition(
        signal=Signal.DATABASE_DRILL_LEFTOVERS,
        subject="database",
        period_seconds=3600,
        periods=1,
        severity="warning",
        summary="a database that a restore drill created is older than a day and costs money",
        applies=_restores_backups,
    ),
    RuleDefinition(
        signal=Signal.DATABASE_REPLICA_LAG_SECONDS,
        subject="database",
        threshold=lambda _alerts: MAX_REPLICA_LAG_SECONDS,
        period_seconds=60,
        periods=5,
        severity="critical",
        summary="the database of the standby region is more than {threshold} s behind, or does not replicate",
        applies=lambda spec, _name: is_warm(spec),
    ),
    RuleDefinition(
        signal=Signal.CACHE_MEMORY_PERCENT,
        subject="cache",
        threshold=lambda _alerts: 80,
        period_seconds=60,
        periods=5,
        severity="warning",
        summary="the cache uses more than {threshold} % of its memory",
    ),
    RuleDefinition(
        signal=Signal.CACHE_EVICTIONS,
        subject="cache",
        period_seconds=60,
        periods=5,
        severity="warning",
        summary="the cache evicts entries",
        applies=_evicts,
    ),
    RuleDefinition(
        signal=Signal.COPIES_DATABASE_FAILED,
        subject="copies",
        period_seconds=3600,
        periods=1,
        severity="critical",
        summary="a backup of the database could not be copied to the standby region",
        applies=_copies(Signal.COPIES_DATABASE_FAILED),
    ),
    RuleDefinition(
        signal=Signal.COPIES_DATABASE_MISSING,
        subject="copies",
        period_seconds=3600,
        periods=1,
        severity="critical",
        summary="no backup of the database has been copied to the standby region for a day",
        applies=_copies(Signal.COPIES_DATABASE_MISSING),
    ),
    RuleDefinition(
        signal=Signal.COPIES_OBJECTS_FAILED,
        subject="copies",
        period_seconds=300,
        periods=1,
        severity="critical",
        summary="objects could not be copied to the standby region",
        applies=_copies(Signal.COPIES_OBJECTS_FAILED),
    ),
    RuleDefinition(
        signal=Signal.COPIES_OBJECTS_LAG_SECONDS,
        subject="copies",
        threshold=lambda _alerts: MAX_COPY_LAG_SECONDS,
        period_seconds=300,
        periods=3,
        severity="warning",
        summary="objects reach the standby region more than {threshold} s late",
        applies=_copies(Signal.COPIES_OBJECTS_LAG_SECONDS),
    ),
    RuleDefinition(
        signal=Signal.BLOCKED_PERCENT,
        subject="entry",
        threshold=lambda alerts: alerts.blocked_percent,
        period_seconds=300,
        periods=2,
        severity="warning",
        summary="the firewall of the entry blocks more than {threshold} % of requests: an attack, or a rule that blocks prompts",
        applies=_has_firewall,
    ),
    RuleDefinition(
        signal=Signal.PERMISSION_CHANGES,
        subject="account",
        period_seconds=300,
        periods=1,
        severity="warning",
        summary="permissions were changed; if no deployment did it, find out who did",
        applies=lambda spec, _name: watches_permissions(spec),
    ),
    RuleDefinition(
        signal=Signal.JOB_FAILED,
        subject="job",
        period_seconds=300,
        periods=1,
        severity="critical",
        summary="a run of the job {name} failed",
    ),
    RuleDefinition(
        signal=Signal.JOB_MISSED,
        subject="job",
        period_seconds=3600,
        periods=1,
        periods_of=hours_without_success,
        severity="critical",
        summary="the job {name} has not succeeded for {periods} hours",
        applies=notices_missing_success,
    ),
)
"""The rule table, the same on every cloud."""


def alarm_rules(spec: Platform) -> AlarmRules:
    """Compute every rule of the platform: for each service, the parts that it has once, then for each job."""
    subjects: list[tuple[Subject, str]] = [("service", name) for name in spec.services]
    if spec.database is not None:
        subjects.append(("database", "database"))
    if spec.cache is not None:
        subjects.append(("cache", "cache"))
    if spec.standby_region is not None and not is_standby(spec):
        subjects.append(("copies", "copies"))
    subjects += [("entry", ENTRY_FIREWALL), ("account", ACCOUNT_PERMISSIONS)]
    subjects.extend(("job", name) for name in spec.jobs)
    return AlarmRules(
        tuple(
            definition.rule(spec, name)
            for subject, name in subjects
            for definition in DEFINITIONS
            if definition.subject == subject and definition.applies(spec, name)
        )
    )


def metric_for(table: Mapping[Signal, T], rule: AlarmRule) -> T:
    """Return the cloud's metric for a rule; raises LookupError with the missing signal."""
    try:
        return table[rule.signal]
    except KeyError as error:
        raise LookupError(f"no metric for the signal {rule.signal!r}: every cloud needs one for each rule") from error
