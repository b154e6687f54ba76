"""Connections of the database while a rollout runs every replica twice: refused, or shown in the plan."""

from collections.abc import Mapping

import pytest

from automation.plan.summary import data_stores
from components.validation.parse import parse
from providers import AVAILABLE, limits, rollout_control
from providers.contract.connections import ConnectionBudget, connection_budget, connection_refusals
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.spec import Platform
from tests.planning import production

RESERVED = {"aws": 5, "gcp": 3, "azure": 15, "docker": 3, "kubernetes": 3}
REPLICAS = {"docker": {"min": 12, "max": 12}}


def spec_of(cloud: str, connections: int, changes: Mapping[str, object] | None = None) -> Platform:
    """Return production with one user of the database, 12 replicas of 2 processes, and this many connections."""
    settings: dict[str, object] = {
        "services.gateway.uses": ["database"],
        "services.gateway.size": {"vcpu": 2, "memory_gib": 4},
        "services.gateway.replicas": REPLICAS.get(cloud, {"min": 3, "max": 12}),
        "services.chat.uses": [],
        "services.worker.uses": [],
        "database.parameters": {"max_connections": connections},
    }
    return parse(production({**settings, **(changes or {})}, cloud), "prod")


IN_STEPS = {"services.gateway.rollout": {"strategy": "canary"}}
TIMES_IN_STEPS = {"aws": 3, "gcp": 2, "azure": 2, "docker": 3, "kubernetes": 3}
"""How often the replicas of a service run at most during its rollout in steps."""


def processes(spec: Platform) -> int:
    """Return the processes of one replica of the gateway."""
    return spec.services["gateway"].web_concurrency or 1


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_a_server_with_fewer_connections_than_processes_is_refused_with_the_numbers(cloud: str) -> None:
    total = 2 * 12 * processes(spec_of(cloud, 500))
    spec = spec_of(cloud, total + RESERVED[cloud])
    budget = limits(cloud).connections(spec)
    assert budget is not None
    assert (budget.total, budget.for_each, budget.reserved) == (total, 1, RESERVED[cloud])
    with pytest.raises(InvalidConfiguration) as caught:
        spec_of(cloud, total + RESERVED[cloud] - 1)
    (message,) = [str(each) for each in caught.value.diagnostics]
    assert message == (
        f"database.parameters.max_connections: not supported on {cloud}: a rollout at maximum scale runs {total} processes that connect to the database "
        f"(gateway {total}), and the server accepts {total + RESERVED[cloud] - 1} connections, of which {RESERVED[cloud]} are "
        "reserved. Lower replicas.max, use a larger database.size, or raise it."
    )


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_the_plan_shows_the_connections_of_each_process(cloud: str) -> None:
    spec = spec_of(cloud, 500)
    total = 2 * 12 * processes(spec)
    (database,) = [store for store in data_stores(spec, set()) if store.connections]
    expected = f"500 connections, {(500 - RESERVED[cloud]) // total} for each of {total} processes in a rollout"
    assert database.connections == expected


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_a_rollout_in_steps_counts_the_replicas_that_replace_the_stable_ones(cloud: str) -> None:
    spec = spec_of(cloud, 500, IN_STEPS)
    budget = limits(cloud).connections(spec)
    assert budget is not None
    assert budget.total == TIMES_IN_STEPS[cloud] * 12 * processes(spec)
    assert (TIMES_IN_STEPS[cloud] > 2) == rollout_control(cloud).replaces_stable


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_a_number_that_is_none_and_a_platform_without_a_database_have_no_budget(cloud: str) -> None:
    spec = spec_of(cloud, 500)
    assert spec.database is not None
    text = spec.database.model_copy(update={"parameters": {"max_connections": "many"}})
    for changed in (spec.model_copy(update={"database": text}), spec.model_copy(update={"database": None})):
        assert limits(cloud).connections(changed) is None


def test_jobs_and_a_release_command_count_once() -> None:
    jobs = {name: {"service": "gateway", "schedule": "0 3 * * *", "command": ["report"]} for name in ("a", "b")}
    changes = {"jobs": jobs, "services.gateway.release": {"command": ["migrate"]}}
    spec = spec_of("aws", 500, changes)
    assert connection_budget(spec, 500).total == connection_budget(spec_of("aws", 500), 500).total + 3


def test_a_database_that_no_service_uses_is_never_too_small() -> None:
    budget = ConnectionBudget(25, 15, {}, 0)
    assert connection_refusals(spec_of("aws", 500), budget) == []
    assert str(budget) == "25 connections"
