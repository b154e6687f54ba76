"""What the tests of the AWS rooms share: the plan of production, recorded once."""

import pytest

from automation.plan.inventory import Inventory
from tests.planning import plan, production


@pytest.fixture(scope="session")
def prod() -> Inventory:
    """Production on AWS, computed values as readable placeholders."""
    return plan(production(cloud="aws"))
