"""Projects for the engine tests, which are skipped when the engine is not installed."""

from pathlib import Path

import pytest

from tests.engine.project import FAKE_CLOUDS, EngineProject, missing_engine, small_platform
from tests.engine.warm_aws import WarmStack, deploy_warm

CLOUDS = [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in FAKE_CLOUDS]
"""One worker for the tests of each cloud, so that its platform is deployed once."""


def need_engine() -> None:
    """Skip the test when there is no engine."""
    missing = missing_engine()
    if missing:
        pytest.skip(missing)


@pytest.fixture
def project(tmp_path: Path) -> EngineProject:
    """Empty project."""
    need_engine()
    return EngineProject.create(tmp_path)


@pytest.fixture(scope="session", params=CLOUDS)
def cloud(request: pytest.FixtureRequest) -> str:
    """Each cloud in turn."""
    return request.param


@pytest.fixture(scope="session")
def deployed(cloud: str, tmp_path_factory: pytest.TempPathFactory) -> EngineProject:
    """Production, deployed on its cloud; tests do not change it."""
    need_engine()
    project = EngineProject.create(tmp_path_factory.mktemp(f"built-{cloud}")).init(cloud)
    project.up()
    return project


@pytest.fixture
def deployed_copy(deployed: EngineProject, tmp_path: Path) -> EngineProject:
    """Copy of deployed production that a test may change."""
    return deployed.copy(tmp_path)


@pytest.fixture(scope="session")
def small_project(cloud: str, tmp_path_factory: pytest.TempPathFactory) -> EngineProject:
    """Small platform, deployed on its cloud; tests use a copy."""
    need_engine()
    project = EngineProject.create(tmp_path_factory.mktemp(f"small-{cloud}"))
    project.init_with(small_platform(cloud))
    project.up()
    return project


@pytest.fixture
def small_copy(small_project: EngineProject, tmp_path: Path) -> EngineProject:
    """Copy of the deployed small platform that a test may change."""
    return small_project.copy(tmp_path)


@pytest.fixture(scope="session")
def warm_deployed(tmp_path_factory: pytest.TempPathFactory) -> tuple[WarmStack, WarmStack]:
    """Small platform on AWS in one region, and the same one after it was given a standby region; tests use copies."""
    need_engine()
    return deploy_warm(tmp_path_factory.mktemp("warm"))


@pytest.fixture
def warm(warm_deployed: tuple[WarmStack, WarmStack], tmp_path: Path) -> WarmStack:
    """Copy of the platform in two regions that a test may change."""
    return warm_deployed[1].copy(tmp_path)
