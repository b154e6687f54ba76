"""One service: what runs, how large, how many, who may reach it and what it may use."""

from typing import Annotated, Literal

from pydantic import Field

from providers.contract.spec.base import Environment, Percent, Port, PositiveInt, Slug, SpecModel
from providers.contract.spec.network import Replicas
from providers.contract.spec.presets import PRESETS, App, Preset

Uses = Literal["database", "cache", "storage", "models"]


class Size(SpecModel):
    """Processor and memory of one copy."""

    vcpu: Annotated[float, Field(gt=0, le=64)] = 1
    """Virtual CPUs; a cloud that has no such pair refuses and names the nearest."""
    memory_gib: Annotated[float, Field(gt=0, le=512)] = 2
    """Memory in GiB."""


class Autoscaling(SpecModel):
    """Targets that the number of copies follows between `replicas.min` and `replicas.max`."""

    cpu_percent: Percent = 70
    """Average CPU use, in percent of the size, that scaling holds."""
    memory_percent: Percent = 75
    """Average memory use, in percent of the size, that scaling holds."""
    requests_per_replica_per_minute: PositiveInt = 1000
    """Requests a minute that one copy should serve; only services with a `path` count requests."""
    scale_out_cooldown_seconds: Annotated[int, Field(ge=0, le=3600)] = 300
    """Pause after copies were added before more are added."""
    scale_in_cooldown_seconds: Annotated[int, Field(ge=0, le=3600)] = 600
    """Pause after a change before copies are removed."""


class Health(SpecModel):
    """How a copy proves that it works."""

    path: Annotated[str, Field(pattern=r"^/\S*$")] | None = None
    """HTTP path that answers 200; absent: the preset's."""
    command: tuple[str, ...] = ()
    """Command run inside the container instead of an HTTP request (first word CMD or CMD-SHELL); for services without a port."""
    interval_seconds: Annotated[int, Field(ge=5, le=300)] = 30
    """Seconds between two checks."""
    timeout_seconds: Annotated[int, Field(ge=2, le=120)] = 5
    """Seconds a check may take; less than the interval."""
    healthy_threshold: Annotated[int, Field(ge=2, le=10)] = 2
    """Checks in a row that make a copy healthy."""
    unhealthy_threshold: Annotated[int, Field(ge=2, le=10)] = 2
    """Failed checks in a row that make a copy unhealthy."""
    start_period_seconds: Annotated[int, Field(ge=0, le=300)] = 60
    """Grace after start in which failed checks do not count."""


class Service(SpecModel):
    """One container image running as one or more copies."""

    app: App = "custom"
    """Kind of application: sets port, command, health path and WEB_CONCURRENCY where the service does not."""
    image: Annotated[str, Field(pattern=r"^[a-z0-9][\w.:/-]*(@sha256:[0-9a-f]{64})?$")]
    """Image, pinned by digest in production; without a registry host it lives in the platform's own registry."""
    path: Annotated[str, Field(pattern=r"^/[\w./-]*$")] | None = None
    """Path prefix routed to it from outside; absent: private."""
    port: Port | None = None
    """Port it listens on; absent: the preset's, and none for a worker."""
    command: tuple[str, ...] = ()
    """Command and arguments in place of the image's; empty: the preset's, or the image's own."""
    size: Size = Size()
    """Processor and memory of one copy."""
    replicas: Replicas = Replicas()
    """Bounds on the number of copies."""
    autoscaling: Autoscaling = Autoscaling()
    """What makes copies come and go between the bounds."""
    health: Health = Health()
    """How a copy proves that it works."""
    environment: dict[Environment, str] = {}
    """Plain environment variables; never a secret."""
    secrets: tuple[Environment, ...] = ()
    """Names of secrets handed in as environment variables; values by `pulumi config set --secret agent-platform:NAME`."""
    uses: tuple[Uses, ...] = ()
    """Parts of the platform it may reach: database, cache, storage, models."""
    calls: tuple[Slug, ...] = ()
    """Services it may reach; each gives it <NAME>_URL, and nobody else may call them."""

    @property
    def preset(self) -> Preset:
        """Defaults of this service's kind of application."""
        return PRESETS[self.app]

    @property
    def web_concurrency(self) -> int | None:
        """Worker processes for servers that fork one a core; None where the app has no such notion."""
        return max(1, round(self.size.vcpu)) if self.preset.web_concurrency else None
