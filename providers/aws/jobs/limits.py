"""Job settings that AWS refuses or adjusts. Pure."""

from collections.abc import Iterator

from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, listed
from providers.contract.job_limits import missed_job_adjustments, overlap_adjustments, refuse_both_day_fields
from providers.contract.spec import Platform

OVERLAP = ", and EventBridge Scheduler may start a run twice; let the command take a lock, such as pg_try_advisory_lock"
"""EventBridge Scheduler user guide, "What is EventBridge Scheduler?": at-least-once delivery to targets."""


def job_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Schedules that restrict both day fields."""
    return refuse_both_day_fields(
        spec,
        lambda schedule: (
            f'EventBridge Scheduler accepts a restriction of one day field, and "{schedule}" restricts both'
        ),
    )


def job_adjustments(spec: Platform) -> list[Adjustment]:
    """Overlapping runs, calls that a job cannot make, and images that a deployment from CI does not change."""
    return [*overlap_adjustments(spec, OVERLAP), *_calls(spec), *_deployer(spec), *missed_job_adjustments(spec)]


def _calls(spec: Platform) -> Iterator[Adjustment]:
    """Amazon ECS developer guide, "Service Connect": standalone tasks are not supported."""
    jobs = [(f"jobs.{name}.service", job.service, job.service, "job") for name, job in spec.jobs.items()]
    releases = [
        (f"services.{name}.release", name, release.model_dump(), "release command")
        for name, release in spec.releases.items()
    ]
    for key, service, requested, kind in (*jobs, *releases):
        callees = spec.services[service].calls
        if callees:
            reason = (
                f"a task outside an ECS service has no Service Connect proxy, so the {kind} cannot reach "
                f"{listed(callees, 'and')} under the addresses in its variables"
            )
            yield Adjustment(key, requested=requested, effect=Effect.PARTIAL, reason=reason)


def _deployer(spec: Platform) -> Iterator[Adjustment]:
    if spec.deployer is not None and spec.jobs:
        reason = (
            f"a deployment of a new image from GitHub changes services only; {listed(spec.jobs, 'and')} "
            f"{'runs' if len(spec.jobs) == 1 else 'run'} it after the next `agent-platform up`"
        )
        requested = spec.deployer.model_dump()
        yield Adjustment("deployer", requested=requested, effect=Effect.PARTIAL, reason=reason)
