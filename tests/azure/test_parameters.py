"""PostgreSQL's parameters in the words of a flexible server."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.azure.database.parameters import max_connections, server_parameters
from providers.azure.limits import LIMITS
from providers.contract.spec import DatabaseSize, DatabaseSpec
from tests.azure.laid import spec_of


def value(database: DatabaseSpec, name: str) -> str:
    return {parameter.name: parameter.value for parameter in server_parameters(database)}[name]


@given(st.integers(128, 100_000))
def test_buffers_in_mib_become_pages_of_8_kb(mib: int) -> None:
    database = DatabaseSpec(parameters={"shared_buffers_mib": mib, "effective_cache_size_mib": mib})
    assert value(database, "shared_buffers") == value(database, "effective_cache_size") == str(mib * 128)


def test_a_switch_is_on_or_off() -> None:
    assert value(DatabaseSpec(parameters={"jit": False}), "jit") == "off"


def test_the_users_value_wins_over_the_platforms() -> None:
    assert value(DatabaseSpec(parameters={"log_statement": "all"}), "log_statement") == "all"


@pytest.mark.parametrize(("memory_gib", "connections"), [(8, 859), (16, 1718), (32, 3437), (64, 5000)])
def test_connections_follow_the_servers_memory(memory_gib: int, connections: int) -> None:
    assert max_connections(DatabaseSpec(size=DatabaseSize(vcpu=2, memory_gib=memory_gib))) == connections
    assert max_connections(DatabaseSpec(parameters={"max_connections": 77})) == 77


def test_what_waits_for_a_restart_is_told() -> None:
    spec = spec_of({"database.parameters": {"max_connections": 300, "work_mem": 8192, "shared_buffers_mib": 4096}})
    paths = {found.key for found in LIMITS.adjustments(spec) if "restart" in found.reason}
    assert paths == {"database.parameters.max_connections", "database.parameters.shared_buffers_mib"}


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"require_secure_transport": "off"}, "the platform keeps every connection encrypted"),
        ({"port": 5433}, "Azure keeps address, files and processes"),
        ({"superuser_reserved_connections": 3}, "Azure keeps what connections it needs"),
        ({"archive_mode": "off"}, "Azure makes backups and standby itself"),
        ({"work_mem": "64MB"}, "has a unit, which Azure does not read"),
        ({"shared_buffers": "4GB"}, "or use shared_buffers_mib"),
        ({"max_connections": 20}, "from 25 to 5000"),
        ({"max_connections": "many"}, "from 25 to 5000"),
        ({"shared_buffers_mib": 13000}, "10 to 75 % of the server's 16384 MiB"),
        ({"shared_buffers_mib": 1000}, "10 to 75 % of the server's 16384 MiB"),
    ],
)
def test_what_the_server_does_not_take_is_refused_in_words(parameters: dict[str, object], words: str) -> None:
    (refusal,) = LIMITS.refusals(spec_of({"database.parameters": parameters}), "prod")
    assert words in str(refusal)
