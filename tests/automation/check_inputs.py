"""Inputs for the checks of the doctor: a small stack and made-up answers; no engine, no cloud, no network."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from automation.engine.cloud_queries import WHOLE_PREVIEW, Fields, QueryAnswers
from automation.engine.findings import CheckInput, RunCli
from automation.engine.installation import EngineLocation
from automation.engine.network import OFFLINE, Fetch, HttpReply
from automation.engine.provider_errors import ProviderError
from automation.plan.spec_keys import BASE
from automation.processes import CompletedCommand
from automation.stack.document import Stack, stack_of, with_values
from components.configuration import PLATFORM_KEY

ENGINE = EngineLocation(Path("/opt/pulumi/bin/pulumi"), "v3.272.0")


def stack(cloud: str = "aws", changes: Mapping[str, object] | None = None, **config: object) -> Stack:
    """Return the stack `trial`; `config` are further keys of its configuration."""
    return stack_of("trial", {PLATFORM_KEY: with_values(BASE, {"cloud": cloud, **(changes or {})}), **config})


def check_input(folder: Path, **fields: object) -> CheckInput:
    """Return an input with which every check passes, with `fields` replaced."""
    passing = CheckInput(
        name="trial",
        folder=folder,
        environment={},
        home=folder,
        stack=stack(),
        errors=(),
        engine=ENGINE,
        engine_error=None,
        language_host="/opt/pulumi/bin/pulumi-language-python",
        run=cli_result(CompletedCommand(0, "", "")),
        is_reachable=network(reachable=True),
        fetch=replies({}),
        run_tool=tool({}),
    )
    return replace(passing, **fields)  # pyrefly: ignore[bad-argument-type]


def cli_result(completed: CompletedCommand) -> RunCli:
    """Return a CLI that ends with one result for every command."""

    def run(_arguments: Sequence[str], _timeout_seconds: float) -> CompletedCommand:
        return completed

    return run


def network(*, reachable: bool, requests: list[str] | None = None) -> Callable[[str], bool]:
    """Return a network on which every download exists or none; the URLs are added to `requests`."""

    def is_reachable(url: str) -> bool:
        if requests is not None:
            requests.append(url)
        return reachable

    return is_reachable


def replies(by_url: Mapping[str, HttpReply]) -> Fetch:
    """Return a network with these replies by the beginning of a URL, and no other server; the longest beginning counts."""

    def fetch(_method: str, url: str, headers: Mapping[str, str]) -> HttpReply:
        known = [beginning for beginning in by_url if url.startswith(beginning) and "Authorization" not in headers]
        signed = [
            beginning for beginning in by_url if f"token {url}".startswith(beginning) and "Authorization" in headers
        ]
        matches = known or signed
        return by_url[max(matches, key=len)] if matches else OFFLINE

    return fetch


def tool(by_command: Mapping[str, CompletedCommand]) -> RunCli:
    """Return programs that end with a result by the beginning of their command line; others are not installed."""

    def run(arguments: Sequence[str], _timeout_seconds: float) -> CompletedCommand:
        line = " ".join(arguments)
        matches = [beginning for beginning in by_command if line.startswith(beginning)]
        return by_command[max(matches, key=len)] if matches else CompletedCommand(None, "", "No such file or directory")

    return run


def answers(error: ProviderError | None = None, **by_query: Fields) -> QueryAnswers:
    """Return the answers of a cloud by query; `error` is that of every other query."""
    return QueryAnswers(by_query, {WHOLE_PREVIEW: error} if error else {})
