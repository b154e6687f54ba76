"""The bench that engine tests work on; skipped, and told so, where the engine is not installed."""

from pathlib import Path

import pytest

from tests.engine.bench import Bench, missing_engine


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """An empty project under the real engine."""
    missing = missing_engine()
    if missing:
        pytest.skip(f"the Pulumi engine is not on PATH: {missing}")
    return Bench.lay(tmp_path)
