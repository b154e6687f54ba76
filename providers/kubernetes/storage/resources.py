"""Existing S3-compatible bucket, and the keys of the services that use it.

The platform creates no bucket: a cluster has no object storage, and the owner of a bucket outside it decides on versions,
encryption and lifecycle.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from providers.contract.component import Scope
from providers.contract.results import ObjectStore, SecretRef
from providers.kubernetes.base.resources import KubernetesBaseResources
from providers.kubernetes.storage.limits import SECRETS


@dataclass(frozen=True)
class KubernetesObjectStore(ObjectStore):
    """Bucket, with the variables that S3 clients read: plain ones, and secrets by reference."""

    plain: Mapping[str, pulumi.Input[str]]
    secrets: Mapping[str, SecretRef]


def create_storage(scope: Scope, base: KubernetesBaseResources) -> KubernetesObjectStore:
    """Bucket of the block; each of its two keys is a Secret."""
    bucket = base.context.block.bucket
    if bucket is None:
        raise ValueError("storage needs kubernetes.bucket")
    return KubernetesObjectStore(
        bucket=pulumi.Output.from_input(bucket.name),
        endpoint_url=pulumi.Output.from_input(bucket.endpoint_url),
        plain={"AWS_ENDPOINT_URL_S3": bucket.endpoint_url, "AWS_REGION": bucket.region},
        secrets={
            name: base.secret(scope, name.lower().replace("_", "-"), base.context.values.secret(name), name=name)
            for name in SECRETS
        },
    )
