"""Alarm rules of the contract, and the burn rates of an error budget."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.adjustments import adjustments
from components.validation.parse import read
from providers.contract.alarms import (
    ACCOUNT_PERMISSIONS,
    ENTRY_FIREWALL,
    NETWORK_FLOWS,
    AlarmRule,
    AlarmRules,
    Signal,
    alarm_rules,
    metric_for,
)
from providers.contract.burn_rates import BURN_RATES, BurnRate
from providers.contract.region_specs import standby_spec
from providers.contract.spec import Platform
from tests.planning import DRILL, DROP, JOBS, fresh_recordings, plan, production

COPIES = {"mode": "backup", "standby_region": "us-east-1"}
MONTH_HOURS = 30 * 24
CONSUMED_PERCENT = (2, 5, 10)
"""Percentage of a month's error budget that is consumed when a pair fires: Google SRE Workbook, chapter 5."""

availabilities = st.floats(90, 99.999)
pairs = st.sampled_from(BURN_RATES)


def spec_of(**changes: object) -> Platform:
    spec, errors = read(production({path.replace("__", "."): value for path, value in changes.items()}))
    assert spec is not None, errors
    return spec


def copied_on_azure() -> Platform:
    return spec_of(
        cloud="azure", recovery={"mode": "backup"}, azure__location="eastus2", azure__standby_location="centralus"
    )


def rules_of(name: str, spec: Platform | None = None) -> dict[Signal, AlarmRule]:
    return {rule.signal: rule for rule in alarm_rules(spec or spec_of()) if rule.name == name}


def test_rule_keys_are_unique() -> None:
    keys = [rule.key for rule in alarm_rules(spec_of())]
    assert len(keys) == len(set(keys))


def test_every_signal_is_used_by_production_with_a_job_a_standby_region_and_a_drill() -> None:
    spec = spec_of(jobs=JOBS, recovery={**COPIES, "mode": "warm", "drill": DRILL})
    used = {rule.signal for each in (spec, copied_on_azure()) for rule in alarm_rules(each)}
    assert used == set(Signal)


@pytest.mark.parametrize(
    ("name", "signal", "threshold", "seconds", "severity"),
    [
        ("chat", Signal.CPU_PERCENT, 80, 300, "warning"),
        ("chat", Signal.MEMORY_PERCENT, 85, 180, "critical"),
        ("gateway", Signal.ERROR_PERCENT, 10, 120, "critical"),
        ("gateway", Signal.LATENCY_P95_SECONDS, 5, 300, "warning"),
        ("database", Signal.DATABASE_FAILED_CONNECTIONS, 0, 60, "critical"),
        (ENTRY_FIREWALL, Signal.BLOCKED_PERCENT, 25, 600, "warning"),
        (ACCOUNT_PERMISSIONS, Signal.PERMISSION_CHANGES, 0, 300, "warning"),
        (NETWORK_FLOWS, Signal.DENIED_FLOWS, 20, 600, "warning"),
    ],
)
def test_a_rule_has_its_threshold_window_and_severity(
    name: str, signal: Signal, threshold: float, seconds: int, severity: str
) -> None:
    rule = rules_of(name)[signal]
    assert (rule.threshold, rule.period_seconds * rule.periods, rule.severity) == (threshold, seconds, severity)


def test_alarm_rules_are_computed_once_per_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Platform] = []

    def counted(spec: Platform) -> AlarmRules:
        calls.append(spec)
        return alarm_rules(spec)

    monkeypatch.setattr("providers.contract.context.alarm_rules", counted)
    with fresh_recordings():
        plan(production(cloud="aws"))
    assert len(calls) == 1


def test_the_spec_sets_the_thresholds() -> None:
    spec = spec_of(monitoring__alerts={"cpu_percent": 60.0, "error_percent": 1.0})
    assert rules_of("gateway", spec)[Signal.CPU_PERCENT].threshold == 60
    assert rules_of("database", spec)[Signal.DATABASE_CPU_PERCENT].threshold == 60
    assert rules_of("gateway", spec)[Signal.ERROR_PERCENT].threshold == 1


def test_a_private_service_has_no_rules_on_requests() -> None:
    assert not {Signal.ERROR_PERCENT, Signal.LATENCY_P95_SECONDS, Signal.UNHEALTHY_REPLICAS} & set(rules_of("chat"))


def test_without_backups_there_is_no_backup_alarm() -> None:
    key = "database.backup.retention_days"
    spec = spec_of(database__backup={"retention_days": 0}, accept_risk={key: "rebuilt every night"})
    assert Signal.DATABASE_BACKUP_FAILED not in rules_of("database", spec)


def test_a_drill_sets_the_age_of_the_last_restored_backup() -> None:
    drill = {**DRILL, "max_age_days": 12}
    rule = rules_of("database", spec_of(recovery__drill=drill))[Signal.DATABASE_BACKUP_AGE_SECONDS]
    assert (rule.threshold, rule.severity, rule.key) == (12 * 86400, "critical", "database-backup-verified-age-seconds")
    assert "older than 12 days" in rule.summary
    assert Signal.DATABASE_BACKUP_AGE_SECONDS not in rules_of("database")


def test_only_a_platform_with_a_public_service_has_a_firewall_to_watch() -> None:
    private = spec_of(services__gateway__path=DROP, ingress=DROP)
    assert rules_of(ENTRY_FIREWALL, private) == {}
    assert rules_of(ENTRY_FIREWALL)[Signal.BLOCKED_PERCENT].key == "entry-firewall-blocked-percent"
    other = rules_of(ENTRY_FIREWALL, spec_of(monitoring__alerts__blocked_percent=60))
    assert other[Signal.BLOCKED_PERCENT].threshold == 60


