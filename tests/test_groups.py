"""Groups of tests: a worker of `--dist loadgroup` runs all tests of a group."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.planning import ROOT

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
