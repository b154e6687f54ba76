"""Names that Azure limits: they fit, or the user is told by how much they do not."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.azure.limits import LIMITS
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
from tests.azure.laid import context_of, spec_of

stacks = st.from_regex(STACK_PATTERN, fullmatch=True).filter(lambda stack: len(stack) <= 14)


def told(stack: str, changes: dict[str, object] | None = None) -> list[str]:
    return [str(refusal) for refusal in LIMITS.refusals(spec_of(changes), stack)]


@given(stacks)
def test_every_name_of_a_short_stack_is_one_that_azure_takes(stack: str) -> None:
    context = context_of(stack=stack)
    assert told(stack) == []
    for account in (data_account(context), flow_account(context)):
        assert re.fullmatch(r"[a-z0-9]{3,24}", account)
    assert re.fullmatch(r"[a-z0-9]{5,50}", registry_name(context))
    assert re.fullmatch(r"[a-z](-?[a-z0-9])*", f"{vault_prefix(stack)}{'0' * SALT_LENGTH}")
    assert len(vault_prefix(stack)) + SALT_LENGTH <= 24
    assert len(server_name(context)) <= 63
    assert len(cache_name(context)) <= 60


def test_a_stack_too_long_for_vault_and_storage_is_refused_by_both() -> None:
    sentences = told("production-europe")
    assert sentences[0] == (
        'stack: "production-europe" is not possible on azure: the name of its storage account would have 26 characters '
        "and Azure allows 24; shorten the name of the stack by 2."
    )
    assert "its key vault would have 27 characters and Azure allows 24" in sentences[1]


@pytest.mark.parametrize("stack", ["Prod", "prod_eu", "prod--eu", "1prod", "prod-"])
def test_letters_that_azure_refuses_are_told(stack: str) -> None:
    (sentence,) = told(stack)
    assert sentence.startswith(f'stack: "{stack}" names vault, apps and servers on Azure')


def test_an_app_over_32_characters_is_refused() -> None:
    service = "a" * 28
    image = "x@sha256:" + "7" * 64
    sentences = told("prod", {f"services.{service}": {"app": "fastapi", "image": image}})
    assert len(app_name("prod", service)) == 33
    assert sentences == [
        f'services.{service}: "{service}" is not possible on azure: the name of its container app would have 33 '
        "characters and Azure allows 32; shorten the name of the service or the stack by 1."
    ]


def test_two_hyphens_in_a_row_are_refused() -> None:
    image = "x@sha256:" + "7" * 64
    (sentence,) = told("prod", {"services.a--b": {"app": "fastapi", "image": image}})
    assert "takes no two hyphens in a row" in sentence


def test_a_secret_too_long_for_the_vault_is_refused() -> None:
    (sentence,) = told("prod", {"services.gateway.secrets": ["A" * 120]})
    assert "the name of its secret would have 133 characters and Azure allows 127" in sentence


def test_a_secrets_name_has_neither_capitals_nor_underscores() -> None:
    assert secret_name("prod-secrets-OPENAI_API_KEY") == "prod-secrets-openai-api-key"


def test_the_same_stack_elsewhere_has_other_public_names() -> None:
    here, there = context_of(), context_of({"azure.location": "eastus2"})
    assert salt(here, "data") != salt(there, "data")
    assert salt(here, "data") != salt(here, "flow")
