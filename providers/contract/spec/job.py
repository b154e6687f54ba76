"""Job: command that runs on a schedule in a new container of a service's image."""

from typing import Annotated

from pydantic import Field

from providers.contract.spec.base import Cron, Slug, SpecModel

MAX_TIMEOUT_MINUTES = 7 * 24 * 60
"""Longest task of Cloud Run, the shortest of the clouds' limits: Cloud Run documentation, "Set task timeout for jobs"."""
MAX_RETRIES = 10
"""Most retries of a Cloud Run task, the smallest of the clouds' limits: Cloud Run documentation, "Set max retries for jobs"."""


class Job(SpecModel):
    """Scheduled command with the image, environment, secrets, identity, network rules and size of a service."""

    service: Slug
    """Service whose image, environment, secrets, identity, network rules and size the job has."""
    schedule: Cron
    """Schedule in the five fields of cron (minute, hour, day of month, month, day of week), such as `0 3 * * *`."""
    time_zone: Annotated[str, Field(pattern=r"^[A-Za-z][\w+/-]*$")] = "UTC"
    """IANA time zone of the schedule, such as Europe/Berlin."""
    command: Annotated[tuple[str, ...], Field(min_length=1)]
    """Command and arguments in place of those of the image."""
    timeout_minutes: Annotated[int, Field(ge=1, le=MAX_TIMEOUT_MINUTES)] = 60
    """Minutes after which an attempt is stopped and counts as failed."""
    retries: Annotated[int, Field(ge=0, le=MAX_RETRIES)] = 0
    """Attempts after one that failed; 0: none, because a command that failed may have done a part of its work."""

    @property
    def max_minutes(self) -> int:
        """Minutes that a run may take with all of its attempts."""
        return self.timeout_minutes * (self.retries + 1)
