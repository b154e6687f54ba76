"""Subscription, location and resource group of one region of the platform, and ids that are known in advance. Pure."""

from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from providers.contract.context import RegionContext
from providers.contract.region_specs import is_standby
from providers.contract.spec import AzureBlock

GLOBAL = "global"
"""Location of resources without a region; the API rejects a provider's default location for them."""


@dataclass(frozen=True)
class AzureContext(RegionContext):
    """One location of one subscription, and the spec that is deployed there."""

    @property
    def block(self) -> AzureBlock:
        """The `azure` block; its presence is validated before anything is declared."""
        if self.spec.azure is None:
            raise ValueError("the azure block is missing")
        return self.spec.azure

    @property
    def subscription_id(self) -> str:
        """Subscription, a GUID."""
        return self.block.subscription_id

    @property
    def tenant_id(self) -> str:
        """Microsoft Entra tenant, a GUID."""
        return self.block.tenant_id

    @property
    def zonal(self) -> bool:
        """True when the platform spans zones; Azure then uses all three zones of the location."""
        return self.spec.network.zones > 1

    @property
    def place(self) -> str:
        """Beginning of logical names in this location: the stack's name, with the location in the standby location."""
        return f"{self.stack}-{self.region}" if is_standby(self.spec) else self.stack

    @property
    def group(self) -> str:
        """Resource group of the stack in this location: `prod-agents-westus3`; fixed, so that ids are predictable."""
        return f"{self.stack}-agents-{self.region}"

    @property
    def group_id(self) -> str:
        """Id of the resource group."""
        return f"/subscriptions/{self.subscription_id}/resourceGroups/{self.group}"

    @property
    def dns_group_id(self) -> str:
        """Id of the resource group of the DNS zone, which may be in another subscription."""
        account = self.spec.ingress.dns_account
        own = f"/subscriptions/{self.subscription_id}/resourceGroups/{self.block.dns_group}"
        return account.azure if account is not None and account.azure is not None else own

    @property
    def drill_group_id(self) -> str:
        """Id of the resource group of servers that restore drills create."""
        return f"{self.group_id}-drill"

    def role_id(self, role: str, subscription_id: str | None = None) -> str:
        """Return the id of a built-in role by its GUID, in the subscription of what it is assigned on; absent: this one."""
        return f"/subscriptions/{subscription_id or self.subscription_id}/providers/Microsoft.Authorization/roleDefinitions/{role}"

    def guid(self, name: str) -> str:
        """Return a GUID that depends on the logical name only; role assignments and workbooks have GUIDs as names."""
        return str(uuid5(NAMESPACE_URL, f"agent-platform/{self.subscription_id}/{self.region}/{self.stack}/{name}"))
