"""A cloud searched for what a stack has made, and single objects read, in a process of its own.

A process of its own for the reasons of `automation.engine.cloud_queries`. What comes back of an object that was read are the
properties that its type declares; they are compared and never shown.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypedDict, cast

from automation.engine.provider_errors import TIMEOUT, ProviderError, error_of_kind, error_of_text
from automation.engine.subprocesses import run_module
from automation.plan.inventory import Value
from automation.recover.clouds.searches import SearchHit

LONGEST_SECONDS = 300.0
"""For plugins to start, and for a search that turns many pages."""
SEARCH = "automation.recover.search_process"


class SearchTarget(TypedDict):
    """An object to read."""

    address: str
    type: str
    id: str


class SearchRequest(TypedDict):
    """What the searching process reads; with `read` it reads those objects and searches nothing."""

    program: str
    version: str
    cloud: str
    place: Mapping[str, str]
    read: Sequence[SearchTarget]


class SearchReply(TypedDict):
    """What it writes, as the last line: objects, kinds of trouble by search, what was read, what is not there."""

    told: list[SearchHit]
    troubles: dict[str, str]
    read: dict[str, Mapping[str, Value]]
    gone: list[str]


@dataclass(frozen=True)
class SearchAnswers:
    """What a search found, what troubled it; what was read by address, and the addresses where nothing stands."""

    told: tuple[SearchHit, ...] = ()
    troubles: Mapping[str, ProviderError] = field(default_factory=dict[str, ProviderError])
    read: Mapping[str, Mapping[str, Value]] = field(default_factory=dict[str, Mapping[str, Value]])
    gone: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Searcher:
    """Asks one cloud about one place, by the engine at `program`."""

    program: str
    version: str
    cloud: str
    place: Mapping[str, str]
    environment: Mapping[str, str]

    def search(self) -> SearchAnswers:
        """Everything that bears the stack's tags or its name."""
        return self._asked(())

    def read(self, wanted: Sequence[SearchTarget]) -> SearchAnswers:
        """Objects as the cloud tells them."""
        return self._asked(wanted) if wanted else SearchAnswers()

    def _asked(self, wanted: Sequence[SearchTarget]) -> SearchAnswers:
        request: SearchRequest = {
            "program": self.program, "version": self.version, "cloud": self.cloud, "place": self.place, "read": wanted,
        }  # fmt: skip
        ran = run_module(SEARCH, dict(request), self.environment, LONGEST_SECONDS)
        if ran.exit_code is None:
            return SearchAnswers(troubles={"the search": TIMEOUT})
        try:
            reply = cast("SearchReply", json.loads(ran.last_line))
        except ValueError:
            return SearchAnswers(troubles={"the search": error_of_text(ran.stderr)})
        troubles = {name: error_of_kind(kind) for name, kind in reply["troubles"].items()}
        return SearchAnswers(tuple(reply["told"]), troubles, reply["read"], frozenset(reply["gone"]))
