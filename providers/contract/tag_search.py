"""Search of an account, a host or a cluster for the objects with a tag or label, by the cloud's own command line. Pure.

Every `providers/<cloud>/tag_search.py` ends with `TAG_SEARCH: TagSearch = ...`. The commands only read.
"""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from providers.contract.cli import CliCommand, DeployedStack
from providers.contract.diagnostics import ConfigError, InvalidConfiguration

OPTION = "--tag"


@dataclass(frozen=True)
class Tag:
    """Tag of AWS or Azure, or label of Google Cloud, Docker or Kubernetes."""

    key: str
    value: str

    def __str__(self) -> str:
        return f"{self.key}={self.value}"


@dataclass(frozen=True)
class TaggedObject:
    """Object of an answer: its address in the import table of the cloud, and the type and display name where the answer has them."""

    address: str
    kind: str = ""
    name: str = ""


@dataclass(frozen=True)
class TagQuery:
    """Command that lists objects with a tag, and the reader of its output.

    `absent` is a text of an error that is an answer too: there are no objects of that kind.
    """

    command: CliCommand
    read: Callable[[str], Iterable[TaggedObject]]
    absent: str = ""


@dataclass(frozen=True)
class TagScope:
    """Stack and tag of a search, regions of the stack, and the types of resources that the stack lacks."""

    stack: DeployedStack
    tag: Tag
    regions: Sequence[str]
    types: Collection[str]


@dataclass(frozen=True)
class TagSearch:
    """Queries of one cloud, and the forms that it accepts for a key and a value."""

    queries: Callable[[TagScope], Iterable[TagQuery]]
    key: re.Pattern[str]
    value: re.Pattern[str]
    characters: str
    """Characters of keys and values in words, for the error of another one."""
    untagged: frozenset[str] = frozenset()
    """Types with an address that no answer contains, because their objects have no tags or the search leaves them out."""

    def tag_of(self, text: str) -> Tag:
        """Return the tag of `KEY=VALUE`; raises InvalidConfiguration."""
        key, separator, value = text.partition("=")
        if not separator or not key or not value:
            raise InvalidConfiguration([ConfigError(OPTION, "no key and value", "write --tag KEY=VALUE")])
        if not self.key.fullmatch(key) or not self.value.fullmatch(value):
            fix = f"use {self.characters}"
            raise InvalidConfiguration([ConfigError(OPTION, "not possible as a tag on this cloud", fix)])
        return Tag(key, value)
