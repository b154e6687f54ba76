"""Alarm rules, the same on every cloud.

A rule names a signal, a subject, a threshold with its window, and a severity. Each cloud has one table from `Signal` to
its metric; `metric_for` raises when a signal is missing there, so no cloud can skip a rule.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

from providers.contract.alarm_types import AlarmRule as AlarmRule
from providers.contract.alarm_types import AlarmRules as AlarmRules
from providers.contract.alarm_types import RuleDefinition as RuleDefinition
from providers.contract.alarm_types import Severity as Severity
from providers.contract.alarm_types import Subject as Subject
from providers.contract.alarm_types import cache_of
from providers.contract.drill import drill_of
from providers.contract.job_limits import hours_without_success, notices_missing_success
from providers.contract.region_specs import is_standby, is_warm
from providers.contract.signals import BETWEEN_REGIONS as BETWEEN_REGIONS
from providers.contract.signals import COPY_SIGNALS as COPY_SIGNALS
from providers.contract.signals import FLOW_CLOUDS as FLOW_CLOUDS
from providers.contract.signals import ONLY_IN_CLOUDS as ONLY_IN_CLOUDS
from providers.contract.signals import Signal as Signal
from providers.contract.spec import CloudName, Platform
from providers.contract.tokens import counted_prices, counting_services

T = TypeVar("T")
MAX_COPY_LAG_SECONDS = 1800
"""Twice the 15 minutes within which the clouds copy objects as a rule."""
MAX_REPLICA_LAG_SECONDS = 60
"""Delay of a replica in another region; it is some seconds as a rule."""
ENTRY_FIREWALL, ACCOUNT_PERMISSIONS, NETWORK_FLOWS = "entry firewall", "account permissions", "network flows"
"""Names of subjects that a platform has once; no service can have a name with a space."""
MIN_JUDGED_REQUESTS = 100
"""Requests of a period below which the share of blocked ones is not judged: three requests of a scanner at night are no attack."""


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


HOUR_SECONDS, DAY_SECONDS = 3600, 86_400
UNPRICED_SECONDS = 900
"""Window in which a model without a price is noticed."""


def limit_usd(spec: Platform, name: str, signal: Signal) -> float | None:
    """Return the limit of all models together, or of the service `name`; None without one."""
    limits = spec.cost.services.get(name, spec.cost)
    return limits.per_hour_usd if signal is Signal.COST_USD_PER_HOUR else limits.per_day_usd


def _definition(signal: Signal, subject: Subject, spender: str) -> RuleDefinition:
    """Line on the limit of an hour or of a day; `spender` is the subject of its sentence."""
    hourly = signal is Signal.COST_USD_PER_HOUR

    def applies(spec: Platform, name: str) -> bool:
        counted = {
            "models": bool(counted_prices(spec)),
            "tokens": bool(spec.cost.models and counting_services(spec)),
            "service": bool(spec.cost.models) and name in spec.cost.services and name in counting_services(spec),
        }
        return counted[subject] and limit_usd(spec, name, signal) is not None

    return RuleDefinition(
        signal=signal,
        subject=subject,
        threshold_of=lambda spec, name: limit_usd(spec, name, signal) or 0,
        period_seconds=HOUR_SECONDS if hourly else DAY_SECONDS,
        periods=1,
        # an hour above its limit is a fault, such as a loop of an agent; a day above it is a busy day
        severity="critical" if hourly else "warning",
        summary=f"{spender} cost more than {{threshold}} USD in {'an hour' if hourly else '24 hours'}{{prices}}",
        applies=applies,
    )


COST_SIGNALS = (Signal.COST_USD_PER_HOUR, Signal.COST_USD_PER_DAY)
SPENDERS: dict[Subject, str] = {
    "service": "tokens of {name}",
    "models": "tokens of the cloud's models",
    "tokens": "tokens that services report",
}
TOKEN_DEFINITIONS = (
    *(_definition(signal, subject, spender) for subject, spender in SPENDERS.items() for signal in COST_SIGNALS),
    RuleDefinition(
        signal=Signal.TOKENS_WITHOUT_PRICE,
        subject="tokens",
        period_seconds=UNPRICED_SECONDS,
        periods=1,
        severity="warning",
        summary="services use a model whose price is not in cost.models, so its cost is not counted",
        applies=lambda spec, _name: bool(counting_services(spec)),
    ),
)
"""Lines of the rule table; those on services and `tokens` need Prometheus."""

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
        threshold_of=lambda spec, _name: max_backup_age_seconds(spec),
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
        summary="{cache} uses more than {threshold} % of its memory",
    ),
    RuleDefinition(
        signal=Signal.CACHE_EVICTIONS,
        subject="cache",
        period_seconds=60,
        periods=5,
        severity="warning",
        summary="{cache} evicts entries",
        applies=lambda spec, name: cache_of(spec, name).settings.eviction != "noeviction",
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
        signal=Signal.DENIED_FLOWS,
        subject="network",
        threshold=lambda alerts: alerts.denied_flows,
        period_seconds=600,
        periods=1,
        severity="warning",
        summary="more than {threshold} connections from inside the network were denied in 10 minutes: see the flow logs for which",
        applies=lambda spec, _name: spec.network.flow_logs and spec.cloud in FLOW_CLOUDS,
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
    *TOKEN_DEFINITIONS,
)
"""The rule table, the same on every cloud."""


def alarm_rules(spec: Platform) -> AlarmRules:
    """Compute every rule of the platform: for each service, the parts that it has once, each job, then for the cost of models."""
    subjects: list[tuple[Subject, str]] = [("service", name) for name in spec.services]
    if spec.database is not None:
        subjects.append(("database", "database"))
    subjects.extend(("cache", cache.part) for cache in spec.all_caches)
    if spec.standby_region is not None and not is_standby(spec):
        subjects.append(("copies", "copies"))
    subjects += [("entry", ENTRY_FIREWALL), ("account", ACCOUNT_PERMISSIONS), ("network", NETWORK_FLOWS)]
    subjects.extend(("job", name) for name in spec.jobs)
    subjects += [("models", "models"), ("tokens", "tokens")]
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
