"""The commands `preview`, `up`, `refresh`, `drift` and `destroy`, from `automation.deploy`."""

from typing import TYPE_CHECKING, Annotated

import typer

from automation.cli.formats import print_json_line, show
from automation.cli.rollout import Retry, rollouts_of, take_steps
from automation.cli.session import (
    AsJsonLines,
    Create,
    ExitCode,
    Name,
    PolicyPackConfigs,
    PolicyPacks,
    SecretsProvider,
    Settings,
    StackName,
    TtlHours,
    Verbose,
    Yes,
    can_prompt,
    checked_deployment,
    confirm,
    operation,
    require_confirmation,
    unchecked_deployment,
)

if TYPE_CHECKING:
    from automation.cli.display import Display
    from automation.deploy import Deployment, Outcome, Preview
    from automation.deploy.host_removal import HostRemoval
    from automation.deploy.host_repair import HostRepair

ROLLOUT_TIMEOUT_SECONDS = 300.0
Build = Annotated[
    bool, typer.Option("--build/--no-build", help="On a Docker host, build the images whose source has changed.")
]
RolloutTimeout = Annotated[
    float,
    typer.Option(
        "--rollout-timeout-seconds",
        "--settle-seconds",
        min=0,
        help="Seconds to wait until every service runs its new revision.",
    ),
]
AllowReplace = Annotated[
    list[str] | None,
    typer.Option("--allow-replace", help="Allow the loss of a resource, by its name in the refusal; repeatable."),
]


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
    policy_pack: PolicyPacks = None,
    policy_pack_config: PolicyPackConfigs = None,
    as_json: AsJsonLines = False,
    verbose: Verbose = False,
) -> None:
    """Show what `up` would change in the cloud, without changing it."""
    deployment = checked_deployment(stack, name, settings=settings, secrets_provider=secrets_provider)
    deployment.use_policies(policy_pack or (), policy_pack_config or ())
    with operation(as_json=as_json, verbose=verbose) as display:
        rollouts = rollouts_of(deployment, display)
        if rollouts:
            rollouts.load()
        with display.read_only(f"{deployment.name}  previewing") as on_event:
            result = deployment.preview(on_event, create=create or deployment.ephemeral)
        print_preview(result, as_json=as_json)


def up(
    stack: StackName,
    name: Name = None,
    ttl_hours: TtlHours = None,
    settings: Settings = None,
    create: Create = False,
    secrets_provider: SecretsProvider = None,
    allow_replace: AllowReplace = None,
    retry: Retry = None,
    policy_pack: PolicyPacks = None,
    policy_pack_config: PolicyPackConfigs = None,
    rollout_timeout_seconds: RolloutTimeout = ROLLOUT_TIMEOUT_SECONDS,
    build: Build = True,
    yes: Yes = False,
    as_json: AsJsonLines = False,
    verbose: Verbose = False,
) -> None:
    """Deploy a stack. Shows the changes, applies them after a confirmation, and checks that services run."""
    deployment = checked_deployment(stack, name, ttl_hours, settings, secrets_provider)
    deployment.use_policies(policy_pack or (), policy_pack_config or ())
    require_confirmation(yes=yes, as_json=as_json, command=f"up {stack}")
    with operation(as_json=as_json, verbose=verbose) as display:
        from automation.deploy.update_record import update_record
        from automation.images.supply import ImageSupply, complete_update
        from automation.recover.prepared_objects import import_prepared

        prompt, allowed = can_prompt(as_json=as_json) and not yes, tuple(allow_replace or ())
        _prepare(deployment, display)
        supply = ImageSupply(deployment, display.note)
        supply.prepare_host(build=build)
        repair = compare_with_host(deployment, display)
        record = update_record(deployment)
        if record and record.is_current:
            return _print_unchanged(deployment, repair, display)
        rollouts = rollouts_of(deployment, display)
        if rollouts:
            rollouts.prepare(tuple(retry or ()))
        deployment.allow_losses(allowed)
        changes = _preview(deployment, display, create=create or deployment.ephemeral, prompt=prompt)
        if import_prepared(deployment, changes, display.note):
            changes = _preview(deployment, display, create=False, prompt=False)
        print_preview(changes, as_json=as_json)
        deployment.guard(changes, allowed)
        if changes.effective:
            confirm(f"Apply these changes to {deployment.name}?", yes=yes)

        repair.start_stopped(changes)
        supply.run(lambda title: display.changes(title, {}), lambda question: prompt and typer.confirm(question))
        if deployment.file.spec.releases:
            _release(deployment, display, changes)
        if rollouts:
            rollouts.begin(changes)
        outcome = _apply(deployment, display, changes, allowed, rollout_timeout_seconds)
        complete_update(deployment, display.note, supply.operations)
        if rollouts:
            take_steps(rollouts, display, prompt=prompt)
        if record:
            record.save()
        _print_up(deployment, outcome, display)


