"""Recovery of a stack, from orphan processes to the refresh.

The order matters: a plugin that still runs creates objects after the search, a damaged file hides the lock, and the
refresh removes the pending creations that were not imported before.
"""

import os

from automation.deploy import Deployment, DeploymentFailed, Failure, OnEvent, Outcome
from automation.deploy.changes import completed_changes
from automation.deploy.engine_events import EventCollector
from automation.deploy.guard import refuse_missing_secrets
from automation.deploy.results import update_message
from automation.deploy.state import ExportedState
from automation.recover.blockers import remove_blockers, state_files, unrepairable_state
from automation.recover.discovery import Discovery, discover
from automation.recover.imported_inputs import limit_inputs
from automation.recover.importer import ImportResult, import_matches
from automation.recover.missing_resources import pending_creations, pending_operations
from automation.recover.steps import (
    OnStep,
    RecoveryResult,
    StepLog,
    Topic,
    log_imports,
    log_not_found,
    log_operations,
    log_orphans,
    log_planned_imports,
    log_refresh,
    log_unsearched,
)
from providers import import_table

MAX_PASSES = 6
"""Layers in which a lost state is imported: network, subnets, resources in them."""


def recover(
    deployment: Deployment,
    *,
    dry_run: bool = False,
    take_lock: bool = False,
    on_step: OnStep | None = None,
    on_event: OnEvent | None = None,
) -> RecoveryResult:
    """Make the state match the cloud after an update that was killed or whose results were lost.

    `dry_run` reports the steps and changes nothing; `take_lock` also releases the lock of another machine, whose update
    must have ended. Raises DeploymentFailed after the steps that were reported.
    """
    refuse_missing_secrets(deployment.file)
    log = StepLog(dry_run=dry_run, on_step=on_step)
    remove_blockers(deployment, log, take_lock=take_lock)
    state = _read_state(deployment, log)
    if state is None:
        return RecoveryResult(deployment.name, tuple(log.steps), dry_run)
    incomplete = _import_missing(deployment, log, state)
    refreshed = None if dry_run else _refresh(deployment, on_event)
    log_refresh(log, refreshed)
    _log_next(deployment, log, incomplete=incomplete)
    return RecoveryResult(deployment.name, tuple(log.steps), dry_run, refreshed)


def _read_state(deployment: Deployment, log: StepLog) -> ExportedState | None:
    """Return the state; None in a dry run that does not repair it. Raises DeploymentFailed."""
    try:
        with deployment.engine_errors():
            return deployment.engine.export_state()
    except DeploymentFailed as failure:
        if failure.kind is not Failure.DAMAGED:
            raise
        if state_files(deployment) is None:
            raise unrepairable_state(deployment, failure) from None
        if not log.dry_run:
            raise
    message = "missing and pending resources are known when the files are repaired; run without --dry-run"
    log.add(Topic.NEXT, "", message)
    return None


def _import_missing(deployment: Deployment, log: StepLog, state: ExportedState) -> bool:
    """Import what exists in the cloud and log the rest; True when the state still lacks resources.

    Several passes are needed: a resource that depends on another is found when that one is in the state, because only
    then its inputs are known.
    """
    pending = {resource.urn for resource in pending_creations(state)}
    log_operations(log, pending_operations(state), pending)
    discovery, resolved = discover(deployment, state), set[str]()
    for _ in range(MAX_PASSES):
        result = _import(deployment, log, discovery)
        resolved |= {match.missing.urn for match in (*result.imported, *result.rejected)}
        if log.dry_run or not result.imported or not discovery.objects.orphans:
            break
        with deployment.engine_errors():
            state = deployment.engine.export_state()
        discovery = discover(deployment, state)
    remaining = [resource for resource in discovery.missing if resource.urn not in resolved]
    not_found = (resource for resource in remaining if resource.urn in pending)
    log_not_found(log, not_found, import_table(deployment.file.spec.cloud))
    log_orphans(log, discovery.objects.orphans, {resource.urn.type for resource in remaining})
    log_unsearched(log, discovery.objects.errors, discovery.objects.unsearchable)
    return bool(remaining)


def _import(deployment: Deployment, log: StepLog, discovery: Discovery) -> ImportResult:
    """Import the matches, or in a dry run only log them."""
    matches = discovery.objects.matches
    if log.dry_run:
        log_planned_imports(log, matches)
        return ImportResult(imported=matches)
    with deployment.engine_errors():
        result = import_matches(deployment.engine, matches, discovery.related, _message(deployment))
    limit_inputs(deployment, result.imported)
    log_imports(log, result)
    return result


def _refresh(deployment: Deployment, on_event: OnEvent | None) -> Outcome:
    collector = EventCollector(deployment.clock, on_event)
    with deployment.engine_errors(collector):
        message = _message(deployment)
        deployment.engine.refresh(on_event=collector.add, clear_pending_creates=True, message=message)
    collector.raise_callback_error()
    changes = completed_changes(collector.events)
    return Outcome(deployment.name, changes, {}, collector.seconds, collector.seconds_by_component)


def _message(deployment: Deployment) -> str:
    return update_message("recover", {**os.environ, **deployment.environment})


def _log_next(deployment: Deployment, log: StepLog, *, incomplete: bool) -> None:
    if log.dry_run:
        message = "dry run, nothing was changed; run without --dry-run"
    elif incomplete or log.has_repairs:
        suffix = ", which creates the missing resources" if incomplete else ""
        message = f"run `agent-platform up {deployment.stack}`{suffix}"
    else:
        message = "nothing to recover"
    log.add(Topic.NEXT, "", message)
