"""Fixtures of the tests of AWS."""

from collections.abc import Iterator

import pytest

from automation.plan.inventory import Inventory
from tests.aws.plans import production_plan
from tests.aws.simulated_account import Account, simulated_account


@pytest.fixture(scope="session")
def prod() -> Inventory:
    """Plan of production, computed values as readable placeholders."""
    return production_plan()


@pytest.fixture(scope="session")
def aws_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """Return a simulated account, shared by all tests."""
    with simulated_account(tmp_path_factory.mktemp("home")) as account:
        yield account


@pytest.fixture
def account(aws_server: Account) -> Account:
    """Return the account without resources."""
    aws_server.reset()
    return aws_server
