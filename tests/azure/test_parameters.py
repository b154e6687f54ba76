"""PostgreSQL parameters of a flexible server."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.azure.database.parameters import max_connections, server_parameters
from providers.contract.diagnostics import Effect
from providers.contract.spec import DatabaseSize, DatabaseSpec
from tests.azure.plans import adjustments, error_keys, refusals


def value(database: DatabaseSpec, name: str) -> str:
    return {parameter.name: parameter.value for parameter in server_parameters(database)}[name]


@given(st.integers(128, 100_000))
def test_buffers_in_mib_are_converted_to_pages_of_8_kb(mib: int) -> None:
    database = DatabaseSpec(parameters={"shared_buffers_mib": mib, "effective_cache_size_mib": mib})
    assert value(database, "shared_buffers") == value(database, "effective_cache_size") == str(mib * 128)


def test_a_boolean_is_on_or_off() -> None:
    assert value(DatabaseSpec(parameters={"jit": False}), "jit") == "off"


def test_the_users_value_overrides_the_platforms() -> None:
    assert value(DatabaseSpec(parameters={"log_statement": "all"}), "log_statement") == "all"


@pytest.mark.parametrize(("memory_gib", "connections"), [(8, 859), (16, 1718), (32, 3437), (64, 5000)])
def test_connections_depend_on_the_servers_memory(memory_gib: int, connections: int) -> None:
    for size in (memory_gib, float(memory_gib)):
        assert max_connections(DatabaseSpec(size=DatabaseSize(vcpu=2, memory_gib=size))) == connections
    assert max_connections(DatabaseSpec(parameters={"max_connections": 77})) == 77


def test_parameters_that_require_a_restart_are_reported() -> None:
    reported = adjustments(
        {"database.parameters": {"max_connections": 300, "work_mem": 8192, "shared_buffers_mib": 4096}}
    )
    keys = {key for key in reported if key.startswith("database.parameters.")}
    assert keys == {"database.parameters.max_connections", "database.parameters.shared_buffers_mib"}
    assert all(reported[key].effect is Effect.PARTIAL and "restart" in reported[key].reason for key in keys)


@pytest.mark.parametrize("buffers", [1700, 8000])
def test_buffers_within_the_bounds_are_accepted_for_memory_as_int_and_as_float(buffers: int) -> None:
    for memory in (16, 16.0):
        changes = {"database.size": {"vcpu": 2, "memory_gib": memory}}
        assert error_keys({**changes, "database.parameters": {"shared_buffers_mib": buffers}}) == []


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"require_secure_transport": "off"}, "the platform encrypts every connection"),
        ({"port": 5433}, "Azure manages the server's address, files and processes"),
        ({"superuser_reserved_connections": 3}, "Azure manages reserved connections"),
        ({"archive_mode": "off"}, "Azure manages backups and replication"),
        ({"work_mem": "64MB"}, "has a unit"),
        ({"shared_buffers": "4GB"}, "or use shared_buffers_mib"),
        ({"max_connections": 20}, "from 25 to 5000"),
        ({"max_connections": 100.0}, "from 25 to 5000"),
        ({"max_connections": "many"}, "from 25 to 5000"),
        ({"shared_buffers_mib": 13000}, "10 to 75 % of the server's 16384 MiB"),
        ({"shared_buffers_mib": 1000}, "10 to 75 % of the server's 16384 MiB"),
    ],
)
def test_a_parameter_that_the_server_rejects_is_refused(parameters: dict[str, object], text: str) -> None:
    (refusal,) = refusals({"database.parameters": parameters})
    assert refusal.key == f"database.parameters.{next(iter(parameters))}"
    assert text in f"{refusal.problem}. {refusal.fix}"
