"""What the tests of this machine's rooms share: the plan of production on it, recorded once."""

import pytest

from automation.plan.inventory import Inventory
from tests.planning import plan, production


@pytest.fixture(scope="session")
def prod() -> Inventory:
    """Production as far as one machine can be it, computed values as readable placeholders."""
    return plan(production(cloud="docker"))
