"""The machine that all tests here share; a test leaves it as it found it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local.machine import Machine
from tests.local.needs import need_machine
from tests.local.waiting import eventually

READY_SECONDS = 60


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker for all tests of the machine, of which there is one."""
    for item in items:
        if "standing" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("machine"))


@pytest.fixture(scope="session")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """The example, up; destroyed when the tests end, whatever becomes of them.

    KEPT_MACHINE names a folder in which it is kept from one run to the next, for whoever writes tests.
    """
    need_machine()
    if kept := os.environ.get("KEPT_MACHINE"):
        machine = Machine.lay(Path(kept))
        machine.deployment.up()
        yield machine
        return
    machine = Machine.lay(tmp_path_factory.mktemp("machine"))
    try:
        machine.deployment.up()
        yield machine
    finally:
        machine.deployment.destroy()


@pytest.fixture
def machine(standing: Machine) -> Machine:
    """The example, answering."""
    eventually(lambda: standing.ask("/health").status == 200, READY_SECONDS)
    return standing
