"""Neutral targets -> Cloud Run's scaling: part of each service's own definition, so nothing stands here."""

from providers.contract.component import Scope
from providers.gcp.base.resources import Ground
from providers.gcp.compute.resources import Compute
from providers.gcp.entry.ingress import Ingress


def create_autoscaling(room: Scope, ground: Ground, ingress: Ingress | None, compute: Compute) -> None:
    """Declares nothing: bounds and targets are settings of the services that `create_compute` made."""
