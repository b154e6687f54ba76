"""PostgreSQL of CloudNativePG, or an external server."""

from dataclasses import dataclass

from providers.contract.component import Scope
from providers.contract.results import Database
from providers.kubernetes.base.resources import KubernetesBaseResources


@dataclass(frozen=True)
class KubernetesDatabase(Database):
    """Database, and what its alarms refer to."""


def create_database(scope: Scope, base: KubernetesBaseResources) -> KubernetesDatabase:
    """Database for the services that use it."""
    raise NotImplementedError
