"""Monthly cost on AWS, calculated by hand from the price list of us-west-2."""

import pytest

from providers.aws.cache.sizes import CACHE_NODES
from providers.aws.cost.charges import MULTI_AZ
from providers.aws.database.sizes import DATABASE_CLASSES
from tests.costs import HOURS, Amount, assert_prices, by_component, cents, estimated, part
from tests.planning import DRILL, JOBS

LOG_MONTHS = 365 / 30.4
LOG_GROUP = 20 / 11 * (0.5 + LOG_MONTHS * 0.03)
"""20 GB of logs in eleven groups, of services, data stores, the cluster, its metrics collector, and of events about backups and rights."""
REPLICA = HOURS * (1 * 0.04048 + 2 * 0.004445)
SECRET, KEY, ALARM_METRIC, LOG_METRIC = 0.4, 1.0, 0.1, 0.3


def production_at(replicas: int, scraped: int, disk_gib: int) -> dict[str, float]:
    """Cost by component with a number of replicas, of which some have a metrics collector."""
    nat = 3 * HOURS * 0.045 + 50 * 0.045 + 3 * HOURS * 0.005
    endpoints = 6 * 3 * HOURS * 0.01 + 50 * 0.01
    return {
        "Keys": 2 * KEY,
        "Network": nat + endpoints + 10 * 0.5 + 10 * LOG_MONTHS * 0.03,
        "Registry": 5 * 0.1,
        "Secrets": 2 * SECRET,
        "Database": 2 * HOURS * 0.239 + 2 * disk_gib * 0.115 + 2 * SECRET + 2 * LOG_GROUP,
        "Cache": 2 * HOURS * 0.052 + 1 * 0.085 + SECRET + 2 * LOG_GROUP,
        "Storage": 50 * 0.023 + 0.5 * 0.023,
        "Prometheus": scraped * 9 * 0.9 + LOG_GROUP,
        "Ingress": HOURS * 0.0225 + HOURS * 0.008 + 3 * HOURS * 0.005 + 50 * 0.09 + 0.5 * 0.023,
        "Compute": replicas * REPLICA + (60 + 75 * replicas) * 0.07 + 4 * LOG_GROUP + 3 * ALARM_METRIC,
        "Autoscaling": 7 * 2 * ALARM_METRIC,
        "Entry": 5 + 8 * 1 + 1 * 0.6 + 1 * 0.5 + 1 * LOG_MONTHS * 0.03,
        "Monitoring": (44 + 3 + 2 * 4) * ALARM_METRIC + 4 * 0.5 + 3.0 + 5 * LOG_METRIC + 2 * LOG_GROUP,
    }


def test_production_costs_what_the_arithmetic_by_hand_gives() -> None:
    low = production_at(replicas=3 + 3 + 2, scraped=3 + 3, disk_gib=100)
    high = production_at(replicas=12 + 6 + 8, scraped=12 + 6, disk_gib=500)
    amounts: dict[str, Amount] = {name: (low[name], high[name]) for name in low}
    estimate = estimated("aws")
    assert by_component(estimate) == cents(amounts)
    assert (round(estimate.total.minimum), round(estimate.total.maximum)) == (1172, 2104)
    assert estimate.unknown == ()


def test_arm_has_its_own_price() -> None:
    changes = {f"services.{name}.architecture": "arm64" for name in ("gateway", "chat", "worker")}
    estimate = estimated("aws", changes)
    skus = {line.charge.sku for line in estimate.lines if line.charge.what.startswith("Fargate")}
    assert skus == {"fargate.arm.vcpu", "fargate.arm.memory"}
    assert part(estimate, "Compute", "Fargate vcpu") == (8 * HOURS, 26 * HOURS)


def test_a_database_in_one_zone_is_billed_once() -> None:
    risk = {"database.high_availability": "a trial of one week"}
    estimate = estimated("aws", {"database.high_availability": False, "accept_risk": risk})
    assert part(estimate, "Database", "instance") == (HOURS, HOURS)
    assert part(estimate, "Database", "disk") == (100, 500)
    assert part(estimated("aws"), "Database", "instance") == (MULTI_AZ * HOURS, MULTI_AZ * HOURS)


def test_backups_pay_above_the_disk() -> None:
    assert part(estimated("aws"), "Database", "backups") == (0, 0)
    assert part(estimated("aws", usage={"database_backups_gb": 130}), "Database", "backups") == (30, 30)


def test_a_job_pays_for_the_minutes_of_its_runs() -> None:
    """One run a day of ten minutes: 730 / 24 runs, each a sixth of an hour with 1 vCPU and 2 GiB."""
    estimate = estimated("aws", {"jobs": JOBS})
    hours = HOURS / 24 / 6
    assert part(estimate, "Jobs", "Fargate vcpu") == pytest.approx((hours, hours))
    assert part(estimate, "Jobs", "Fargate memory") == pytest.approx((2 * hours, 2 * hours))


def test_a_release_command_costs_nothing_between_deployments() -> None:
    estimate = estimated("aws", {"services.gateway.release": {"command": ["alembic", "upgrade", "head"]}})
    assert estimate.total == estimated("aws").total


def test_a_restore_drill_pays_for_the_restored_instance_and_its_vault_has_no_known_price() -> None:
    """One drill a week of two hours: 730 / 168 runs."""
    estimate = estimated("aws", {"recovery.drill": DRILL})
    low, _ = part(estimate, "Drill", "restored instance")
    assert abs(low - 2 * HOURS / 168) < 0.05  # a year of 365 days has 52 Sundays
    assert [part.reason for part in estimate.unknown] == ["no price of backup.rds_snapshot in us-west-2"]


def test_copies_in_a_standby_region_are_in_the_estimate() -> None:
    changes = {"recovery": {"mode": "backup", "standby_region": "us-east-1"}}
    estimate = estimated("aws", changes)
    standby = {line.charge.sku: line.charge.minimum for line in estimate.lines if "-us-east-1-" in line.name}
    assert (standby["kms.key"], standby["rds.backup_above_disk"]) == (1, 100)
    assert part(estimate, "Storage", "objects") == (2 * 50, 2 * 50)
    assert part(estimate, "Registry", "images") == (2 * 5, 2 * 5)
    assert {part.component for part in estimate.unknown} == {"Recovery"}


def test_the_read_replica_of_a_warm_standby_has_the_disk_of_its_source() -> None:
    estimate = estimated("aws", {"recovery": {"mode": "warm", "standby_region": "us-east-1"}})
    disks = {line.name: line.charge.minimum for line in estimate.lines if line.charge.what == "disk"}
    assert disks["prod-database"] == 2 * 100
    assert disks["prod-us-east-1-database"] in (100, 2 * 100)
    reasons = {each.reason for each in estimate.unknown}
    assert reasons == {"no price of backup.rds_snapshot in us-west-2"}


def test_every_size_that_a_stack_can_have_has_a_price() -> None:
    assert_prices("aws", [f"rds.postgres.{each.name}" for each in DATABASE_CLASSES])
    assert_prices("aws", [f"elasticache.valkey.{name}" for name in CACHE_NODES])
