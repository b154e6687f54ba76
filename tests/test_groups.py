"""Groups of tests, of which a worker of `--dist loadgroup` runs all, and the limit of what a run may record."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from tests.planning import ROOT
from tests.recordings import RECORDED
from tests.run_costs import MAX_RECORDINGS, OUTPUT, RunCosts, Worker

MODULE = """
import os
from pathlib import Path

import pytest

GROUPS = [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in ("aws", "gcp")]


@pytest.mark.parametrize("number", range(6))
@pytest.mark.parametrize("group", GROUPS)
def test_group(group: str, number: int) -> None:
    with (Path(__file__).parent / group).open("a") as workers:
        workers.write(os.environ["PYTEST_XDIST_WORKER"] + "\\n")
"""


@pytest.mark.long(reason="starts pytest with two workers")
def test_a_group_is_run_by_one_worker(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("from tests.conftest import pytest_collection_finish\n")
    (tmp_path / "pytest.ini").write_text(f"[pytest]\npythonpath = {ROOT}\n")
    (tmp_path / "test_group.py").write_text(MODULE)
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadgroup", "-p", "no:cacheprovider"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert {len(set((tmp_path / group).read_text().split())) for group in ("aws", "gcp")} == {1}


@pytest.mark.parametrize(
    ("markers", "more", "status"),
    [
        ("not long", 0, pytest.ExitCode.OK),
        ("not long", 1, pytest.ExitCode.TESTS_FAILED),
        ("long", 1, pytest.ExitCode.OK),
    ],
)
def test_a_run_fails_that_has_recorded_too_many_plans(markers: str, more: int, status: pytest.ExitCode) -> None:
    costs = RunCosts(markers)
    for recordings in (1, MAX_RECORDINGS - RECORDED.count - 1 + more):
        costs.pytest_testnodedown(cast("Worker", SimpleNamespace(workeroutput={OUTPUT: (2.5, recordings)})))
    costs.pytest_testnodedown(cast("Worker", SimpleNamespace()))
    session = SimpleNamespace(exitstatus=pytest.ExitCode.OK)
    costs.pytest_sessionfinish(cast("pytest.Session", session))
    assert (session.exitstatus, costs.workers) == (status, [2.5, 2.5, 0.0])
