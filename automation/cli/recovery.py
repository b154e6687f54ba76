"""The commands `recovery plan` and `recovery status`, from `automation.recovery`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from automation.cli.formats import print_json_line
from automation.cli.session import AsJson, ExitCode, StackName
from automation.stack.document import read_stack
from automation.stack.folder import project_folder
from providers.contract.diagnostics import ConfigError, InvalidConfiguration

if TYPE_CHECKING:
    from automation.recovery.stale import Form

recovery = typer.Typer(no_args_is_help=True, help="Recovery plan and status of a stack.")


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(recovery, name="recovery")


@recovery.command()
def plan(
    stack: StackName,
    cloud: Annotated[
        str | None, typer.Option(help="Plan the stack on this cloud instead of the one in its file.")
    ] = None,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
    as_html: Annotated[bool, typer.Option("--html", help="Print one HTML page, to be printed.")] = False,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write FILE: Markdown for .md, HTML for .html, else text."),
    ] = None,
    check: Annotated[
        Path | None,
        typer.Option("--check", metavar="FILE", help="Compare FILE with the stack; exit code 3 when it is stale."),
    ] = None,
) -> None:
    """Print the recovery plan: failures, what each loses, and the commands. Needs no account, network or engine."""
    _refuse_together({"--markdown": as_markdown, "--html": as_html, "--output": output, "--check": check})
    folder = project_folder()
    file = read_stack(folder, stack, cloud)

    from automation.plan.build import plan_of
    from automation.recovery.stale import form_of, plan_text

    chosen: Form = "html" if as_html else "markdown" if as_markdown else "text"
    target = output or check
    text = plan_text(plan_of(file, folder), form_of(target) if target else chosen)
    if check is not None:
        _compare(stack, cloud, check, text)
    elif output is not None:
        _write(output, text)
    else:
        typer.echo(text, nl=False)


@recovery.command()
def status(stack: StackName, as_json: AsJson = False) -> None:
    """Show mode, copies, age of the newest backups and the last drill. Asks the cloud with its own command line."""
    folder = project_folder()
    file = read_stack(folder, stack)

    from automation.cli.recovery_text import status_json, status_lines
    from automation.recovery.live_status import live_status

    found = live_status(file, folder)
    if as_json:
        print_json_line(status_json(found))
        return
    for line in status_lines(found):
        typer.echo(line)


def _refuse_together(options: dict[str, object]) -> None:
    given = [option for option, value in options.items() if value]
    if len(given) > 1:
        fix = "leave one out; the suffix of a file selects its form"
        raise InvalidConfiguration([ConfigError(given[1], f"not possible with {given[0]}", fix)])


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        problem = f"cannot write {file}: {error.strerror}"
        raise InvalidConfiguration([ConfigError("--output", problem, "use a file in a folder that exists")]) from None
    typer.echo(f"wrote {file}")


def _compare(stack: str, cloud: str | None, file: Path, text: str) -> None:
    from automation.recovery.stale import difference, read_plan

    changed = difference(read_plan("--check", file), text)
    if not changed:
        typer.echo(f"{file} is the recovery plan of {stack}")
        return
    on = f" --cloud {cloud}" if cloud else ""
    typer.echo(f"{file} is stale: {changed}. Run `agent-platform recovery plan {stack}{on} -o {file}`.", err=True)
    raise typer.Exit(ExitCode.DIFFERENT)
