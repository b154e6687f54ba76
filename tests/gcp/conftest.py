"""What the tests of the Google Cloud rooms share: the plan of production there, recorded once."""

import pytest

from automation.plan.inventory import Inventory
from tests.planning import plan, production


@pytest.fixture(scope="session")
def prod() -> Inventory:
    """Production on Google Cloud, computed values as readable placeholders."""
    return plan(production(cloud="gcp"))
