"""Service: image, size, replicas, health, connections and data stores."""

import re
from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticKnownError

from providers.contract.presets import PRESETS as PRESETS
from providers.contract.presets import App as App
from providers.contract.presets import Preset as Preset
from providers.contract.spec.authentication import ServiceAuth
from providers.contract.spec.base import Environment, Percent, Port, PositiveInt, Slug, SpecModel, Variable
from providers.contract.spec.network import EgressRule, Replicas
from providers.contract.spec.rollout import Release, Rollout

Architecture = Literal["amd64", "arm64"]
UNBUILT_TAG = "unbuilt"
"""Tag of an image that `build` describes and that has not been built yet; `images push` replaces it with a digest."""


UsedPart = Literal["database", "cache", "storage", "models"]
USED_CACHE = r"^caches\.[a-z][a-z0-9]*(-[a-z0-9]+)*$"
"""Word of a cache under `caches`."""


def _known_use(value: object) -> object:
    """Return a word of `uses`; a union of the words and a pattern would report each mistake twice."""
    words = get_args(UsedPart)
    if value in words or (isinstance(value, str) and re.fullmatch(USED_CACHE, value)):
        return value
    if isinstance(value, str) and value.startswith("caches"):
        raise ValueError("names no cache; write caches.NAME, with NAME as under `caches`")
    raise PydanticKnownError("literal_error", {"expected": ", ".join(map(repr, words))})


USES_SCHEMA = {"anyOf": [{"enum": [*get_args(UsedPart)], "type": "string"}, {"pattern": USED_CACHE, "type": "string"}]}
Uses = Annotated[UsedPart | str, BeforeValidator(_known_use), WithJsonSchema(USES_SCHEMA)]


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


ClosedPathText = Annotated[str, Field(pattern=r"^(/[A-Za-z0-9._~-]+)+$", max_length=120)]
"""Path without a trailing slash, query or wildcard."""


PublicPathText = Annotated[str, Field(pattern=r"^(/[A-Za-z0-9._~-]+)*(/[A-Za-z0-9._~-]+|/\*|/)$", max_length=120)]
"""Path without a query; the last segment may be `*`."""


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
    auth: ServiceAuth = "inherit"
    """`inherit`: authentication of `ingress.auth`; `app`: the application authenticates its clients itself; `none`: no authentication."""
    streaming: bool | None = None
    """Responses that clients read while they are written, such as Server-Sent Events: `true` requires an entry that forwards each part at once."""
    public_paths: tuple[PublicPathText, ...] = ()
    """Paths that the entry forwards without authentication, `/*` at the end for all below; it cannot open those that an application guards."""
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
    release: Release | None = None
    """Command to run once with a new image before its first replica starts; absent: none."""
    autoscaling: Autoscaling = Autoscaling()
    """Autoscaling targets between the minimum and the maximum."""
    health: Health = Health()
    """Health check of a replica."""
    environment: dict[Variable, str] = {}
    """Plain environment variables; never a secret."""
    secrets: tuple[Environment, ...] = ()
    """Secrets to pass as environment variables; set values with `agent-platform secret set STACK NAME`."""
    uses: tuple[Uses, ...] = ()
    """Data stores and models that the service may use: database, cache, storage, models, and `caches.NAME` for a cache under `caches`."""
    calls: tuple[Slug, ...] = ()
    """Services that it may call; each adds the variable <NAME>_URL. All other calls are denied."""
    egress: tuple[EgressRule, ...] = ()
    """Hosts outside the platform, with their TCP ports, that the service connects to, besides what it uses and calls."""
    metrics: Metrics | Literal["none"] | None = None
    """Metrics endpoint that Prometheus scrapes, or `none`; absent: `none` for agentos, else `/metrics` on the service's port. It is never public."""
    closed_paths: tuple[ClosedPathText, ...] | None = None
    """Paths that the entry answers 404, with all below them; absent: the documentation of APIs in production, and `/metrics` of agentos."""

    @property
    def preset(self) -> Preset:
        """Defaults of the service's kind of application."""
        return PRESETS[self.app]

    @property
    def built(self) -> bool:
        """True unless the image is still to be built from `build`."""
        return not self.image.endswith(f":{UNBUILT_TAG}")

    @property
    def streams(self) -> bool:
        """True when clients read responses while they are written; those of an AgentOS do unless the stack file denies it."""
        return self.app == "agentos" if self.streaming is None else self.streaming

    @property
    def web_concurrency(self) -> int | None:
        """Worker processes for servers that fork one per core; None for other applications."""
        return max(1, round(self.size.vcpu)) if self.preset.web_concurrency else None
