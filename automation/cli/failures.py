"""What all commands that deploy share: how a failure is told, how a question is asked, how what is found is printed.

A failure is one sentence on standard error and exit code 1; with `--verbose` what the engine said follows it.
"""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from providers.contract.diagnostics import InvalidConfiguration, legacy_error

if TYPE_CHECKING:
    from rich.console import RenderableType

    from automation.cli.watch import Watch

FAILED = 1
DRIFTED = 3
"""Exit code of `drift` when the cloud is not as the stack left it."""


@contextmanager
def telling(*, as_json: bool = False, verbose: bool = False) -> "Generator[Watch]":
    """Gives what shows operations as they go on; tells a failed one in a sentence, and machines in a line of JSON too."""
    from automation.cli.watch import Watch
    from automation.deploy.errors import DeploymentFailed

    try:
        yield Watch(as_json=as_json)
    except DeploymentFailed as failure:
        if as_json:
            from automation.cli.json_lines import failure_json, line

            print(line(failure_json(failure)), flush=True)
        print(failure, file=sys.stderr)
        if verbose and failure.log:
            print(failure.log, file=sys.stderr)
        raise typer.Exit(FAILED) from None
    except KeyboardInterrupt:
        print("stopped while the engine was not at work; what it had done before stands in the state", file=sys.stderr)
        raise typer.Exit(FAILED) from None


def can_ask(*, as_json: bool) -> bool:
    """True where a question reaches somebody."""
    return sys.stdin.isatty() and sys.stdout.isatty() and not as_json


def need_answer(*, yes: bool, as_json: bool, command: str) -> None:
    """Raise InvalidConfiguration where a question would have to be asked and nobody is there."""
    if yes or can_ask(as_json=as_json):
        return
    where = "with --json" if as_json else "where input or output is no terminal"
    advice = f"is set, and nobody can be asked {where}; look at `preview` and run `{command} --yes`"
    raise InvalidConfiguration([legacy_error("--yes", None, advice)])


def agreed(question: str, *, yes: bool) -> None:
    """Ask, unless the answer was given beforehand; ends the command where it is no."""
    if not yes and not typer.confirm(question):
        print("nothing was changed", file=sys.stderr)
        raise typer.Exit(FAILED)


def show(told: "RenderableType") -> None:
    """Print something to read; long lines of text are left to the terminal, so that they can be copied whole."""
    from rich.text import Text

    from automation.cli.plan_text import console

    console().print(told, soft_wrap=isinstance(told, Text))