def _prepare(deployment: "Deployment", display: "Display") -> None:
    """Refuse a stack that is in use or moves, and generate the key of an AgentOS on a Docker host that has none."""
    from automation.failover.begin import refuse_open_failover
    from automation.local.security_key import supply_security_key

    _refuse_busy(deployment, display)
    refuse_open_failover(deployment, f"agent-platform up {deployment.name}")
    supply_security_key(deployment, display.note)


def _release(deployment: "Deployment", display: "Display", changes: "Preview") -> None:
    """Run the release commands of services whose image changes."""
    from automation.release.stack_releases import StackReleases

    StackReleases(deployment, display.note, lambda title: display.changes(title, {})).run(changes)


def _print_unchanged(deployment: "Deployment", repair: "HostRepair", display: "Display") -> None:
    """Start what was stopped and print that nothing has changed since the last update."""
    from automation.deploy.update_record import unchanged_outcome, unchanged_preview

    preview = unchanged_preview(deployment.name, repair.exported)
    print_preview(preview, as_json=display.as_json)
    repair.start_stopped(preview)
    _print_up(deployment, unchanged_outcome(preview, repair.exported), display)


def _print_up(deployment: "Deployment", outcome: "Outcome", display: "Display") -> None:
    """Print the outcome of an update, and how plain `pulumi` uses a state on this machine."""
    from automation.stack.workdir import program_path

    print_outcome(outcome, "is up", as_json=display.as_json)
    # without a project file in the folder, only these commands bring their own
    if deployment.local_state is not None and program_path(deployment.folder):
        lines = (f"  {line}" for line in deployment.local_state.exports)
        display.note("\n".join(("for plain `pulumi` in this folder:", *lines)))


def compare_with_host(deployment: "Deployment", display: "Display") -> "HostRepair":
    """Compare a stack with its Docker host before the preview, and add the volumes of a lost state to the state."""
    from automation.deploy.host_repair import HostRepair
    from automation.recover.adoption import Adoption

    repair = HostRepair(deployment, display.note)
    repair.refresh_missing()
    Adoption(deployment, display.note).adopt(repair.known_ids)
    return repair


def _apply(
    deployment: "Deployment",
    display: "Display",
    changes: "Preview",
    allowed: tuple[str, ...],
    rollout_timeout_seconds: float,
) -> "Outcome":
    """Apply the changes of a preview and wait until every service runs."""
    from automation.cli.deployment_text import component_counts
    from automation.deploy import Outcome
    from providers import command_line

    if (
        not changes.effective
        and not changes.new_stack
        and command_line(deployment.file.spec.cloud).keeps_images_on_host
    ):
        # the host has been compared with the state, so an update would only take its time
        return Outcome(deployment.name, changes.changes, deployment.outputs(), 0.0)
    with display.changes(f"{deployment.name}  updating", component_counts(changes.effective)) as on_event:
        return deployment.up(on_event, allowed, preview=changes, rollout_timeout_seconds=rollout_timeout_seconds)


def _refuse_busy(deployment: "Deployment", display: "Display") -> None:
    """Raise DeploymentFailed while another operation or a dev session uses the stack; print what a session left."""
    from automation.dev.session_lock import refuse_session

    deployment.refuse_locked()
    refuse_session(deployment.folder, deployment.name)
    _note_session(deployment, display)


def _note_session(deployment: "Deployment", display: "Display") -> None:
    """Print that services of a Docker stack run from their source."""
    from automation.dev.session_lock import session_note
    from automation.local.state import declared_cloud

    if declared_cloud(deployment.folder, deployment.stack) == "docker":
        note = session_note(deployment.name, deployment.host_environment)
        if note:
            display.note(note)


def _preview(deployment: "Deployment", display: "Display", *, create: bool, prompt: bool) -> "Preview":
    """Return the preview; if the backend lacks the stack, prompt for its creation."""
    from automation.deploy import DeploymentFailed, Failure

    title = f"{deployment.name}  previewing"
    try:
        with display.read_only(title) as on_event:
            return deployment.preview(on_event, create=create)
    except DeploymentFailed as failure:
        if failure.kind is not Failure.NO_STACK or not prompt:
            raise
        confirm(f"{failure.stack}: {failure.problem}. Create it?", yes=False)
    with display.read_only(title) as on_event:
        return deployment.preview(on_event, create=True)


