"""The recovery of a stack, from the left-over processes to the refresh, telling every step.

The order matters: a plugin that still works makes objects after they were looked for, a file that cannot be read hides
the lock, and the refresh drops the pending creations that were not imported before it.
"""

import os

from automation.deploy import Deployment, DeploymentFailed, Failure, OnEvent, Outcome
from automation.deploy.changes import completed_changes
from automation.deploy.engine_events import EventCollector
from automation.deploy.guard import refuse_missing_secrets
from automation.deploy.results import update_message
from automation.recover.importer import Imports, import_all
from automation.recover.look import Look, look
from automation.recover.messages import (
    Log,
    tell_imports,
    tell_not_found,
    tell_operations,
    tell_orphans,
    tell_planned_imports,
    tell_refresh,
    tell_unsearched,
)
from automation.recover.missing import Exported, pending, under_way
from automation.recover.results import OnStep, Recovered, Topic
from automation.recover.unblock import damaged_elsewhere, state_files, unblock
from providers import import_table

PASSES = 6
"""A state that was lost is taken over in so many layers at most: network, subnets, what stands in them."""


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
    missing = _take_over(deployment, log, exported)
    refreshed = None if dry_run else _refresh(deployment, on_event)
    tell_refresh(log, refreshed)
    _tell_next(deployment, log, missing=missing)
    return Recovered(deployment.name, tuple(log.steps), dry_run, refreshed)


def _exported(deployment: Deployment, log: Log) -> Exported | None:
    """The state; None in a dry run that leaves it damaged. Raises DeploymentFailed."""
    try:
        with deployment.engine_errors():
            return deployment.engine.export_state()
    except DeploymentFailed as failure:
        if failure.kind is not Failure.DAMAGED:
            raise
        if state_files(deployment) is None:
            raise damaged_elsewhere(deployment, failure) from None
        if not log.dry_run:
            raise
    log.tell(Topic.NEXT, "", "what is pending or missing can be told when the files are mended: run without --dry-run")
    return None


def _take_over(deployment: Deployment, log: Log, exported: Exported) -> bool:
    """Import what stands in the cloud and tell the rest; True when the state still lacks something.

    Pass by pass: what hangs on something is found when that is in the state, and its inputs are known.
    """
    begun = {one.urn: one for one in pending(exported)}
    tell_operations(log, under_way(exported), begun)
    seen, settled = look(deployment, exported), set[str]()
    for _ in range(PASSES):
        imports = _imported(deployment, log, seen)
        settled |= {one.missing.urn for one in (*imports.imported, *imports.refused)}
        if log.dry_run or not imports.imported or not seen.objects.orphans:
            break
        with deployment.engine_errors():
            exported = deployment.engine.export_state()
        seen = look(deployment, exported)
    lacking = [one for one in seen.missing if one.urn not in settled]
    tell_not_found(log, (one for one in lacking if one.urn in begun), import_table(deployment.file.spec.cloud))
    tell_orphans(log, seen.objects.orphans, {one.type for one in lacking})
    tell_unsearched(log, seen.objects.troubles, seen.objects.hidden)
    return bool(lacking)


def _imported(deployment: Deployment, log: Log, seen: Look) -> Imports:
    """What was imported, or in a dry run would be."""
    matches = seen.objects.matches
    if log.dry_run:
        tell_planned_imports(log, matches)
        return Imports(imported=matches)
    said = update_message("recover", {**os.environ, **deployment.environment})
    with deployment.engine_errors():
        imports = import_all(deployment.engine, matches, seen.ground, said)
    tell_imports(log, imports)
    return imports


def _refresh(deployment: Deployment, on_event: OnEvent | None) -> Outcome:
    told = EventCollector(deployment.clock, on_event)
    said = update_message("recover", {**os.environ, **deployment.environment})
    with deployment.engine_errors(told):
        deployment.engine.refresh(on_event=told.add, clear_pending_creates=True, message=said)
    told.raise_callback_error()
    return Outcome(deployment.name, completed_changes(told.events), {}, told.seconds, told.seconds_by_component)


def _tell_next(deployment: Deployment, log: Log, *, missing: bool) -> None:
    if log.dry_run:
        log.tell(Topic.NEXT, "", "nothing was changed: run without --dry-run to do this")
    elif missing or log.found_anything:
        also = ", which creates what is still missing" if missing else ""
        log.tell(Topic.NEXT, "", f"`agent-platform up {deployment.stack}`{also}")
    else:
        log.tell(Topic.NEXT, "", "nothing: there was nothing to recover")
