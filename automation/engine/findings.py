"""Input and result of a check: a check is a pure function from a `CheckInput` to a `Finding`.

Everything that a check reads is collected once before the checks run, so a test passes its own input and needs no
engine, no cloud and no network.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from automation.engine.cloud_queries import QueryAnswers
from automation.engine.installation import EngineLocation, EngineMissing
from automation.engine.network import Fetch
from automation.processes import CompletedCommand
from automation.stack.document import Stack
from automation.stack.workdir import PROJECT_FILE
from automation.stack.yaml_reader import read_mapping
from providers.contract.diagnostics import InvalidConfiguration, sentences
from providers.contract.preflight import CheckResult
from providers.contract.spec.defaults import Raw

Verdict = Literal["ok", "failed", "unknown"]
RunCli = Callable[[Sequence[str], float], CompletedCommand]
"""Runs the Pulumi CLI with arguments and a timeout in seconds, in the project folder."""


@dataclass(frozen=True)
class Finding:
    """Result of one check; `fix` is empty when the verdict is `ok`."""

    subject: str
    verdict: Verdict
    observed: str
    fix: str = ""

    def __str__(self) -> str:
        return sentences(self.subject, self.observed, self.fix)


def ok(subject: str, observed: str) -> Finding:
    """Return the finding of a check that passed."""
    return Finding(subject, "ok", observed)


def failed(subject: str, observed: str, fix: str) -> Finding:
    """Return the finding of a check after which a deployment would fail or change the wrong account."""
    return Finding(subject, "failed", observed, fix)


def unknown(subject: str, observed: str, fix: str) -> Finding:
    """Return the finding of a check that could not run."""
    return Finding(subject, "unknown", observed, fix)


@dataclass(frozen=True)
class CheckInput:
    """Facts about one stack of a project folder; `stack` is None when its file is invalid."""

    name: str
    folder: Path
    environment: Mapping[str, str]
    home: Path
    stack: Stack | None
    errors: tuple[str, ...]
    """Errors of the stack file."""
    engine: EngineLocation | None
    engine_error: EngineMissing | None
    """Reason why there is no engine."""
    language_host: str | None
    run: RunCli
    is_reachable: Callable[[str], bool]
    """True when a URL can be downloaded."""
    fetch: Fetch
    """Sends an HTTPS request without credentials."""
    run_tool: RunCli
    """Runs a program on PATH with arguments and a timeout in seconds; without it, or after the timeout, the exit code is None."""
    answers: QueryAnswers = field(default_factory=lambda: QueryAnswers({}, {}))
    standby_answers: QueryAnswers = field(default_factory=lambda: QueryAnswers({}, {}))
    """Answers about the standby region; empty without one."""
    planned: Mapping[str, int] | None = field(default_factory=dict[str, int])
    """Planned resources by type token; empty when no check needs them, None when the program fails."""
    standby_planned: Mapping[str, int] | None = field(default_factory=dict[str, int])
    """Resources that the standby region must have room for: those planned there, or all of a stack that is rebuilt there."""
    host_results: Sequence[CheckResult] = ()
    """Checks of the machine, for a cloud that is one machine."""

    @property
    def project_file(self) -> Raw | None:
        """Content of Pulumi.yaml; None when it cannot be read."""
        return _yaml_object(self.folder / PROJECT_FILE)

    @property
    def stack_file(self) -> Raw:
        """Content of the stack file, with the keys that the engine adds; empty when it cannot be read."""
        return _yaml_object(self.folder / f"Pulumi.{self.name}.yaml") or {}


def _yaml_object(path: Path) -> Raw | None:
    try:
        return read_mapping(path)
    except InvalidConfiguration:
        return None
