"""Alarms, WAF rules, permissions and logical names equal the tables that are checked in; alarms follow the rule table."""

from collections.abc import Callable

import pytest

from providers import AVAILABLE
from providers.contract.alarms import FLOW_CLOUDS, ONLY_IN_CLOUDS, AlarmRule, Signal, alarm_rules
from tests.contract.readings import Reading, readings
from tests.contract.tables import FOLDER, production_plan, tables
from tests.contract.test_alarms import spec_of

GIB = 2**30
PERCENT_AS_RATIO = (
    Signal.CPU_PERCENT,
    Signal.MEMORY_PERCENT,
    Signal.ERROR_PERCENT,
    Signal.DATABASE_CPU_PERCENT,
    Signal.CACHE_MEMORY_PERCENT,
    Signal.BLOCKED_PERCENT,
)
MAX_CONNECTIONS = 200
"""`database.parameters.max_connections` of production."""
MAX_STORAGE_GIB = 500
RULES = tuple(alarm_rules(spec_of()).of_cloud)
"""Rules of production; tests/contract/test_token_costs.py has those that only Prometheus evaluates."""
UNSCRAPED = ("worker-cpu-percent", "worker-memory-percent", "worker-missing-replicas")
"""A worker has no port, so the Prometheus of a Docker host has no metrics of it. A host has no models either."""


def limit(cloud: str, rule: AlarmRule) -> tuple[str, float]:
    """Comparison and threshold in the unit of the cloud's metric."""
    spec = spec_of()
    if (cloud, rule.signal) == ("aws", Signal.DATABASE_BACKUP_FAILED):
        return "<", 1  # completed backups in 26 hours: RDS has no event for a failed one
    if cloud in ("gcp", "azure") and rule.signal is Signal.MISSING_REPLICAS:
        return "<", spec.services[rule.name].replicas.min
    if cloud in ("gcp", "azure") and rule.signal is Signal.DATABASE_CONNECTIONS_PERCENT:
        return ">", MAX_CONNECTIONS * rule.threshold / 100
    if cloud in ("gcp", "azure") and rule.signal is Signal.DATABASE_STORAGE_PERCENT:
        return ">", MAX_STORAGE_GIB * GIB * rule.threshold / 100
    if cloud == "gcp" and rule.signal in PERCENT_AS_RATIO:
        return ">", rule.threshold / 100
    if cloud == "gcp" and rule.signal is Signal.LATENCY_P95_SECONDS:
        return ">", rule.threshold * 1000
    if cloud == "azure" and rule.subject == "service" and rule.signal is Signal.CPU_PERCENT:
        return ">", spec.services[rule.name].size.vcpu * 1e9 * rule.threshold / 100
    if cloud == "azure" and rule.subject == "service" and rule.signal is Signal.MEMORY_PERCENT:
        return ">", int(spec.services[rule.name].size.memory_gib * GIB * rule.threshold / 100)
    return ">", rule.threshold


def window_seconds(cloud: str, rule: AlarmRule) -> int:
    """Window of the rule, or the nearest that the cloud offers."""
    window = rule.period_seconds * rule.periods
    if (cloud, rule.signal) == ("aws", Signal.DATABASE_BACKUP_FAILED):
        return 26 * 3600
    if cloud == "azure" and rule.signal is Signal.PERMISSION_CHANGES:
        return 0  # every event of the activity log
    if cloud == "azure":
        queried = (
            Signal.ERROR_PERCENT,
            Signal.LATENCY_P95_SECONDS,
            Signal.UNHEALTHY_REPLICAS,
            Signal.BLOCKED_PERCENT,
            Signal.DENIED_FLOWS,
        )
        return 600 if rule.signal in queried else {180: 300, 600: 900}.get(window, window)
    if (cloud, rule.signal) == ("kubernetes", Signal.DATABASE_FAILED_CONNECTIONS):
        return window  # the operator reports replicas, whose number is looked back on
    if cloud in ("docker", "kubernetes") and not RANGED.get(rule.signal, False):
        return window - rule.period_seconds
    return window


RANGED: dict[Signal, bool] = dict.fromkeys(
    (
        Signal.CPU_PERCENT,
        Signal.ERROR_PERCENT,
        Signal.LATENCY_P95_SECONDS,
        Signal.DATABASE_CPU_PERCENT,
        Signal.CACHE_EVICTIONS,
        Signal.BLOCKED_PERCENT,
    ),
    True,
)
"""Signals whose PromQL looks back over the first period; the others hold for the remaining periods."""


@pytest.mark.parametrize("rule", RULES, ids=[rule.key for rule in RULES])
@pytest.mark.parametrize("cloud", AVAILABLE)
def test_every_alarm_rule_is_declared_on_every_cloud(cloud: str, rule: AlarmRule) -> None:
    declared = readings(production_plan(cloud), cloud)
    # the cache of production on a cluster is external, and reports nothing
    unreported = rule.subject == "cache" if cloud == "kubernetes" else rule.key in UNSCRAPED
    absent = rule.signal in ONLY_IN_CLOUDS or rule.subject == "models" or unreported
    unlogged = rule.signal is Signal.DENIED_FLOWS and cloud not in FLOW_CLOUDS
    if (cloud in ("docker", "kubernetes") and absent) or unlogged:
        assert rule.key not in declared
        return
    comparison, threshold = limit(cloud, rule)
    notifies = {"aws": (rule.severity,), "azure": (rule.severity,), "gcp": ("2",), "docker": (), "kubernetes": ()}[
        cloud
    ]
    reading = declared[rule.key]
    assert reading.threshold == pytest.approx(threshold)
    expected = Reading(comparison, reading.threshold, window_seconds(cloud, rule), rule.severity, notifies)
    assert reading == expected


@pytest.mark.parametrize(("name", "make"), list(tables()), ids=[name for name, _ in tables()])
def test_a_table_equals_the_plan(name: str, make: Callable[[], str]) -> None:
    expected = (FOLDER / name).read_text(encoding="utf-8")
    assert make() == expected, "the plan differs from the table; if that is intended: python -m tests.contract.tables"
