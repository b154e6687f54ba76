"""Health checks of containers in Docker's terms. Pure.

Docker runs a command inside the container and has no HTTP check. An HTTP check therefore needs a tool of the image:
curl, wget or Python, tried in this order; images of the app presets have at least Python. An image without a shell or
without any of them needs `health.command`.
"""

from dataclasses import dataclass

from providers.contract.spec import Service

EXTRA_WAIT_SECONDS = 30
NO_CHECK = ("NONE",)
"""Test that also disables the health check of the image (https://docs.docker.com/reference/api/engine/, HealthConfig)."""


@dataclass(frozen=True)
class DockerProbe:
    """Health check of a container."""

    test: tuple[str, ...]
    interval_seconds: int
    timeout_seconds: int
    retries: int
    start_period_seconds: int

    @property
    def wait_seconds(self) -> int:
        """Time that an update waits for a new container to become healthy."""
        return self.start_period_seconds + self.interval_seconds * (self.retries + 1) + EXTRA_WAIT_SECONDS


def service_probe(service: Service) -> DockerProbe | None:
    """Health check of a service: its command, its HTTP path or its port; None without any of them."""
    health = service.health
    test = health.command or (_http_test(service.port, health.path, health.timeout_seconds) if health.path else ())
    if not test and service.port is not None:
        test = _port_test(service.port)
    if not test:
        return None
    return DockerProbe(
        test=tuple(test),
        interval_seconds=health.interval_seconds,
        timeout_seconds=health.timeout_seconds,
        retries=health.unhealthy_threshold,
        start_period_seconds=health.start_period_seconds,
    )


def dev_probe() -> DockerProbe:
    """No health check: an update must not wait for code that does not start, since the next edit may correct it."""
    # numbers of zero would become those of the image's check, which is drift
    return DockerProbe(NO_CHECK, interval_seconds=30, timeout_seconds=5, retries=2, start_period_seconds=60)


def platform_probe(*test: str) -> DockerProbe:
    """Health check of a container of the platform."""
    return DockerProbe(("CMD", *test), interval_seconds=10, timeout_seconds=5, retries=5, start_period_seconds=30)


def go_duration(seconds: int) -> str:
    """Whole seconds in the format of Go's `Duration.String`: `30s`, `1m0s`, `1h0m0s`.

    Docker returns durations in this format, `1m0s` for `60s`; any other would appear as a change in every update.
    """
    hours, remainder = divmod(seconds, 3600)
    minutes, rest = divmod(remainder, 60)
    if hours:
        return f"{hours}h{minutes}m{rest}s"
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"


def _http_test(port: int | None, path: str, seconds: int) -> tuple[str, ...]:
    url = f"http://127.0.0.1:{port}{path}"
    python = f"import urllib.request as r; r.urlopen('{url}', timeout={seconds})"
    script = (
        f"if command -v curl >/dev/null; then exec curl -fsS -m {seconds} -o /dev/null '{url}'; fi; "
        f"if command -v wget >/dev/null; then exec wget -q -T {seconds} -O /dev/null '{url}'; fi; "
        f'exec "$(command -v python3 || command -v python)" -c "{python}"'
    )
    return ("CMD-SHELL", script)


def _port_test(port: int) -> tuple[str, ...]:
    """Test that a socket listens on the port; reads the kernel's table, for images without network tools."""
    return ("CMD-SHELL", f"grep -qi ': [0-9A-F]*:{port:04X} [0-9A-F:]* 0A' /proc/net/tcp /proc/net/tcp6")
