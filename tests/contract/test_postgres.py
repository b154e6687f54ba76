"""PostgreSQL's own knowledge, which every managed server shares."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.contract.postgres import declared, in_own_unit, on_or_off, own_name, untaken, waits_for_restart
from providers.contract.spec import DatabaseSpec
from providers.contract.spec.data import Parameter


def refused(name: str, value: Parameter) -> list[str]:
    database = DatabaseSpec(parameters={name: value})
    keeps = {"Acme keeps the address to itself": "port listen_addresses"}
    return [str(refusal) for refusal in untaken(database, cloud="acme", brand="AcmeSQL", keeps=keeps)]


@given(st.integers(1, 1_000_000))
def test_a_size_in_mib_is_a_number_of_pages_of_8_kib(mib: int) -> None:
    pages = in_own_unit("effective_cache_size_mib", mib)
    assert int(pages) * 8192 == mib * 2**20
    assert own_name("effective_cache_size_mib") == "effective_cache_size"


def test_a_parameter_in_postgres_own_unit_is_left_as_it_is() -> None:
    assert (own_name("work_mem"), in_own_unit("work_mem", 8192)) == ("work_mem", 8192)


@pytest.mark.parametrize(
    ("value", "text"), [(True, "on"), (False, "off"), (1, "1"), (0, "0"), (1.1, "1.1"), ("ddl", "ddl")]
)
def test_a_switch_is_a_word_and_a_number_is_none(value: Parameter, text: str) -> None:
    assert on_or_off(value) == text


@pytest.mark.parametrize("name", ["max_connections", "shared_buffers", "wal_level", "io_method", "jit_provider"])
def test_what_postgres_reads_at_its_start_waits_for_a_restart(name: str) -> None:
    assert waits_for_restart(name, "18")


@pytest.mark.parametrize("name", ["work_mem", "log_statement", "effective_cache_size", "max_wal_size", "ssl"])
def test_what_postgres_reads_again_waits_for_nothing(name: str) -> None:
    assert not waits_for_restart(name, "14")


def test_autovacuum_workers_wait_for_a_restart_until_17() -> None:
    assert waits_for_restart("autovacuum_max_workers", "17")
    assert not waits_for_restart("autovacuum_max_workers", "18")


def test_the_users_value_wins_over_the_platforms_and_what_is_fixed_over_both() -> None:
    database = DatabaseSpec(parameters={"log_statement": "all", "ssl": False})
    chosen = dict(declared(database, {"log_statement": "ddl", "jit": True}, {"ssl": True}))
    assert chosen == {"jit": True, "log_statement": "all", "ssl": True}


def test_parameters_are_declared_once_and_in_order() -> None:
    database = DatabaseSpec(parameters={"work_mem": 8192, "shared_buffers_mib": 8})
    chosen = declared(database, {"shared_buffers": 1}, {"autovacuum": True})
    assert chosen == [("autovacuum", True), ("shared_buffers", 1024), ("work_mem", 8192)]


@pytest.mark.parametrize("value", ["256MB", "4 GB", "30s", "1.5min"])
def test_a_value_with_a_unit_is_refused(value: str) -> None:
    assert refused("work_mem", value) == [
        f'database.parameters.work_mem: "{value}" has a unit, which AcmeSQL does not read; write a plain number in '
        "PostgreSQL's own unit of work_mem."
    ]


@pytest.mark.parametrize("value", ["8192", "ddl", "none", 30, True])
def test_a_value_without_a_unit_is_taken(value: Parameter) -> None:
    assert refused("work_mem", value) == []


def test_a_size_with_a_unit_is_shown_the_key_in_mib() -> None:
    (sentence,) = refused("shared_buffers", "4GB")
    assert sentence.endswith("own unit of shared_buffers, or use shared_buffers_mib.")


def test_what_a_cloud_keeps_to_itself_is_refused_with_its_reason() -> None:
    assert refused("port", "5433s") == [
        'database.parameters.port: "5433s" is not possible on acme: Acme keeps the address to itself; drop the key.'
    ]
