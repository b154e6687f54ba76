"""The commands `rollout status|pause|resume|abort`, and the part of `up` that takes the steps of rollouts."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from automation.cli.completion import complete_service
from automation.cli.formats import print_json_line
from automation.cli.session import (
    AsJson,
    StackName,
    Verbose,
    Yes,
    checked_deployment,
    confirm,
    operation,
    require_confirmation,
)

if TYPE_CHECKING:
    from automation.cli.display import Display
    from automation.deploy import Deployment
    from automation.rollout.driver import Answer
    from automation.rollout.stack_rollouts import StackRollouts

Service = Annotated[
    str | None,
    typer.Argument(help="Service with a rollout [default: the only one].", autocompletion=complete_service),
]
Retry = Annotated[
    list[str] | None,
    typer.Option("--retry", help="Roll out this service although its rollout was aborted; repeatable."),
]
app = typer.Typer(no_args_is_help=True, help="Show, pause, resume or abort a rollout in steps.")


def register(parent: typer.Typer) -> None:
    """Add these commands to the command line."""
    parent.add_typer(app, name="rollout")


def rollouts_of(deployment: "Deployment", display: "Display") -> "StackRollouts | None":
    """Return the rollouts of a deployment; None when no service has a strategy with steps."""
    if not deployment.file.spec.services_in_steps:
        return None

    from automation.rollout.stack_rollouts import StackRollouts

    return StackRollouts(deployment, display.note)


def take_steps(rollouts: "StackRollouts", display: "Display", *, prompt: bool) -> None:
    """Take the steps of every rollout; raises DeploymentFailed for one that was aborted or left."""
    from automation.rollout.stack_rollouts import unfinished_failure

    name = rollouts.deployment.name
    with display.rollouts(f"{name}  rolling out") as report:
        for service, result in rollouts.drive(report, lambda: _ask(prompt=prompt)):
            if result.result != "done":
                raise unfinished_failure(name, service, result)
            display.note(f"{service}: the new revision receives all requests")


def _ask(*, prompt: bool) -> "Answer":
    """Return what an interrupt means: without a person to ask, the rollout stays at its step."""
    if not prompt:
        return "leave"
    choice = typer.prompt(
        "Abort the rollout, leave it at this step, or continue? [abort/leave/continue]", default="leave"
    )
    answers: dict[str, Answer] = {"abort": "abort", "a": "abort", "continue": "continue", "c": "continue"}
    return answers.get(choice.strip().lower(), "leave")


@app.command()
def status(stack: StackName, service: Service = None, as_json: AsJson = False, verbose: Verbose = False) -> None:
    """Show the rollouts in progress and those that were aborted."""
    deployment = checked_deployment(stack)
    with operation(as_json=as_json, verbose=verbose) as display:
        rollouts = rollouts_of(deployment, display)
        found = rollouts.status() if rollouts else None
    records = {name: each for name, each in found.records.items() if service in (None, name)} if found else {}
    if as_json:
        typer.echo(json.dumps([{"service": name, **asdict(record)} for name, record in records.items()], indent=2))
        return
    if not (found and rollouts and records):
        typer.echo("no rollout is in progress")
        return

    from automation.cli.rollout_text import record_line

    for name, record in records.items():
        typer.echo(record_line(name, record, rollouts.services[name].rollout, found.requests.get(name)))


@app.command()
def pause(stack: StackName, service: Service = None, verbose: Verbose = False) -> None:
    """Stay at the current step until `rollout resume`. The running `up` continues to observe the new revision."""
    with operation(verbose=verbose) as display:
        rollouts, name = _rollout(stack, service, display)
        rollouts.request(name, "pause")
    typer.echo(f"{name}: paused at its step; continue with `agent-platform rollout resume {stack} {name}`")


@app.command()
def resume(stack: StackName, service: Service = None, verbose: Verbose = False) -> None:
    """Continue a paused rollout. If no `up` is running, the next one continues it."""
    with operation(verbose=verbose) as display:
        rollouts, name = _rollout(stack, service, display)
        rollouts.request(name, None)
    typer.echo(f"{name}: continues; if no `up` is running, run `agent-platform up {stack}`")


@app.command()
def abort(
    stack: StackName, service: Service = None, yes: Yes = False, as_json: AsJson = False, verbose: Verbose = False
) -> None:
    """Return all requests to the stable revision. Requires a confirmation."""
    require_confirmation(yes=yes, as_json=as_json, command=f"rollout abort {stack}")
    with operation(as_json=as_json, verbose=verbose) as display:
        rollouts, name = _rollout(stack, service, display)
        confirm(f"Return all requests of {name} to its stable revision?", yes=yes)
        rollouts.abort(name)
    if as_json:
        print_json_line({"event": "result", "stack": stack, "service": name, "rollout": "aborted"})
    else:
        typer.echo(f"{name}: aborted; the stable revision receives all requests")


def _rollout(stack: str, service: str | None, display: "Display") -> "tuple[StackRollouts, str]":
    """Return the rollouts of a stack and the service meant; raises DeploymentFailed when there is none."""
    from automation.rollout.stack_rollouts import no_rollout

    rollouts = rollouts_of(checked_deployment(stack), display)
    if rollouts is None:
        raise no_rollout(stack, service)
    return rollouts, rollouts.in_progress(service)
