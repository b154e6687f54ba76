"""Job settings that a cluster adjusts. Pure."""

from providers.contract.diagnostics import Adjustment, Diagnostic, Effect
from providers.contract.spec import Platform


def job_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Return nothing: a CronJob takes every schedule, time zone and timeout of the spec."""
    return []


def job_adjustments(spec: Platform) -> list[Adjustment]:
    """Report that a run which is due while another one runs is left out."""
    reason = "a run that is due while another one runs (up to {minutes} minutes) is left out"
    return [
        Adjustment(f"jobs.{name}.schedule", job.schedule, Effect.PARTIAL, reason.format(minutes=job.max_minutes))
        for name, job in spec.jobs.items()
    ]
