"""Weights of the stable and the new revision of a service at the entry. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from providers.contract.naming import next_part
from providers.contract.rollout import RolloutPosition
from providers.contract.spec import Platform, Service


@dataclass(frozen=True)
class Weight:
    """Share of the requests, in percent, of the Service `name`."""

    name: str
    percent: int


def weights_of(service: str, position: RolloutPosition | None) -> tuple[Weight, ...]:
    """Return the weights of a service at a position of its rollout; one without a position has one revision."""
    if position is None or position.phase == "held":
        return (Weight(service, 100),)
    percent = 100 if position.phase == "replacing" else position.percent
    return (Weight(service, 100 - percent), Weight(next_part(service), percent))


def split_services(spec: Platform) -> Mapping[str, Service]:
    """Return the public services whose rollout has steps."""
    return {name: service for name, service in spec.public.items() if service.rollout.in_steps}
