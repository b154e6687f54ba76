"""A question to a provider and where it is asked. Answers keep the few fields that a check reads: nothing else leaves.

`get_client_config` of Google Cloud, for one, brings an access token along.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import pulumi

Answer = Mapping[str, str | float]
Question = Callable[[pulumi.InvokeOptions], Answer]


@dataclass(frozen=True)
class QueryTarget:
    """Where a stack stands, as its file says: region; account, project or subscription; tenant; the stack's name."""

    region: str
    account: str
    tenant: str
    stack: str


class CloudQueries(Protocol):
    """A cloud's module beside this file."""

    def provider(self, place: QueryTarget) -> pulumi.ProviderResource:
        """An explicit provider of the place; it makes nothing."""
        ...

    def questions(self, place: QueryTarget) -> Mapping[str, Question]:
        """What can be asked, by name."""
        ...
