"""The key vault: where every secret of the stack is kept, each with its own readers.

Access goes by roles on the single secret, never by the vault's access policies, which know only the whole vault. What
is deleted can be called back for 90 days, and nobody can purge it sooner; the vault's name stays taken as long, so it
ends in digits of its own. No lock stands on it: a lock would forbid to take a reader's role back.
"""

from dataclasses import dataclass

import pulumi
import pulumi_azure_native as azure_native
import pulumi_random as random

from providers.azure.context import AzureContext
from providers.azure.naming import SALT_BYTES, vault_prefix
from providers.azure.network.endpoints import private_endpoint
from providers.azure.network.results import AzureNetwork
from providers.azure.observability.diagnostics import send_to_logs
from providers.azure.observability.logs import Logs
from providers.contract.component import Scope

RECOVERY_DAYS = 90


@dataclass(frozen=True)
class Vault:
    """Name and id of the vault; `ready` is what must exist before a secret can be read from the network."""

    name: pulumi.Output[str]
    id: pulumi.Output[str]
    ready: tuple[pulumi.Resource, ...]


def create_vault(scope: Scope, context: AzureContext, network: AzureNetwork, logs: Logs) -> Vault:
    """The vault, its private endpoint and its log."""
    digits = random.RandomId(scope.named("name"), byte_length=SALT_BYTES, opts=scope.opts())
    vault = azure_native.keyvault.Vault(
        scope.named(),
        resource_group_name=context.group,
        vault_name=pulumi.Output.concat(vault_prefix(context.stack), digits.hex),
        properties=_properties(context, network),
        tags=dict(scope.tags),
        opts=scope.opts(protect=context.production),
    )
    ready = private_endpoint(scope, context, network, "endpoint", vault.id, "vault")
    send_to_logs(scope, logs, "diagnostics", vault.id)
    return Vault(vault.name, vault.id, ready)


def _properties(context: AzureContext, network: AzureNetwork) -> azure_native.keyvault.VaultPropertiesArgs:
    private = context.spec.network.private_endpoints
    return azure_native.keyvault.VaultPropertiesArgs(
        tenant_id=context.tenant_id,
        sku=azure_native.keyvault.SkuArgs(family="A", name=azure_native.keyvault.SkuName.STANDARD),
        enable_rbac_authorization=True,
        enable_soft_delete=True,
        soft_delete_retention_in_days=RECOVERY_DAYS,
        enable_purge_protection=True,
        public_network_access="Disabled" if private else "Enabled",
        network_acls=azure_native.keyvault.NetworkRuleSetArgs(
            default_action="Deny",
            bypass="AzureServices",
            virtual_network_rules=[]
            if private
            else [azure_native.keyvault.VirtualNetworkRuleArgs(id=network.apps_subnet_id)],
        ),
    )
