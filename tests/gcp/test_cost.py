"""Monthly cost on Google Cloud, calculated by hand from the price list of us-central1."""

import pytest

from providers.gcp.cost.charges import REDIS_CAPACITIES
from tests.costs import HOURS, SECONDS, Amount, assert_prices, by_component, cents, estimated, part
from tests.planning import JOBS

REPLICA = SECONDS * (1 * 0.000018 + 2 * 0.000002)
SIDECAR = SECONDS * (1 * 0.000018 + 0.5 * 0.000002)
WORKER = SECONDS * (1 * 0.000011244 + 2 * 0.000001235)
SECRET, KEY_VERSION = 0.06, 0.06
LOG_MONTHS = (365 - 30) / 30.4


def production_at(replicas: int, workers: int, disk_gib: int) -> dict[str, float]:
    """Cost by component with a number of replicas of services, each with a metrics sidecar, and of workers."""
    return {
        "Keys": 2 * KEY_VERSION,
        "Network": 3 * HOURS * 0.005 + (replicas + workers) * HOURS * 0.0014 + 50 * 0.045 + 10 * 0.25 + 2 * 0.2,
        "Registry": 5 * 0.1 + 5 * 0.26,
        "Secrets": 2 * SECRET,
        "Database": HOURS * (2 * 0.1074 + 16 * 0.0182) + disk_gib * 0.34 + 20 * 0.08 + 2 * SECRET,
        "Cache": 3 * HOURS * 0.064 + 2 * SECRET,
        "Storage": 50 * 0.02,
        "Compute": replicas * (REPLICA + SIDECAR + 90 * 0.06) + workers * WORKER + 2 * SECRET,
        "Entry": HOURS * 0.025 + 50 * 0.008 + 50 * 0.12 + 5 + 18 * 1 + 1 * 0.75 + 1 * 0.5,
        "Monitoring": 20 * 0.5 + 20 * LOG_MONTHS * 0.01 + (41 + 3 + 5) * 0.1,
    }


def test_production_costs_what_the_arithmetic_by_hand_gives() -> None:
    """A worker pool has a fixed number of replicas, so the workers are 2 at the maximum, too."""
    low = production_at(replicas=3 + 3, workers=2, disk_gib=100)
    high = production_at(replicas=12 + 6, workers=2, disk_gib=500)
    amounts: dict[str, Amount] = {name: (low[name], high[name]) for name in low}
    estimate = estimated("gcp")
    assert by_component(estimate) == cents(amounts)
    assert (round(estimate.total.minimum), round(estimate.total.maximum)) == (1390, 2896)
    assert estimate.unknown == ()


def test_a_service_billed_by_request_is_busy_for_a_part_of_the_time() -> None:
    """A service without public path in a small profile has its CPU during requests only."""
    estimate = estimated("gcp", {"profile": "staging", "monitoring.prometheus": False}, {"busy_percent": 25})
    chat = [line.charge for line in estimate.lines if line.name == "prod-compute-chat"]
    by_sku = {charge.sku: charge for charge in chat}
    assert set(by_sku) == {"run.request.vcpu", "run.request.idle_min", "run.request.memory", "run.requests"}
    busy, idle = by_sku["run.request.vcpu"], by_sku["run.request.idle_min"]
    assert (busy.minimum, idle.minimum) == pytest.approx((3 * SECONDS * 0.25, 3 * SECONDS * 0.75))
    assert (busy.maximum, idle.maximum) == (6 * SECONDS, 0)
    assert by_sku["run.request.memory"].minimum == 2 * 3 * SECONDS


def test_a_custom_tier_is_billed_by_vcpu_and_memory() -> None:
    estimate = estimated("gcp", {"database.size": {"vcpu": 2, "memory_gib": 8}})
    skus = {line.charge.sku: line.charge.minimum for line in estimate.components["Database"]}
    assert skus["sql.enterprise.regional.vcpu"] == 2 * HOURS
    assert skus["sql.enterprise.regional.memory"] == 8 * HOURS


def test_a_job_pays_for_its_schedule_and_the_minutes_of_its_runs() -> None:
    estimate = estimated("gcp", {"jobs": JOBS})
    seconds = HOURS / 24 * 600
    assert part(estimate, "Jobs", "app vcpu") == pytest.approx((seconds, seconds))
    assert part(estimate, "Jobs", "schedule") == (1, 1)


def test_every_size_that_a_stack_can_have_has_a_price() -> None:
    tiers = [
        f"memorystore.redis.{tier}.{capacity}" for tier in ("basic", "standard") for _, capacity in REDIS_CAPACITIES
    ]
    assert_prices("gcp", tiers)
    assert_prices(
        "gcp",
        [
            f"sql.{edition}.{zones}.{part}"
            for edition in ("enterprise", "plus")
            for zones in ("zonal", "regional")
            for part in ("vcpu", "memory")
        ],
    )
