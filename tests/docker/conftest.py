"""Plan of production on Docker, recorded once for all tests."""

import pytest

from automation.plan.inventory import Inventory
from tests.planning import plan, production


@pytest.fixture(scope="session")
def prod() -> Inventory:
    """Production with the settings that Docker refuses changed; computed values are readable placeholders."""
    return plan(production(cloud="docker"))
