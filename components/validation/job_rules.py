"""Rules over jobs: names, the service of each, its schedule and time zone."""

from collections.abc import Iterator
from zoneinfo import available_timezones

from components.validation.service_rules import PART_NAMES, cache_names
from providers.contract.diagnostics import ConfigError, did_you_mean, listed
from providers.contract.schedule import ScheduleError, is_time_zone, parse_schedule
from providers.contract.spec import Job, Platform


def check_job_names(spec: Platform) -> Iterator[ConfigError]:
    """Refuse names of services and of parts of the platform: logs, alarms and `run` name a job as they name a service."""
    for name in spec.jobs:
        if name in spec.services:
            problem = "a service has this name, and logs, alarms and `agent-platform run` could mean either"
            yield ConfigError(f"jobs.{name}", problem, "rename the job")
        elif name in (taken := (*PART_NAMES, *cache_names(spec))):
            problem = f"the platform uses this name itself ({listed(taken, 'and')} are taken)"
            yield ConfigError(f"jobs.{name}", problem, "rename the job")


def check_job_services(spec: Platform) -> Iterator[ConfigError]:
    """Require that the service of a job exists."""
    for name, job in spec.jobs.items():
        if job.service not in spec.services:
            problem = f"{job.service} is not a service{did_you_mean(job.service, spec.services)}"
            yield ConfigError(f"jobs.{name}.service", problem, f"use {listed(spec.services)}")


def check_schedules(spec: Platform) -> Iterator[ConfigError]:
    """Refuse a schedule that is not cron's, or that never comes."""
    errors = (schedule_error(f"jobs.{name}.schedule", job.schedule) for name, job in spec.jobs.items())
    yield from (error for error in errors if error is not None)


def schedule_error(key: str, schedule: str) -> ConfigError | None:
    """Return the error of a schedule that is not cron's, or that never comes; None for a valid one."""
    try:
        parse_schedule(schedule)
    except ScheduleError as error:
        return ConfigError(key, f'"{schedule}": {error.problem}', error.fix)
    return None


def check_time_zones(spec: Platform) -> Iterator[ConfigError]:
    """Require a time zone of the IANA database."""
    for name, job in spec.jobs.items():
        if not is_time_zone(job.time_zone):
            close = did_you_mean(job.time_zone, available_timezones())
            problem = f'"{job.time_zone}" is not a time zone of the IANA database{close}'
            yield ConfigError(f"jobs.{name}.time_zone", problem, "use a name such as UTC or Europe/Berlin")


def is_consistent(spec: Platform, job: Job) -> bool:
    """Return whether the rules above accept a job apart from its name."""
    try:
        parse_schedule(job.schedule)
    except ScheduleError:
        return False
    return job.service in spec.services and is_time_zone(job.time_zone)
