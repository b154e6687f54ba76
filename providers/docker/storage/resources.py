"""Objects: one bucket of the object store, and for each service that uses it a key of its own.

The key travels as the variables that every S3 client reads (`naming.VARIABLES`); `compute` hands it over.
"""

from dataclasses import dataclass

import pulumi

from providers.contract.component import Scope
from providers.contract.results import ObjectStore
from providers.docker.base.resources import DockerBaseResources
from providers.docker.naming import BUCKET
from providers.docker.storage.object_store import URL, Store, create_store


@dataclass(frozen=True)
class DockerObjectStore(ObjectStore):
    """`store` is what must stand before a bucket can be used; the backups share the server."""

    store: Store


def create_storage(scope: Scope, base: DockerBaseResources) -> DockerObjectStore:
    """The object store with the bucket of the services."""
    if base.spec.storage is None:
        raise ValueError("the platform has no storage")
    store = create_store(scope, base)
    return DockerObjectStore(
        # known from the beginning, and still only there when the bucket is
        bucket=store.ready.id.apply(lambda _: BUCKET),
        endpoint_url=pulumi.Output.from_input(URL),
        store=store,
    )
