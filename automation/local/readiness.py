"""Wait until the entry of a stack answers, or until a part of the stack is certainly down."""

import ssl
import time
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

READY_SECONDS = 120
"""Time for a stack whose parts all run."""
GRACE_SECONDS = 10
"""Time in which a container that has just been started may still end and be started again."""
REQUEST_SECONDS = 5


def wait_until_ready(
    url: str,
    authority: Path,
    down: Callable[[], Sequence[str]],
    *,
    answers: Callable[[str, Path], bool] | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> str:
    """Return an empty text when a URL answers, or sentences about the parts that are down.

    `down` returns a sentence for each of these; after the grace period the first ones end the wait.
    """
    answers, started = answers or _answers, clock()
    while not answers(url, authority):
        waited = clock() - started
        sentences = down() if waited >= GRACE_SECONDS else ()
        if sentences:
            return " ".join(sentences)
        if waited >= READY_SECONDS:
            return f"{url} does not answer after {READY_SECONDS} s, although every container runs."
        sleep(1)
    return ""


def _answers(url: str, authority: Path) -> bool:
    context = ssl.create_default_context(cafile=str(authority))
    try:
        with urllib.request.urlopen(url, timeout=REQUEST_SECONDS, context=context) as response:  # noqa: S310  # always https
            return response.status == 200
    except OSError:
        return False
