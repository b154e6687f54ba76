"""Starts a web service: `python -m shared.serving` serves `create()` of the folder's `app.py` on PORT.

Not the plain uvicorn command, for two reasons. Its keep-alive of 5 s is shorter than the idle timeout of a load
balancer, which then now and then sends a request into a connection that is just being closed (an occasional 502).
And on SIGTERM it closes its socket at once, while the entry still sends to it: here the health check fails first, the
service goes on answering for a while and asks each client to leave, and only then ends.
"""

import os
import signal
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from types import FrameType

import uvicorn

DRAINING = threading.Event()
"""Set from the first SIGTERM on: `/health` answers 503 and every response says `Connection: close`."""


@dataclass(frozen=True)
class Serving:
    """How a service is served; seconds where it has durations."""

    port: int
    keep_alive_seconds: int = 130
    """Longer than the platform's `ingress.idle_timeout_seconds`, which is 120 where nothing else is said."""
    drain_seconds: int = 5
    grace_seconds: int = 20
    """For requests that are still running after the drain; with it well below the 30 s that a container is given."""


class Drained(uvicorn.Server):
    """A server that, told to end, is first taken out of traffic; told twice, it ends at once."""

    def __init__(self, config: uvicorn.Config, drain_seconds: int) -> None:
        super().__init__(config)
        self._drain_seconds = drain_seconds

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The handler of SIGTERM and SIGINT."""
        if sig != signal.SIGTERM or DRAINING.is_set():
            super().handle_exit(sig, frame)
            return
        DRAINING.set()
        timer = threading.Timer(self._drain_seconds, super().handle_exit, (sig, frame))
        timer.daemon = True
        timer.start()


def serving(environment: Mapping[str, str]) -> Serving:
    """What the environment says; raises ValueError with a sentence for what cannot be honoured."""
    processes = environment.get("WEB_CONCURRENCY", "1")
    if processes != "1":
        raise ValueError(
            f"WEB_CONCURRENCY is {processes}: a copy runs one process, so that its /metrics tell all of it; "
            f"raise the number of copies instead and set WEB_CONCURRENCY to 1"
        )
    return Serving(
        port=_seconds(environment, "PORT", 8000),
        keep_alive_seconds=_seconds(environment, "KEEP_ALIVE_SECONDS", Serving.keep_alive_seconds),
        drain_seconds=_seconds(environment, "DRAIN_SECONDS", Serving.drain_seconds),
        grace_seconds=_seconds(environment, "GRACE_SECONDS", Serving.grace_seconds),
    )


def _seconds(environment: Mapping[str, str], name: str, default: int) -> int:
    value = environment.get(name, str(default))
    if not value.isdecimal():
        raise ValueError(f'{name} is "{value}": a whole number is needed, 0 or more; mend or drop the variable')
    return int(value)


def main() -> None:
    """Serves until SIGTERM."""
    asked = serving(os.environ)
    config = uvicorn.Config(
        "app:create",
        factory=True,
        host=os.environ.get("HOST", "0.0.0.0"),  # noqa: S104  # a container's only address is given by its network
        port=asked.port,
        workers=1,
        timeout_keep_alive=asked.keep_alive_seconds,
        timeout_graceful_shutdown=asked.grace_seconds,
        log_level=os.environ.get("LOG_LEVEL", "info").lower(),
        access_log=False,
        server_header=False,
    )
    Drained(config, asked.drain_seconds).run()


if __name__ == "__main__":
    # `python -m` loads this file as `__main__`; the services see the flag of the module by its own name.
    from shared import serving as module

    try:
        module.main()
    except ValueError as refused:
        raise SystemExit(str(refused)) from None