def refresh(
    stack: StackName, name: Name = None, yes: Yes = False, as_json: AsJsonLines = False, verbose: Verbose = False
) -> None:
    """Update the state to match the cloud. Requires a confirmation and changes nothing in the cloud."""
    deployment = unchecked_deployment(stack, name)
    require_confirmation(yes=yes, as_json=as_json, command=f"refresh {stack}")
    with operation(as_json=as_json, verbose=verbose) as display:
        if not print_drift(deployment, display):
            return
        confirm(f"Update the state of {deployment.name}?", yes=yes)
        with display.changes(f"{deployment.name}  refreshing", {}) as on_event:
            outcome = deployment.refresh(on_event)
        print_outcome(outcome, "is refreshed", as_json=as_json)


def drift(stack: StackName, name: Name = None, as_json: AsJsonLines = False, verbose: Verbose = False) -> None:
    """Show drift between the cloud and the state. Exits with code 3 if there is any."""
    deployment = unchecked_deployment(stack, name)
    with operation(as_json=as_json, verbose=verbose) as display:
        _note_session(deployment, display)
        differs = print_drift(deployment, display)
    raise typer.Exit(ExitCode.DIFFERENT if differs else ExitCode.OK)


def destroy(
    stack: StackName,
    name: Name = None,
    unprotect: Annotated[
        list[str] | None,
        typer.Option("--unprotect", help="Delete this protected resource too, by name; repeatable."),
    ] = None,
    volumes: Annotated[
        bool,
        typer.Option("--volumes", help="On docker, delete the volumes with their data too, which are kept otherwise."),
    ] = False,
    by_label: Annotated[
        bool,
        typer.Option("--force-by-label", help="On docker, remove what has the labels of the stack, without its state."),
    ] = False,
    yes: Yes = False,
    as_json: AsJsonLines = False,
    verbose: Verbose = False,
) -> None:
    """Delete every resource of a stack. Requires a confirmation and keeps the history, and on docker the volumes."""
    deployment = unchecked_deployment(stack, name)
    require_confirmation(yes=yes, as_json=as_json, command=f"destroy {stack}")
    with operation(as_json=as_json, verbose=verbose) as display:
        from automation.deploy.host_removal import HostRemoval

        removal = HostRemoval(deployment, display.note)
        for option, chosen in (("--volumes", volumes), ("--force-by-label", by_label)):
            if chosen:
                removal.require_host(option)
        if by_label:
            _remove_by_label(removal, volumes=volumes, yes=yes)
            return
        names, keep_data = tuple(unprotect or ()), removal.keeps_data and not volumes
        changes = deployment.preview_destroy(names, keep_data=keep_data)
        print_preview(changes, as_json=as_json)
        if changes.effective:
            confirm(f"Delete all of these resources in {deployment.name} permanently?", yes=yes)
        else:
            removal.refuse_unknown()

        from automation.cli.deployment_text import component_counts

        with display.changes(f"{deployment.name}  deleting", component_counts(changes.effective)) as on_event:
            outcome = deployment.destroy(on_event, names, keep_data=keep_data)
        print_outcome(outcome, "is destroyed", as_json=as_json)
        removal.report_left()
        if keep_data:
            removal.report_kept()


def _remove_by_label(removal: "HostRemoval", *, volumes: bool, yes: bool) -> None:
    """Print the objects with the labels of a stack, and remove them after a confirmation."""
    objects = removal.labelled(volumes=volumes)
    for each in objects:
        removal.note(f"- {each}")
    removal.report_unlabelled(objects)
    if objects:
        confirm(f"Remove these {len(objects)} objects of {removal.deployment.name} permanently?", yes=yes)
    removal.remove(objects)
    removal.finish_without_state(volumes=volumes)


def print_preview(result: "Preview", *, as_json: bool) -> None:
    """Print the changes of a preview."""
    if as_json:
        from automation.cli.json_lines import preview_json

        print_json_line(preview_json(result))
        return

    from automation.cli.deployment_text import preview_tree

    show(preview_tree(result, f"{result.stack} (new)" if result.new_stack else result.stack))


def print_drift(deployment: "Deployment", display: "Display") -> bool:
    """Detect and print drift; True if there is any."""
    with display.read_only(f"{deployment.name}  detecting drift") as on_event:
        differences = deployment.drift(on_event)
    if display.as_json:
        from automation.cli.json_lines import drift_json

        print_json_line(drift_json(deployment.name, differences))
    else:
        from automation.cli.deployment_text import drift_tree

        show(drift_tree(deployment.name, differences))
    return bool(differences)


def print_outcome(outcome: "Outcome", result: str, *, as_json: bool) -> None:
    """Print the counts, durations and outputs of an operation."""
    if as_json:
        from automation.cli.json_lines import outcome_json

        print_json_line(outcome_json(outcome))
        return

    from automation.cli.deployment_text import outcome_text

    show(outcome_text(outcome, result))
