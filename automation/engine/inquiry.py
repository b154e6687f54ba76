"""`python -m automation.engine.inquiry`: asks a cloud in a preview that makes nothing and keeps nothing.

State and passphrase of the preview live and die in the working folder. Every question stands alone: one that the cloud
refuses leaves the others their answers.
"""

import json
import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import cast

from pulumi import InvokeOptions, automation

from automation.engine.asking import Fields, Reply, Request
from automation.engine.clouds.questions import Asked, Place
from automation.engine.command import Engine
from automation.engine.troubles import trouble_of

PROJECT = "doctor"
NOT_OURS = ("PULUMI_CONFIG", "PULUMI_CONFIG_PASSPHRASE_FILE", "PULUMI_STACK", "PULUMI_ORG")
"""Variables that would lead the preview to the stack's own settings."""


def inquire(request: Request, folder: Path) -> Reply:
    """Ask all questions of a cloud in a preview of an empty stack in `folder`."""
    asks = cast("Asked", import_module(f"automation.engine.clouds.{request['cloud']}"))
    place = Place(**request["place"])
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
        _stack(request, folder, program).preview()
    except automation.CommandError as error:
        troubles[""] = trouble_of(str(error)).kind
    return {"given": given, "troubles": troubles}


def _stack(request: Request, folder: Path, program: Callable[[], None]) -> automation.Stack:
    state = folder / "state"
    state.mkdir()
    backend = f"file://{state}"
    settings = automation.ProjectSettings(
        name=PROJECT, runtime="python", backend=automation.ProjectBackend(url=backend)
    )
    own = {"PULUMI_BACKEND_URL": backend, "PULUMI_CONFIG_PASSPHRASE": PROJECT, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    return automation.create_or_select_stack(
        stack_name=PROJECT,
        project_name=PROJECT,
        program=program,
        opts=automation.LocalWorkspaceOptions(
            work_dir=str(folder),
            pulumi_command=Engine(Path(request["program"]), request["version"]),
            project_settings=settings,
            secrets_provider="passphrase",
            env_vars=own,
        ),
    )


def main() -> None:
    """Read the request, write the reply."""
    for name in NOT_OURS:
        os.environ.pop(name, None)
    print(json.dumps(inquire(cast("Request", json.load(sys.stdin)), Path.cwd())), flush=True)
    # A question to a provider that the engine refused waits for ever, and an ordinary exit would wait for its thread.
    os._exit(0)


if __name__ == "__main__":
    main()
