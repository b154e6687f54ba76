"""One principal for each service, as far as one machine has any: its own key to the object store.

Docker gives containers no identity. What a service may reach follows from the networks it stands in, what it may open
from the passwords it is given; only the object store tells its users apart, so there each one has a key of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from providers.contract.component import Scope
from providers.contract.credentials import generated_password
from providers.docker.context import DockerContext
from providers.docker.naming import access_key

COURIER, KEEPER = "courier", "keeper"
"""Who carries backups, and who makes buckets; no service can have these names here, for theirs come first."""


@dataclass(frozen=True)
class StorageKey:
    """Both halves of a key to the object store; the second is secret."""

    access_key: str
    secret_key: pulumi.Output[str]


@dataclass(frozen=True)
class DockerIdentity:
    """The keys of services that use storage, by name, and of the platform's own two holders."""

    services: Mapping[str, StorageKey]
    courier: StorageKey | None
    keeper: StorageKey | None


def create_identity(scope: Scope, context: DockerContext) -> DockerIdentity:
    """A key for each service that uses storage, one for whoever carries backups, one for whoever makes buckets."""
    stores = context.spec.storage is not None or context.backs_up
    return DockerIdentity(
        services={name: _key(scope, context, f"service-{name}") for name in context.spec.users_of("storage")},
        courier=_key(scope, context, COURIER) if context.backs_up else None,
        keeper=_key(scope, context, KEEPER) if stores else None,
    )


def _key(scope: Scope, context: DockerContext, holder: str) -> StorageKey:
    return StorageKey(access_key(context.stack, holder), generated_password(scope, holder))
