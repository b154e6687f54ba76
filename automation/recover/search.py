"""Search of a cloud for the objects of a stack, and reads of single objects, in a separate process.

The properties of an object that was read are compared with the inputs of a resource and never printed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from pydantic import TypeAdapter

from automation.engine.clouds import SearchHit
from automation.engine.provider_errors import TIMEOUT, ProviderError, error_of_kind, error_of_text
from automation.engine.target import CloudTarget
from automation.plan.inventory import Value
from automation.processes import run_module

TIMEOUT_SECONDS = 300.0
"""Time for the plugins to start and for a search with many pages."""
PROCESS_MODULE = "automation.recover.search_process"
WHOLE_SEARCH = "the search"
"""Name of an error that prevented every search."""


@dataclass(frozen=True)
class ReadTarget:
    """Object to read."""

    address: str
    type: str
    id: str


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


@dataclass(frozen=True)
class Searcher:
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
        return self._run(targets) if targets else SearchAnswers()

    def _run(self, targets: Sequence[ReadTarget]) -> SearchAnswers:
        request = SearchRequest(self.program, self.version, self.cloud, self.target, targets)
        completed = run_module(PROCESS_MODULE, asdict(request), self.environment, TIMEOUT_SECONDS)
        if completed.exit_code is None:
            return SearchAnswers(errors={WHOLE_SEARCH: TIMEOUT})
        try:
            reply = TypeAdapter(SearchReply).validate_json(completed.last_line)
        except ValueError:
            return SearchAnswers(errors={WHOLE_SEARCH: error_of_text(completed.stderr)})
        errors = {name: error_of_kind(kind) for name, kind in reply.errors.items()}
        return SearchAnswers(tuple(reply.hits), errors, reply.outputs, frozenset(reply.absent))
