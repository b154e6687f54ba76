"""Job settings that Google Cloud refuses or adjusts. Pure."""

from providers.contract.diagnostics import Adjustment, Diagnostic
from providers.contract.job_limits import missed_job_adjustments, overlap_adjustments, refuse_both_day_fields
from providers.contract.spec import Platform

OVERLAP = ", and Cloud Scheduler may start a run twice; let the command take a lock, such as pg_try_advisory_lock"
"""Cloud Scheduler documentation, "Overview": a job may run more than once, and its target should be idempotent."""


def job_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Refuse schedules that restrict both day fields."""
    return refuse_both_day_fields(
        spec,
        lambda schedule: (
            f'"{schedule}" restricts both day fields, and Cloud Scheduler documents no meaning of that '
            '("Configure cron job schedules")'
        ),
    )


def job_adjustments(spec: Platform) -> list[Adjustment]:
    """Report overlapping runs, and alarms on missing runs that cannot exist."""
    return [*overlap_adjustments(spec, OVERLAP), *missed_job_adjustments(spec)]
