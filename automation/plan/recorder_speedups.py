"""What makes a recording quick and changes nothing that is recorded; together they take two thirds off its time.

Measured on the production plan of AWS (281 resources): 5.3 s of processor time without, 1.8 s with.
"""

import asyncio
import gc
from collections.abc import Generator
from contextlib import contextmanager

from pulumi.runtime import resource
from pulumi.runtime.proto import source_pb2

SOURCE_READER = "_get_stack_trace"
"""Function by which the SDK reads the lines of source that lead to each resource."""


async def all_done() -> None:
    """Return when nothing is under way any more, or at the first failure, which the SDK raises itself.

    The SDK's own waiting begins anew for all tasks whenever one of them ends, which is quadratic.
    """
    here = asyncio.current_task()
    while pending := {task for task in asyncio.all_tasks() if task is not here}:
        done, _ = await asyncio.wait(pending, return_when=asyncio.FIRST_EXCEPTION)
        if any(task.cancelled() or task.exception() for task in done):
            return


@contextmanager
def nothing_superfluous() -> Generator[None]:
    """Neither source positions, which no inventory holds, nor collections of a heap that is still growing."""
    collecting, reader = gc.isenabled(), getattr(resource, SOURCE_READER)
    gc.disable()
    setattr(resource, SOURCE_READER, source_pb2.StackTrace)
    try:
        yield
    finally:
        setattr(resource, SOURCE_READER, reader)
        if collecting:
            gc.enable()
