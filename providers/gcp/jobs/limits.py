"""Job settings that Google Cloud refuses or adjusts. Pure."""

from collections.abc import Iterator

from providers.contract.alarms import missed_job_adjustments
from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported
from providers.contract.schedule import schedule_of
from providers.contract.spec import Platform


def job_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Refuse schedules that restrict both day fields."""
    return [
        Unsupported(
            "gcp",
            f"jobs.{name}.schedule",
            problem=(
                f'"{job.schedule}" restricts both day fields, and Cloud Scheduler documents no meaning of that '
                '("Configure cron job schedules")'
            ),
            fix="split it into two jobs, one for each day field",
        )
        for name, job in spec.jobs.items()
        if schedule_of(job).either_day
    ]


def job_adjustments(spec: Platform) -> list[Adjustment]:
    """Report overlapping runs, and alarms on missing runs that cannot exist."""
    return [*_overlaps(spec), *missed_job_adjustments(spec)]


def _overlaps(spec: Platform) -> Iterator[Adjustment]:
    """Cloud Scheduler documentation, "Overview": a job may run more than once, and its target should be idempotent."""
    for name, job in spec.jobs.items():
        reason = (
            f"a run that takes longer than the time to the next one (up to {job.max_minutes} minutes) overlaps it, and Cloud "
            "Scheduler may start a run twice; let the command take a lock, such as pg_try_advisory_lock"
        )
        yield Adjustment(f"jobs.{name}.schedule", requested=job.schedule, effect=Effect.PARTIAL, reason=reason)
