"""One room of AWS recorded by itself: quicker than a whole plan, and no other room can break its tests."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import TypeVar

import pulumi

from automation.plan.inventory import Inventory
from automation.plan.recorder import record
from components.validation.parse import read
from providers.aws.base.keys import AwsKeys
from providers.aws.context import AwsContext
from providers.aws.network.resources import create_network
from providers.contract.component import Component, Scope
from providers.contract.spec import Platform
from tests.planning import production

T = TypeVar("T")
REGION = "us-west-2"
KEYS = ("<data key>", "<telemetry key>")


def spec_of(changes: Mapping[str, object] | None = None) -> Platform:
    """Production on AWS with changes by dotted path, completed and checked."""
    spec, mistakes = read(production(changes, cloud="aws"))
    assert spec is not None and not mistakes, mistakes
    return spec


def context_of(changes: Mapping[str, object] | None = None, stack: str = "prod", region: str = REGION) -> AwsContext:
    """A region of `spec_of(changes)`."""
    return AwsContext(spec_of(changes), stack, region)


def keys() -> AwsKeys:
    """Keys that stand elsewhere."""
    data, telemetry = (pulumi.Output.from_input(key) for key in KEYS)
    return AwsKeys(data=data, telemetry=telemetry)


def alone(kind: str, create: Callable[[Scope], object]) -> Inventory:
    """What `create` declares in a room of that kind in the stack `prod`."""

    def program() -> None:
        create(Scope(f"prod-{kind}", Component(kind, f"prod-{kind}", pulumi.ResourceOptions()), {}))

    return record(program, "prod")


def network(**changes: object) -> Inventory:
    """The network of production, changed by `section__key=value`; recorded once for each change."""
    return _network(tuple((path.replace("__", "."), value) for path, value in changes.items()))


@cache
def _network(changes: tuple[tuple[str, object], ...]) -> Inventory:
    context = context_of(dict(changes))
    return alone("network", lambda scope: create_network(scope, context, keys()))
