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
    return _pulled(scope, context, identity, registry, ready)


def use_registry(
    scope: Scope,
    context: AzureContext,
    identity: AzureIdentity,
    network: AzureNetwork,
    registry: azure_native.containerregistry.Registry | None,
) -> AzureRegistry:
    """Let services of the standby location pull from its registry; None when no image is stored in it."""
    if registry is None:
        return AzureRegistry({name: context.values.image(context.spec, name) for name in context.spec.services}, {}, {})
    ready = private_endpoint(scope, context, network, "endpoint", registry.id, "registry")
    return _pulled(scope, context, identity, registry, ready)


def _pulled(
    scope: Scope,
    context: AzureContext,
    identity: AzureIdentity,
    registry: azure_native.containerregistry.Registry,
    ready: tuple[pulumi.Resource, ...],
) -> AzureRegistry:
    """Grant pulls and return the reference of every image."""
    own = own_images(context.spec)
    images: dict[str, pulumi.Input[str]] = {
        name: context.values.image(context.spec, name) for name in context.spec.services
    }
    pull = grant_role(scope, context, "pull", ACR_PULL, identity.pull.principal_id, registry.id)
    for name, image in own.items():
        images[name] = pulumi.Output.concat(registry.login_server, "/", image.repository, image.suffix)
    return AzureRegistry(images, {name: (pull, *ready) for name in own}, {name: registry.login_server for name in own})


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
