"""Neutral targets -> nothing: one machine runs a fixed number of copies, and a greatest number above it is refused."""

from providers.contract.scope import Scope
from providers.docker.compute import Compute
from providers.docker.ground import Ground
from providers.docker.ingress import Ingress


def create_autoscaling(room: Scope, ground: Ground, ingress: Ingress | None, compute: Compute) -> None:
    """Declares nothing."""
