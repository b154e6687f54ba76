"""Names with a length limit on Google Cloud."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.contract.diagnostics import ConfigError, Diagnostic
from providers.contract.spec import Platform, Service
from providers.gcp.naming import LABEL_KEY, MAX_CHARACTERS, names, naming_refusals
from tests.gcp.plans import diagnostics, error_keys

slugs = st.from_regex(r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?", fullmatch=True)


def refusals(service: str, stack: str = "prod", **tags: str) -> list[Diagnostic]:
    spec = Platform(cloud="gcp", services={service: Service(image="api:1")}, tags=tags)
    return naming_refusals(spec, stack)


@given(slugs, st.from_regex(r"[a-z](-?[a-z0-9]){0,20}", fullmatch=True))
def test_a_name_is_refused_exactly_when_it_does_not_fit(service: str, stack: str) -> None:
    spec = Platform(cloud="gcp", services={service: Service(image="api:1")})
    fits = all(name.excess <= 0 for name in names(spec, stack)) and len(f"{stack}-{service}") >= 6
    assert fits == (not naming_refusals(spec, stack))


def test_an_account_id_of_31_characters_is_refused_by_one() -> None:
    service = "s" * 26
    (refusal,) = refusals(service)
    assert refusal.key == f"services.{service}"
    assert "service account" in refusal.problem and "31" in refusal.problem and "30" in refusal.problem
    assert refusal.fix == "shorten the name of the service or the stack by 1"
    assert not refusals("s" * 25)


def test_a_cloud_run_name_of_50_characters_is_refused_too() -> None:
    _, refusal = refusals("s" * 40, "nine-long")
    assert "Cloud Run service" in refusal.problem and "50" in refusal.problem and "49" in refusal.problem


def test_an_account_id_of_five_characters_is_refused() -> None:
    (refusal,) = refusals("api", "p")
    assert refusal.problem == "the service account id p-api has fewer than 6 characters"


@pytest.mark.parametrize("stack", ["Prod", "prod_1", "-prod", "prod-", "prod--1"])
def test_a_stack_name_with_invalid_characters_is_refused_once(stack: str) -> None:
    (refusal,) = refusals("gateway", stack)
    assert isinstance(refusal, ConfigError) and refusal.key == "stack"


def test_tags_that_are_not_valid_labels_are_refused() -> None:
    assert [refusal.key for refusal in refusals("gateway", Team="agents")] == ["tags.Team"]
    assert [refusal.key for refusal in refusals("gateway", team="Agents & Co")] == ["tags.team"]
    assert not refusals("gateway", team="agents")
    assert LABEL_KEY.fullmatch("managed-by")


def test_a_service_cannot_have_the_name_of_the_deployer() -> None:
    service = {"image": "extra@sha256:" + "7" * 64, "app": "fastapi"}
    expected = ConfigError(
        "services.deployer",
        problem="deployer is the name of the service account that CI uses",
        fix="rename the service",
    )
    assert expected in diagnostics({"services.deployer": service})


def test_a_long_stack_name_is_refused_under_the_key_of_the_stack() -> None:
    assert "stack" in error_keys(stack="a-stack-with-a-long-name-of-27")
    assert MAX_CHARACTERS["workload identity pool"] == 32
