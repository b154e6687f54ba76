"""Physical names with a limit: they fit, or the user learns by how many characters they exceed it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.azure.naming import (
    SALT_LENGTH,
    app_name,
    cache_name,
    data_account,
    flow_account,
    registry_name,
    salt,
    secret_name,
    server_name,
    vault_prefix,
)
from providers.contract.naming import STACK_PATTERN
from tests.azure.plans import context_of, error_keys, refusals

IMAGE = "x@sha256:" + "7" * 64

stacks = st.from_regex(STACK_PATTERN, fullmatch=True).filter(lambda stack: len(stack) <= 14)


@given(stacks)
def test_every_name_of_a_short_stack_is_valid(stack: str) -> None:
    context = context_of(stack=stack)
    assert error_keys(stack=stack) == []
    for account in (data_account(context), flow_account(context)):
        assert re.fullmatch(r"[a-z0-9]{3,24}", account)
    assert re.fullmatch(r"[a-z0-9]{5,50}", registry_name(context))
    assert re.fullmatch(r"[a-z](-?[a-z0-9])*", f"{vault_prefix(stack)}{'0' * SALT_LENGTH}")
    assert len(vault_prefix(stack)) + SALT_LENGTH <= 24
    assert len(server_name(context)) <= 63
    assert len(cache_name(context)) <= 60


def test_a_stack_too_long_for_vault_and_storage_is_refused_by_both() -> None:
    storage, vault = refusals(stack="production-europe")
    assert storage.key == vault.key == "stack"
    assert "storage account would have 26 characters" in storage.problem and "allows 24" in storage.problem
    assert "key vault would have 27 characters" in vault.problem and "allows 24" in vault.problem
    assert storage.fix == "shorten the name of the stack by 2"


@pytest.mark.parametrize("stack", ["Prod", "prod_eu", "prod--eu", "1prod", "prod-"])
def test_a_stack_with_characters_that_azure_rejects_is_refused(stack: str) -> None:
    (refusal,) = refusals(stack=stack)
    assert refusal.key == "stack" and refusal.problem.startswith(f"{stack} cannot be a part of the names")


def test_an_app_with_more_than_32_characters_is_refused() -> None:
    service = "a" * 28
    assert len(app_name("prod", service)) == 33
    (refusal,) = refusals({f"services.{service}": {"app": "fastapi", "image": IMAGE}})
    assert refusal.key == f"services.{service}"
    assert "container app would have 33 characters" in refusal.problem and "allows 32" in refusal.problem
    assert refusal.fix == "shorten the name of the service or the stack by 1"


def test_a_service_with_two_hyphens_in_a_row_is_refused() -> None:
    (refusal,) = refusals({"services.a--b": {"app": "fastapi", "image": IMAGE}})
    assert refusal.key == "services.a--b" and "two hyphens in a row" in refusal.problem


def test_a_secret_too_long_for_the_vault_is_refused() -> None:
    (refusal,) = refusals({"services.gateway.secrets": ["A" * 120]})
    assert "secret would have 133 characters" in refusal.problem and "allows 127" in refusal.problem


def test_a_secret_name_has_neither_upper_case_letters_nor_underscores() -> None:
    assert secret_name("prod-secrets-OPENAI_API_KEY") == "prod-secrets-openai-api-key"


def test_global_names_depend_on_the_location_and_the_kind() -> None:
    westus, eastus = context_of(), context_of({"azure.location": "eastus2"})
    assert salt(westus, "data") != salt(eastus, "data")
    assert salt(westus, "data") != salt(westus, "flow")
