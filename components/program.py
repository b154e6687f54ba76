"""Program of every stack, which `__main__.py` runs; the command line runs it where a folder has stack files alone."""

import gc

import pulumi

from components.agent_platform import AgentPlatform
from components.settings import load

OBJECTS_BEFORE_COLLECTION = 20_000
"""Net number of new objects after which Python looks for garbage, instead of 700 (2,000 from Python 3.13 on)."""


def run() -> None:
    """Load the settings, declare one platform and export its outputs."""
    collect_garbage_rarely()
    settings = load()
    platform = AgentPlatform(settings.stack, settings)
    for name, value in platform.outputs.items():
        pulumi.export(name, value)


def collect_garbage_rarely() -> None:
    """Raise the threshold of garbage collection, which is up to half of a program's CPU time; a higher one is kept.

    A program declares its resources once and ends with the update, so almost nothing that it creates is garbage. The thresholds
    of the older generations stay as they are: an update of an hour is collected too. Zero means that collection is off.
    """
    threshold, *_ = gc.get_threshold()
    if 0 < threshold < OBJECTS_BEFORE_COLLECTION:
        gc.set_threshold(OBJECTS_BEFORE_COLLECTION)
