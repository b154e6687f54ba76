"""Restore drill of the database."""

from providers.contract.component import Scope
from providers.kubernetes.base.resources import KubernetesBaseResources
from providers.kubernetes.database.resources import KubernetesDatabase


def create_drill(scope: Scope, base: KubernetesBaseResources, database: KubernetesDatabase) -> object:
    """Restore drill, in its own component."""
    raise NotImplementedError
