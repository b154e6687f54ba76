"""Settings of the script `job.sh`, which runs a job at its times and reads the clock in the job's time zone. Pure.

The image of a service rarely has time zone data, and a name that it does not know would silently mean UTC. The rule of the
zone in the notation of POSIX (`CET-1CEST,M3.5.0,M10.5.0/3`) needs no data; it is the last line of a compiled zone (RFC
9636, section 3.3), of which the package tzdata has all.
"""

import shlex
from collections.abc import Iterable
from importlib.resources import files

from providers.contract.schedule import FIELDS, Schedule, schedule_of
from providers.contract.spec import Job

METRICS_FOLDER = "/var/agent-platform/jobs"
SCRATCH_FOLDER = "/tmp"  # noqa: S108  # in memory, private to the container


def posix_zone(name: str) -> str:
    """Return the rule of a time zone for the variable TZ."""
    compiled = files("tzdata").joinpath("zoneinfo", *name.split("/")).read_bytes()
    return compiled.rstrip(b"\n").rpartition(b"\n")[2].decode("ascii")


def job_settings(name: str, job: Job, folder: str = METRICS_FOLDER, scratch: str = SCRATCH_FOLDER) -> str:
    """Return the settings as shell variables in lower case, which no command expects, and the command as a function.

    `folder` has the metrics; what a run leaves in `scratch` is deleted.
    """
    settings = {
        "job_name": name,
        "job_zone": posix_zone(job.time_zone),
        **schedule_settings("job", schedule_of(job)),
        "job_timeout_seconds": str(job.timeout_minutes * 60),
        "job_attempts": str(job.retries + 1),
        "job_folder": folder,
        "job_scratch": scratch,
    }
    lines = [f"{variable}={shlex.quote(value)}" for variable, value in settings.items()]
    command = f"job_command() {{ exec {shlex.join(job.command)}; }}"
    return "\n".join((*lines, command, ""))


def schedule_settings(prefix: str, schedule: Schedule) -> dict[str, str]:
    """Return the sets of a schedule by the names of their shell variables, such as `job_minutes`."""
    values = (schedule.minutes, schedule.hours, schedule.days, schedule.months, schedule.weekdays)
    chosen = [_set(numbers, len(every)) for numbers, (_, every) in zip(values, FIELDS, strict=True)]
    names = (f"{prefix}_{field}" for field in ("minutes", "hours", "days", "months", "weekdays"))
    return dict(zip(names, chosen, strict=True))


def _set(numbers: Iterable[int], size: int) -> str:
    """Numbers separated by spaces; `*` for all of them."""
    listed = [str(number) for number in numbers]
    return "*" if len(listed) == size else " ".join(listed)
