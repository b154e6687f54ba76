"""Audit of the production stack as it is shipped: it passes on every cloud, and each reason accepts a failure."""

import pytest

from automation.audit.document import CLOUDS
from automation.audit.evaluation import CheckVerdict
from tests.audits import audited, shipped


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_shipped_production_passes_with_the_reasons_of_its_file(cloud: str) -> None:
    audit = shipped(cloud)
    assert not audit.failed, [*audit.useless, *audit.with_verdict(CheckVerdict.FAIL)]
    accepted = {each.check.id for each in audit.with_verdict(CheckVerdict.ACCEPTED)}
    assert accepted == {each.check.id for each in audited(cloud).with_verdict(CheckVerdict.FAIL)}
