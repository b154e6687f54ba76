"""How a test waits for what comes a little later."""

import time
from collections.abc import Callable

ASK_EVERY_SECONDS = 0.2


def eventually(true: Callable[[], object], seconds: float = 30) -> None:
    """Waits until something is true; fails after as many seconds."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not within {seconds:g} s"
        time.sleep(ASK_EVERY_SECONDS)
