"""Deployed example that all tests of this folder share; a test leaves it unchanged."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local.host_stack import HostStack
from tests.local.poll import eventually
from tests.local.requirements import require_docker

READY_SECONDS = 60


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run all tests of the shared stack in one worker."""
    for item in items:
        if "session_stack" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("machine"))


@pytest.fixture(scope="session")
def session_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostStack]:
    """Deployed example, destroyed after the tests even when they fail.

    KEPT_MACHINE names a folder in which the stack is kept between runs, for the development of tests.
    """
    require_docker()
    if kept := os.environ.get("KEPT_MACHINE"):
        stack = HostStack.create(Path(kept))
        stack.deployment.up()
        yield stack
        return
    stack = HostStack.create(tmp_path_factory.mktemp("machine"))
    try:
        stack.deployment.up()
        yield stack
    finally:
        stack.deployment.destroy()


@pytest.fixture
def stack(session_stack: HostStack) -> HostStack:
    """Deployed example with a healthy entry."""
    eventually(lambda: session_stack.ask("/health").status == 200, READY_SECONDS)
    return session_stack
