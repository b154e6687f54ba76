"""Web server: `python -m shared.serving` serves `create()` of the folder's `app.py` on PORT, and metrics on METRICS_PORT.

The uvicorn command is not used for two reasons. Its keep-alive of 5 s is shorter than the idle timeout of a load
balancer, which then occasionally sends a request on a connection that is being closed (a 502). And on SIGTERM it closes
its socket at once, while the entry still sends requests. Here the health check fails first, the service continues to
answer for a while with `Connection: close`, and then stops.
"""

import os
import signal
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from types import FrameType

import uvicorn
from prometheus_client import start_http_server

from shared.logs import write_json_lines

DRAINING = threading.Event()
"""Set by the first SIGTERM: `/health` answers 503 and every response has `Connection: close`."""


@dataclass(frozen=True)
class Serving:
    """Settings of the server."""

    port: int
    metrics_port: int = 9464
    """Port of the Prometheus exposition; no route of the entry leads to it, and it needs no key."""
    keep_alive_seconds: int = 130
    """Longer than the platform's `ingress.idle_timeout_seconds`, which is 120 by default."""
    drain_seconds: int = 5
    grace_seconds: int | None = None
    """Limit for requests that are still running after the drain; without one the platform's own time to stop is the limit.

    It is as long as `ingress.idle_timeout_seconds` for a service that streams, so a shorter limit here would cut answers.
    """


class Drained(uvicorn.Server):
    """Server that drains on the first signal and stops at once on the second."""

    def __init__(self, config: uvicorn.Config, drain_seconds: int) -> None:
        super().__init__(config)
        self._drain_seconds = drain_seconds

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Handle SIGTERM and SIGINT."""
        if sig != signal.SIGTERM or DRAINING.is_set():
            super().handle_exit(sig, frame)
            return
        DRAINING.set()
        timer = threading.Timer(self._drain_seconds, super().handle_exit, (sig, frame))
        timer.daemon = True
        timer.start()


def serving(environment: Mapping[str, str]) -> Serving:
    """Read the environment; raises ValueError with a message for an invalid value."""
    processes = environment.get("WEB_CONCURRENCY", "1")
    if processes != "1":
        raise ValueError(
            f"WEB_CONCURRENCY is {processes}: a replica runs one process, so that its metrics cover all of it; "
            f"raise the number of replicas instead and set WEB_CONCURRENCY to 1"
        )
    return Serving(
        port=_number(environment, "PORT", 8000),
        metrics_port=_number(environment, "METRICS_PORT", Serving.metrics_port),
        keep_alive_seconds=_number(environment, "KEEP_ALIVE_SECONDS", Serving.keep_alive_seconds),
        drain_seconds=_number(environment, "DRAIN_SECONDS", Serving.drain_seconds),
        grace_seconds=_number(environment, "GRACE_SECONDS", 0) if "GRACE_SECONDS" in environment else None,
    )


def _number(environment: Mapping[str, str], name: str, default: int) -> int:
    value = environment.get(name, str(default))
    if not value.isdecimal():
        raise ValueError(
            f'{name} is "{value}": a whole number of 0 or more is required; correct or remove the variable'
        )
    return int(value)


def main() -> None:
    """Serve until SIGTERM."""
    settings = serving(os.environ)
    level = os.environ.get("LOG_LEVEL", "info")
    write_json_lines(level.upper())
    host = os.environ.get("HOST", "0.0.0.0")  # noqa: S104  # the address of a container comes from its network
    start_http_server(settings.metrics_port, addr=host)
    config = uvicorn.Config(
        "app:create",
        factory=True,
        host=host,
        port=settings.port,
        workers=1,
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_graceful_shutdown=settings.grace_seconds,
        log_level=level.lower(),
        # the loggers of uvicorn use the handler of this process
        log_config=None,
        access_log=False,
        server_header=False,
    )
    Drained(config, settings.drain_seconds).run()


if __name__ == "__main__":
    # `python -m` loads this file as `__main__`; the services import the module that has the flag.
    from shared import serving as module

    try:
        module.main()
    except ValueError as refused:
        raise SystemExit(str(refused)) from None
