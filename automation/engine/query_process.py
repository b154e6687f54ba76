"""Query a cloud in a preview that creates and stores nothing: `python -m automation.engine.query_process`.

The queries are independent: one that the cloud rejects does not affect the others.
"""

import json
import os
import sys
from collections.abc import Callable, MutableMapping
from dataclasses import asdict
from pathlib import Path

from pulumi import InvokeOptions, automation
from pydantic import TypeAdapter

from automation.engine.cloud_queries import WHOLE_PREVIEW, Fields, QueryReply, QueryRequest
from automation.engine.clouds import load_cloud
from automation.engine.installation import EngineLocation
from automation.engine.provider_errors import error_of_text

PROJECT = "query"
STACK_VARIABLES = ("PULUMI_CONFIG", "PULUMI_CONFIG_PASSPHRASE_FILE", "PULUMI_STACK", "PULUMI_ORG")
"""Variables that would apply the settings of another stack to the preview."""


def answer(
    request: QueryRequest, folder: Path, report: Callable[[QueryReply], None] = lambda _reply: None
) -> QueryReply:
    """Run every query of a cloud in a preview of an empty stack in `folder`; `report` gets the replies so far."""
    cloud, target = load_cloud(request.cloud), request.target
    answers: dict[str, Fields] = {}
    errors: dict[str, str] = {}

    def program() -> None:
        opts = InvokeOptions(provider=cloud.provider(target))
        for name, query in cloud.queries(target).items():
            try:
                answers[name] = query(opts)
            # A provider's failure is a bare Exception, and an unexpected answer can raise almost anything.
            except Exception as error:
                errors[name] = error_of_text(str(error)).kind
            report(QueryReply(answers, errors))

    try:
        create_scratch_stack(request.program, request.version, folder, program).preview()
    except automation.CommandError as error:
        errors[WHOLE_PREVIEW] = error_of_text(str(error)).kind
    return QueryReply(answers, errors)


def remove_stack_variables(environment: MutableMapping[str, str]) -> None:
    """Remove the variables that would apply the settings of another stack."""
    for name in STACK_VARIABLES:
        environment.pop(name, None)


def create_scratch_stack(
    program_path: str, version: str, folder: Path, program: Callable[[], None]
) -> automation.Stack:
    """Create an empty stack that runs `program`; its state and its passphrase exist only in `folder`."""
    state = folder / "state"
    state.mkdir()
    backend = f"file://{state}"
    variables = {"PULUMI_BACKEND_URL": backend, "PULUMI_CONFIG_PASSPHRASE": PROJECT, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    return automation.create_or_select_stack(
        stack_name=PROJECT,
        project_name=PROJECT,
        program=program,
        opts=automation.LocalWorkspaceOptions(
            work_dir=str(folder),
            pulumi_command=EngineLocation(Path(program_path), version),
            project_settings=automation.ProjectSettings(
                name=PROJECT, runtime="python", backend=automation.ProjectBackend(url=backend)
            ),
            secrets_provider="passphrase",
            env_vars=variables,
        ),
    )


def _print(reply: QueryReply) -> None:
    """Print a reply as one line; the last line counts, also when the process is killed while a query runs."""
    print(json.dumps(asdict(reply)), flush=True)


def main() -> None:
    """Read the request from the standard input and print the reply."""
    remove_stack_variables(os.environ)
    request = TypeAdapter(QueryRequest).validate_json(sys.stdin.read())
    _print(answer(request, Path.cwd(), _print))
    # The thread of a query to a provider that the engine rejected never ends, and a normal exit would wait for it.
    os._exit(0)


if __name__ == "__main__":
    main()
