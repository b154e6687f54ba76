"""PostgreSQL's parameters as database flags."""

import pytest

from providers.contract.spec import DatabaseSpec
from providers.contract.spec.data import Parameter
from providers.gcp.database.parameters import DEFAULTS, flags, max_connections
from providers.gcp.sizes import database_tier
from tests.gcp.asked import refused

TIER = database_tier(DatabaseSpec().size, "us-central1")


def values(**parameters: Parameter) -> dict[str, str]:
    return {flag.name: flag.value for flag in flags(DatabaseSpec(parameters=dict(parameters)), TIER)}


def told(name: str, value: Parameter) -> list[str]:
    return refused({"database.parameters": {name: value}})


def test_every_flag_is_text() -> None:
    assert values()["log_checkpoints"] == "on"
    assert values()["log_executor_stats"] == "off"
    assert values()["log_min_duration_statement"] == "-1"


def test_sizes_in_mib_become_pages_of_8_kb() -> None:
    assert values(shared_buffers_mib=1024)["shared_buffers"] == "131072"
    assert values(effective_cache_size_mib=8)["effective_cache_size"] == "1024"
    assert "shared_buffers_mib" not in values(shared_buffers_mib=1024)


def test_the_users_value_wins_over_the_platforms() -> None:
    assert values(log_statement="all")["log_statement"] == "all"
    assert set(values()) == {*DEFAULTS, "max_connections"}


def test_connections_are_always_stated() -> None:
    assert values(max_connections=321)["max_connections"] == "321"
    assert values()["max_connections"] == str(max_connections(DatabaseSpec(), TIER)) == "500"


@pytest.mark.parametrize("name", ["shared_preload_libraries", "listen_addresses", "ssl", "wal_level", "archive_mode"])
def test_what_cloud_sql_keeps_to_itself_is_refused(name: str) -> None:
    assert len(told(name, "on")) == 1
    assert f"database.parameters.{name}" in told(name, "on")[0]


def test_a_value_with_a_unit_is_refused_with_the_key_that_takes_mib() -> None:
    assert "plain number in PostgreSQL's own unit of work_mem." in told("work_mem", "64MB")[0]
    assert "or use shared_buffers_mib" in told("shared_buffers", "4 GB")[0]


def test_buffers_as_large_as_the_server_are_refused() -> None:
    assert "would not start" in told("shared_buffers_mib", 16 * 1024)[0]


@pytest.mark.parametrize("count", [13, 262_144, "many"])
def test_a_number_of_connections_that_cloud_sql_does_not_take_is_refused(count: Parameter) -> None:
    assert "14 to 262143" in told("max_connections", count)[0]
