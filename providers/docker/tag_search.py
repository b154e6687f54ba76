"""Search by label on a Docker host: containers, networks and volumes, by Docker's client. Pure."""

import re
from collections.abc import Callable, Iterable, Iterator

from providers.contract.cli import CliCommand
from providers.contract.json_data import is_mapping
from providers.contract.live_audit import answer_of
from providers.contract.tag_search import TaggedObject, TagQuery, TagScope, TagSearch

LISTS = {
    "container": ("docker", "container", "ls", "--all", "--no-trunc"),
    "network": ("docker", "network", "ls", "--no-trunc"),
    "volume": ("docker", "volume", "ls"),
}
"""Commands by the kind of objects in the addresses of the import table."""


def _queries(scope: TagScope) -> Iterator[TagQuery]:
    options = ("--filter", f"label={scope.tag}", "--format", "{{json .}}")
    for kind, words in LISTS.items():
        yield TagQuery(CliCommand((*words, *options)), _reader(kind))


def _reader(kind: str) -> Callable[[str], Iterable[TaggedObject]]:
    def read(text: str) -> Iterator[TaggedObject]:
        for line in text.splitlines():
            row = answer_of(line)
            if is_mapping(row):
                name = str(row.get("Names") or row.get("Name"))
                yield TaggedObject(f"{kind}/{name}/{row.get('ID') or name}")

    return read


TAG_SEARCH = TagSearch(
    _queries, key=re.compile(r"[^=\s]+"), value=re.compile(r"[^\n]+"), characters="no space or = in the key"
)
