"""Settings of jobs that several schedulers refuse or adjust, and pauses that no alarm can watch. Pure."""

from collections.abc import Callable, Iterator, Mapping
from math import ceil

from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported
from providers.contract.schedule import changes_clock, longest_pause_minutes, schedule_of
from providers.contract.spec import CloudName, Platform


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


MAX_HOURS_WITHOUT_SUCCESS: Mapping[CloudName, tuple[int, str]] = {
    "aws": (48, "a new CloudWatch alarm without data can wait that long before it fires"),
    "gcp": (365 * 24, "an alert policy reads two years of data, and this one twice its period"),
    "azure": (36, "a log alert of Azure Monitor reads two days of the log, and must find an earlier success in them"),
}
"""Longest period over which a cloud can miss the success of a job, with the reason; Docker has no limit.

CloudWatch API, `MetricAlarm` warm-up period; Cloud Monitoring documentation, "PromQL for alerting policies"; Azure Monitor
API, `ScheduledQueryRuleProperties.windowSize`.
"""


def hours_without_success(spec: Platform, name: str) -> int:
    """Hours after which a job that runs on schedule has succeeded again: its longest pause and all of its attempts."""
    job = spec.jobs[name]
    longer_day_minutes = 60 if changes_clock(job.time_zone) else 0
    return ceil((longest_pause_minutes(schedule_of(job)) + longer_day_minutes + job.max_minutes) / 60)


def notices_missing_success(spec: Platform, name: str) -> bool:
    """True when the cloud can miss the success of a job over its longest pause."""
    limit = MAX_HOURS_WITHOUT_SUCCESS.get(spec.cloud)
    return limit is None or hours_without_success(spec, name) <= limit[0]


def missed_job_adjustments(spec: Platform) -> Iterator[Adjustment]:
    """Yield the schedules with longer pauses than the cloud can watch; the alarm on failed runs has no such limit."""
    for name, job in spec.jobs.items():
        if not notices_missing_success(spec, name):
            hours, reason = MAX_HOURS_WITHOUT_SUCCESS[spec.cloud]
            problem = (
                f"no alarm on a run that never starts: the next success may take {hours_without_success(spec, name)} "
                f"hours, and the limit is {hours} hours ({reason}); runs that fail do set off an alarm"
            )
            yield Adjustment(f"jobs.{name}.schedule", job.schedule, Effect.PARTIAL, problem)
