"""Sizes of Cloud Run: rounded up to the next step, or refused with the nearest steps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.contract.diagnostics import Effect, Unsupported
from providers.contract.spec import Platform, Service, Size
from providers.gcp.compute.sizes import (
    MEMORY_MIB,
    RunSize,
    fits,
    nearest_run_sizes,
    run_size,
    run_size_adjustments,
    run_size_refusals,
)

any_size = st.builds(Size, vcpu=st.floats(0.01, 64), memory_gib=st.floats(0.01, 512))


def platform(vcpu: float, memory_gib: float) -> Platform:
    service = Service(image="api:1", size=Size(vcpu=vcpu, memory_gib=memory_gib))
    return Platform(cloud="gcp", services={"api": service})


def is_available(size: RunSize) -> bool:
    min_mib, max_mib = MEMORY_MIB[size.vcpu]
    return min_mib <= size.memory_mib <= max_mib


@given(any_size)
def test_a_size_that_fits_gets_an_available_step_that_is_large_enough(size: Size) -> None:
    if fits(size):
        step = run_size(size)
        assert is_available(step)
        assert step.vcpu >= size.vcpu and step.memory_gib >= size.memory_gib


@given(any_size)
def test_no_smaller_step_has_the_requested_vcpu(size: Size) -> None:
    if fits(size):
        step = run_size(size)
        assert not any(vcpu >= size.vcpu for vcpu in MEMORY_MIB if vcpu < step.vcpu)


@given(any_size)
def test_a_size_that_does_not_fit_is_refused_with_available_sizes(size: Size) -> None:
    if not fits(size):
        with pytest.raises(ValueError, match="Cloud Run has no"):
            run_size(size)
        assert nearest_run_sizes(size) and all(is_available(step) for step in nearest_run_sizes(size))


def test_more_than_32_gib_is_refused() -> None:
    assert run_size_refusals(platform(8, 64)) == [
        Unsupported(
            "gcp",
            "services.api.size",
            problem="{vcpu: 8, memory_gib: 64} is not available; Cloud Run has at most 8 vCPU and 32 GiB, and less "
            "memory for fewer vCPU",
            fix="use {vcpu: 8, memory_gib: 32}",
        )
    ]


def test_an_unavailable_pair_is_refused_with_the_two_nearest() -> None:
    (refusal,) = run_size_refusals(platform(1, 10))
    assert refusal.fix == "use {vcpu: 1, memory_gib: 4} or {vcpu: 4, memory_gib: 10}"


@pytest.mark.parametrize(
    ("requested", "effective"),
    [
        ((0.5, 1), RunSize(1, 1024)),
        ((3, 4), RunSize(4, 4096)),
        ((4, 1), RunSize(4, 2048)),
        ((1, 0.25), RunSize(1, 512)),
    ],
)
def test_a_size_between_two_steps_is_adjusted_upwards(requested: tuple[float, float], effective: RunSize) -> None:
    spec = platform(*requested)
    assert run_size(spec.services["api"].size) == effective
    (adjustment,) = run_size_adjustments(spec)
    assert (adjustment.key, adjustment.effect) == ("services.api.size", Effect.ADJUSTED)
    assert adjustment.requested == {"vcpu": requested[0], "memory_gib": requested[1]}
    assert str(effective) in adjustment.reason


def test_an_available_size_is_not_adjusted() -> None:
    assert run_size_adjustments(platform(1, 2)) == [] and run_size_refusals(platform(1, 2)) == []
