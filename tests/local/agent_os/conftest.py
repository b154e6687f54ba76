"""The system that all tests here share; each finds it whole, whatever the test before has ended."""

from collections.abc import Iterator

import pytest

from tests.local.agent_os.system import System, missing

ALL = ("postgres", "redis", "tools", "gateway", "worker")
SWEEP_SECONDS = 2


@pytest.fixture(scope="session")
def whole() -> Iterator[System]:
    if why_not := missing():
        pytest.skip(why_not)
    system = System(environment={"SWEEP_SECONDS": str(SWEEP_SECONDS)})
    try:
        system.make_database()
        yield system
    finally:
        system.close()


@pytest.fixture
def system(whole: System) -> System:
    whole.start(*(name for name in ALL if name not in whole.processes))
    whole.wait_healthy("tools")
    whole.wait_healthy("gateway")
    return whole
