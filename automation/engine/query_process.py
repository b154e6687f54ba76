"""Query a cloud in a preview that creates and stores nothing: `python -m automation.engine.query_process`.

The queries are independent: one that the cloud rejects does not affect the others.
"""

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from pulumi import InvokeOptions, automation
from pydantic import TypeAdapter

from automation.engine.cloud_queries import WHOLE_PREVIEW, Fields, QueryReply, QueryRequest
from automation.engine.clouds import load_queries
from automation.engine.provider_errors import error_of_text
from automation.engine.scratch_stack import create_scratch_stack, remove_stack_variables


def answer(request: QueryRequest, folder: Path) -> QueryReply:
    """Run every query of a cloud in a preview of an empty stack in `folder`."""
    queries, target = load_queries(request.cloud), request.target
    answers: dict[str, Fields] = {}
    errors: dict[str, str] = {}

    def program() -> None:
        opts = InvokeOptions(provider=queries.provider(target))
        for name, query in queries.queries(target).items():
            try:
                answers[name] = query(opts)
            # A provider's failure is a bare Exception, and an unexpected answer can raise almost anything.
            except Exception as error:
                errors[name] = error_of_text(str(error)).kind

    try:
        create_scratch_stack(request.program, request.version, folder, program).preview()
    except automation.CommandError as error:
        errors[WHOLE_PREVIEW] = error_of_text(str(error)).kind
    return QueryReply(answers, errors)


def main() -> None:
    """Read the request from the standard input and print the reply."""
    remove_stack_variables(os.environ)
    request = TypeAdapter(QueryRequest).validate_json(sys.stdin.read())
    print(json.dumps(asdict(answer(request, Path.cwd()))), flush=True)
    # The thread of a query to a provider that the engine rejected never ends, and a normal exit would wait for it.
    os._exit(0)


if __name__ == "__main__":
    main()
