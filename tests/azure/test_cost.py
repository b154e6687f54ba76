"""Monthly cost on Azure, calculated by hand from the price list of westus3."""

import pytest

from providers.azure.cache.sizes import MEMORY_GIB_BY_SKU
from providers.azure.database.sizes import BURSTABLE, PROVISIONED
from tests.costs import HOURS, SECONDS, Amount, assert_prices, by_component, cents, estimated, part
from tests.planning import DRILL, JOBS

ENDPOINT = HOURS * 0.01 + 50 / 5 * 0.01
"""One of five private endpoints, which share 50 GB."""
LOG_MONTHS = (365 - 31) / 30.4
VCPU, MEMORY = SECONDS * 0.000024, SECONDS * 0.000003


def production_at(replicas: int, workers: int, disk_gib: int) -> dict[str, float]:
    """Cost by component with a number of replicas of services, each with a metrics sidecar, and of workers."""
    vcpu, memory = replicas * 1.25 + workers * 1, replicas * 2.5 + workers * 2
    return {
        "Logs": (20 + 1) * 2.3 + (20 + 1) * LOG_MONTHS * 0.1,
        "Vault": ENDPOINT + 1 * HOURS / 24 / 90,  # and the rotations of the key
        "Network": HOURS * 0.045
        + 50 * 0.045
        + HOURS * 0.005
        + 6 * 0.5
        + (10 - 5) * 0.5
        + 10 * 3.5
        + 10 * 365 / 30.4 * 0.0414,
        "Registry": HOURS / 24 * 1.6667 + ENDPOINT,
        "Database": 2 * HOURS * 0.25 + 2 * disk_gib * 0.115,
        "Cache": 2 * HOURS * 0.065 + ENDPOINT,
        "Storage": 50 * 0.0414 + ENDPOINT,
        "Models": ENDPOINT,
        "Prometheus": 2 * HOURS * 0.043 + 2 * 6 + replicas * 9 * 0.16,
        "Environment": HOURS * 0.025 + HOURS * 0.1,
        "Compute": vcpu * VCPU + memory * MEMORY + 1 * 0.4,
        "Entry": 330 + 100 * 0.015 + 50 * 0.083,
        "Monitoring": 16 * 0.1 + 12 * 1.5,
    }


def test_production_costs_what_the_arithmetic_by_hand_gives() -> None:
    """The disk of 128 GiB grows in Azure's sizes to the 512 GiB above `database.max_storage_gib`."""
    low = production_at(replicas=3 + 3, workers=2, disk_gib=128)
    high = production_at(replicas=12 + 6, workers=8, disk_gib=512)
    amounts: dict[str, Amount] = {name: (low[name], high[name]) for name in low}
    estimate = estimated("azure")
    assert by_component(estimate) == cents(amounts)
    assert (round(estimate.total.minimum), round(estimate.total.maximum)) == (2014, 3776)
    assert estimate.unknown == ()
    assert dict(estimate.excluded) == {
        "cognitiveservices:Account": "models are paid by token",
        "cognitiveservices:Deployment": "models are paid by token",
    }


def test_idle_replicas_pay_the_idle_rate() -> None:
    """The table of idle production in docs/first-day-azure.md: 9.5 vCPU and 19 GiB at 0.000003 USD a second."""
    estimate = estimated("azure", usage={"active_percent": 0, "requests_millions": 0})
    compute, _ = by_component(estimate)["Compute"]
    assert compute == 224.69
    assert part(estimate, "Compute", "vCPU, idle") == (9.5 * SECONDS, 0)


def test_a_registry_without_a_known_price_is_unknown_and_not_free() -> None:
    estimate = estimated("azure", {"profile": "development", "network.private_endpoints": False})
    assert "no price of acr.standard in westus3" in [each.reason for each in estimate.unknown]
    assert not [line for line in estimate.lines if line.charge.sku == "acr.standard"]


def test_the_private_link_of_the_environment_is_paid_only_with_an_entry() -> None:
    estimate = estimated("azure", {"services.gateway.path": None} | {"ingress.domain": None, "ingress.dns_zone": None})
    assert "Dedicated Plan Management, for the private link" not in {
        line.charge.what for line in estimate.components["Environment"]
    }


def test_a_job_pays_for_the_minutes_of_its_runs() -> None:
    estimate = estimated("azure", {"jobs": JOBS})
    seconds = HOURS / 24 * 600
    assert part(estimate, "Jobs", "vCPU") == pytest.approx((seconds, seconds))
    assert part(estimate, "Jobs", "memory") == pytest.approx((2 * seconds, 2 * seconds))


def test_a_drill_pays_for_its_server_and_both_jobs() -> None:
    estimate = estimated("azure", {"recovery.drill": {**DRILL, "schedule": "0 4 * * *"}})
    hours, reports = HOURS / 24 * 2, HOURS * 30
    restored = part(estimate, "Drill", "restored server")
    assert restored == pytest.approx((hours, hours))
    total = sum(line.charge.minimum for line in estimate.components["Drill"] if line.charge.what == "vCPU")
    assert total == pytest.approx(1.0 * hours * 3600 + 0.5 * reports)


def test_every_size_that_a_stack_can_have_has_a_price() -> None:
    assert_prices("azure", [f"postgres.{size.name}" for size in (*BURSTABLE, *PROVISIONED)])
    assert_prices("azure", [f"redis.{name}" for name in MEMORY_GIB_BY_SKU])
