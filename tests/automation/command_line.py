"""Command line for the tests: stack files, and commands run in the test's process."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from automation.cli.main import main
from components.configuration import PLATFORM_KEY
from providers.contract.spec.defaults import Raw


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


def write_stack_file(folder: Path, stack: str, platform: Raw) -> None:
    """Write a stack file with a platform and nothing else."""
    text = yaml.safe_dump({"config": {PLATFORM_KEY: platform}})
    (folder / f"Pulumi.{stack}.yaml").write_text(text, encoding="utf-8")
