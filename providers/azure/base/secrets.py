"""Secrets in Key Vault, each with one role assignment per reader.

Container Apps reads a secret with the service's identity, in the version that the app names: a new value is a new
version and therefore a new revision. Values are written through the Resource Manager, so the deploying principal needs
no access to the vault's data. Deleting a secret would need that access, so a secret that the stack no longer declares
stays in the vault, without a reader, until an operator deletes it.
"""

from collections.abc import Sequence

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.base.resources import AzureBaseResources
from providers.azure.base.roles import SECRETS_USER, grant_role
from providers.azure.context import AzureContext
from providers.azure.naming import secret_name
from providers.contract.component import Scope
from providers.contract.region_specs import is_warm
from providers.contract.results import SecretRef


def create_secret(
    scope: Scope,
    base: AzureBaseResources,
    name: str,
    value: pulumi.Output[str],
    readers: Sequence[str],
    *,
    copied: bool = True,
) -> SecretRef:
    """Declare one secret; `reference` is its URI without the version, `version` the URI with it.

    A `copied` secret is also in the vault of the standby location, without a reader; one with an address of the home
    location is of no use there. With services there, that copy is their secret.
    """
    vault, context = base.vault, base.context
    # both vaults have a secret under the same name, which is that of a copy too
    stored = f"{context.stack}{scope.named(name).removeprefix(context.place)}"
    secret = _secret(scope, context, scope.named(name), vault.name, stored, value, scope.opts())
    if copied and base.standby is not None and not is_warm(base.spec):
        there = base.standby
        logical = f"{there.scope.name}{scope.named(name).removeprefix(context.stack)}"
        opts = scope.opts(provider=there.provider)
        _secret(scope, there.context, logical, there.vault.name, stored, value, opts)
    permissions = {reader: _grant_read(scope, base, name, secret, reader) for reader in readers}
    return SecretRef(
        name=name,
        reference=secret.properties.apply(lambda properties: properties.secret_uri),
        version=secret.properties.apply(lambda properties: properties.secret_uri_with_version),
        grants=(secret, *vault.ready),
        permissions=permissions,
    )


def _secret(
    scope: Scope,
    context: AzureContext,
    logical: str,
    vault_name: pulumi.Input[str],
    name: str,
    value: pulumi.Output[str],
    opts: pulumi.ResourceOptions,
) -> azure_native.keyvault.Secret:
    """Secret in a vault; both vaults have it under the name that the logical name of the home location gives."""
    return azure_native.keyvault.Secret(
        logical,
        resource_group_name=context.group,
        vault_name=vault_name,
        secret_name=secret_name(name),
        properties=azure_native.keyvault.SecretPropertiesArgs(
            # the SDK does not mark it as a secret
            value=pulumi.Output.secret(value),
            attributes=azure_native.keyvault.SecretAttributesArgs(enabled=True),
        ),
        tags=dict(scope.tags),
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(retain_on_delete=True)),
    )


def _grant_read(
    scope: Scope, base: AzureBaseResources, name: str, secret: azure_native.keyvault.Secret, reader: str
) -> azure_native.authorization.RoleAssignment:
    principal = base.identity.services[reader].principal_id
    return grant_role(scope, base.context, f"{name}-read-by-{reader}", SECRETS_USER, principal, secret.id)
