"""Tags: on every resource that has tags, and valid for every service."""

from typing import cast

import pytest

from providers.azure.limits import LIMITS
from tests.azure.plans import base_plan, error_keys, refusals, spec_of
from tests.contract.clouds import azure_tags


def test_every_resource_that_has_tags_is_tagged() -> None:
    tagged = [azure_tags(base_plan(), resource) for resource in base_plan().custom]
    assert len([tags for tags in tagged if tags is not None]) > 40
    assert all(tags is None or {"project", "stack", "managed-by", "team"} <= set(tags) for tags in tagged)


@pytest.mark.parametrize("key", ["cost/center", "1st", "a b", "a:b", "azure-team", "x" * 129])
def test_a_key_that_a_service_rejects_is_refused(key: str) -> None:
    spec = spec_of().model_copy(update={"tags": {key: "x"}})
    (refusal,) = LIMITS.refusals(spec, "prod")
    assert refusal.key == f"tags.{key}"


@pytest.mark.parametrize("tags", [{"Stack": "x"}, {"Team": "x", "team": "y"}])
def test_tags_that_differ_in_case_only_are_refused(tags: dict[str, object]) -> None:
    spec = spec_of().model_copy(update={"tags": tags})
    assert {refusal.key for refusal in LIMITS.refusals(spec, "prod")} == {f"tags.{key}" for key in tags}


def test_a_value_that_is_too_long_is_refused() -> None:
    (refusal,) = refusals({"tags.team": "x" * 257})
    assert refusal.problem == "the value has 257 characters and Azure allows 256"


def test_more_than_twelve_tags_are_refused() -> None:
    tags = cast("dict[str, object]", {f"t{number}": "x" for number in range(13)})
    assert error_keys({"tags": tags}) == ["tags"]
    assert error_keys({"tags": dict(list(tags.items())[:12])}) == []
