"""Queries of a cloud through its own provider, in a separate process.

Only the fields of the answers and the kinds of errors come back, never the text of an error.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from pydantic import TypeAdapter

from automation.engine.installation import EngineLocation
from automation.engine.provider_errors import TIMEOUT, UNCLASSIFIED, ProviderError, error_of_kind, error_of_text
from automation.engine.target import CloudTarget
from automation.processes import run_module

TIMEOUT_SECONDS = 90.0
"""Time for the plugins to start and the cloud to answer; the download of a plugin may take longer."""
PROCESS_MODULE = f"{__name__.rpartition('.')[0]}.query_process"
WHOLE_PREVIEW = ""
"""Key of an error that prevented every query."""
Fields = Mapping[str, str | float]


@dataclass(frozen=True)
class QueryRequest:
    """Input of the query process: CLI, cloud and target."""

    program: str
    version: str
    cloud: str
    target: CloudTarget


@dataclass(frozen=True)
class QueryReply:
    """Line of the query process after each query: answers and kinds of errors so far, by query."""

    answers: Mapping[str, Fields]
    errors: Mapping[str, str]


@dataclass(frozen=True)
class QueryAnswers:
    """Answers and errors of a cloud by query."""

    answers: Mapping[str, Fields]
    errors: Mapping[str, ProviderError]

    def error(self, query: str) -> ProviderError:
        """Return the reason why a query has no answer.

        A failed preview is the cause of the errors of its queries, which only report that the connection ended.
        """
        preview = self.errors.get(WHOLE_PREVIEW, UNCLASSIFIED)
        return self.errors.get(query, UNCLASSIFIED) if preview == UNCLASSIFIED else preview


def run_queries(
    engine: EngineLocation, environment: Mapping[str, str], cloud: str, target: CloudTarget
) -> QueryAnswers:
    """Return the answers that a cloud gives within `TIMEOUT_SECONDS`."""
    request = QueryRequest(engine.command, str(engine.version), cloud, target)
    completed = run_module(PROCESS_MODULE, asdict(request), environment, TIMEOUT_SECONDS)
    late = {WHOLE_PREVIEW: TIMEOUT} if completed.exit_code is None else {}
    try:
        reply = TypeAdapter(QueryReply).validate_json(completed.last_line)
    except ValueError:
        return QueryAnswers({}, late or {WHOLE_PREVIEW: error_of_text(completed.stderr)})
    errors = {name: error_of_kind(kind) for name, kind in reply.errors.items()}
    return QueryAnswers(reply.answers, {**errors, **late})
