"""PostgreSQL parameters as database flags of Cloud SQL."""

import pytest

from providers.contract.diagnostics import Diagnostic
from providers.contract.spec import DatabaseSpec
from providers.contract.spec.data import Parameter
from providers.gcp.database.parameters import DEFAULTS, flags, max_connections
from providers.gcp.database.sizes import database_tier
from tests.gcp.plans import diagnostics

TIER = database_tier(DatabaseSpec().size, "us-central1")


def values(**parameters: Parameter) -> dict[str, str]:
    return {flag.name: flag.value for flag in flags(DatabaseSpec(parameters=dict(parameters)), TIER)}


def refusal_of(name: str, value: Parameter) -> Diagnostic:
    (refusal,) = diagnostics({"database.parameters": {name: value}})
    assert refusal.key == f"database.parameters.{name}"
    return refusal


def test_every_flag_is_text() -> None:
    assert values()["log_checkpoints"] == "on"
    assert values()["log_executor_stats"] == "off"
    assert values()["log_min_duration_statement"] == "-1"


def test_sizes_in_mib_become_pages_of_8_kb() -> None:
    assert values(shared_buffers_mib=1024)["shared_buffers"] == "131072"
    assert values(effective_cache_size_mib=8)["effective_cache_size"] == "1024"
    assert "shared_buffers_mib" not in values(shared_buffers_mib=1024)


def test_the_users_value_replaces_the_default() -> None:
    assert values(log_statement="all")["log_statement"] == "all"
    assert set(values()) == {*DEFAULTS, "max_connections"}


def test_the_maximum_of_connections_is_always_declared() -> None:
    assert values(max_connections=321)["max_connections"] == "321"
    assert values()["max_connections"] == str(max_connections(DatabaseSpec(), TIER)) == "500"


@pytest.mark.parametrize("name", ["shared_preload_libraries", "listen_addresses", "ssl", "wal_level", "archive_mode"])
def test_a_parameter_that_cloud_sql_manages_is_refused(name: str) -> None:
    assert refusal_of(name, "on")


def test_a_value_with_a_unit_is_refused_with_the_key_in_mib() -> None:
    work_mem, shared_buffers = str(refusal_of("work_mem", "64MB")), str(refusal_of("shared_buffers", "4 GB"))
    assert "unit of work_mem" in work_mem and "shared_buffers_mib" not in work_mem
    assert "use shared_buffers_mib" in shared_buffers


def test_buffers_as_large_as_the_server_are_refused() -> None:
    refusal = refusal_of("shared_buffers_mib", 16 * 1024)
    assert "16384 MiB of memory and would not start" in refusal.problem


@pytest.mark.parametrize("count", [13, 262_144, "many"])
def test_a_number_of_connections_out_of_range_is_refused(count: Parameter) -> None:
    assert "14 to 262143" in refusal_of("max_connections", count).problem
