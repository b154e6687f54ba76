"""Running system that all tests of this folder share; every process runs when a test starts."""

from collections.abc import Iterator

import pytest

from tests.local.agent_os.system import System, missing

ALL = ("postgres", "redis", "tools", "gateway", "worker")
SWEEP_SECONDS = 2


@pytest.fixture(scope="session")
def session_system() -> Iterator[System]:
    if reason := missing():
        pytest.skip(reason)
    system = System(environment={"SWEEP_SECONDS": str(SWEEP_SECONDS)})
    try:
        system.create_database()
        yield system
    finally:
        system.close()


@pytest.fixture
def system(session_system: System) -> System:
    session_system.start(*(name for name in ALL if name not in session_system.processes))
    session_system.wait_healthy("tools")
    session_system.wait_healthy("gateway")
    return session_system
