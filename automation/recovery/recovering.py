"""The recovery of a stack, from the left-over processes to the refresh, telling every step.

The order matters: a plugin that still works makes objects after they were looked for, a file that cannot be read hides
the lock, and the refresh drops the pending creations that were not imported before it.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from pulumi import automation

from automation.deployment import Deployment, DeploymentFailed, Failure, OnEvent, Outcome
from automation.deployment.changes import made
from automation.deployment.checks import refuse_missing_secrets
from automation.deployment.collecting import Collected
from automation.deployment.told import message
from automation.engine.case import place_of
from automation.recovery.finding import Objects, find, place_for
from automation.recovery.importing import Imports, import_all
from automation.recovery.matching import Match
from automation.recovery.missing import Exported, Missing, all_missing, pending, under_way
from automation.recovery.results import OnStep, Recovered, Topic
from automation.recovery.searching import Searcher
from automation.recovery.telling import (
    Log,
    tell_imports,
    tell_not_found,
    tell_operations,
    tell_orphans,
    tell_planned_imports,
    tell_refresh,
    tell_unsearched,
)
from automation.recovery.unblocking import damaged_elsewhere, state_files, unblock
from providers import findable


def recover(
    deployment: Deployment,
    *,
    dry_run: bool = False,
    take_lock: bool = False,
    on_step: OnStep | None = None,
    on_event: OnEvent | None = None,
) -> Recovered:
    """Bring the state of a stack back to what the cloud has, after an update that was killed or whose answers were lost.

    `dry_run` tells what would be done and changes nothing; `take_lock` takes the lock of another machine too, whose
    update is known to be over. Raises DeploymentFailed; the steps told before are done.
    """
    refuse_missing_secrets(deployment.file)
    log = Log(dry_run=dry_run, on_step=on_step)
    unblock(deployment, log, take_lock=take_lock)
    exported = _exported(deployment, log)
    if exported is None:
        return Recovered(deployment.name, tuple(log.steps), dry_run)
    missing, objects = _looked_for(deployment, exported)
    _take_over(deployment, log, exported, objects)
    refreshed = None if dry_run else _refresh(deployment, on_event)
    tell_refresh(log, refreshed)
    _tell_next(deployment, log, missing=bool(missing))
    return Recovered(deployment.name, tuple(log.steps), dry_run, refreshed)


def _exported(deployment: Deployment, log: Log) -> Exported | None:
    """The state; None in a dry run that leaves it damaged. Raises DeploymentFailed."""
    try:
        with deployment.told_failures():
            return deployment.engine.exported()
    except DeploymentFailed as failure:
        if failure.kind is not Failure.DAMAGED:
            raise
        if state_files(deployment) is None:
            raise damaged_elsewhere(deployment, failure) from None
        if not log.dry_run:
            raise
    log.tell(Topic.NEXT, "", "what is pending or missing can be told when the files are mended: run without --dry-run")
    return None


def _looked_for(deployment: Deployment, exported: Exported) -> tuple[Sequence[Missing], Objects]:
    """What is missing in the state, and what of it stands in the cloud; program and cloud are asked at the same time."""
    spec, command = deployment.file.spec, deployment.engine.workspace.pulumi_command
    place = place_of(spec, deployment.name)
    environment = {**os.environ, **deployment.environment}
    searcher = Searcher(command.command, str(command.version), spec.cloud, place, environment)
    events: list[automation.EngineEvent] = []
    with ThreadPoolExecutor(max_workers=1) as beside:
        searched = beside.submit(searcher.search)
        with deployment.told_failures():
            deployment.engine.preview(on_event=events.append)
        missing = all_missing(exported, events)
        return missing, find(searcher, searched.result(), findable(spec.cloud), place_for(place), exported, missing)


def _take_over(deployment: Deployment, log: Log, exported: Exported, objects: Objects) -> None:
    """Import what was found and tell the rest."""
    table = findable(deployment.file.spec.cloud)
    begun = {one.urn: one for one in pending(exported)}
    tell_operations(log, under_way(exported), begun)
    if log.dry_run:
        tell_planned_imports(log, objects.matches)
        done = {one.missing.urn for one in objects.matches}
        imports = Imports()
    else:
        imports = _import(deployment, objects.matches)
        tell_imports(log, imports)
        done = {one.missing.urn for one in (*imports.imported, *imports.refused)}
    tell_not_found(log, (one for urn, one in begun.items() if urn not in done), table)
    tell_orphans(log, objects.orphans)
    tell_unsearched(log, objects.troubles, objects.hidden)


def _import(deployment: Deployment, matches: Sequence[Match]) -> Imports:
    with deployment.told_failures():
        return import_all(deployment.engine, matches, message("recover", {**os.environ, **deployment.environment}))


def _refresh(deployment: Deployment, on_event: OnEvent | None) -> Outcome:
    told = Collected(deployment.clock, on_event)
    said = message("recover", {**os.environ, **deployment.environment})
    with deployment.told_failures(told):
        deployment.engine.refresh(on_event=told.take, clear_pending_creates=True, message=said)
    told.hand_on_problem()
    return Outcome(deployment.name, made(told.events), {}, told.seconds, told.seconds_by_room)


def _tell_next(deployment: Deployment, log: Log, *, missing: bool) -> None:
    if log.dry_run:
        log.tell(Topic.NEXT, "", "nothing was changed: run without --dry-run to do this")
    elif missing or log.found_anything:
        also = ", which creates what is still missing" if missing else ""
        log.tell(Topic.NEXT, "", f"`agent-platform up {deployment.stack}`{also}")
    else:
        log.tell(Topic.NEXT, "", "nothing: there was nothing to recover")
