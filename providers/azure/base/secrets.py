"""Store a value, hand out a reference: Key Vault, one role per reader on the single secret.

The platform itself reads the secret with the service's identity, in the version that the app names: a new value is a
new version, and so a new revision. Values are written through Azure's management, so whoever deploys needs no way into
the vault. Deleting one would need that way, so a secret that the stack drops stays in the vault, without a reader, until
somebody removes it.
"""

from collections.abc import Sequence

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.base.resources import AzureBaseResources
from providers.azure.base.role_ids import SECRETS_USER
from providers.azure.base.roles import grant
from providers.azure.naming import secret_name
from providers.contract.component import Scope
from providers.contract.results import SecretRef


def create_secret(
    scope: Scope, base: AzureBaseResources, name: str, value: pulumi.Output[str], readers: Sequence[str]
) -> SecretRef:
    """One secret; `reference` is its URI without a version, `version` the URI with it."""
    context, vault = base.context, base.vault
    secret = azure_native.keyvault.Secret(
        scope.named(name),
        resource_group_name=context.group,
        vault_name=vault.name,
        secret_name=secret_name(scope.named(name)),
        properties=azure_native.keyvault.SecretPropertiesArgs(
            # the SDK marks it secret by itself nowhere
            value=pulumi.Output.secret(value),
            attributes=azure_native.keyvault.SecretAttributesArgs(enabled=True),
        ),
        tags=dict(scope.tags),
        opts=scope.opts(retain_on_delete=True),
    )
    grants = [_read(scope, base, name, secret, reader) for reader in readers]
    return SecretRef(
        name=name,
        reference=secret.properties.apply(lambda known: known.secret_uri),
        version=secret.properties.apply(lambda known: known.secret_uri_with_version),
        grants=(secret, *grants, *vault.ready),
    )


def _read(
    scope: Scope, base: AzureBaseResources, name: str, secret: azure_native.keyvault.Secret, reader: str
) -> azure_native.authorization.RoleAssignment:
    principal = base.identity.services[reader].principal_id
    return grant(scope, base.context, f"{name}-read-by-{reader}", SECRETS_USER, principal, secret.id)
