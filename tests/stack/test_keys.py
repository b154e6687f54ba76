"""Dotted paths of a platform."""

import pytest

from automation.stack.document import REMOVE, is_written, with_values
from providers.contract.spec.defaults import Raw

PLATFORM: Raw = {
    "cloud": "aws",
    "services": {"web": {"uses": ["cache"], "environment": {"LOG_LEVEL": "info"}, "size": None}},
    "cache": {},
    "accept_risk": {"services.web.image": "a trial of two weeks"},
}


@pytest.mark.parametrize(
    "key",
    [
        "cloud", "services", "services.web", "services.web.uses", "services.web.uses[0]", "services.web.environment",
        "services.web.environment.LOG_LEVEL", "cache", "accept_risk.services.web.image", "services.web.size",
    ],
)  # fmt: skip
def test_a_key_of_the_file_its_parents_and_its_parts_are_written(key: str) -> None:
    assert is_written(PLATFORM, key)


@pytest.mark.parametrize(
    "key",
    [
        "clouds", "network", "network.zones", "services.webs", "services.chat.image", "services.web.size.vcpu",
        "services.web.environment.TOKEN", "cache.memory_gib", "accept_risk.services.web",
    ],
)  # fmt: skip
def test_a_default_is_not_written(key: str) -> None:
    assert not is_written(PLATFORM, key)


def test_values_are_set_in_a_copy_and_missing_parents_are_created() -> None:
    changed = with_values(PLATFORM, {"cloud": "gcp", "network.zones": 2, "cache": REMOVE, "nothing": REMOVE})
    assert (changed["cloud"], changed["network"], "cache" in changed) == ("gcp", {"zones": 2}, False)
    assert (PLATFORM["cloud"], PLATFORM["cache"]) == ("aws", {})


def test_a_change_takes_the_place_of_a_value_that_is_no_mapping() -> None:
    assert with_values({"database": None}, {"database.version": "16"}) == {"database": {"version": "16"}}
