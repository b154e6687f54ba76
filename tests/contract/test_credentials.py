"""Generated passwords have the documented length and alphabet on every cloud."""

import pytest

from providers import AVAILABLE
from tests.contract.tables import production_plan

LENGTH = 40


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_every_generated_password_has_forty_letters_and_digits(cloud: str) -> None:
    passwords = production_plan(cloud).of_type("random:RandomPassword")
    assert passwords
    assert {(password.inputs["length"], password.inputs["special"]) for password in passwords} == {(LENGTH, False)}
