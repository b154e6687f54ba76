"""Images by digest: one container registry for images that name no registry of their own.

There is no rule that drops untagged images: services run them by digest, and a tag that moves on would take the running
image away. With private endpoints the registry has no public address; a workflow outside the network brings an image in
by `az acr import`, which the registry itself carries out. Images from other registries are pulled without a right, so
those must serve them to anybody.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.base.identity import AzureIdentity
from providers.azure.base.image_sources import own_images
from providers.azure.base.keys import AzureKeys
from providers.azure.base.role_ids import ACR_IMPORT, ACR_PULL, ACR_PUSH
from providers.azure.base.roles import grant
from providers.azure.context import AzureContext
from providers.azure.naming import registry_name
from providers.azure.network.endpoints import private_endpoint
from providers.azure.network.results import AzureNetwork
from providers.azure.observability.diagnostics import send_to_logs
from providers.azure.observability.logs import Logs
from providers.contract.component import Scope


@dataclass(frozen=True)
class AzureRegistry:
    """Full image reference by service, and what must exist before a copy of it can be pulled."""

    images: Mapping[str, pulumi.Input[str]]
    grants: Mapping[str, tuple[pulumi.Resource, ...]]
    servers: Mapping[str, pulumi.Output[str]]
    """Login server by service, for those whose image is pulled with the identity `AzureIdentity.pull`."""


def create_registry(
    scope: Scope, context: AzureContext, keys: AzureKeys, identity: AzureIdentity, network: AzureNetwork, logs: Logs
) -> AzureRegistry:
    """The registry when an image lives in it, and the right to pull from it."""
    images: dict[str, pulumi.Input[str]] = {name: service.image for name, service in context.spec.services.items()}
    own = own_images(context.spec)
    if not own:
        return AzureRegistry(images, {}, {})
    registry = _registry(scope, context)
    ready = private_endpoint(scope, context, network, "endpoint", registry.id, "registry")
    send_to_logs(scope, logs, "diagnostics", registry.id)
    pull = grant(scope, context, "pull", ACR_PULL, identity.pull.principal_id, registry.id)
    if identity.deployer is not None:
        # nobody outside the network can push to a closed registry
        role = ACR_IMPORT if context.spec.network.private_endpoints else ACR_PUSH
        grant(scope, context, "deployer", role, identity.deployer.principal_id, registry.id)
    for name, image in own.items():
        images[name] = pulumi.Output.concat(registry.login_server, "/", image.repository, image.suffix)
    return AzureRegistry(images, {name: (pull, *ready) for name in own}, {name: registry.login_server for name in own})


def _registry(scope: Scope, context: AzureContext) -> azure_native.containerregistry.Registry:
    """Premium with private endpoints, for only that tier has them; else Standard, open to whoever holds a right."""
    private = context.spec.network.private_endpoints
    return azure_native.containerregistry.Registry(
        scope.named(),
        resource_group_name=context.group,
        registry_name=registry_name(context),
        sku=azure_native.containerregistry.SkuArgs(name="Premium" if private else "Standard"),
        admin_user_enabled=False,
        anonymous_pull_enabled=False,
        public_network_access="Disabled" if private else "Enabled",
        network_rule_bypass_options="AzureServices",
        network_rule_set=_refuse_the_public() if private else None,
        data_endpoint_enabled=private,
        zone_redundancy="Enabled" if private and context.zonal else "Disabled",
        policies=azure_native.containerregistry.PoliciesArgs(
            export_policy=azure_native.containerregistry.ExportPolicyArgs(
                # "disabled" is refused for a registry with a public address
                status="disabled" if private else "enabled"
            ),
            # Container Apps pulls with a token for Azure itself, which the registry must accept
            azure_ad_authentication_as_arm_policy=azure_native.containerregistry.AzureADAuthenticationAsArmPolicyArgs(
                status="enabled"
            ),
        ),
        tags=dict(scope.tags),
        opts=scope.opts(protect=context.production),
    )


def _refuse_the_public() -> azure_native.containerregistry.NetworkRuleSetArgs:
    return azure_native.containerregistry.NetworkRuleSetArgs(
        default_action=azure_native.containerregistry.DefaultAction.DENY
    )
