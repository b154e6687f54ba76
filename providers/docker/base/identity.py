"""Keys to the object store, one for each service that uses it.

Docker gives containers no identity. The networks of a service decide what it can reach, and the passwords it is given
decide what it can open. Only the object store distinguishes its users, so each of them has a separate key there.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from providers.contract.component import Scope
from providers.contract.credentials import generated_password
from providers.docker.context import DockerContext
from providers.docker.naming import access_key

COURIER, KEEPER = "courier", "keeper"
"""Users of the platform itself: `courier` uploads backups, `keeper` creates buckets. Services have the prefix `service-`."""


@dataclass(frozen=True)
class StorageKey:
    """Access key and secret key of one user of the object store."""

    access_key: str
    secret_key: pulumi.Output[str]


@dataclass(frozen=True)
class DockerIdentity:
    """Keys of the services that use storage, by name, and of the platform's two users."""

    services: Mapping[str, StorageKey]
    courier: StorageKey | None
    keeper: StorageKey | None


def create_identity(scope: Scope, context: DockerContext) -> DockerIdentity:
    """A key for each service that uses storage, for the upload of backups and for the creation of buckets."""
    has_store = context.spec.storage is not None or context.keeps_backups
    return DockerIdentity(
        services={name: _key(scope, context, f"service-{name}") for name in context.spec.users_of("storage")},
        courier=_key(scope, context, COURIER) if context.keeps_backups else None,
        keeper=_key(scope, context, KEEPER) if has_store else None,
    )


def _key(scope: Scope, context: DockerContext, user: str) -> StorageKey:
    return StorageKey(access_key(context.stack, user), generated_password(scope, user))
