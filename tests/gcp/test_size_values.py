"""Sizes written as whole numbers, as decimal numbers or left to their defaults."""

from collections.abc import Mapping

import pytest

from providers.gcp.limits import LIMITS
from tests.gcp.plans import unchecked_spec
from tests.planning import DROP

WHOLE_AND_DECIMAL: list[tuple[dict[str, object], dict[str, object]]] = [
    ({"services.gateway.size": {"vcpu": 4}}, {"services.gateway.size": {"vcpu": 4.0}}),
    ({"services.gateway.size": {"memory_gib": 4}}, {"services.gateway.size": {"memory_gib": 4.0}}),
    (
        {"services.worker.size": {"vcpu": 2, "memory_gib": 3}},
        {"services.worker.size": {"vcpu": 2.0, "memory_gib": 3.0}},
    ),
    (
        {"services.gateway.size": {"vcpu": 8, "memory_gib": 64}},
        {"services.gateway.size": {"vcpu": 8.0, "memory_gib": 64.0}},
    ),
    ({"database.size": {"vcpu": 4}}, {"database.size": {"vcpu": 4.0}}),
    ({"database.size": {"memory_gib": 8}}, {"database.size": {"memory_gib": 8.0}}),
    (
        {"database.size": {"vcpu": 4, "memory_gib": 1024}},
        {"database.size": {"vcpu": 4.0, "memory_gib": 1024.0}},
    ),
    ({"cache": {}}, {"cache": {"memory_gib": 3.0}}),
    ({"cache": {"memory_gib": 5}}, {"cache": {"memory_gib": 5.0}}),
    ({"cache": {"memory_gib": 400}}, {"cache": {"memory_gib": 400.0}}),
]


def texts(changes: Mapping[str, object]) -> list[str]:
    """Every diagnostic and adjustment of a spec, as printed."""
    spec = unchecked_spec(changes)
    return [str(message) for message in (*LIMITS.refusals(spec, "prod"), *LIMITS.adjustments(spec))]


@pytest.mark.parametrize(("whole", "decimal"), WHOLE_AND_DECIMAL, ids=str)
def test_whole_and_decimal_numbers_have_the_same_result(whole: dict[str, object], decimal: dict[str, object]) -> None:
    assert texts(whole) == texts(decimal)


@pytest.mark.parametrize("key", ["services.gateway.size", "database.size", "cache"])
@pytest.mark.parametrize("value", [{}, DROP], ids=["empty", "absent"])
def test_default_sizes_are_accepted(key: str, value: object) -> None:
    unused = {f"services.{name}.uses": DROP for name in ("gateway", "chat", "worker")} if value is DROP else {}
    assert not LIMITS.refusals(unchecked_spec({key: value, **unused}), "prod")
