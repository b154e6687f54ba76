"""PostgreSQL parameters that every managed server shares."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.contract.postgres import (
    declared_parameters,
    in_postgres_unit,
    needs_restart,
    on_or_off,
    postgres_name,
    refused_parameters,
)
from providers.contract.spec import DatabaseSpec
from providers.contract.spec.data import Parameter


def refusals(name: str, value: Parameter) -> list[str]:
    database = DatabaseSpec(parameters={name: value})
    keeps = {"reserved by Acme": "port listen_addresses"}
    return [str(refusal) for refusal in refused_parameters(database, cloud="acme", brand="AcmeSQL", reserved=keeps)]


@given(st.integers(1, 1_000_000))
def test_a_size_in_mib_is_a_number_of_pages_of_8_kib(mib: int) -> None:
    pages = in_postgres_unit("effective_cache_size_mib", mib)
    assert int(pages) * 8192 == mib * 2**20
    assert postgres_name("effective_cache_size_mib") == "effective_cache_size"


def test_a_value_in_the_unit_of_postgres_is_unchanged() -> None:
    assert (postgres_name("work_mem"), in_postgres_unit("work_mem", 8192)) == ("work_mem", 8192)


@pytest.mark.parametrize(
    ("value", "text"), [(True, "on"), (False, "off"), (1, "1"), (0, "0"), (1.1, "1.1"), ("ddl", "ddl")]
)
def test_booleans_become_on_or_off(value: Parameter, text: str) -> None:
    assert on_or_off(value) == text


@pytest.mark.parametrize("name", ["max_connections", "shared_buffers", "wal_level", "io_method", "jit_provider"])
def test_parameters_read_at_start_need_a_restart(name: str) -> None:
    assert needs_restart(name, "18")


@pytest.mark.parametrize("name", ["work_mem", "log_statement", "effective_cache_size", "max_wal_size", "ssl"])
def test_reloadable_parameters_need_no_restart(name: str) -> None:
    assert not needs_restart(name, "14")


def test_autovacuum_workers_need_a_restart_until_17() -> None:
    assert needs_restart("autovacuum_max_workers", "17")
    assert not needs_restart("autovacuum_max_workers", "18")


def test_a_users_value_overrides_the_default_and_a_fixed_value_both() -> None:
    database = DatabaseSpec(parameters={"log_statement": "all", "ssl": False})
    chosen = dict(declared_parameters(database, {"log_statement": "ddl", "jit": True}, {"ssl": True}))
    assert chosen == {"jit": True, "log_statement": "all", "ssl": True}


def test_parameters_are_declared_once_and_in_order() -> None:
    database = DatabaseSpec(parameters={"work_mem": 8192, "shared_buffers_mib": 8})
    chosen = declared_parameters(database, {"shared_buffers": 1}, {"autovacuum": True})
    assert chosen == [("autovacuum", True), ("shared_buffers", 1024), ("work_mem", 8192)]


@pytest.mark.parametrize("value", ["256MB", "4 GB", "30s", "1.5min"])
def test_a_value_with_a_unit_is_refusals(value: str) -> None:
    assert refusals("work_mem", value) == [
        f'database.parameters.work_mem: "{value}" has a unit, which AcmeSQL does not accept. '
        "Use a plain number in PostgreSQL's unit of work_mem."
    ]


@pytest.mark.parametrize("value", ["8192", "ddl", "none", 30, True])
def test_a_value_without_a_unit_is_accepted(value: Parameter) -> None:
    assert refusals("work_mem", value) == []


def test_a_size_with_a_unit_names_the_key_in_mib() -> None:
    (message,) = refusals("shared_buffers", "4GB")
    assert message.endswith("unit of shared_buffers, or use shared_buffers_mib.")


def test_a_reserved_parameter_is_refused_with_the_reason() -> None:
    assert refusals("port", "5433s") == [
        "database.parameters.port: not supported on acme: reserved by Acme. Remove the key."
    ]
