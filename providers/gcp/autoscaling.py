"""Neutral targets -> Cloud Run's scaling: part of each service's own definition, so nothing stands here."""

from providers.contract.scope import Scope
from providers.gcp.compute import Compute
from providers.gcp.ground import Ground
from providers.gcp.ingress import Ingress


def create_autoscaling(room: Scope, ground: Ground, ingress: Ingress | None, compute: Compute) -> None:
    """Declares nothing: bounds and targets are settings of the services that `create_compute` made."""
