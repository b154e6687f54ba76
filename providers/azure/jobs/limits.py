"""Job settings that Container Apps refuses or adjusts. Pure."""

from collections.abc import Iterator

from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported
from providers.contract.job_limits import missed_job_adjustments, overlap_adjustments, refuse_both_day_fields
from providers.contract.spec import Platform

UTC_NAMES = ("UTC", "Etc/UTC", "Etc/Universal", "Etc/Zulu", "Zulu", "Universal", "UCT", "Etc/UCT")
"""Names of UTC in the IANA database."""


OVERLAP = "; Container Apps has no setting against that. Let the command take a lock, such as pg_try_advisory_lock"


def job_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Time zones other than UTC, and schedules that restrict both day fields."""
    both_days = refuse_both_day_fields(
        spec,
        lambda schedule: f'"{schedule}" restricts both day fields, and Container Apps documents no meaning of that',
    )
    return [*_time_zones(spec), *both_days]


def job_adjustments(spec: Platform) -> list[Adjustment]:
    """Overlapping runs, failures that leave no exit code, and alarms on missing runs that cannot exist."""
    return [*overlap_adjustments(spec, OVERLAP), *_failures(spec), *missed_job_adjustments(spec)]


def _time_zones(spec: Platform) -> Iterator[Diagnostic]:
    """Microsoft Learn, "Jobs in Azure Container Apps": cron expressions are evaluated in UTC."""
    for name, job in spec.jobs.items():
        if job.time_zone not in UTC_NAMES:
            yield Unsupported(
                "azure",
                f"jobs.{name}.time_zone",
                problem=f"Container Apps evaluates schedules in UTC only, not in {job.time_zone}",
                fix="write the schedule in UTC and remove the key",
            )


def _failures(spec: Platform) -> Iterator[Adjustment]:
    for name, job in spec.jobs.items():
        reason = (
            "the alarm on failed runs counts exit codes in the system log, which arrives minutes later; a run whose container "
            "never starts writes none, and only the alarm on a missing success notices it"
        )
        yield Adjustment(f"jobs.{name}.schedule", requested=job.schedule, effect=Effect.PARTIAL, reason=reason)
