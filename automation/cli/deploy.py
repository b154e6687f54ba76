"""`preview`, `up`, `refresh`, `drift`, `destroy`: a thin layer over `Deployment`, which has the same names."""

from typing import TYPE_CHECKING, Annotated

import typer

from automation.cli.failures import DRIFTED, agreed, can_ask, need_answer, show, telling
from automation.cli.options import (
    AsJson,
    Create,
    Name,
    SecretsProvider,
    Settings,
    StackName,
    TtlHours,
    Verbose,
    Yes,
    programmed,
    standing,
)

if TYPE_CHECKING:
    from automation.cli.watch import Watch
    from automation.deploy import Deployment, Outcome, Preview

SETTLE_SECONDS = 300.0


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    for command in (preview, up, refresh, drift, destroy):
        app.command()(command)


def preview(
    stack: StackName,
    name: Name = None,
    settings: Settings = None,
    create: Create = False,
    secrets_provider: SecretsProvider = None,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """What `up` would change in the cloud, by the real engine; changes nothing."""
    deployment = programmed(stack, name, settings=settings, secrets_provider=secrets_provider)
    with telling(as_json=as_json, verbose=verbose) as watch:
        with watch.looking(f"{deployment.name}  previewing") as on_event:
            found = deployment.preview(on_event, create=create or deployment.ephemeral)
        tell_preview(found, as_json=as_json)


def up(
    stack: StackName,
    name: Name = None,
    ttl_hours: TtlHours = None,
    settings: Settings = None,
    create: Create = False,
    secrets_provider: SecretsProvider = None,
    allow_replace: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-replace", help="Name of a resource that may be lost, as the refusal tells it; repeatable."
        ),
    ] = None,
    settle_seconds: Annotated[
        float, typer.Option(min=0, help="How long services may take to run the new revision.")
    ] = SETTLE_SECONDS,
    yes: Yes = False,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Make the cloud what the stack's file says: shows the changes, asks, makes them, and checks that services run."""
    need_answer(yes=yes, as_json=as_json, command=f"up {stack}")
    deployment = programmed(stack, name, ttl_hours, settings, secrets_provider)
    allowed = tuple(allow_replace or ())
    with telling(as_json=as_json, verbose=verbose) as watch:
        asking = can_ask(as_json=as_json) and not yes
        found = _found(deployment, watch, create=create or deployment.ephemeral, asking=asking)
        tell_preview(found, as_json=as_json)
        deployment.guard(found, allowed)
        if found.effective:
            agreed(f"Make these changes in {deployment.name}?", yes=yes)

        from automation.cli.change_tree import component_counts

        with watch.making(f"{deployment.name}  updating", component_counts(found.effective)) as on_event:
            outcome = deployment.up(on_event, allowed, preview=found, rollout_timeout_seconds=settle_seconds)
        tell_outcome(outcome, "is up", as_json=as_json)


def _found(deployment: "Deployment", watch: "Watch", *, create: bool, asking: bool) -> "Preview":
    """The preview; where the backend has no such stack, whoever is there is asked whether to make it."""
    from automation.deploy import DeploymentFailed, Failure

    title = f"{deployment.name}  previewing"
    try:
        with watch.looking(title) as on_event:
            return deployment.preview(on_event, create=create)
    except DeploymentFailed as failure:
        if failure.kind is not Failure.NO_STACK or not asking:
            raise
        agreed(f"{failure.problem}. Make it there?", yes=False)
    with watch.looking(title) as on_event:
        return deployment.preview(on_event, create=True)


def refresh(
    stack: StackName, name: Name = None, yes: Yes = False, as_json: AsJson = False, verbose: Verbose = False
) -> None:
    """Take over into the state what the cloud has: shows what differs, asks, and changes nothing in the cloud."""
    need_answer(yes=yes, as_json=as_json, command=f"refresh {stack}")
    deployment = standing(stack, name)
    with telling(as_json=as_json, verbose=verbose) as watch:
        if not tell_drift(deployment, watch):
            return
        agreed(f"Take this over into the state of {deployment.name}?", yes=yes)
        with watch.making(f"{deployment.name}  refreshing", {}) as on_event:
            outcome = deployment.refresh(on_event)
        tell_outcome(outcome, "is refreshed", as_json=as_json)


def drift(stack: StackName, name: Name = None, as_json: AsJson = False, verbose: Verbose = False) -> None:
    """What in the cloud is not as the stack left it: exit code 0 for nothing, 3 for drift."""
    deployment = standing(stack, name)
    with telling(as_json=as_json, verbose=verbose) as watch:
        found = tell_drift(deployment, watch)
    raise typer.Exit(DRIFTED if found else 0)


def destroy(
    stack: StackName,
    name: Name = None,
    unprotect: Annotated[
        list[str] | None,
        typer.Option("--unprotect", help="Name of a protected resource that may be lost too; repeatable."),
    ] = None,
    yes: Yes = False,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Delete everything that stands in the stack: shows what goes, asks, deletes. Its history stays."""
    need_answer(yes=yes, as_json=as_json, command=f"destroy {stack}")
    deployment = standing(stack, name)
    with telling(as_json=as_json, verbose=verbose) as watch:
        named = tuple(unprotect or ())
        found = deployment.preview_destroy(named)
        tell_preview(found, as_json=as_json)
        if found.effective:
            agreed(f"Delete all of this in {deployment.name} for good?", yes=yes)

        from automation.cli.change_tree import component_counts

        with watch.making(f"{deployment.name}  deleting", component_counts(found.effective)) as on_event:
            outcome = deployment.destroy(on_event, named)
        tell_outcome(outcome, "is destroyed", as_json=as_json)


def tell_preview(found: "Preview", *, as_json: bool) -> None:
    """Print what a preview found."""
    if as_json:
        from automation.cli.json_lines import line, preview_json

        print(line(preview_json(found)), flush=True)
        return

    from automation.cli.change_tree import preview_tree

    show(preview_tree(found, f"{found.stack} (new)" if found.new_stack else found.stack))


def tell_drift(deployment: "Deployment", watch: "Watch") -> bool:
    """Look for drift and print it; True when there is any."""
    with watch.looking(f"{deployment.name}  looking for drift") as on_event:
        found = deployment.drift(on_event)
    if watch.as_json:
        from automation.cli.json_lines import drift_json, line

        print(line(drift_json(deployment.name, found)), flush=True)
    else:
        from automation.cli.change_tree import drift_tree

        show(drift_tree(deployment.name, found))
    return bool(found)


def tell_outcome(outcome: "Outcome", did: str, *, as_json: bool) -> None:
    """Print what an update has done."""
    if as_json:
        from automation.cli.json_lines import line, outcome_json

        print(line(outcome_json(outcome)), flush=True)
        return

    from automation.cli.tables import outcome_text

    show(outcome_text(outcome, did))
