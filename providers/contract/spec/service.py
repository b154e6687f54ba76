"""Service: image, size, replicas, health, connections and data stores."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from providers.contract.spec.base import Environment, Percent, Port, PositiveInt, Slug, SpecModel, Variable
from providers.contract.spec.network import Replicas
from providers.contract.spec.rollout import Rollout

App = Literal["agentos", "fastapi", "streamlit", "django", "celery", "custom"]


Architecture = Literal["amd64", "arm64"]
UNBUILT_TAG = "unbuilt"
"""Tag of an image that `build` describes and that has not been built yet; `images push` replaces it with a digest."""


@dataclass(frozen=True)
class Preset:
    """Defaults of one kind of application; without a port it is a worker that accepts no connections."""

    port: int | None
    health_path: str | None
    command: tuple[str, ...] = ()
    health_command: tuple[str, ...] = ()
    web_concurrency: bool = False
    """True for servers that fork one process per core; WEB_CONCURRENCY is then the number of vCPUs."""
    environment: tuple[tuple[str, str], ...] = ()
    """Plain variables; `{keep_alive_seconds}` is the time that the server keeps an idle connection open."""
    plain_database_url: bool = False
    """True for frameworks that refuse the SQLAlchemy scheme: DATABASE_URL is then `postgresql://...`."""


UVICORN = (("UVICORN_TIMEOUT_KEEP_ALIVE", "{keep_alive_seconds}"),)
"""Read by the command `uvicorn` (https://www.uvicorn.org/settings/), not by `uvicorn.run()` inside a program."""
GUNICORN = (("GUNICORN_CMD_ARGS", "--keep-alive={keep_alive_seconds}"),)
"""Read by gunicorn before its command line (https://docs.gunicorn.org/en/stable/settings.html); its sync workers close every
connection and ignore it, its thread, gevent and uvicorn workers need it."""
BROKER_CONNECTED = (
    "url=${CELERY_BROKER_URL:-${REDIS_URL:-}}; port=${url##*:}; port=${port%%[!0-9]*}; "
    'grep -qs " [0-9A-F]*:${port:+$(printf %04X "$port")}[0-9A-F]* 01 " /proc/net/tcp /proc/net/tcp6'
)
"""Shell line that succeeds while a TCP connection to the broker's port is established (state 01 of proc_pid_net(5)).

It takes a few milliseconds of CPU, where `celery inspect ping` starts Python and takes about two seconds each time, and it
needs only sh and grep. A worker connects after it has loaded its tasks, so the check covers start, a lost broker and a
process that exited. It does not detect a worker that is connected and handles no jobs, such as one whose pool waits for
ever: set `task_time_limit` in Celery, and an alarm on the length of the queue. Without a port in the URL any established
connection counts.
"""
PRESETS: dict[App, Preset] = {
    "agentos": Preset(port=7777, health_path="/health", environment=UVICORN),
    "fastapi": Preset(port=8000, health_path="/health", web_concurrency=True, environment=(*UVICORN, *GUNICORN)),
    "streamlit": Preset(
        port=8501,
        health_path="/_stcore/health",
        command=(
            "streamlit",
            "run",
            "app.py",
            "--server.address=0.0.0.0",
            "--server.port={port}",
            "--server.headless=true",
        ),
    ),
    "django": Preset(
        port=8000,
        health_path="/health",
        command=("gunicorn", "--bind=0.0.0.0:{port}", "config.wsgi:application"),
        web_concurrency=True,
        environment=GUNICORN,
        plain_database_url=True,
    ),
    "celery": Preset(
        port=None,
        health_path=None,
        command=("celery", "--app=app", "worker", "--loglevel=INFO"),
        health_command=("CMD-SHELL", BROKER_CONNECTED),
    ),
    "custom": Preset(port=None, health_path=None),
}


Uses = Literal["database", "cache", "storage", "models"]


class Size(SpecModel):
    """vCPU and memory of one replica."""

    vcpu: Annotated[float, Field(gt=0, le=64)] = 1
    """Virtual CPUs; a combination that the cloud does not offer is refused with the nearest ones."""
    memory_gib: Annotated[float, Field(gt=0, le=512)] = 2
    """Memory in GiB."""


class Autoscaling(SpecModel):
    """Targets of autoscaling between `replicas.min` and `replicas.max`."""

    cpu_percent: Percent = 70
    """Target of average CPU utilization, in percent of the size."""
    memory_percent: Percent = 75
    """Target of average memory utilization, in percent of the size."""
    requests_per_replica_per_minute: PositiveInt = 1000
    """Target of requests per minute and replica; only services with a `path` count requests."""
    scale_out_cooldown_seconds: Annotated[int, Field(ge=0, le=3600)] = 300
    """Seconds to wait after a scale-out before the next one."""
    scale_in_cooldown_seconds: Annotated[int, Field(ge=0, le=3600)] = 600
    """Seconds to wait after a scaling activity before a scale-in."""


class Health(SpecModel):
    """Health check of a replica."""

    path: Annotated[str, Field(pattern=r"^/\S*$")] | None = None
    """HTTP path that answers with status 200; absent: that of the preset."""
    command: tuple[str, ...] = ()
    """Command to run inside the container in place of an HTTP request (first word CMD or CMD-SHELL); for services without a port."""
    interval_seconds: Annotated[int, Field(ge=5, le=300)] = 30
    """Seconds between checks."""
    timeout_seconds: Annotated[int, Field(ge=2, le=120)] = 5
    """Timeout of a check in seconds; less than the interval."""
    healthy_threshold: Annotated[int, Field(ge=2, le=10)] = 2
    """Consecutive successful checks after which a replica is healthy."""
    unhealthy_threshold: Annotated[int, Field(ge=2, le=10)] = 2
    """Consecutive failed checks after which a replica is unhealthy."""
    start_period_seconds: Annotated[int, Field(ge=0, le=300)] = 60
    """Grace period after start, in seconds, in which failed checks do not count."""

    @property
    def max_startup_seconds(self) -> int:
        """Seconds that a replica may take to start: the grace period and the failed checks after it."""
        return self.start_period_seconds + self.interval_seconds * self.unhealthy_threshold

    @property
    def restart_threshold(self) -> int:
        """Failed liveness checks before a restart: twice those that remove it from service, so a pause restarts nothing."""
        return 2 * self.unhealthy_threshold


class Build(SpecModel):
    """Image that `agent-platform images build` builds with docker buildx for the service's architecture.

    It is pushed to the platform's own registry, so `image` names no registry; an image of another registry is built and
    pushed by the user's own pipeline. Both paths are relative, because a stack file is shared: the context may be above the
    stack file's folder (`..` for a folder `infra` beside the code), the Dockerfile is inside the context.
    """

    context: Annotated[str, Field(pattern=r"^[\w.][\w. /+@-]*$", max_length=255)] = "."
    """Build context: a folder relative to that of the stack file, such as `.`, `gateway` or `../gateway`."""
    dockerfile: Annotated[str, Field(pattern=r"^(\.?[\w+@-][\w.+@-]*/)*\.?[\w+@-][\w.+@-]*$", max_length=255)] = (
        "Dockerfile"
    )
    """Dockerfile inside the build context, such as `docker/web.Dockerfile`; without `..`."""


class Metrics(SpecModel):
    """Endpoint with metrics in the Prometheus text format, inside the private network."""

    path: Annotated[str, Field(pattern=r"^/\S*$")] = "/metrics"
    """HTTP path of the metrics."""
    port: Port | None = None
    """Port of the metrics; absent: that of the service."""


class Service(SpecModel):
    """Container image that runs as one or more replicas."""

    app: App = "custom"
    """Preset for port, command, health path and WEB_CONCURRENCY."""
    image: Annotated[str, Field(pattern=r"^[a-z0-9][\w.:/-]*(@sha256:[0-9a-f]{64})?$")]
    """Container image, pinned by digest in production; without a registry host it is in the platform's registry. Absent with `build`."""
    build: Build | None = None
    """Source to build the image from; `images push` builds, pushes and writes the digest to `image`."""
    architecture: Architecture = "amd64"
    """Processor architecture that the image is built for and that the service runs on."""
    image_credentials: Environment | None = None
    """Secret with the value `username:password` for the image's registry; absent: anonymous or the cloud's own access."""
    path: Annotated[str, Field(pattern=r"^/[\w./-]*$")] | None = None
    """Path prefix under which the entry routes to the service; absent: private."""
    port: Port | None = None
    """Port that the service listens on; absent: that of the preset, none for a worker."""
    command: tuple[str, ...] = ()
    """Command and arguments in place of those of the image; empty: those of the preset, else of the image."""
    size: Size = Size()
    """vCPU and memory of one replica."""
    replicas: Replicas = Replicas()
    """Minimum and maximum number of replicas."""
    rollout: Rollout = Rollout()
    """Replacement of the running revision by a new one: rolling, or in steps."""
    autoscaling: Autoscaling = Autoscaling()
    """Autoscaling targets between the minimum and the maximum."""
    health: Health = Health()
    """Health check of a replica."""
    environment: dict[Variable, str] = {}
    """Plain environment variables; never a secret."""
    secrets: tuple[Environment, ...] = ()
    """Secrets to pass as environment variables; set values with `agent-platform secret set STACK NAME`."""
    uses: tuple[Uses, ...] = ()
    """Data stores and models that the service may use: database, cache, storage, models."""
    calls: tuple[Slug, ...] = ()
    """Services that it may call; each adds the variable <NAME>_URL. All other calls are denied."""
    metrics: Metrics | Literal["none"] | None = None
    """Metrics endpoint that Prometheus scrapes, or `none`; absent: `/metrics` on the service's port. The entry never exposes it."""

    @property
    def preset(self) -> Preset:
        """Defaults of the service's kind of application."""
        return PRESETS[self.app]

    @property
    def built(self) -> bool:
        """True unless the image is still to be built from `build`."""
        return not self.image.endswith(f":{UNBUILT_TAG}")

    @property
    def web_concurrency(self) -> int | None:
        """Worker processes for servers that fork one per core; None for other applications."""
        return max(1, round(self.size.vcpu)) if self.preset.web_concurrency else None
