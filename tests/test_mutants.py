"""The list of planted faults fits the code; `make mutants` plants them."""

import pytest

from tests.planning import ROOT
from tools.mutants import Mutant, load_mutants

MUTANTS = {mutant.name: mutant for mutant in load_mutants()}


@pytest.mark.parametrize("mutant", MUTANTS.values(), ids=MUTANTS)
def test_the_text_of_a_mutant_is_in_its_file_once(mutant: Mutant) -> None:
    assert (ROOT / mutant.file).read_text(encoding="utf-8").count(mutant.before) == 1


@pytest.mark.parametrize("mutant", MUTANTS.values(), ids=MUTANTS)
def test_the_tests_that_catch_a_mutant_exist(mutant: Mutant) -> None:
    assert all((ROOT / test.partition("::")[0]).exists() for test in mutant.tests)
