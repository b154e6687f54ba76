"""Refusal of names that exceed a limit."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.contract.naming import STACK_PATTERN, Name, length_refusal, salt_of


def message(name: Name, part: str = "service") -> str:
    return str(length_refusal(name, cloud="acme", brand="Acme Cloud", part=part))


@given(st.text("abc-", max_size=40), st.integers(1, 40))
def test_a_name_without_its_excess_fits_exactly(text: str, limit: int) -> None:
    assert len(text) - Name("cache", text, "stack", "prod", limit).excess == limit


def test_a_name_from_the_stack_is_shortened_in_the_stack() -> None:
    assert message(Name("cache", "long-cache", "stack", "long", 8)) == (
        "stack: not supported on acme: the name of its cache would have 10 characters; Acme Cloud allows 8. "
        "Shorten the name of the stack by 2."
    )


def test_a_name_from_a_service_is_shortened_in_the_service_or_the_stack() -> None:
    name = Name("role", "prod-gateway", "services.gateway", "gateway", 11)
    assert message(name).endswith("Shorten the name of the service or the stack by 1.")
    assert message(name, "secret").endswith("Shorten the name of the secret or the stack by 1.")


@pytest.mark.parametrize("stack", ["prod", "p", "prod-eu-1", "a1"])
def test_a_stack_name_is_lower_case_words_with_single_hyphens(stack: str) -> None:
    assert STACK_PATTERN.fullmatch(stack)


@pytest.mark.parametrize("stack", ["Prod", "prod_eu", "1prod", "prod--eu", "prod-", "-prod", "prod.eu", ""])
def test_other_stack_names_do_not_match(stack: str) -> None:
    assert not STACK_PATTERN.fullmatch(stack)


@given(st.text(), st.text(), st.integers(1, 64))
def test_a_salt_is_stable_and_has_the_requested_length(first: str, second: str, length: int) -> None:
    salt = salt_of(first, second, length=length)
    assert re.fullmatch(f"[0-9a-f]{{{length}}}", salt)
    assert salt == salt_of(first, second, length=length)


def test_a_salt_depends_on_each_part() -> None:
    salts = {salt_of(*parts, length=6) for parts in (("prod", "data"), ("prod", "flow"), ("test", "data"), ("prod",))}
    assert len(salts) == 4
