"""The commands `open`, `logs`, `run` and `exec`, from `automation.services`."""

import json
import os
import sys
import webbrowser
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from automation.cli.completion import complete_service, complete_service_or_job
from automation.cli.session import AsJson, ExitCode, ServiceName, StackName, Verbose, operation, unchecked_deployment
from automation.stack.document import read_stack
from automation.stack.folder import project_folder
from providers.contract.diagnostics import ConfigError, InvalidConfiguration, did_you_mean, listed
from providers.contract.json_data import is_mapping

if TYPE_CHECKING:
    from automation.services.operations import ServiceOperations

INTERRUPTED = 130
"""Exit code after Ctrl-C, as of a shell: 128 and the number of the signal."""
Command = Annotated[
    list[str], typer.Argument(metavar="-- COMMAND...", help="Command and its arguments, after two hyphens.")
]

OptionalCommand = Annotated[
    list[str] | None,
    typer.Argument(metavar="[-- COMMAND...]", help="Command and its arguments, after two hyphens; none for a job."),
]
ClientArguments = Annotated[
    list[str] | None, typer.Argument(metavar="[-- ARGUMENTS...]", help="Arguments of the client, after two hyphens.")
]
ServiceOrJob = Annotated[str, typer.Argument(help="Name of a service or job.", autocompletion=complete_service_or_job)]


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command("open")(open_stack)
    for command in (logs, run):
        app.command()(command)
    app.command("exec")(execute)
    app.command()(psql)
    app.command("redis-cli")(redis_cli)


