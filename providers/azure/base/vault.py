"""Key vault with every secret of the stack, each with its own readers, and the key of the stack's data.

Access is granted by roles on a single secret, never by access policies, which apply to the whole vault. Deleted secrets
can be recovered for 90 days and cannot be purged earlier; the vault's name stays reserved for as long, so it ends in
random digits. The vault has no management lock: a lock would prevent the removal of a reader's role assignment.
"""

from dataclasses import dataclass

import pulumi
import pulumi_azure_native as azure_native
import pulumi_random as random

from providers.azure.base.data_key import AzureDataKey, create_data_key
from providers.azure.context import AzureContext
from providers.azure.naming import SALT_BYTES, vault_prefix
from providers.azure.network.endpoints import private_endpoint
from providers.azure.network.resources import AzureNetwork
from providers.azure.observability.logs import AzureLogs, send_to_logs
from providers.contract.component import Scope

SOFT_DELETE_DAYS = 90


@dataclass(frozen=True)
class AzureVault:
    """Key vault."""

    name: pulumi.Output[str]
    id: pulumi.Output[str]
    ready: tuple[pulumi.Resource, ...]
    """Resources that must exist before a secret can be read from the network."""
    key: AzureDataKey | None
    """Key that encrypts data; None without `azure.customer_managed_keys`."""


def create_vault(scope: Scope, context: AzureContext, network: AzureNetwork, logs: AzureLogs) -> AzureVault:
    """Declare the vault, its private endpoint and its diagnostic setting."""
    vault = _vault(scope, context, network.apps_subnet_id)
    ready = private_endpoint(scope, context, network, "endpoint", vault.id, "vault")
    send_to_logs(scope, logs, "diagnostics", vault.id)
    return AzureVault(vault.name, vault.id, ready, create_data_key(scope, context, vault))


def create_standby_vault(scope: Scope, context: AzureContext, network: AzureNetwork | None) -> AzureVault:
    """Declare the vault of the standby location; without services there, no network reaches it.

    Copies are written through the Resource Manager. Its diagnostic setting is declared with those of the other copies.
    """
    vault = _vault(scope, context, network.apps_subnet_id if network else None)
    ready = private_endpoint(scope, context, network, "endpoint", vault.id, "vault") if network else ()
    return AzureVault(vault.name, vault.id, ready, create_data_key(scope, context, vault))


def _vault(
    scope: Scope, context: AzureContext, apps_subnet_id: pulumi.Input[str] | None
) -> azure_native.keyvault.Vault:
    digits = random.RandomId(scope.named("name"), byte_length=SALT_BYTES, opts=scope.opts())
    return azure_native.keyvault.Vault(
        scope.named(),
        resource_group_name=context.group,
        vault_name=pulumi.Output.concat(vault_prefix(context.stack), digits.hex),
        properties=_properties(context, apps_subnet_id),
        tags=dict(scope.tags),
        opts=scope.opts(protect=context.production),
    )


def _properties(
    context: AzureContext, apps_subnet_id: pulumi.Input[str] | None
) -> azure_native.keyvault.VaultPropertiesArgs:
    private = context.spec.network.private_endpoints
    rule = azure_native.keyvault.VirtualNetworkRuleArgs
    apps_subnet = [] if private or apps_subnet_id is None else [rule(id=apps_subnet_id)]
    return azure_native.keyvault.VaultPropertiesArgs(
        tenant_id=context.tenant_id,
        sku=azure_native.keyvault.SkuArgs(family="A", name=azure_native.keyvault.SkuName.STANDARD),
        enable_rbac_authorization=True,
        enable_soft_delete=True,
        soft_delete_retention_in_days=SOFT_DELETE_DAYS,
        enable_purge_protection=True,
        public_network_access="Disabled" if private else "Enabled",
        network_acls=azure_native.keyvault.NetworkRuleSetArgs(
            default_action="Deny",
            bypass="AzureServices",
            virtual_network_rules=apps_subnet,
        ),
    )
