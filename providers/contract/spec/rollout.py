"""Rollout of a new revision of a service: the command before it, strategy, steps, and when it is aborted."""

from typing import Annotated, Literal

from pydantic import Field

from providers.contract.spec.base import SpecModel

AbortSignal = Literal["error_percent", "latency_p95_seconds"]
Step = Annotated[int, Field(ge=1, le=100)]


MAX_RELEASE_MINUTES = 24 * 60
"""A command that takes longer than a day is no part of a deployment."""


class Release(SpecModel):
    """Command that runs once with a new image before a replica of it serves, such as a database migration."""

    command: Annotated[tuple[str, ...], Field(min_length=1)]
    """Command and arguments in place of those of the image, such as `[alembic, upgrade, head]`."""
    timeout_minutes: Annotated[int, Field(ge=1, le=MAX_RELEASE_MINUTES)] = 30
    """Minutes after which the command is stopped and the deployment fails."""


class Smoke(SpecModel):
    """HTTP request that a new revision must answer before it receives any request of a user."""

    path: Annotated[str, Field(pattern=r"^/\S*$")]
    """Path of the request, inside the service: `/ready`."""
    expect_status: Annotated[int, Field(ge=100, le=599)] = 200
    """Status code of the expected answer."""


class Rollout(SpecModel):
    """Replacement of the revision that serves, called the stable revision, by a new one."""

    strategy: Literal["rolling", "canary", "blue_green"] = "rolling"
    """`rolling` replaces replicas as they become healthy, `canary` moves requests in steps, `blue_green` all at once."""
    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=20)] = (10, 100)
    """Percentages of requests that a canary receives, ascending; the last is 100."""
    bake_minutes: Annotated[int, Field(ge=1, le=240)] = 10
    """Minutes to observe the new revision after every step, also the last."""
    abort_on: tuple[AbortSignal, ...] = ("error_percent",)
    """Thresholds of `monitoring.alerts` that end the rollout when the new revision alone exceeds them."""
    min_requests: Annotated[int, Field(ge=0)] = 50
    """Requests that the new revision must receive in a bake time for its metrics to count; with fewer the bake time is doubled."""
    smoke: Smoke | None = None
    """Request that the new revision must answer before the first step, besides its health check; absent: none."""

    @property
    def percents(self) -> tuple[int, ...]:
        """Percentages of requests in order; a blue/green rollout has one step."""
        return (100,) if self.strategy == "blue_green" else self.steps

    @property
    def in_steps(self) -> bool:
        """True when a new revision runs beside the stable one before it receives every request."""
        return self.strategy != "rolling"