def open_stack(
    stack: StackName,
    service: Annotated[
        str | None,
        typer.Argument(help="Service to open [default: the first path].", autocompletion=complete_service),
    ] = None,
    print_only: Annotated[bool, typer.Option("--print", help="Print the URL without opening a browser.")] = False,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Open the URL of a stack in a browser. Prints it, and only prints it where there is no display."""
    deployment = unchecked_deployment(stack)
    with operation(as_json=as_json, verbose=verbose):
        url = _url(deployment.outputs(), stack, service)
    if as_json:
        typer.echo(json.dumps({"stack": stack, "url": url}))
        return
    typer.echo(url)
    if not print_only and _has_display(os.environ):
        webbrowser.open(url)


def logs(
    stack: StackName,
    service: Annotated[
        str | None,
        typer.Argument(help="Name of a service or job [default: all].", autocompletion=complete_service_or_job),
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Print new lines until Ctrl-C.")] = False,
    since: Annotated[str, typer.Option("--since", help="Period to print, such as 90s, 15m, 2h or 1d.")] = "15m",
    verbose: Verbose = False,
) -> None:
    """Print the logs of a service or job. Runs the command line of the stack's cloud and prints the command."""
    from automation.services.operations import seconds_of

    seconds, operations = seconds_of(since), _operations(stack)
    spec = operations.file.spec
    services = [service] if service is not None else [*spec.services, *spec.jobs]
    if follow and len(services) > 1:
        problem = "needs one service"
        fix = f"run `agent-platform logs {stack} SERVICE --follow` with {listed(services)}"
        raise InvalidConfiguration([ConfigError("--follow", problem, fix)])
    codes: list[int] = []
    with _session("" if follow else "interrupted while the logs were read", verbose=verbose):
        for name in services:
            if len(services) > 1:
                typer.echo(f"==> {name} <==")
            codes.append(operations.logs(name, since_seconds=seconds, follow=follow))
    raise typer.Exit(_exit_code(next((code for code in codes if code), ExitCode.OK)))


def run(stack: StackName, service: ServiceOrJob, command: OptionalCommand = None, verbose: Verbose = False) -> None:
    """Run a command in a new container of a service, or a job. Exits with the code of the command."""
    operations = _operations(stack)
    is_job = service in operations.file.spec.jobs
    if bool(command) == is_job:
        raise InvalidConfiguration([_command_error(stack, service, is_job=is_job)])
    with _session(_interrupted(stack, service), verbose=verbose):
        code = operations.run_job(service) if is_job else operations.run(service, command or ())
    raise typer.Exit(_exit_code(code))


def execute(stack: StackName, service: ServiceName, command: Command, verbose: Verbose = False) -> None:
    """Run a command in a running replica of a service. Exits with the code of the command."""
    operations = _operations(stack)
    with _session(_interrupted(stack, service), verbose=verbose):
        code = operations.exec(service, command)
    raise typer.Exit(_exit_code(code))


def psql(stack: StackName, arguments: ClientArguments = None, verbose: Verbose = False) -> None:
    """Open psql in the database of a stack. On a cloud, prints the command that reaches it."""
    _open_data(stack, "psql", arguments or (), verbose=verbose)


def redis_cli(stack: StackName, arguments: ClientArguments = None, verbose: Verbose = False) -> None:
    """Open redis-cli in the cache of a stack. On a cloud, prints the command that reaches it."""
    _open_data(stack, "redis-cli", arguments or (), verbose=verbose)


def _open_data(stack: str, program: str, arguments: Sequence[str], *, verbose: bool) -> None:
    operations = _operations(stack)

    from providers.contract.cli import DataClient

    with _session(f"interrupted; {program} has ended", verbose=verbose):
        code = operations.open_data(DataClient(program), arguments)
    raise typer.Exit(_exit_code(code))


def _operations(stack: str) -> "ServiceOperations":
    """Return the operations of a stack; its file is checked before the code that runs commands is loaded."""
    read_stack(project_folder(), stack)

    from automation.services.operations import ServiceOperations

    return ServiceOperations(stack)


@contextmanager
def _session(interrupted: str, *, verbose: bool) -> Generator[None]:
    """Report failures as `operation` does; after Ctrl-C print `interrupted`, if any, and exit as a shell does."""
    from automation.deploy.errors import DeploymentFailed, Failure

    with operation(verbose=verbose):
        try:
            yield
        except KeyboardInterrupt:
            if interrupted:
                typer.echo(interrupted, err=True)
            raise typer.Exit(INTERRUPTED) from None
        except DeploymentFailed as failure:
            # the engine alone reports this kind, and these commands only read the state with it
            if failure.kind is not Failure.CANCELLED:
                raise
            typer.echo("interrupted while the state was read; nothing was changed", err=True)
            raise typer.Exit(INTERRUPTED) from None


def _command_error(stack: str, name: str, *, is_job: bool) -> ConfigError:
    if is_job:
        fix = f"run `agent-platform run {stack} {name}`; another command runs in a service"
        return ConfigError("command", f"{name} is a job, which has its own command", fix)
    return ConfigError("command", "missing", f"run `agent-platform run {stack} {name} -- COMMAND`")


def _interrupted(stack: str, service: str) -> str:
    return f"interrupted; if the command has started, it may still run: see `agent-platform logs {stack} {service}`"


def _exit_code(code: int) -> int:
    """Return the exit code of a process; that of one that a signal ended is 128 and its number, as of a shell."""
    return 128 - code if code < 0 else code


def _url(outputs: Mapping[str, object], stack: str, service: str | None) -> str:
    """Return the URL of a stack or of one of its services; raises InvalidConfiguration."""
    services = outputs.get("services")
    urls = {name: str(url) for name, url in services.items()} if is_mapping(services) else {}
    url = str(outputs.get("url") or "") if service is None else urls.get(service, "")
    if url:
        return url
    if service is not None and urls:
        problem = f"the stack {stack} has no URL for {service}{did_you_mean(service, urls)}"
        raise InvalidConfiguration([ConfigError("service", problem, f"use {listed(urls)}")])
    fix = f"run `agent-platform up {stack}`; a service is public when it has a `path`"
    raise InvalidConfiguration([ConfigError("url", f"the stack {stack} has no URL", fix)])


def _has_display(environment: Mapping[str, str]) -> bool:
    """True where a graphical browser can be opened; without one, Python would start a text browser in the terminal."""
    return sys.platform in ("darwin", "win32") or bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))