@pytest.mark.parametrize("cloud", ["aws", "gcp", "azure"])
def test_the_account_and_a_firewall_with_one_log_are_watched_once_with_two_regions(cloud: str) -> None:
    places: dict[str, object] = {"azure__location": "eastus2", "azure__standby_location": "centralus"}
    places |= {"gcp__standby_region": "us-east1", "recovery": {"mode": "warm", "standby_region": "us-east-1"}}
    home = spec_of(cloud=cloud, **places)
    there = {rule.key for rule in alarm_rules(standby_spec(home)) if rule.subject in ("entry", "account")}
    assert there == (set() if cloud == "gcp" else {"entry-firewall-blocked-percent"})
    assert {"entry-firewall-blocked-percent", "account-permissions-changes"} <= {rule.key for rule in alarm_rules(home)}


def test_changes_of_permissions_are_watched_in_production_only_by_default() -> None:
    assert rules_of(ACCOUNT_PERMISSIONS, spec_of(profile="staging")) == {}
    enabled = spec_of(profile="staging", monitoring__alerts__permission_changes=True)
    assert rules_of(ACCOUNT_PERMISSIONS, enabled)[Signal.PERMISSION_CHANGES].key == "account-permissions-changes"
    assert rules_of(ACCOUNT_PERMISSIONS, spec_of(monitoring__alerts__permission_changes=False)) == {}
    assert rules_of(ACCOUNT_PERMISSIONS, spec_of(cloud="docker")) == {}


@pytest.mark.parametrize(
    ("cloud", "watched"), [("aws", True), ("azure", True), ("gcp", False), ("docker", False), ("kubernetes", False)]
)
def test_denied_connections_are_watched_where_flow_logs_have_them(cloud: str, watched: bool) -> None:
    there = spec_of(cloud=cloud, monitoring__alerts__denied_flows=5)
    assert [rule.threshold for rule in rules_of(NETWORK_FLOWS, there).values()] == ([5] if watched else [])
    assert rules_of(NETWORK_FLOWS, spec_of(cloud=cloud, network__flow_logs=False)) == {}
    adjusted = [each for each in adjustments(there) if each.key == "monitoring.alerts.denied_flows"]
    assert [each.effect for each in adjusted] == ([] if cloud == "aws" else ["partial" if watched else "ignored"])


def test_a_cache_without_eviction_has_no_eviction_alarm() -> None:
    spec = spec_of(cache__eviction="noeviction")
    assert set(rules_of("cache", spec)) == {Signal.CACHE_MEMORY_PERCENT}


def test_absent_data_stores_have_no_rules() -> None:
    uses = {f"services__{name}__uses": DROP for name in ("gateway", "chat", "worker")}
    spec = spec_of(**uses, database=DROP, cache=DROP)
    assert {rule.subject for rule in alarm_rules(spec)} == {"service", "entry", "account", "network", "tokens"}


def test_a_missing_metric_names_its_signal() -> None:
    rule = rules_of("cache")[Signal.CACHE_EVICTIONS]
    with pytest.raises(LookupError, match="evictions"):
        metric_for({Signal.CPU_PERCENT: "a metric"}, rule)


@pytest.mark.parametrize(("pair", "consumed_percent"), list(zip(BURN_RATES, CONSUMED_PERCENT, strict=True)))
def test_a_pair_fires_when_its_part_of_the_budget_is_consumed(pair: BurnRate, consumed_percent: int) -> None:
    long_hours = pair.long_seconds / 3600
    assert pair.factor * long_hours / MONTH_HOURS * 100 == pytest.approx(consumed_percent)


@given(availabilities, pairs)
def test_a_burn_rate_is_a_share_of_requests(availability: float, pair: BurnRate) -> None:
    assert 0 < pair.error_percent(availability) <= 100


@given(availabilities, availabilities, pairs)
def test_a_stricter_objective_never_allows_more_errors(one: float, other: float, pair: BurnRate) -> None:
    low, high = sorted((one, other))
    assert pair.error_percent(high) <= pair.error_percent(low)


@given(availabilities)
def test_a_longer_window_fires_at_fewer_errors(availability: float) -> None:
    shares = [pair.error_percent(availability) for pair in BURN_RATES]
    assert shares == sorted(shares, reverse=True)


@given(pairs)
def test_the_short_window_is_a_twelfth_of_the_long_one(pair: BurnRate) -> None:
    assert pair.short_seconds * 12 == pair.long_seconds


def test_copies_have_rules_for_the_data_that_the_platform_has() -> None:
    both = rules_of("copies", spec_of(recovery=COPIES))
    assert {rule.key: (rule.threshold, rule.period_seconds, rule.periods, rule.severity) for rule in both.values()} == {
        "copies-database-missing": (0, 3600, 1, "critical"),
        "copies-objects-failed": (0, 300, 1, "critical"),
        "copies-objects-lag-seconds": (1800, 300, 3, "warning"),
    }
    no_storage = spec_of(recovery=COPIES, storage=DROP, services__gateway__uses=["database", "cache", "models"])
    assert set(rules_of("copies", no_storage)) == {Signal.COPIES_DATABASE_MISSING}
    assert rules_of("copies") == {}


def test_each_cloud_has_the_rules_on_copies_that_it_reports() -> None:
    keys = [rule.key for rule in alarm_rules(copied_on_azure()) if rule.subject == "copies"]
    assert keys == ["copies-database-failed"]
