"""Neutral targets -> Cloud Run's scaling: part of each service's own definition, so nothing stands here."""

from providers.contract.component import Scope
from providers.gcp.base.resources import GcpBaseResources
from providers.gcp.compute.resources import GcpCompute
from providers.gcp.entry.ingress import GcpIngress


def create_autoscaling(room: Scope, ground: GcpBaseResources, ingress: GcpIngress | None, compute: GcpCompute) -> None:
    """Declares nothing: bounds and targets are settings of the services that `create_compute` made."""
