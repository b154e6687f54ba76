"""Settings of jobs that several schedulers refuse or adjust. Pure."""

from collections.abc import Callable

from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported
from providers.contract.schedule import schedule_of
from providers.contract.spec import Platform


def refuse_both_day_fields(spec: Platform, problem_of: Callable[[str], str]) -> list[Diagnostic]:
    """Refuse schedules that restrict both day fields; `problem_of` returns the problem of such a schedule."""
    return [
        Unsupported(
            spec.cloud,
            f"jobs.{name}.schedule",
            problem=problem_of(job.schedule),
            fix="split it into two jobs, one for each day field",
        )
        for name, job in spec.jobs.items()
        if schedule_of(job).either_day
    ]


def overlap_adjustments(spec: Platform, rest: str) -> list[Adjustment]:
    """Report that runs of a job can overlap; `rest` completes the sentence with what the scheduler does and the fix."""
    return [
        Adjustment(
            f"jobs.{name}.schedule",
            requested=job.schedule,
            effect=Effect.PARTIAL,
            reason=(
                f"a run that takes longer than the time to the next one (up to {job.max_minutes} minutes) overlaps it{rest}"
            ),
        )
        for name, job in spec.jobs.items()
    ]
