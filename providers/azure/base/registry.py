"""Container registry for the images that name no registry host.

No rule deletes untagged images: services run images by digest, and a moved tag would leave a running image untagged.
With private endpoints the registry has no public access; a workflow outside the network imports an image with
`az acr import`, which the registry executes. Images of other registries are pulled with the service's `image_credentials`,
or without credentials.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.base.existing_registry import ExistingRegistry, registry_of_others
from providers.azure.base.identity import AzureIdentity
from providers.azure.base.limits import LOCATIONS_WITH_ZONES
from providers.azure.base.roles import ACR_IMPORT, ACR_PULL, ACR_PUSH, grant_role
from providers.azure.base.standby import AzureStandby
from providers.azure.context import AzureContext
from providers.azure.naming import registry_name
from providers.azure.network.endpoints import private_endpoint
from providers.azure.network.resources import AzureNetwork
from providers.azure.observability.logs import AzureLogs, send_to_logs
from providers.contract.component import Scope
from providers.contract.images import own_images


@dataclass(frozen=True)
class ImageStore:
    """Registry that images are pulled from: its id and host, what must exist before a pull, and its subscription."""

    registry_id: pulumi.Input[str]
    server: pulumi.Output[str]
    ready: tuple[pulumi.Resource, ...]
    subscription_id: str | None = None
    """Of a registry that exists already."""


@dataclass(frozen=True)
class AzureRegistry:
    """Image reference by service, and the resources that must exist before it can be pulled."""

    images: Mapping[str, pulumi.Input[str]]
    grants: Mapping[str, tuple[pulumi.Resource, ...]]
    servers: Mapping[str, pulumi.Output[str]]
    """Login server by service, for images that are pulled with `AzureIdentity.pull`."""


def create_registry(
    scope: Scope,
    context: AzureContext,
    identity: AzureIdentity,
    network: AzureNetwork,
    logs: AzureLogs,
    standby: AzureStandby | None = None,
) -> AzureRegistry:
    """Declare the registry if it stores an image, and the roles to pull from it and to add images to it and its copy."""
    existing = registry_of_others(context.spec)
    if existing is not None:
        return _use_existing(scope, context, identity, network, existing)
    if not own_images(context.spec):
        return AzureRegistry({name: context.values.image(context.spec, name) for name in context.spec.services}, {}, {})
    registry = _registry(scope, context, zonal=context.zonal)
    ready = private_endpoint(scope, context, network, "endpoint", registry.id, "registry")
    send_to_logs(scope, logs, "diagnostics", registry.id)
    if identity.deployer is not None:
        # a registry without public access accepts no push from outside the network
        role = ACR_IMPORT if context.spec.network.private_endpoints else ACR_PUSH
        grant_role(scope, context, "deployer", role, identity.deployer.principal_id, registry.id)
        if standby is not None and standby.registry is not None:
            part = f"deployer-{standby.region}"
            grant_role(scope, context, part, role, identity.deployer.principal_id, standby.registry.id)
    return _pulled(scope, context, identity, ImageStore(registry.id, registry.login_server, ready))


def _use_existing(
    scope: Scope, context: AzureContext, identity: AzureIdentity, network: AzureNetwork, existing: ExistingRegistry
) -> AzureRegistry:
    """Declare what pulls from a registry of others need, and pushes of the deployer; nothing of the registry itself."""
    target, subscription = existing.registry_id, existing.subscription_id
    ready = private_endpoint(scope, context, network, "endpoint", target, "registry") if existing.private else ()
    if identity.deployer is not None:
        role = ACR_IMPORT if existing.private else ACR_PUSH
        principal = identity.deployer.principal_id
        grant_role(scope, context, "deployer", role, principal, target, subscription_id=subscription)
    server = pulumi.Output.from_input(existing.login_server)
    return _pulled(scope, context, identity, ImageStore(target, server, ready, subscription))


def use_registry(
    scope: Scope,
    context: AzureContext,
    identity: AzureIdentity,
    network: AzureNetwork,
    registry: azure_native.containerregistry.Registry | None,
) -> AzureRegistry:
    """Let services of the standby location pull from its registry, or from one of others; None when neither has an image."""
    existing = registry_of_others(context.spec)
    if existing is not None:
        return _use_existing(scope, context, identity, network, existing)
    if registry is None:
        return AzureRegistry({name: context.values.image(context.spec, name) for name in context.spec.services}, {}, {})
    ready = private_endpoint(scope, context, network, "endpoint", registry.id, "registry")
    return _pulled(scope, context, identity, ImageStore(registry.id, registry.login_server, ready))


def _pulled(scope: Scope, context: AzureContext, identity: AzureIdentity, store: ImageStore) -> AzureRegistry:
    """Grant pulls and return the reference of every image; that of one in a registry of others names it already."""
    spec, own = context.spec, own_images(context.spec)
    images: dict[str, pulumi.Input[str]] = {name: context.values.image(spec, name) for name in spec.services}
    principal, subscription = identity.pull.principal_id, store.subscription_id
    pull = grant_role(scope, context, "pull", ACR_PULL, principal, store.registry_id, subscription_id=subscription)
    for name, image in own.items():
        images[name] = pulumi.Output.concat(store.server, "/", image.repository, image.suffix)
    pulled = (*own, *spec.stored_images)
    return AzureRegistry(
        images, {name: (pull, *store.ready) for name in pulled}, {name: store.server for name in pulled}
    )


def create_standby_registry(scope: Scope, context: AzureContext) -> azure_native.containerregistry.Registry | None:
    """Declare the registry of the standby location if images are copied to it; without services there nothing pulls from it."""
    if not own_images(context.spec):
        return None
    return _registry(scope, context, zonal=context.region in LOCATIONS_WITH_ZONES)


def _registry(scope: Scope, context: AzureContext, *, zonal: bool) -> azure_native.containerregistry.Registry:
    """Registry of tier Premium with private endpoints, which require it; else Standard with public access."""
    private = context.spec.network.private_endpoints
    deny_all = azure_native.containerregistry.NetworkRuleSetArgs(
        default_action=azure_native.containerregistry.DefaultAction.DENY
    )
    return azure_native.containerregistry.Registry(
        scope.named(),
        resource_group_name=context.group,
        registry_name=registry_name(context),
        sku=azure_native.containerregistry.SkuArgs(name="Premium" if private else "Standard"),
        admin_user_enabled=False,
        anonymous_pull_enabled=False,
        public_network_access="Disabled" if private else "Enabled",
        network_rule_bypass_options="AzureServices",
        network_rule_set=deny_all if private else None,
        data_endpoint_enabled=private,
        zone_redundancy="Enabled" if private and zonal else "Disabled",
        policies=azure_native.containerregistry.PoliciesArgs(
            export_policy=azure_native.containerregistry.ExportPolicyArgs(
                # the API rejects "disabled" for a registry with public access
                status="disabled" if private else "enabled"
            ),
            # Container Apps pulls with an ARM token, which the registry must accept
            azure_ad_authentication_as_arm_policy=azure_native.containerregistry.AzureADAuthenticationAsArmPolicyArgs(
                status="enabled"
            ),
        ),
        tags=dict(scope.tags),
        opts=scope.opts(protect=context.production),
    )
