"""A search of a cloud and what it tells: only addresses, kinds, names and whether the tags prove an object the stack's."""

from collections.abc import Callable, Mapping
from typing import Protocol, TypedDict

import pulumi

from automation.engine.target import CloudTarget

PLATFORM = "agent-platform"


class SearchHit(TypedDict):
    """One object: its address, the search's word for its kind, the name it displays, whether it bears the stack's tags."""

    address: str
    kind: str
    name: str
    tagged: bool


Search = Callable[[pulumi.InvokeOptions], list[SearchHit]]


class CloudSearch(Protocol):
    """A cloud's module beside this file."""

    def searches(self, place: CloudTarget) -> Mapping[str, Search]:
        """What can be searched, by what the search is called in words."""
        ...


def own_tags(place: CloudTarget) -> dict[str, str]:
    """The platform's own three tags, as `components.agent_platform.tags_of` sets them on everything."""
    return {"project": PLATFORM, "stack": place.stack, "managed-by": "pulumi"}
