"""The command `dev`, from `automation.dev`."""

import re
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from automation.cli.completion import complete_service
from automation.cli.deploy import compare_with_host
from automation.cli.session import StackName, Verbose, checked_deployment, operation
from automation.stack.document import read_stack
from automation.stack.folder import project_folder
from providers.contract.diagnostics import ConfigError, InvalidConfiguration

if TYPE_CHECKING:
    from automation.cli.display import Display
    from automation.deploy import Deployment
    from automation.deploy.host_repair import HostRepair
    from automation.dev.log_stream import LogFilter

Services = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[SERVICE]...",
        help="Services to run from their source [default: all with `build`].",
        autocompletion=complete_service,
    ),
]
Debug = Annotated[
    list[str] | None,
    typer.Option("--debug", metavar="SERVICE[:PORT]", help="Open a port for a debugger on 127.0.0.1; repeatable."),
]
Sources = Annotated[
    list[str] | None,
    typer.Option(
        "--source", metavar="SERVICE=FOLDER:/PATH",
        help="Folder with the content of a path in the container, where the Dockerfile does not state it; repeatable.",
    ),
]  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command()(dev)


def dev(
    stack: StackName,
    services: Services = None,
    model: Annotated[
        str | None, typer.Option("--model", help="Model of the example: local, openai, or openai:NAME.")
    ] = None,
    debug: Debug = None,
    source: Sources = None,
    logs: Annotated[
        list[str] | None,
        typer.Option("--logs", metavar="SERVICE", help="Print the logs of this service only; repeatable."),
    ] = None,
    grep: Annotated[str | None, typer.Option("--grep", help="Print log lines with this regular expression only.")] = None,
    verbose: Verbose = False,
) -> None:  # fmt: skip
    """Run a Docker stack with services from their source. A saved file restarts its service; Ctrl-C ends the session."""
    shown = _log_filter(stack, logs or (), grep)
    deployment = checked_deployment(stack)

    from automation.dev.log_stream import LogPrinter
    from automation.dev.options import parse_sources
    from automation.dev.session import DevOptions, DevSession, differences, ending
    from automation.images.supply import ImageSupply
    from automation.local.security_key import supply_security_key

    sources = parse_sources(source or (), deployment.folder)
    session = DevSession(deployment, DevOptions(tuple(services or ()), sources, tuple(debug or ()), model))
    with operation(verbose=verbose) as display, session.opened() as ports:
        deployment.refuse_locked()
        supply_security_key(deployment, display.note)
        ImageSupply(deployment, display.note).prepare_host()
        session.prepare()
        for line in differences(session):
            display.note(line)
        _update(deployment, display, compare_with_host(deployment, display))
        display.note(f"{deployment.name}: logs follow; Ctrl-C ends the session")
        printer = LogPrinter(tuple(deployment.file.spec.services), _print, sys.stdout.isatty(), shown)
        session.run(printer, ports, lambda: _update(deployment, display))
        for line in ending(deployment.name, session.chosen):
            display.note(line)


def _update(deployment: "Deployment", display: "Display", repair: "HostRepair | None" = None) -> None:
    from automation.cli.deployment_text import component_counts
    from automation.images.supply import complete_update

    with display.read_only(f"{deployment.name}  previewing") as on_event:
        changes = deployment.preview(on_event, create=True)
    deployment.guard(changes)
    if repair:
        repair.start_stopped(changes)
    if changes.effective:
        with display.changes(f"{deployment.name}  updating", component_counts(changes.effective)) as on_event:
            deployment.up(on_event, preview=changes)
    complete_update(deployment, display.note)


def _log_filter(stack: str, services: "list[str] | tuple[str, ...]", grep: str | None) -> "LogFilter":
    """Return the filter of the options; raises InvalidConfiguration."""
    from automation.dev.log_stream import LogFilter
    from automation.services.operations import refuse_unknown_service

    file = read_stack(project_folder(), stack)
    for service in services:
        refuse_unknown_service(file, service)
    try:
        return LogFilter(tuple(services), re.compile(grep) if grep else None)
    except re.error as error:
        problem, fix = f"{grep} is no regular expression: {error}", "correct it"
        raise InvalidConfiguration([ConfigError("--grep", problem, fix)]) from None


def _print(line: str) -> None:
    print(line, flush=True)
