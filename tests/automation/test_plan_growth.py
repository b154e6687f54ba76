"""The cost of a plan grows linearly with its services, counted in Python calls: no load of the machine changes them."""

import pytest

from benchmarks.program import CALLS_BOUND, CLOUDS, count_calls, growth_ratio


@pytest.mark.long(reason="plans stacks of 1, 25 and 50 services under the profiler, in processes that start cold")
@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_upper_half_of_50_services_needs_no_more_calls_than_the_lower_half(cloud: str) -> None:
    assert growth_ratio(count_calls(cloud)) <= CALLS_BOUND
