"""Secrets of rendered manifests: never their values, but ExternalSecrets, or the list of what must exist before.

https://external-secrets.io/latest/api/externalsecret/: an ExternalSecret reads the keys of a Secret from a store and creates it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from automation.plan.inventory import Value
from automation.render.manifests import Manifest, with_body

StoreKind = Literal["ClusterSecretStore", "SecretStore"]
REFRESH_INTERVAL = "1h"
OPAQUE = "Opaque"


@dataclass(frozen=True)
class SecretStore:
    """Store of External Secrets that the cluster has."""

    name: str
    kind: StoreKind = "ClusterSecretStore"


@dataclass(frozen=True)
class RequiredSecret:
    """Secret that must exist before the manifests are applied."""

    name: str
    type: str
    keys: tuple[str, ...]


def required_secrets(manifests: Iterable[Manifest]) -> tuple[RequiredSecret, ...]:
    """Return the Secrets of a stack, without values."""
    secrets = (each for each in manifests if each.kind == "Secret")
    return tuple(RequiredSecret(one.name, str(one.body.get("type") or OPAQUE), one.secret_keys) for one in secrets)


def without_secrets(manifests: Iterable[Manifest], store: SecretStore | None) -> Iterator[Manifest]:
    """Yield the manifests with an ExternalSecret in place of every Secret; without a store, those of Secrets are left out."""
    for manifest in manifests:
        if manifest.kind != "Secret":
            yield manifest
        elif store is not None:
            yield external_secret(manifest, store)


def with_placeholders(manifests: Iterable[Manifest]) -> Iterator[Manifest]:
    """Yield the manifests with empty values in every Secret, for a check by an API server that stores nothing."""
    for manifest in manifests:
        if manifest.kind != "Secret":
            yield manifest
        else:
            rest = {key: value for key, value in manifest.body.items() if key not in ("data", "stringData")}
            yield with_body(manifest, {**rest, "data": {key: _EMPTY.get(key, "") for key in manifest.secret_keys}})


_EMPTY: Mapping[str, str] = {".dockerconfigjson": "e30="}
"""Values in base64 that the server accepts where it checks the content: an empty JSON object."""


def external_secret(manifest: Manifest, store: SecretStore) -> Manifest:
    """ExternalSecret that creates a Secret from the entry of the store with the Secret's name, a property for each key."""
    target: dict[str, Value] = {"name": manifest.name, "creationPolicy": "Owner"}
    secret_type = str(manifest.body.get("type") or OPAQUE)
    if secret_type != OPAQUE:
        target["template"] = {"type": secret_type}
    return with_body(
        manifest,
        {
            "apiVersion": "external-secrets.io/v1",
            "kind": "ExternalSecret",
            "metadata": manifest.metadata,
            "spec": {
                "refreshInterval": REFRESH_INTERVAL,
                "secretStoreRef": {"name": store.name, "kind": store.kind},
                "target": target,
                "data": [
                    {"secretKey": key, "remoteRef": {"key": manifest.name, "property": key}}
                    for key in manifest.secret_keys
                ],
            },
        },
    )
