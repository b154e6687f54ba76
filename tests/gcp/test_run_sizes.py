"""Sizes of Cloud Run: rounded up when a step is near, refused with the nearest steps when none is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.contract.spec import Platform, Service, Size
from providers.gcp.compute.sizes import (
    PAIRS,
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


def is_sold(size: RunSize) -> bool:
    least, most = PAIRS[size.vcpu]
    return least <= size.memory_mib <= most


@given(any_size)
def test_what_fits_is_sold_and_holds_what_was_asked(size: Size) -> None:
    if fits(size):
        step = run_size(size)
        assert is_sold(step)
        assert step.vcpu >= size.vcpu and step.memory_gib >= size.memory_gib


@given(any_size)
def test_no_smaller_step_would_hold_what_was_asked(size: Size) -> None:
    if fits(size):
        step = run_size(size)
        assert not any(vcpu >= size.vcpu for vcpu in PAIRS if vcpu < step.vcpu)


@given(any_size)
def test_what_does_not_fit_is_refused_with_sizes_that_are_sold(size: Size) -> None:
    if not fits(size):
        with pytest.raises(ValueError, match="Cloud Run has no"):
            run_size(size)
        assert nearest_run_sizes(size) and all(is_sold(step) for step in nearest_run_sizes(size))


def test_more_than_32_gib_is_refused_by_name_and_number() -> None:
    (refusal,) = run_size_refusals(platform(8, 64))
    assert str(refusal) == (
        'services.api.size: {"vcpu": 8.0, "memory_gib": 64.0} is not possible on gcp: Cloud Run gives at most 8 vCPU and '
        "32 GiB, and less to fewer vCPU; take {vcpu: 8, memory_gib: 32}."
    )


def test_a_pair_that_does_not_exist_is_refused_with_the_two_nearest() -> None:
    (refusal,) = run_size_refusals(platform(1, 10))
    assert str(refusal).endswith("take {vcpu: 1, memory_gib: 4} or {vcpu: 4, memory_gib: 10}.")


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ((0.5, 1), RunSize(1, 1024)),
        ((3, 4), RunSize(4, 4096)),
        ((4, 1), RunSize(4, 2048)),
        ((1, 0.25), RunSize(1, 512)),
    ],
)
def test_a_size_between_two_steps_is_rounded_up_and_told(asked: tuple[float, float], given: RunSize) -> None:
    spec = platform(*asked)
    assert run_size(spec.services["api"].size) == given
    (told,) = run_size_adjustments(spec)
    assert str(given) in str(told)


def test_a_size_that_is_sold_is_nothing_to_tell() -> None:
    assert run_size_adjustments(platform(1, 2)) == [] and run_size_refusals(platform(1, 2)) == []
