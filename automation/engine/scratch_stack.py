"""Temporary stack for a preview that queries a cloud: its state and passphrase exist only in its folder."""

from collections.abc import Callable, MutableMapping
from pathlib import Path

from pulumi import automation

from automation.engine.installation import EngineLocation

PROJECT = "query"
STACK_VARIABLES = ("PULUMI_CONFIG", "PULUMI_CONFIG_PASSPHRASE_FILE", "PULUMI_STACK", "PULUMI_ORG")
"""Variables that would apply the settings of another stack to the preview."""


def remove_stack_variables(environment: MutableMapping[str, str]) -> None:
    """Remove the variables that would apply the settings of another stack."""
    for name in STACK_VARIABLES:
        environment.pop(name, None)


def create_scratch_stack(
    program_path: str, version: str, folder: Path, program: Callable[[], None]
) -> automation.Stack:
    """Create an empty stack in `folder` that runs `program` with the CLI at `program_path`."""
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
