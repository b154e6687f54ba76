"""Queries and searches by cloud, each through the cloud's own provider; only the module of one cloud is imported.

Queries return the facts that the doctor checks, searches return the objects of a stack. An answer contains only the
fields that are needed: `get_client_config` of Google Cloud, for example, also returns an access token.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

import pulumi

from automation.engine.target import CloudTarget

PLATFORM = "agent-platform"
Answer = Mapping[str, str | float]
Query = Callable[[pulumi.InvokeOptions], Answer]


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


class CloudQueries(Protocol):
    """Interface of the modules in this package."""

    def provider(self, target: CloudTarget) -> pulumi.ProviderResource:
        """Return an explicit provider of the target."""
        ...

    def queries(self, target: CloudTarget) -> Mapping[str, Query]:
        """Return the queries of the doctor by name."""
        ...

    def searches(self, target: CloudTarget) -> Mapping[str, Search]:
        """Return the searches for the objects of the stack by display name."""
        ...


def load_cloud(name: str) -> CloudQueries:
    """Import the module of a cloud."""
    return cast("CloudQueries", import_module(f"{__name__}.{name}"))


def stack_tags(target: CloudTarget) -> dict[str, str]:
    """Return the tags that `components.agent_platform.tags_of` sets on every resource of a stack."""
    return {"project": PLATFORM, "stack": target.stack, "managed-by": "pulumi"}
