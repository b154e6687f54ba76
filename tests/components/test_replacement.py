"""Order of replacements that a preview did not show, for every stateful type of every cloud."""

import pulumi
import pytest

from components.replacement import ALLOWED_VARIABLE, create_first
from providers import AVAILABLE, resource_traits

SERVICE = "aws:ecs/service:Service"


def order(cloud: str, token: str, name: str = "prod-part") -> bool | None:
    """Return `delete_before_replace` of a resource that asks for it, after the transformations of the platform."""
    opts = pulumi.ResourceOptions(delete_before_replace=True)
    for transformation in create_first(cloud).transformations or ():
        args = pulumi.ResourceTransformationArgs(object.__new__(pulumi.CustomResource), token, name, {}, opts)
        result = transformation(args)
        opts = result.opts if result is not None else opts
    return opts.delete_before_replace


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_up_creates_every_stateful_resource_before_it_is_deleted(cloud: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ALLOWED_VARIABLE, "")
    assert {token: order(cloud, token) for token in resource_traits(cloud).holds} == dict.fromkeys(
        resource_traits(cloud).holds, False
    )
    assert order(cloud, SERVICE) is True


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_an_allowed_resource_keeps_the_order_of_its_provider(cloud: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ALLOWED_VARIABLE, "prod-part prod-other")
    assert {order(cloud, token) for token in resource_traits(cloud).holds} == {True}


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_plain_pulumi_keeps_the_order_of_the_provider(cloud: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ALLOWED_VARIABLE, raising=False)
    assert {order(cloud, token) for token in resource_traits(cloud).holds} == {True}
