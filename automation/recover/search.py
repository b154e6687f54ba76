"""Search of a cloud for the objects of a stack, and reads of single objects, in a separate process; a machine lists them itself.

The properties of an object that was read are compared with the inputs of a resource and never printed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Protocol

from pydantic import TypeAdapter

from automation.engine.clouds import SearchHit
from automation.engine.provider_errors import TIMEOUT, UNCLASSIFIED, ProviderError, error_of_kind, error_of_text
from automation.engine.target import CloudTarget
from automation.plan.inventory import Value
from automation.processes import run_module
from providers import import_table
from providers.contract.import_ids import SearchScope
from providers.contract.preflight import Environment, Find, HostUnreachable

TIMEOUT_SECONDS = 300.0
"""Time for the plugins to start and for a search with many pages."""
PROCESS_MODULE = f"{__name__.rpartition('.')[0]}.search_process"
HOST_SEARCH = "objects on this host"
CLUSTER_SEARCH = "objects of the cluster"
WHOLE_SEARCH = "the search"
"""Name of an error that prevented every search."""


@dataclass(frozen=True)
class ReadTarget:
    """Object to read."""

    address: str
    type: str
    id: str
    region: str = ""
    """Region of the object; empty for one that the home region answers for."""


@dataclass(frozen=True)
class SearchRequest:
    """Input of the search process; with `read` it reads those objects instead of searching."""

    program: str
    version: str
    cloud: str
    target: CloudTarget
    read: Sequence[ReadTarget] = ()


@dataclass
class SearchReply:
    """Last output line of the search process: hits, kinds of errors by search, outputs by address, absent addresses."""

    hits: list[SearchHit] = field(default_factory=list[SearchHit])
    errors: dict[str, str] = field(default_factory=dict[str, str])
    outputs: dict[str, Mapping[str, Value]] = field(default_factory=dict[str, Mapping[str, Value]])
    absent: list[str] = field(default_factory=list[str])


@dataclass(frozen=True)
class SearchAnswers:
    """Hits and errors of a search; outputs by address and addresses without an object of a read."""

    hits: tuple[SearchHit, ...] = ()
    errors: Mapping[str, ProviderError] = field(default_factory=dict[str, ProviderError])
    outputs: Mapping[str, Mapping[str, Value]] = field(default_factory=dict[str, Mapping[str, Value]])
    absent: frozenset[str] = frozenset()


class Searcher(Protocol):
    """Search of the objects of one stack; errors are in the answers."""

    def search(self) -> SearchAnswers:
        """Return every object with the tags or the name of the stack."""
        ...

    def read(self, targets: Sequence[ReadTarget]) -> SearchAnswers:
        """Return the outputs of objects."""
        ...


@dataclass(frozen=True)
class HostSearcher:
    """Search of a machine, which lists its objects by their labels; what it lists exists and has a name."""

    stack: str
    environment: Environment
    find: Find

    def search(self) -> SearchAnswers:
        """Return every object with the labels of the stack and its checkout."""
        try:
            found = self.find(self.stack, self.environment)
        except HostUnreachable as unreachable:
            error = ProviderError("network", str(unreachable), "start Docker, or set DOCKER_HOST to its address")
            return SearchAnswers(errors={HOST_SEARCH: error})
        return SearchAnswers(tuple(SearchHit(f"{each.kind}/{each.name}/{each.id}", tagged=True) for each in found))

    def read(self, targets: Sequence[ReadTarget]) -> SearchAnswers:
        """Return nothing: each object was listed with its name."""
        return SearchAnswers()


@dataclass(frozen=True)
class ClusterSearcher:
    """Search of a cluster, which lists the objects with the labels of the stack; what it lists exists and has a name."""

    list_objects: Callable[[], Sequence[str]]
    """Return the addresses of the objects; raises HostUnreachable."""

    def search(self) -> SearchAnswers:
        """Return every object with the labels of the stack."""
        try:
            found = self.list_objects()
        except HostUnreachable as unreachable:
            fix = "correct kubernetes.context, or log in to the cluster again"
            return SearchAnswers(errors={CLUSTER_SEARCH: ProviderError("network", str(unreachable), fix)})
        return SearchAnswers(tuple(SearchHit(each, tagged=True) for each in found))

    def read(self, targets: Sequence[ReadTarget]) -> SearchAnswers:
        """Return nothing: each object was listed with its name."""
        return SearchAnswers()


@dataclass(frozen=True)
class CloudSearcher:
    """Search of one target through the CLI at `program`."""

    program: str
    version: str
    cloud: str
    target: CloudTarget
    environment: Mapping[str, str]

    def search(self) -> SearchAnswers:
        """Return every object with the tags or the name of the stack."""
        return self._run(())

    def read(self, targets: Sequence[ReadTarget]) -> SearchAnswers:
        """Return the outputs of objects."""
        by_region: dict[str, list[ReadTarget]] = {}
        for target in targets:
            region = target.region if target.region in self.target.regions else self.target.region
            by_region.setdefault(region, []).append(target)
        answers = [self._run(each, region) for region, each in by_region.items()]
        return SearchAnswers(
            errors={name: error for each in answers for name, error in each.errors.items()},
            outputs={address: outputs for each in answers for address, outputs in each.outputs.items()},
            absent=frozenset(address for each in answers for address in each.absent),
        )

    def _run(self, targets: Sequence[ReadTarget], region: str = "") -> SearchAnswers:
        place = replace(self.target, region=region or self.target.region)
        request = SearchRequest(self.program, self.version, self.cloud, place, targets)
        completed = run_module(PROCESS_MODULE, asdict(request), self.environment, TIMEOUT_SECONDS)
        if completed.exit_code is None:
            return SearchAnswers(errors={WHOLE_SEARCH: TIMEOUT})
        try:
            reply = TypeAdapter(SearchReply).validate_json(completed.last_line)
        except ValueError:
            return SearchAnswers(errors={WHOLE_SEARCH: self._error(WHOLE_SEARCH, error_of_text(completed.stderr))})
        errors = {name: self._error(name, error_of_kind(kind)) for name, kind in reply.errors.items()}
        return SearchAnswers(tuple(reply.hits), errors, reply.outputs, frozenset(reply.absent))

    def _error(self, name: str, error: ProviderError) -> ProviderError:
        """Return an error; one of unknown cause with the command that shows it."""
        if error != UNCLASSIFIED:
            return error
        return replace(
            error, cause="the cause is not known", fix=f"run `{command_of(self.cloud, self.target, name)}` to read it"
        )


def command_of(cloud: str, target: CloudTarget, name: str) -> str:
    """Return the command of a cloud's own command line that searches like the search `name`."""
    command = import_table(cloud).search_command
    if command is None:
        raise ValueError(f"{cloud} is not searched by a command line")
    scope = SearchScope(target.stack, target.account, target.region)
    return command(scope, "" if name == WHOLE_SEARCH else name)
