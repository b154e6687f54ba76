"""The command `import`, which takes objects that exist into the state of a stack, by a file of ids or by a tag."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from automation.cli.init import write_text
from automation.cli.session import (
    ExitCode,
    Name,
    StackName,
    Verbose,
    Yes,
    checked_deployment,
    confirm,
    operation,
    require_confirmation,
)
from providers import tag_search
from providers.contract.diagnostics import ConfigError, InvalidConfiguration

if TYPE_CHECKING:
    # loads the SDK, which `--help` does not need
    from pulumi.automation import EngineEvent

    from automation.cli.display import Display
    from automation.deploy import Deployment
    from automation.recover.match import Match


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("import")(import_objects)


def import_objects(
    stack: StackName,
    name: Name = None,
    file: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="Ids by logical name, below the key `resources`.")
    ] = None,
    tag: Annotated[
        str | None, typer.Option("--tag", metavar="KEY=VALUE", help="Search for the objects with a tag or label.")
    ] = None,
    write: Annotated[
        Path | None,
        typer.Option("--write", metavar="FILE", help="Write what --tag finds as a file for --from; import nothing."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be imported.")] = False,
    yes: Yes = False,
    verbose: Verbose = False,
) -> None:
    """Update the state with objects that exist, by ids or a tag.

    Changes nothing in the cloud, replaces no object, and prints what the next `up` changes in them.
    """
    _refuse_options(file, tag, write)
    # loads the reader of YAML and the SDK, which `--help` does not need
    from automation.recover import handmade

    ids = handmade.read_import_file(file) if file else {}
    require_confirmation(yes=yes or dry_run or write is not None, as_json=False, command=f"import {stack}")
    deployment = checked_deployment(stack, name)
    with operation(verbose=verbose) as display:
        if tag is None:
            with display.read_only(f"{deployment.name}  comparing"):
                matches, events = handmade.planned_imports(deployment, ids)
            for match in matches:
                print(f"{match.missing}: {'would import' if dry_run else 'import'} {match.identity}", flush=True)
        else:
            matches, events = _tagged(deployment, display, stack, tag, write)
        if matches and not dry_run:
            confirm(f"Import {len(matches)} objects into the state of {deployment.name}?", yes=yes)
            _import(deployment, display, matches, events, stack)


def _refuse_options(file: Path | None, tag: str | None, write: Path | None) -> None:
    if file is None and tag is None:
        fix = "name a file with the ids, or use --tag KEY=VALUE"
        raise InvalidConfiguration([ConfigError("--from", problem="missing", fix=fix)])
    if file is not None and tag is not None:
        raise InvalidConfiguration([ConfigError("--tag", problem="conflicts with --from", fix="remove one of them")])
    if write is not None and tag is None:
        raise InvalidConfiguration([ConfigError("--write", problem="no effect without --tag", fix="remove it")])


def _tagged(
    deployment: "Deployment", display: "Display", stack: str, text: str, write: Path | None
) -> "tuple[Sequence[Match], Sequence[EngineEvent]]":
    """Print what a tag finds, and return the matches; exits when they are written to a file."""
    from automation.recover import tag_import
    from automation.recover.importer import previewed_events
    from automation.recover.missing_resources import planned_creations

    tag = tag_search(deployment.file.spec.cloud).tag_of(text)
    with display.read_only(f"{deployment.name}  comparing"):
        events = previewed_events(deployment)
    result = tag_import.find_tagged(deployment, tag, planned_creations(events))
    for line in tag_import.match_lines(result):
        print(line, flush=True)
    errors = tag_import.undecided_errors(result, stack, str(tag))
    if write is not None:
        write_text(write, tag_import.import_file(result, tag))
        print(f"wrote {os.path.relpath(write)}" + (f"; choices left in it: {len(errors)}" if errors else ""))
        raise typer.Exit(ExitCode.DIFFERENT if errors else ExitCode.OK)
    if errors:
        raise InvalidConfiguration(errors)
    if not result.matches:
        print(f"{deployment.name}: no object with the tag {tag} is a resource that the stack lacks")
    return [each.match for each in result.matches], events


def _import(
    deployment: "Deployment",
    display: "Display",
    matches: "Sequence[Match]",
    events: "Sequence[EngineEvent]",
    stack: str,
) -> None:
    from automation.recover import handmade

    with display.read_only(f"{deployment.name}  importing"):
        result = handmade.import_objects(deployment, matches, events)
    for change in result.changes:
        paths = ", ".join(each.path for each in change.properties)
        print(f"{change.name} ({change.short_type}): the next up changes {paths}")
    print(f"{deployment.name}: imported {len(matches)}; run `agent-platform up {stack}` next")
