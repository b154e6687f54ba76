"""Tags: openly on everything that takes them, and only such as everything takes."""

from typing import cast

import pytest

from providers.azure.limits import LIMITS
from tests.azure.laid import laid, spec_of
from tests.contract.clouds import azure_tags


def test_whatever_takes_tags_is_tagged() -> None:
    tagged = [azure_tags(laid(), resource) for resource in laid().custom]
    assert len([tags for tags in tagged if tags is not None]) > 40
    assert all(tags is None or {"project", "stack", "managed-by", "team"} <= set(tags) for tags in tagged)


@pytest.mark.parametrize("key", ["cost/center", "1st", "a b", "a:b", "azure-team", "x" * 129])
def test_a_key_that_some_service_refuses_is_refused(key: str) -> None:
    spec = spec_of().model_copy(update={"tags": {key: "x"}})
    (refusal,) = LIMITS.refusals(spec, "prod")
    assert refusal.key == f"tags.{key}"


def test_a_value_too_long_is_refused() -> None:
    (refusal,) = LIMITS.refusals(spec_of({"tags.team": "x" * 257}), "prod")
    assert "256 characters at most and this one 257" in str(refusal)


def test_thirteen_tags_are_one_too_many() -> None:
    tags = cast("dict[str, object]", {f"t{number}": "x" for number in range(13)})
    assert [refusal.key for refusal in LIMITS.refusals(spec_of({"tags": tags}), "prod")] == ["tags"]
    assert LIMITS.refusals(spec_of({"tags": dict(list(tags.items())[:12])}), "prod") == []
