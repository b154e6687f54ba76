"""PostgreSQL parameters in the format of RDS."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.aws.database.parameters import max_connections, parameter_refusals, server_parameters
from providers.aws.database.sizes import max_allocated_storage_gib, storage_refusals
from providers.contract.diagnostics import Unsupported
from providers.contract.spec import DatabaseSize, DatabaseSpec, Platform, Service
from providers.contract.spec.data import Parameter


def platform(database: DatabaseSpec) -> Platform:
    return Platform(cloud="aws", services={"api": Service(image="api:1")}, database=database)


def declared(parameters: dict[str, Parameter], version: str = "17") -> dict[str, tuple[str, str]]:
    database = DatabaseSpec(version=version, parameters=parameters)
    return {each.name: (each.value, each.apply_method) for each in server_parameters(database)}


def refused(name: str, value: Parameter) -> str:
    (refusal,) = parameter_refusals(platform(DatabaseSpec(parameters={name: value})), "prod")
    return str(refusal)


@given(st.integers(1, 1_000_000))
def test_a_size_in_mib_is_a_number_of_pages_of_8_kib(mib: int) -> None:
    pages = declared({"effective_cache_size_mib": mib})["effective_cache_size"][0]
    assert int(pages) * 8192 == mib * 2**20


def test_a_size_in_mib_is_declared_under_the_name_of_postgresql() -> None:
    assert not {"shared_buffers_mib", "effective_cache_size_mib"} & set(
        declared({"shared_buffers_mib": 1024, "effective_cache_size_mib": 2048})
    )


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [("work_mem", 8192, "8192"), ("random_page_cost", 1.1, "1.1"), ("autovacuum", False, "0"), ("jit", True, "1")],
)
def test_a_value_is_written_in_the_format_of_rds(name: str, value: Parameter, text: str) -> None:
    assert declared({name: value})[name] == (text, "immediate")


def test_an_enumeration_with_on_and_off_takes_the_word() -> None:
    assert declared({"synchronous_commit": False})["synchronous_commit"] == ("off", "immediate")


@pytest.mark.parametrize("name", ["max_connections", "shared_buffers", "wal_buffers", "max_worker_processes"])
def test_parameters_read_at_start_wait_for_a_restart(name: str) -> None:
    assert declared({name: 4096})[name] == ("4096", "pending-reboot")


def test_autovacuum_workers_wait_for_a_restart_until_17() -> None:
    assert declared({"autovacuum_max_workers": 4}, "17")["autovacuum_max_workers"][1] == "pending-reboot"
    assert declared({"autovacuum_max_workers": 4}, "18")["autovacuum_max_workers"][1] == "immediate"


def test_parameters_are_declared_once_and_in_order() -> None:
    names = [each.name for each in server_parameters(DatabaseSpec(parameters={"log_statement": "none"}))]
    assert names == sorted(set(names))


@pytest.mark.parametrize(
    "name", ["listen_addresses", "port", "data_directory", "archive_command", "wal_level", "fsync"]
)
def test_parameters_that_rds_controls_are_refused(name: str) -> None:
    refusal = refused(name, "x")
    assert refusal.startswith(f"database.parameters.{name}: not supported on aws: ")
    assert "RDS controls" in refusal


@pytest.mark.parametrize("name", ["ssl", "rds.force_ssl"])
def test_tls_cannot_be_disabled(name: str) -> None:
    assert "TLS is always on" in refused(name, 0)


@pytest.mark.parametrize("value", ["256MB", "4 GB", "30s", "1.5min"])
def test_a_value_with_a_unit_is_refused(value: str) -> None:
    assert "has a unit" in refused("work_mem", value)


def test_buffers_with_a_unit_are_refused_with_the_key_in_mib() -> None:
    assert "shared_buffers_mib" in refused("shared_buffers", "4GB")


def test_buffers_as_large_as_the_server_are_refused() -> None:
    assert "it would not start" in refused("shared_buffers_mib", 16 * 1024)
    assert parameter_refusals(platform(DatabaseSpec(parameters={"shared_buffers_mib": 4096})), "prod") == []


@pytest.mark.parametrize("value", ["many", "12.5", True])
def test_max_connections_is_a_whole_number(value: Parameter) -> None:
    assert "whole number of connections" in refused("max_connections", value)


@pytest.mark.parametrize(("memory_gib", "connections"), [(4, 450), (16, 1802), (512, 5000)])
def test_the_default_of_max_connections_is_that_of_rds(memory_gib: float, connections: int) -> None:
    assert max_connections(DatabaseSpec(size=DatabaseSize(vcpu=2, memory_gib=memory_gib))) == connections


@given(st.integers(20, 65536), st.integers(20, 65536))
def test_storage_grows_by_ten_percent_or_more_or_not_at_all(storage_gib: int, max_storage_gib: int) -> None:
    database = DatabaseSpec(storage_gib=storage_gib, max_storage_gib=max_storage_gib)
    bound = max_allocated_storage_gib(database)
    assert bool(storage_refusals(platform(database), "prod")) == (0 < bound * 10 < storage_gib * 11)


def test_a_maximum_too_close_to_the_initial_storage_is_refused_with_the_nearest_values() -> None:
    (refusal,) = storage_refusals(platform(DatabaseSpec(storage_gib=100, max_storage_gib=105)), "prod")
    assert isinstance(refusal, Unsupported)
    assert refusal.key == "database.max_storage_gib"
    assert "105 GiB" in refusal.problem
    assert refusal.fix == "use 110 or more, or 100 for storage that does not grow"
