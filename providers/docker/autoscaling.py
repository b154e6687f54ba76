"""Neutral targets -> nothing: one machine runs a fixed number of copies, and a greatest number above it is refused."""

from providers.contract.component import Scope
from providers.docker.base.resources import Ground
from providers.docker.compute.resources import Compute
from providers.docker.entry.ingress import Ingress


def create_autoscaling(room: Scope, ground: Ground, ingress: Ingress | None, compute: Compute) -> None:
    """Declares nothing."""
