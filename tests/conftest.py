"""Settings that every test shares."""

import os
import shutil
import signal
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from _pytest.nodeid import NodeId
from hypothesis import settings

from providers import AVAILABLE
from tests.recordings import FOLDER_VARIABLE
from tests.run_costs import RunCosts, WorkerCosts

# A slow machine must not fail a test, and the same examples run every time.
settings.register_profile("platform", deadline=None, max_examples=100, derandomize=True)
settings.load_profile("platform")

# A shell ignores Ctrl-C for a job in the background, and so would every program that a test interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).parent
WITH_OWN_GROUPS = ("engine", "local")
"""Folders whose tests share deployed stacks and name their groups themselves; in `engine` a test may leave that to its cloud or file."""
ENGINE_TIMEOUT_SECONDS = 600
"""Time after which a test of the chosen engine set fails with the stack of each thread; the slowest ones take a minute."""


def pytest_configure(config: pytest.Config) -> None:
    """Print what the run costs, also the part of its workers."""
    config.pluginmanager.register(WorkerCosts() if hasattr(config, "workerinput") else RunCosts(config.option.markexpr))


def pytest_sessionstart(session: pytest.Session) -> None:
    """Give the workers of this run, which inherit the environment, one folder for recordings of plans."""
    if FOLDER_VARIABLE not in os.environ:
        folder = tempfile.mkdtemp(prefix="plan-recordings-")
        os.environ[FOLDER_VARIABLE] = folder
        session.config.add_cleanup(lambda: shutil.rmtree(folder))


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(config: pytest.Config, items: Sequence[pytest.Item]) -> None:
    """Mark as long what a test does on other clouds than the chosen ones, and give the tests of a cloud one worker.

    So do the tests of a file: a worker loads an SDK and records a plan once. No command of the engine has a time limit, so a test
    of the chosen engine set has one.
    """
    for item in items:
        folder = item.path.relative_to(ROOT).parts[0]
        chosen = item.get_closest_marker("chosen_on")
        if chosen is not None and _cloud(item, folder) not in chosen.args:
            item.add_marker(pytest.mark.long(reason=chosen.kwargs["reason"]))
        if folder == "engine" and item.get_closest_marker("long") is None:
            item.add_marker(pytest.mark.timeout(ENGINE_TIMEOUT_SECONDS))
    for item in items if config.pluginmanager.hasplugin("xdist") else ():
        folder = item.path.relative_to(ROOT).parts[0]
        if folder not in WITH_OWN_GROUPS or (folder == "engine" and item.get_closest_marker("xdist_group") is None):
            item.add_marker(pytest.mark.xdist_group(_cloud(item, folder) or str(item.path.relative_to(ROOT))))


def _cloud(item: pytest.Item, folder: str) -> str | None:
    """Return the cloud of the test's folder or of its parameter `cloud`; None for a test of no single cloud."""
    if folder in AVAILABLE:
        return folder
    call = getattr(item, "callspec", None)
    return call.params.get("cloud") if call else None


@pytest.hookimpl(tryfirst=True)  # before xdist reports the node IDs
def pytest_collection_finish(session: pytest.Session) -> None:
    """Give each test the node ID with its group, by which `--dist loadgroup` sends a group to one worker.

    pytest-xdist 3.8 writes it where pytest 9.2 no longer reads it, so that it ignores the groups (pytest-xdist#1386).
    """
    for item in session.items:
        grouped: str | None = vars(item).get("_nodeid")
        if grouped is not None:
            setattr(item, "_id", NodeId.parse(grouped))  # noqa: B010  # pytest has no public way
