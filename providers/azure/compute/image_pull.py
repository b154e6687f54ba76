"""Access of an app to the registry of its image: the pulling identity, the service's own credentials, or none.

The platform's registry is read with one identity, which is hidden from the containers. For another registry the password
of `services.*.image_credentials` is a Key Vault secret that only the identity of this service can read: Container Apps
resolves it when it pulls, and the containers receive neither the secret nor the user name.
"""

from dataclasses import dataclass

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.base.resources import AzureBaseResources
from providers.azure.base.secrets import create_secret
from providers.azure.naming import secret_name
from providers.contract.component import Scope
from providers.contract.credentials import image_credentials
from providers.contract.images import other_registries
from providers.contract.results import SecretRef

RegistryAccess = azure_native.app.RegistryCredentialsArgs


@dataclass(frozen=True)
class ImagePull:
    """Registry settings of one app."""

    registries: tuple[RegistryAccess, ...] = ()
    identities: tuple[pulumi.Input[str], ...] = ()
    """Identities beside the service's own, hidden from the containers."""
    password: SecretRef | None = None
    grants: tuple[pulumi.Resource, ...] = ()
    """Resources that must exist before the image can be pulled."""


def create_image_pull(scope: Scope, base: AzureBaseResources, name: str) -> ImagePull:
    """Declare the password of another registry, if the service has one, and return the registry settings of its app."""
    server, identity = base.registry.servers.get(name), base.identity.pull.id
    if server is not None:
        registry = RegistryAccess(server=server, identity=identity)
        return ImagePull((registry,), (identity,), grants=base.registry.grants[name])
    secret = base.spec.services[name].image_credentials
    if secret is None:
        return ImagePull()
    credentials = image_credentials(base.context.values.secret(secret))
    password = create_secret(scope, base, f"{name}-image-password", credentials.password, [name])
    registry = RegistryAccess(
        server=other_registries(base.spec)[name],
        username=credentials.username,
        password_secret_ref=secret_name(password.name),
    )
    return ImagePull((registry,), password=password, grants=password.prerequisites(name))
