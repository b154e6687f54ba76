"""Wait until the entry of a stack answers, or until a part of the stack is certainly down."""

import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from pathlib import Path

from providers.docker.preflight.entry import entry_status

READY_SECONDS = 120
"""Time for a stack whose parts all run."""
GRACE_SECONDS = 10
"""Time in which a container that has just been started may still end and be started again."""


def wait_until_ready(
    url: str,
    authority: Path,
    down: Callable[[], Sequence[str]],
    *,
    ask: Callable[[str, Path], int] = entry_status,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> str:
    """Return an empty text when a URL answers, or sentences about the parts that are down.

    `down` returns a sentence for each of these; after the grace period the first ones end the wait.
    """
    started = clock()
    while ask(url, authority) != HTTPStatus.OK:
        waited = clock() - started
        sentences = down() if waited >= GRACE_SECONDS else ()
        if sentences:
            return " ".join(sentences)
        if waited >= READY_SECONDS:
            return f"{url} does not answer after {READY_SECONDS} s, although every container runs."
        sleep(1)
    return ""
