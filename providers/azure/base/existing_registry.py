"""Azure Container Registry that exists already: its host, and how apps reach it. Pure."""

from dataclasses import dataclass

from providers.contract.diagnostics import Adjustment, Effect
from providers.contract.existing_registry import existing_registry, owner_decides
from providers.contract.images import parse_image
from providers.contract.spec import Platform, Service

KEY = "registry.existing.azure"


@dataclass(frozen=True)
class ExistingRegistry:
    """Registry of others in the tenant."""

    registry_id: str
    login_server: str
    private: bool
    """True when apps reach it through a private endpoint of the platform."""

    @property
    def subscription_id(self) -> str:
        """Subscription that it is in."""
        return self.registry_id.split("/")[2]

    @property
    def name(self) -> str:
        """Name of the registry."""
        return self.registry_id.rpartition("/")[2]


def registry_of_others(spec: Platform) -> ExistingRegistry | None:
    """Return the registry of others; None where the platform creates its own."""
    existing = existing_registry(spec)
    if existing is None or existing.azure is None:
        return None
    block = existing.azure
    server = block.login_server or f"{block.registry_id.rpartition('/')[2].lower()}.azurecr.io"
    return ExistingRegistry(block.registry_id, server, spec.network.private_endpoints and block.private_endpoint)


def existing_image(spec: Platform, service: Service) -> str | None:
    """Return the address of the image of a service in the registry."""
    registry = registry_of_others(spec)
    return f"{registry.login_server}/{parse_image(service.image).name}" if registry is not None else None


def existing_registry_adjustments(spec: Platform) -> list[Adjustment]:
    """Report what the owner of the registry decides, and what the login needs there."""
    registry = registry_of_others(spec)
    if registry is None:
        return []
    connection = ", and approves a private endpoint, for which its tier must be Premium" if registry.private else ""
    reason = (
        f"`up` assigns AcrPull on it to an identity of the platform{connection}: the login needs the rights for this on the registry; "
        "a registry with ABAC repository permissions ignores AcrPull"
    )
    return [owner_decides(registry.name), Adjustment(f"{KEY}.registry_id", registry.name, Effect.PARTIAL, reason)]
