"""A stack for one preview of a few lines that ask a cloud: its state and its passphrase live and die in a folder."""

from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import TypedDict

from pulumi import automation

from automation.engine.locate import EngineLocation

PROJECT = "inquiry"
NOT_OURS = ("PULUMI_CONFIG", "PULUMI_CONFIG_PASSPHRASE_FILE", "PULUMI_STACK", "PULUMI_ORG")
"""Variables that would lead the preview to a stack's own settings."""


class Program(TypedDict):
    """The engine to run it by."""

    program: str
    version: str


def without_settings(environment: MutableMapping[str, str]) -> None:
    """Take the variables away that would lead the preview to a stack's own settings."""
    for name in NOT_OURS:
        environment.pop(name, None)


def scratch_stack(engine: Program, folder: Path, program: Callable[[], None]) -> automation.Stack:
    """An empty stack that runs `program`, kept in `folder`."""
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
            pulumi_command=EngineLocation(Path(engine["program"]), engine["version"]),
            project_settings=settings,
            secrets_provider="passphrase",
            env_vars=own,
        ),
    )
