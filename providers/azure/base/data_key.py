"""Key of the vault that encrypts database, objects, flow logs and cache, and the identity with which they use it.

Each store encrypts its data with a separate key, which it lets the vault wrap with this one. A store that loses access to the key
refuses every connection within minutes, so the key is protected and stays in the vault when the stack no longer declares it.
The vault rotates it; versions do not expire, because data under an expired version could not be read. Database and accounts refer
to the key without a version and follow it (Microsoft Learn, "Data encryption at rest in Azure Database for PostgreSQL", "Customer-managed
keys for Azure Storage encryption").
"""

from dataclasses import dataclass

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.base.roles import CRYPTO_SERVICE_USER, grant_role
from providers.azure.context import AzureContext
from providers.azure.naming import KEY_NAME
from providers.contract.component import Scope

KEY_BITS = 4096
"""Recommended for PostgreSQL; every store accepts it."""
ROTATION_PERIOD = "P90D"
"""Time after which the vault creates a new version, as the keys on Google Cloud have it."""


@dataclass(frozen=True)
class AzureDataKey:
    """Key and identity of the stores of one location."""

    uri: pulumi.Output[str]
    """URI without a version, which a store follows to the newest one."""
    version_uri: pulumi.Output[str]
    """URI of the version that the key was created with."""
    vault_uri: pulumi.Output[str]
    identity_id: pulumi.Output[str]
    """Identity that may use the key."""
    ready: pulumi.Resource
    """Role of the identity, which must exist before a store uses the key."""


def create_data_key(scope: Scope, context: AzureContext, vault: "azure_native.keyvault.Vault") -> AzureDataKey | None:
    """Declare key, identity and role; None without `azure.customer_managed_keys`."""
    if not context.block.customer_managed_keys:
        return None
    key = _key(scope, context, vault)
    identity = azure_native.managedidentity.UserAssignedIdentity(
        scope.named("data-key"), resource_group_name=context.group, tags=dict(scope.tags), opts=scope.opts()
    )
    role = grant_role(scope, context, "data-key", CRYPTO_SERVICE_USER, identity.principal_id, key.id)
    return AzureDataKey(
        uri=key.key_uri,
        version_uri=key.key_uri_with_version,
        vault_uri=vault.properties.apply(lambda properties: properties.vault_uri or ""),
        identity_id=identity.id,
        ready=role,
    )


def _key(scope: Scope, context: AzureContext, vault: "azure_native.keyvault.Vault") -> "azure_native.keyvault.Key":
    keyvault = azure_native.keyvault
    rotate = keyvault.LifetimeActionArgs(
        action=keyvault.ActionArgs(type=keyvault.KeyRotationPolicyActionType.ROTATE),
        trigger=keyvault.TriggerArgs(time_after_create=ROTATION_PERIOD),
    )
    return keyvault.Key(
        scope.named("data"),
        resource_group_name=context.group,
        vault_name=vault.name,
        key_name=KEY_NAME,
        properties=keyvault.KeyPropertiesArgs(
            kty="RSA",
            key_size=KEY_BITS,
            rotation_policy=keyvault.RotationPolicyArgs(lifetime_actions=[rotate]),
        ),
        tags=dict(scope.tags),
        # deletion would need access to the data of the vault, and would make the data of the stores unreadable
        opts=pulumi.ResourceOptions.merge(
            scope.opts(protect=context.production), pulumi.ResourceOptions(retain_on_delete=True)
        ),
    )
