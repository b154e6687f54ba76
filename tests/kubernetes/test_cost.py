"""Cost of a cluster, which is unknown and never 0."""

import pytest

from automation.cost.estimate import WITHOUT_PRICES, estimate_of
from providers import AVAILABLE, cost
from providers.contract.diagnostics import InvalidConfiguration
from tests.kubernetes.platforms import prod, prod_plan, spec_of


def test_the_cost_of_a_cluster_is_refused_with_its_reason() -> None:
    with pytest.raises(InvalidConfiguration, match="billed where it runs"):
        estimate_of(spec_of(prod()), "cluster", prod_plan())


def test_every_target_without_prices_has_a_reason() -> None:
    assert {cloud for cloud in AVAILABLE if cost(cloud) is None} == {*WITHOUT_PRICES}
