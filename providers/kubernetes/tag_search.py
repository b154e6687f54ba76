"""Search by label in the namespace of a stack, by kubectl: the kinds that the stack lacks. Pure.

The server sends the columns of a table, never the values of a Secret. A kind that it does not serve has no objects.
"""

import re
from collections.abc import Callable, Iterable, Iterator

from providers.contract.cli import CliCommand
from providers.contract.tag_search import TaggedObject, TagQuery, TagScope, TagSearch
from providers.kubernetes.cli_runs import kubectl
from providers.kubernetes.context import block_of
from providers.kubernetes.import_ids import IMPORT_TABLE, address_of, resource_of
from providers.kubernetes.naming import namespace_name
from providers.kubernetes.resource_traits import NAMESPACE

NAME = r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
NOT_SERVED = "the server doesn't have a resource type"


def _queries(scope: TagScope) -> Iterator[TagQuery]:
    stack, options = scope.stack, (f"--selector={scope.tag}", "--no-headers", "--ignore-not-found")
    namespace = namespace_name(stack.spec, stack.name)
    for token in sorted(IMPORT_TABLE.by_type.keys() & set(scope.types)):
        if token == NAMESPACE:
            context = f"--context={block_of(stack.spec).context}"
            yield TagQuery(CliCommand(("kubectl", context, "get", "namespaces", *options)), _reader(token, ""))
        else:
            command = kubectl(stack, "get", resource_of(token), *options)
            yield TagQuery(command, _reader(token, namespace), NOT_SERVED)


def _reader(token: str, namespace: str) -> Callable[[str], Iterable[TaggedObject]]:
    def read(text: str) -> Iterator[TaggedObject]:
        for line in text.splitlines():
            name, *_ = line.split() or [""]
            if name:
                yield TaggedObject(address_of(token, name, namespace))

    return read


TAG_SEARCH = TagSearch(
    _queries,
    key=re.compile(rf"([a-z0-9]([a-z0-9.-]{{0,251}}[a-z0-9])?/)?{NAME}"),
    value=re.compile(NAME),
    characters="letters, digits, - _ and ., and a domain before / in the key",
)
