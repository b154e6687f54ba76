"""Names that Google Cloud limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.contract.spec import Platform, Service
from providers.gcp.naming import LABEL_KEY, LIMITS, names, naming_refusals
from tests.gcp.asked import refused

slugs = st.from_regex(r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?", fullmatch=True)


def told(service: str, stack: str = "prod", **tags: str) -> list[str]:
    spec = Platform(cloud="gcp", services={service: Service(image="api:1")}, tags=tags)
    return [str(refusal) for refusal in naming_refusals(spec, stack)]


@given(slugs, st.from_regex(r"[a-z](-?[a-z0-9]){0,20}", fullmatch=True))
def test_a_name_is_refused_exactly_when_it_does_not_fit(service: str, stack: str) -> None:
    spec = Platform(cloud="gcp", services={service: Service(image="api:1")})
    fits = all(name.excess <= 0 for name in names(spec, stack)) and len(f"{stack}-{service}") >= 6
    assert fits == (not naming_refusals(spec, stack))


def test_an_account_id_of_31_characters_is_refused_by_one() -> None:
    service = "s" * 26
    assert told(service) == [
        f'services.{service}: "{service}" is not possible on gcp: the name of its service account would have 31 '
        "characters and Google Cloud allows 30; shorten the name of the service or the stack by 1."
    ]
    assert not told("s" * 25)


def test_a_cloud_run_name_of_50_characters_is_refused_too() -> None:
    sentences = told("s" * 40, "nine-long")
    assert len(sentences) == 2
    assert "Cloud Run service would have 50 characters and Google Cloud allows 49" in sentences[1]


def test_an_account_id_of_five_characters_is_refused() -> None:
    assert "`p-api` would have fewer than 6 characters" in told("api", "p")[0]


@pytest.mark.parametrize("stack", ["Prod", "prod_1", "-prod", "prod-", "prod--1"])
def test_a_stack_name_with_other_letters_is_refused_once(stack: str) -> None:
    assert len(told("gateway", stack)) == 1
    assert told("gateway", stack)[0].startswith("stack: ")


def test_tags_that_are_no_labels_are_refused() -> None:
    assert told("gateway", Team="agents")[0].startswith("tags.Team: ")
    assert told("gateway", team="Agents & Co")[0].startswith("tags.team: ")
    assert not told("gateway", team="agents")
    assert LABEL_KEY.fullmatch("managed-by")


def test_a_service_may_not_take_the_deployers_name() -> None:
    service = {"image": "extra@sha256:" + "7" * 64, "app": "fastapi"}
    assert any("is the name of the service account that CI" in told for told in refused({"services.deployer": service}))


def test_a_long_stack_name_is_the_stacks_fault() -> None:
    stack = "a-stack-with-a-long-name-of-27"
    assert any(sentence.startswith("stack: ") for sentence in refused(stack=stack))
    assert LIMITS["workload identity pool"] == 32
