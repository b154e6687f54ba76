"""Hardened storage account: TLS only, no keys, no public access, encrypted twice; and its lifecycle rule.

An account is open in many ways by default. All of them are closed here, so that every account of the platform is
hardened. Shared keys are disabled: clients authenticate with an identity that has a role. With a key of the stack, which
an account can take at any time, the account uses it with the identity of the key.
"""

from collections.abc import Sequence

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.base.data_key import AzureDataKey
from providers.azure.base.limits import storage_redundancy
from providers.azure.context import AzureContext
from providers.azure.naming import KEY_NAME
from providers.contract.component import Scope

MAX_SAS_LIFETIME = "1.00:00:00"
"""Lifetime of a shared access signature above which Azure logs a violation: a day."""


def create_storage_account(
    scope: Scope,
    context: AzureContext,
    part: str,
    name: str,
    *,
    key: AzureDataKey | None,
    public: bool,
    redundancy: str = "",
    subnets: Sequence[pulumi.Input[str]] = (),
    protect: bool = False,
) -> azure_native.storage.StorageAccount:
    """Declare an account; with `public`, trusted Azure services and `subnets` reach its public endpoint.

    `redundancy` is its SKU, else the one that follows from profile and location.
    """
    return azure_native.storage.StorageAccount(
        scope.named(part),
        resource_group_name=context.group,
        account_name=name,
        kind="StorageV2",
        sku=azure_native.storage.SkuArgs(name=redundancy or storage_redundancy(context)),
        public_network_access="Enabled" if public else "Disabled",
        network_rule_set=_network_rules(subnets),
        minimum_tls_version="TLS1_2",
        enable_https_traffic_only=True,
        allow_blob_public_access=False,
        allow_shared_key_access=False,
        default_to_o_auth_authentication=True,
        allow_cross_tenant_replication=False,
        allowed_copy_scope="AAD",
        is_local_user_enabled=False,
        is_sftp_enabled=False,
        sas_policy=azure_native.storage.SasPolicyArgs(expiration_action="Log", sas_expiration_period=MAX_SAS_LIFETIME),
        identity=azure_native.storage.IdentityArgs(type="UserAssigned", user_assigned_identities=[key.identity_id])
        if key
        else None,
        encryption=_encryption(key),
        tags=dict(scope.tags),
        opts=scope.opts(protect=protect, depends_on=[key.ready] if key else []),
    )


def _encryption(key: AzureDataKey | None) -> azure_native.storage.EncryptionArgs:
    """Encryption with the newest version of the stack's key, or with a key of Microsoft; always a second time."""
    storage = azure_native.storage
    if key is None:
        return storage.EncryptionArgs(key_source="Microsoft.Storage", require_infrastructure_encryption=True)
    return storage.EncryptionArgs(
        key_source="Microsoft.Keyvault",
        require_infrastructure_encryption=True,
        key_vault_properties=storage.KeyVaultPropertiesArgs(key_name=KEY_NAME, key_vault_uri=key.vault_uri),
        encryption_identity=storage.EncryptionIdentityArgs(encryption_user_assigned_identity=key.identity_id),
    )


def create_lifecycle(
    scope: Scope,
    context: AzureContext,
    part: str,
    account: azure_native.storage.StorageAccount,
    rule: str,
    actions: azure_native.storage.ManagementPolicyActionArgs,
    after: Sequence[pulumi.Resource] = (),
) -> None:
    """Declare the account's lifecycle policy with one rule for its block blobs, created after `after`."""
    storage = azure_native.storage
    block_blobs = storage.ManagementPolicyFilterArgs(blob_types=["blockBlob"])
    storage.ManagementPolicy(
        scope.named(part),
        resource_group_name=context.group,
        account_name=account.name,
        management_policy_name="default",
        policy=storage.ManagementPolicySchemaArgs(
            rules=[
                storage.ManagementPolicyRuleArgs(
                    name=rule,
                    type="Lifecycle",
                    enabled=True,
                    definition=storage.ManagementPolicyDefinitionArgs(filters=block_blobs, actions=actions),
                )
            ]
        ),
        opts=scope.opts(depends_on=after),
    )


def _network_rules(subnets: Sequence[pulumi.Input[str]]) -> azure_native.storage.NetworkRuleSetArgs:
    return azure_native.storage.NetworkRuleSetArgs(
        default_action=azure_native.storage.DefaultAction.DENY,
        bypass="AzureServices",
        virtual_network_rules=[
            azure_native.storage.VirtualNetworkRuleArgs(virtual_network_resource_id=subnet) for subnet in subnets
        ],
    )
