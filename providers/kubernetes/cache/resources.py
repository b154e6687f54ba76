"""Valkey of the platform, or an external cache."""

from dataclasses import dataclass

from providers.contract.component import Scope
from providers.contract.results import Cache
from providers.kubernetes.base.resources import KubernetesBaseResources


@dataclass(frozen=True)
class KubernetesCache(Cache):
    """Cache, and what its alarms refer to."""


def create_cache(scope: Scope, base: KubernetesBaseResources) -> KubernetesCache:
    """Cache for the services that use it."""
    raise NotImplementedError
