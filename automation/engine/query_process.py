"""`python -m automation.engine.query_process`: asks a cloud in a preview that makes nothing and keeps nothing.

State and passphrase of the preview live and die in the working folder. Every question stands alone: one that the cloud
refuses leaves the others their answers.
"""

import json
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import cast

from pulumi import InvokeOptions, automation

from automation.engine.cloud_queries import Fields, QueryReply, QueryRequest
from automation.engine.clouds.questions import CloudQueries, QueryTarget
from automation.engine.error_text import trouble_of
from automation.engine.scratch import scratch_stack, without_settings


def inquire(request: QueryRequest, folder: Path) -> QueryReply:
    """Ask all questions of a cloud in a preview of an empty stack in `folder`."""
    asks = cast("CloudQueries", import_module(f"automation.engine.clouds.{request['cloud']}"))
    place = QueryTarget(**request["place"])
    given: dict[str, Fields] = {}
    troubles: dict[str, str] = {}

    def program() -> None:
        opts = InvokeOptions(provider=asks.provider(place))
        for name, question in asks.questions(place).items():
            try:
                given[name] = question(opts)
            # A provider's failure comes as a bare Exception, an answer of another shape as almost anything.
            except Exception as error:
                troubles[name] = trouble_of(str(error)).kind

    try:
        scratch_stack(request, folder, program).preview()
    except automation.CommandError as error:
        troubles[""] = trouble_of(str(error)).kind
    return {"given": given, "troubles": troubles}


def main() -> None:
    """Read the request, write the reply."""
    without_settings(os.environ)
    print(json.dumps(inquire(cast("QueryRequest", json.load(sys.stdin)), Path.cwd())), flush=True)
    # A question to a provider that the engine refused waits for ever, and an ordinary exit would wait for its thread.
    os._exit(0)


if __name__ == "__main__":
    main()
