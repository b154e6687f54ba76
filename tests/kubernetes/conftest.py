"""Control plane that tests of this folder share; skipped where a program is not on PATH."""

from collections.abc import Iterator

import pytest

from tests.kubernetes.control_plane.server import ControlPlane, control_plane, missing_programs


@pytest.fixture(scope="session")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """Control plane without nodes."""
    if missing := missing_programs():
        pytest.skip(missing)
    with control_plane(tmp_path_factory.mktemp("control-plane")) as plane:
        yield plane
