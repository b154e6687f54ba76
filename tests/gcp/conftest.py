"""Fixture of the Google Cloud tests: the production plan, recorded once."""

import pytest

from automation.plan.inventory import Inventory
from tests.planning import plan, production


@pytest.fixture(scope="session")
def prod() -> Inventory:
    """Production on Google Cloud; computed values are readable placeholders."""
    return plan(production(cloud="gcp"))
