"""Searches for the objects of a stack by cloud, through the cloud's own provider; only the module of one cloud is imported."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

import pulumi

from automation.engine.target import CloudTarget

PLATFORM = "agent-platform"


@dataclass(frozen=True)
class SearchHit:
    """Object in a search result; `tagged` when its tags prove that it belongs to the stack.

    `kind` is the type name of the search and `name` the display name; both may be empty.
    """

    address: str
    kind: str = ""
    name: str = ""
    tagged: bool = False


Search = Callable[[pulumi.InvokeOptions], list[SearchHit]]


class CloudSearch(Protocol):
    """Interface of the modules in this package."""

    def searches(self, target: CloudTarget) -> Mapping[str, Search]:
        """Return the searches by display name."""
        ...


def load_searches(cloud: str) -> CloudSearch:
    """Import the module of a cloud."""
    return cast("CloudSearch", import_module(f"automation.recover.clouds.{cloud}"))


def stack_tags(target: CloudTarget) -> dict[str, str]:
    """Return the tags that `components.agent_platform.tags_of` sets on every resource of a stack."""
    return {"project": PLATFORM, "stack": target.stack, "managed-by": "pulumi"}
