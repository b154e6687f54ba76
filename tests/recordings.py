"""Recordings of plans that the processes of one test run share.

A plan of production takes up to half a second of CPU to record and ten milliseconds to read. Files are kept for one run only, because
they are those of the code at its start.
"""

import hashlib
import os
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from automation.plan.inventory import Inventory

FOLDER_VARIABLE = "PLAN_RECORDINGS"
"""Environment variable with the folder of the run; without it nothing is shared."""


@dataclass
class Recorded:
    """Number of plans that this process has recorded for `shared`."""

    count: int = 0


RECORDED = Recorded()


def shared(key: object, make: Callable[[], Inventory]) -> Inventory:
    """Return the recording that a process of this run made for an equal `key`, or make it; keys are compared by `repr`."""
    folder = os.environ.get(FOLDER_VARIABLE)
    if folder is None:
        RECORDED.count += 1
        return make()
    file = Path(folder) / hashlib.sha256(repr(key).encode()).hexdigest()
    if file.exists():
        return pickle.loads(file.read_bytes())  # noqa: S301  # written by this run
    RECORDED.count += 1
    inventory = make()
    own = file.with_suffix(f".{os.getpid()}")
    own.write_bytes(pickle.dumps(inventory))
    own.rename(file)
    return inventory
