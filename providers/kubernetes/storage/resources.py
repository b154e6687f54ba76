"""Existing S3-compatible bucket, and the keys of the services that use it."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from providers.contract.component import Scope
from providers.contract.results import ObjectStore, SecretRef
from providers.kubernetes.base.resources import KubernetesBaseResources


@dataclass(frozen=True)
class KubernetesObjectStore(ObjectStore):
    """Bucket, with the variables that S3 clients read: plain ones, and secrets by reference."""

    plain: Mapping[str, pulumi.Input[str]]
    secrets: Mapping[str, SecretRef]


def create_storage(scope: Scope, base: KubernetesBaseResources) -> KubernetesObjectStore:
    """Bucket of the block."""
    raise NotImplementedError
