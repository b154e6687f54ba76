"""Questions to a cloud, asked by its own provider in a process of its own, and what came back.

A process of its own because the SDK keeps a run in global state, and because a provider that hangs can then be ended
with everything it started. Only answers and kinds of trouble come back, never the text of an error.
"""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypedDict, cast

from automation.engine.error_text import LATE, OTHER, Trouble, trouble_of, trouble_of_kind
from automation.engine.run import run_limited

if TYPE_CHECKING:
    from automation.engine.locate import EngineLocation

    pass

LONGEST_SECONDS = 60.0
"""For plugins to start and the cloud to answer; a plugin that must be downloaded first can take longer."""
INQUIRY = "automation.engine.query_process"
ROOT = Path(__file__).parent.parent.parent
Fields = Mapping[str, str | float]


class QueryRequest(TypedDict):
    """What the inquiring process reads."""

    program: str
    version: str
    cloud: str
    place: Mapping[str, str]


class QueryReply(TypedDict):
    """What it writes, as the last line: answers, and kinds of trouble, by question; of the whole under the empty name."""

    given: Mapping[str, Fields]
    troubles: Mapping[str, str]


@dataclass(frozen=True)
class QueryAnswers:
    """What a cloud answered, by question."""

    given: Mapping[str, Fields]
    troubles: Mapping[str, Trouble]

    def trouble(self, question: str) -> Trouble:
        """Why a question has no answer."""
        return self.troubles.get(question) or self.troubles.get("") or OTHER


def run_queries(
    engine: "EngineLocation", environment: Mapping[str, str], cloud: str, place: Mapping[str, str]
) -> QueryAnswers:
    """What a cloud answers about a place, within `LONGEST_SECONDS`."""
    request: QueryRequest = {"program": engine.command, "version": str(engine.version), "cloud": cloud, "place": place}
    paths = os.pathsep.join(path for path in (str(ROOT), environment.get("PYTHONPATH", "")) if path)
    given = {**environment, "PYTHONPATH": paths}
    with TemporaryDirectory() as folder:
        ran = run_limited([sys.executable, "-m", INQUIRY], Path(folder), given, LONGEST_SECONDS, json.dumps(request))
    if ran.code is None:
        return QueryAnswers({}, {"": LATE})
    try:
        reply = cast("QueryReply", json.loads(ran.out.strip().rpartition("\n")[2]))
    except ValueError:
        return QueryAnswers({}, {"": trouble_of(ran.err)})
    return QueryAnswers(reply["given"], {name: trouble_of_kind(kind) for name, kind in reply["troubles"].items()})
