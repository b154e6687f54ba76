"""What AWS refuses, and what it honours in its own way: pure, known before the SDK is imported.

Each room keeps its own rules beside its tables; this file only gathers them.
"""

from collections.abc import Callable, Sequence

from providers.aws.base.image_sources import registry_refusals
from providers.aws.base.models import model_refusals
from providers.aws.compute.limits import compute_approximations, compute_refusals
from providers.aws.database.disk import disk_refusals
from providers.aws.database.parameters import parameter_refusals
from providers.aws.entry.routes import ingress_approximations, ingress_refusals
from providers.aws.monitoring.limits import monitoring_approximations, monitoring_refusals
from providers.aws.naming import naming_refusals
from providers.aws.network.limits import network_approximations, network_refusals
from providers.aws.sizes import size_approximations, size_refusals
from providers.contract.diagnostics import Adjustment, Diagnostic
from providers.contract.spec import Platform

REFUSALS: tuple[Callable[[Platform, str], Sequence[Diagnostic]], ...] = (
    naming_refusals,
    network_refusals,
    registry_refusals,
    model_refusals,
    size_refusals,
    compute_refusals,
    ingress_refusals,
    parameter_refusals,
    disk_refusals,
    monitoring_refusals,
)
APPROXIMATIONS: tuple[Callable[[Platform], Sequence[Adjustment]], ...] = (
    network_approximations,
    size_approximations,
    compute_approximations,
    ingress_approximations,
    monitoring_approximations,
)


def region(spec: Platform) -> str:
    """Region of the `aws` block."""
    return spec.aws.region if spec.aws else ""


def refusals(spec: Platform, stack: str) -> list[Diagnostic]:
    """Every setting AWS cannot honour."""
    return [refusal for rule in REFUSALS for refusal in rule(spec, stack)]


def approximations(spec: Platform) -> list[Adjustment]:
    """Every setting AWS honours in its own way."""
    return [approximation for rule in APPROXIMATIONS for approximation in rule(spec)]


def stack_secrets(spec: Platform) -> tuple[str, ...]:
    """No secret beside those that services list."""
    return ()
