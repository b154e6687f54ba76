"""Pull secrets of private registries, and the images that the platform runs beside the services.

A pull secret has the credentials of `services.<name>.image_credentials`. Registries of the cluster's own cloud need none:
its nodes read them by their identity.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as kubernetes

from providers.contract.component import Scope
from providers.contract.credentials import image_credentials
from providers.kubernetes.base.platform_images import credentials_by_registry
from providers.kubernetes.base.secrets import SECRETS, generated_name, metadata
from providers.kubernetes.context import KubernetesContext

DOCKER_CONFIG = ".dockerconfigjson"


@dataclass(frozen=True)
class KubernetesRegistry:
    """Names of the pull secrets."""

    pull_secrets: tuple[pulumi.Output[str], ...]


def create_registry(scope: Scope, context: KubernetesContext, namespace: pulumi.Resource) -> KubernetesRegistry:
    """A pull secret for each registry with credentials."""
    return KubernetesRegistry(tuple(_pull_secrets(scope, context, namespace)))


def _pull_secrets(scope: Scope, context: KubernetesContext, namespace: pulumi.Resource) -> Iterator[pulumi.Output[str]]:
    for registry, secret in credentials_by_registry(context.spec).items():
        login = image_credentials(context.values.secret(secret))
        document = pulumi.Output.secret(
            pulumi.Output.all(username=login.username, password=login.password, host=registry).apply(_document)
        )
        stored = kubernetes.core.v1.Secret(
            scope.named(secret.lower().replace("_", "-")),
            metadata=metadata(scope, context, SECRETS),
            type="kubernetes.io/dockerconfigjson",
            immutable=True,
            data={DOCKER_CONFIG: document},
            # an object of a namespace cannot be created before it; no Output says so
            opts=scope.opts(depends_on=[namespace]),
        )
        yield generated_name(stored)


def _document(values: Mapping[str, object]) -> str:
    """Configuration of a client of the registry, in base64."""
    username, password, host = str(values["username"]), str(values["password"]), str(values["host"])
    token = base64.b64encode(f"{username}:{password}".encode()).decode()
    login = {"username": username, "password": password, "auth": token}
    return base64.b64encode(json.dumps({"auths": {host: login}}).encode()).decode()
