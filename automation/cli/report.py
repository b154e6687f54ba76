"""The command `report`, from `automation.report`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from automation.cli.formats import today
from automation.cli.plan import other_stack
from automation.cli.session import StackName
from automation.stack.document import Stack, read_stack, stack_names
from automation.stack.folder import project_folder
from components.configuration import PROJECT
from providers.contract.diagnostics import ConfigError, InvalidConfiguration, did_you_mean, listed
from providers.contract.presets import CloudName

if TYPE_CHECKING:
    from automation.cost.usage import Usage
    from automation.report.facts import ReportFacts
    from automation.report.posture import Posture


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command()(report)


def report(
    stack: StackName,
    cloud: Annotated[
        str | None, typer.Option(help="Report the stack on this cloud instead of the one in its file.")
    ] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write the page, HTML.")] = None,
    bundle: Annotated[
        Path | None, typer.Option("--bundle", metavar="FILE", help="Write the evidence as a ZIP file.")
    ] = None,
    diff: Annotated[
        str | None,
        typer.Option(
            help="Compare with another stack, with the same one on another cloud, or with the bundle of a release."
        ),
    ] = None,
    changes: Annotated[
        bool, typer.Option("--changes", help="Print what widens (+) and narrows (-) from --diff, one line each.")
    ] = False,
    mermaid: Annotated[bool, typer.Option("--mermaid", help="Print the picture as a Mermaid flowchart.")] = False,
    usage: Annotated[
        Path | None, typer.Option("--usage", metavar="FILE", help="Read assumptions about a month from a YAML file.")
    ] = None,
    template: Annotated[
        Path | None, typer.Option("--template", metavar="FILE", help="Use this Jinja template around the sections.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that exist.")] = False,
) -> None:
    """Write one page for a security review, or its evidence. Needs no account, network or engine."""
    _check_options(output, bundle, template, overwrite=overwrite, prints=changes or mermaid, diff=diff, changes=changes)
    folder = project_folder()
    file = read_stack(folder, stack, cloud)

    from automation.cost.usage import read_usage
    from automation.report.comparison import widening_lines
    from automation.report.posture import posture_of

    assumed = read_usage(usage)
    before = _before(folder, file, diff, assumed) if diff is not None else None
    facts = _facts(folder, file, assumed)
    if output is not None or bundle is not None:
        _write_files(folder, facts, before, (output, bundle, template), overwrite=overwrite, quiet=changes or mermaid)
    if mermaid:
        from automation.report.graph import graph_of
        from automation.report.graph import mermaid as flowchart

        typer.echo(flowchart(graph_of(facts)), nl=False)
    if changes and before is not None:
        for line in widening_lines(before, posture_of(facts)) or ["no right, port, reader, retention or cost differs"]:
            typer.echo(line)


def _check_options(
    output: Path | None,
    bundle: Path | None,
    template: Path | None,
    *,
    overwrite: bool,
    prints: bool,
    diff: str | None,
    changes: bool,
) -> None:
    """Refuse options that contradict each other, and files that exist, before anything is planned."""
    errors: list[ConfigError] = []
    if output is None and bundle is None and not prints:
        errors.append(
            ConfigError("report", "nothing to write", "use -o report.html, --bundle evidence.zip or --mermaid")
        )
    if changes and diff is None:
        errors.append(ConfigError("--changes", "needs something to compare with", "add --diff OTHER"))
    if template is not None and output is None and bundle is None:
        errors.append(ConfigError("--template", "only a page has a template", "add -o FILE, or leave it out"))
    if output is not None and output == bundle:
        errors.append(ConfigError("--bundle", "the same file as --output", "use two files"))
    for option, file in (("--output", output), ("--bundle", bundle)):
        if file is not None and file.exists() and not (overwrite and file.is_file()):
            fix = "add --overwrite, or use another name" if file.is_file() else "use the name of a file"
            errors.append(ConfigError(option, f"{file} exists", fix))
    if errors:
        raise InvalidConfiguration(errors)


def _facts(folder: Path, stack: Stack, usage: "Usage") -> "ReportFacts":
    from automation.plan.build import plan_of
    from automation.report.facts import facts_of

    return facts_of(plan_of(stack, folder), today(), usage)


def _before(folder: Path, stack: Stack, other: str, usage: "Usage") -> "Posture":
    """Return the other side: a stack of the folder or a cloud by its name, else the bundle of a release."""
    from automation.report.posture import posture_of

    names = (*stack_names(folder), *get_args(CloudName))
    if other in names:
        return posture_of(_facts(folder, other_stack(folder, stack, other), usage))
    if not Path(other).suffix and not Path(other).exists():
        problem = f"{other} is neither a stack, a cloud nor a file{did_you_mean(other, names)}"
        raise InvalidConfiguration([ConfigError("--diff", problem, f"use {listed(names)}, or the bundle of a release")])
    from automation.report.bundle import read_posture

    return read_posture("--diff", Path(other))


def _write_files(
    folder: Path,
    facts: "ReportFacts",
    before: "Posture | None",
    files: tuple[Path | None, Path | None, Path | None],
    *,
    overwrite: bool,
    quiet: bool,
) -> None:
    from automation.report.page import commit_of, report_page, tool_version

    output, target, template = files
    commit = commit_of(folder)
    page = report_page(
        facts, today=today(), version=tool_version(PROJECT), commit=commit, before=before, template=template
    )
    if output is not None:
        _write("--output", output, page.encode(), overwrite=overwrite, quiet=quiet)
    if target is not None:
        from automation.report.bundle import bundle

        _write("--bundle", target, bundle(facts, page, today(), commit), overwrite=overwrite, quiet=quiet)


def _write(option: str, file: Path, content: bytes, *, overwrite: bool, quiet: bool) -> None:
    try:
        with file.open("wb" if overwrite else "xb") as target:
            target.write(content)
    except OSError as error:
        problem = f"cannot write {file}: {error.strerror}"
        raise InvalidConfiguration([ConfigError(option, problem, "use a file in a folder that exists")]) from None
    if not quiet:
        typer.echo(f"wrote {file}, {len(content):,} bytes")
