"""Command line for the tests: stack files, and commands run in the test's process."""

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import typer
import yaml
from typer.core import TyperGroup

from automation.cli.main import app, main
from components.configuration import PLATFORM_KEY
from providers.contract.spec.defaults import Raw
from tests.planning import ROOT


@dataclass(frozen=True)
class CliResult:
    """Output and exit code of a command."""

    out: str
    errors: list[str]
    code: object


Run = Callable[..., CliResult]


def runner(capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs a command with its arguments."""

    def run(*arguments: str) -> CliResult:
        with pytest.raises(SystemExit) as end:
            main(arguments)
        out, errors = capsys.readouterr()
        return CliResult(out, errors.splitlines(), end.value.code)

    return run


def write_project(folder: Path, stack: str, platform: Raw) -> None:
    """Write a project folder with the real program and one stack."""
    (folder / "__main__.py").write_text((ROOT / "__main__.py").read_text(encoding="utf-8"), encoding="utf-8")
    write_stack_file(folder, stack, platform)


def write_stack_file(folder: Path, stack: str, platform: Raw) -> None:
    """Write a stack file with a platform and nothing else."""
    text = yaml.safe_dump({"config": {PLATFORM_KEY: platform}})
    (folder / f"Pulumi.{stack}.yaml").write_text(text, encoding="utf-8")


@cache
def command_line() -> TyperGroup:
    """Return the command line, which takes a tenth of a second to build."""
    command = typer.main.get_command(app)
    assert isinstance(command, TyperGroup)
    return command


def parse_command(line: str, document: str) -> None:
    """Parse a command line that a document quotes; fails for a command, an option or an argument that does not exist."""
    command, words = command_line(), shlex.split(line)[1:]
    context = command.make_context(document, words, resilient_parsing=True)
    while isinstance(command, TyperGroup) and words and not words[0].startswith("--"):
        _, command, words = command.resolve_command(context, words)
        assert command is not None, f"{document} quotes `{line}`"
        context = command.make_context(
            document, words, parent=context, resilient_parsing=isinstance(command, TyperGroup) or not words
        )
