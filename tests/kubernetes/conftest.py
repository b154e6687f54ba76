"""Control plane and cluster that tests of this folder share; skipped where a program is not on PATH."""

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from secrets import token_hex

import pytest

from providers.contract.spec.defaults import Raw
from tests.engine.conftest import need_engine
from tests.kubernetes.cluster_stack import ClusterStack
from tests.kubernetes.control_plane.cluster import missing_cluster, running_cluster
from tests.kubernetes.control_plane.server import CONTEXT, ControlPlane, control_plane, missing_programs

CreateStack = Callable[..., ClusterStack]
"""Create a stack with a platform, as the user of a context; its namespace is deleted at the end."""


@pytest.fixture(scope="session")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """Control plane without nodes."""
    if missing := missing_programs():
        pytest.skip(missing)
    with control_plane(tmp_path_factory.mktemp("control-plane")) as plane:
        yield plane


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """Control plane with nodes and operators that are simulated, for stacks of the real engine and provider."""
    need_engine()
    if missing := missing_cluster():
        pytest.skip(missing)
    with running_cluster(tmp_path_factory.mktemp("cluster")) as plane:
        yield plane


@pytest.fixture(scope="module")
def create_stack(cluster: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Generator[CreateStack]:
    """Creator of stacks for one module."""
    with ExitStack() as stacks:

        def create(raw: Raw, context: str = CONTEXT, namespace: str = "") -> ClusterStack:
            home: Path = tmp_path_factory.mktemp("stack")
            stack = ClusterStack.create(cluster, home, raw, namespace or f"agents-{token_hex(3)}", context)
            stacks.callback(stack.remove)
            return stack

        yield create
