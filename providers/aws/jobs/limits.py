"""Job settings that AWS refuses or adjusts. Pure."""

from collections.abc import Iterator

from providers.contract.alarms import missed_job_adjustments
from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported, listed
from providers.contract.schedule import schedule_of
from providers.contract.spec import Platform


def job_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Schedules that restrict both day fields."""
    return [
        Unsupported(
            "aws",
            f"jobs.{name}.schedule",
            problem=f'EventBridge Scheduler accepts a restriction of one day field, and "{job.schedule}" restricts both',
            fix="split it into two jobs, one for each day field",
        )
        for name, job in spec.jobs.items()
        if schedule_of(job).either_day
    ]


def job_adjustments(spec: Platform) -> list[Adjustment]:
    """Overlapping runs, calls that a job cannot make, and images that a deployment from CI does not change."""
    return [*_overlaps(spec), *_calls(spec), *_deployer(spec), *missed_job_adjustments(spec)]


def _overlaps(spec: Platform) -> Iterator[Adjustment]:
    """EventBridge Scheduler user guide, "What is EventBridge Scheduler?": at-least-once delivery to targets."""
    for name, job in spec.jobs.items():
        reason = (
            f"a run that takes longer than the time to the next one (up to {job.max_minutes} minutes) overlaps it, and "
            "EventBridge Scheduler may start a run twice; let the command take a lock, such as pg_try_advisory_lock"
        )
        yield Adjustment(f"jobs.{name}.schedule", requested=job.schedule, effect=Effect.PARTIAL, reason=reason)


def _calls(spec: Platform) -> Iterator[Adjustment]:
    """Amazon ECS developer guide, "Service Connect": standalone tasks are not supported."""
    for name, job in spec.jobs.items():
        callees = spec.services[job.service].calls
        if callees:
            reason = (
                f"a task outside an ECS service has no Service Connect proxy, so the job cannot reach {listed(callees, 'and')} "
                "under the addresses in its variables"
            )
            yield Adjustment(f"jobs.{name}.service", requested=job.service, effect=Effect.PARTIAL, reason=reason)


def _deployer(spec: Platform) -> Iterator[Adjustment]:
    if spec.deployer is not None and spec.jobs:
        reason = (
            f"a deployment of a new image from GitHub changes services only; {listed(spec.jobs, 'and')} "
            f"{'runs' if len(spec.jobs) == 1 else 'run'} it after the next `agent-platform up`"
        )
        requested = spec.deployer.model_dump()
        yield Adjustment("deployer", requested=requested, effect=Effect.PARTIAL, reason=reason)
