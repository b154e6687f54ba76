"""How Docker asks a copy whether it is well. Pure.

Docker runs a command in the container and knows no HTTP. An HTTP check therefore needs a tool of the image: curl, wget
or Python is looked for in this order, and what apps of the presets are written in is among them. An image with none
of them, or without a shell, proves its health by `health.command`.
"""

from dataclasses import dataclass

from providers.contract.spec import Service

SLACK_SECONDS = 30


@dataclass(frozen=True)
class DockerProbe:
    """A check in Docker's own words; seconds where it has durations."""

    test: tuple[str, ...]
    interval_seconds: int
    timeout_seconds: int
    retries: int
    start_period_seconds: int

    @property
    def wait_seconds(self) -> int:
        """How long an update waits for a new container to be well."""
        return self.start_period_seconds + self.interval_seconds * (self.retries + 1) + SLACK_SECONDS


def probe_of(service: Service) -> DockerProbe | None:
    """The check of a service; None for one that has nothing to be asked."""
    health = service.health
    test = health.command or (_http(service.port, health.path, health.timeout_seconds) if health.path else ())
    if not test and service.port is not None:
        test = _listens(service.port)
    if not test:
        return None
    numbers = (health.interval_seconds, health.timeout_seconds, health.unhealthy_threshold, health.start_period_seconds)
    return DockerProbe(tuple(test), *numbers)


def own_probe(*test: str) -> DockerProbe:
    """The check of a part of the platform itself."""
    return DockerProbe(("CMD", *test), interval_seconds=10, timeout_seconds=5, retries=5, start_period_seconds=30)


def _http(port: int | None, path: str, seconds: int) -> tuple[str, ...]:
    url = f"http://127.0.0.1:{port}{path}"
    python = f"import urllib.request as r; r.urlopen('{url}', timeout={seconds})"
    script = (
        f"if command -v curl >/dev/null; then exec curl -fsS -m {seconds} -o /dev/null '{url}'; fi; "
        f"if command -v wget >/dev/null; then exec wget -q -T {seconds} -O /dev/null '{url}'; fi; "
        f'exec "$(command -v python3 || command -v python)" -c "{python}"'
    )
    return ("CMD-SHELL", script)


def _listens(port: int) -> tuple[str, ...]:
    """True when something listens on the port, as the kernel tells without any tool but a shell's grep."""
    return ("CMD-SHELL", f"grep -qi ': [0-9A-F]*:{port:04X} [0-9A-F:]* 0A' /proc/net/tcp /proc/net/tcp6")


def go_duration(seconds: int) -> str:
    """`30s`, `1m0s`, `1h0m0s`: what Go's `Duration.String` makes of whole seconds."""
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    if hours:
        return f"{hours}h{minutes}m{left}s"
    return f"{minutes}m{left}s" if minutes else f"{left}s"
