"""Polling of a condition with a timeout."""

import time
from collections.abc import Callable

INTERVAL_SECONDS = 0.2


def eventually(condition: Callable[[], object], seconds: float = 30) -> None:
    """Wait until a condition is true; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:g} s"
        time.sleep(INTERVAL_SECONDS)
