"""Fixtures of the tests of AWS."""

import pytest

from automation.plan.inventory import Inventory
from tests.aws.plans import production_plan


@pytest.fixture(scope="session")
def prod() -> Inventory:
    """Plan of production, computed values as readable placeholders."""
    return production_plan()
