"""The benches that engine tests work on; skipped, and told so, where the engine is not installed."""

from pathlib import Path

import pytest

from providers import AVAILABLE
from tests.engine.bench import Bench, missing_engine

CLOUDS = [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in AVAILABLE if name != "docker"]
"""One worker for each cloud's tests, so that the platform they start from is built once."""


def need_engine() -> None:
    """Skip, with the reason, where the engine is not on PATH."""
    missing = missing_engine()
    if missing:
        pytest.skip(f"the Pulumi engine is not on PATH: {missing}")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """An empty project under the real engine."""
    need_engine()
    return Bench.lay(tmp_path)


@pytest.fixture(scope="session", params=CLOUDS)
def cloud(request: pytest.FixtureRequest) -> str:
    """Each cloud in turn."""
    return request.param


@pytest.fixture(scope="session")
def built(cloud: str, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Production, up on its cloud; tests look at it and leave it as it is."""
    need_engine()
    bench = Bench.lay(tmp_path_factory.mktemp(f"built-{cloud}")).init(cloud)
    bench.up()
    return bench


@pytest.fixture
def standing(built: Bench, tmp_path: Path) -> Bench:
    """A copy of production that a test may do anything to."""
    return built.copied(tmp_path)
