"""Exit codes, confirmation and failures of every command."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from enum import IntEnum
from typing import TYPE_CHECKING

import typer

from automation.cli.console import print_json_line
from providers.contract.diagnostics import ConfigError, InvalidConfiguration

if TYPE_CHECKING:
    from automation.cli.display import Display


class ExitCode(IntEnum):
    """Exit codes of every command."""

    OK = 0
    FAILED = 1
    INVALID = 2
    DIFFERENT = 3

    @property
    def meaning(self) -> str:
        """Meaning as in `agent-platform --help`."""
        return EXIT_CODE_MEANINGS[self]


EXIT_CODE_MEANINGS = {
    ExitCode.OK: "success",
    ExitCode.FAILED: "the operation failed, was not confirmed, or a check of `doctor` failed",
    ExitCode.INVALID: "the stack file, a stack name or an option is invalid; nothing was done",
    ExitCode.DIFFERENT: "`drift`: the cloud differs from the state; `recover`: unclaimed resources are left",
}


@contextmanager
def operation(*, as_json: bool = False, verbose: bool = False) -> "Generator[Display]":
    """Yield the display of an operation; report its failure, with the engine's log if `verbose`, and exit."""
    from automation.cli.display import Display
    from automation.deploy.errors import DeploymentFailed

    try:
        yield Display(as_json=as_json)
    except DeploymentFailed as failure:
        if as_json:
            from automation.cli.json_lines import failure_json

            print_json_line(failure_json(failure))
        print(failure, file=sys.stderr)
        if verbose and failure.log:
            print(failure.log, file=sys.stderr)
        raise typer.Exit(ExitCode.FAILED) from None
    except KeyboardInterrupt:
        print("interrupted between operations; completed operations are saved in the state", file=sys.stderr)
        raise typer.Exit(ExitCode.FAILED) from None


def can_prompt(*, as_json: bool) -> bool:
    """True if a person can answer a question."""
    return sys.stdin.isatty() and sys.stdout.isatty() and not as_json


def require_confirmation(*, yes: bool, as_json: bool, command: str) -> None:
    """Raise InvalidConfiguration if a command needs a confirmation that it cannot prompt for."""
    if yes or can_prompt(as_json=as_json):
        return
    cause = "--json does not prompt" if as_json else "input or output is not a terminal"
    problem = f"confirmation required: {cause}"
    fix = f"check the output of `agent-platform preview`, then run `agent-platform {command} --yes`"
    raise InvalidConfiguration([ConfigError("--yes", problem=problem, fix=fix)])


def confirm(question: str, *, yes: bool) -> None:
    """Prompt unless `yes`; exit if the answer is no."""
    if not yes and not typer.confirm(question):
        print("nothing was changed", file=sys.stderr)
        raise typer.Exit(ExitCode.FAILED)
