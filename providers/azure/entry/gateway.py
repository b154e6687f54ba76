"""Public entry: Application Gateway v2 with a WAF in the location, which forwards streams as they arrive.

Requests enter at one public address, pass the WAF, and reach the internal environment inside the network. A private zone
resolves the host names of the apps to the address of the environment. The certificate of the domain is an existing one in a
Key Vault, which the gateway reads with an identity of its own (docs/adr/0052-stream-on-azure-through-application-gateway.md).
"""

from dataclasses import dataclass

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.base.limits import ZONES
from providers.azure.base.roles import SECRETS_USER, grant_role
from providers.azure.context import GLOBAL, AzureContext
from providers.azure.entry.domain_record import RECORD_TTL_SECONDS, create_domain_record, domain_zone
from providers.azure.entry.gateway_firewall import create_gateway_firewall
from providers.azure.entry.gateway_limits import (
    MAX_INSTANCES,
    buffers_responses,
    certificate_parts,
    idle_timeout_minutes,
    min_instances,
)
from providers.azure.entry.gateway_routing import FRONTEND, GatewayRouting
from providers.azure.naming import gateway_host, gateway_label, gateway_name
from providers.azure.observability.logs import send_to_logs
from providers.azure.workloads import AzureOrigin
from providers.contract.component import Scope
from providers.contract.results import Entry

SKU = "WAF_v2"
TLS_POLICY = "AppGwSslPolicy20220101S"
"""TLS 1.2 and 1.3 with forward secrecy (CKV_AZURE_218)."""


@dataclass(frozen=True)
class AzureGatewayEntry(Entry):
    """Public entry; `gateway_id` identifies the Application Gateway in metrics."""

    gateway_id: pulumi.Output[str]


def create_gateway_entry(scope: Scope, context: AzureContext, origin: AzureOrigin) -> Entry:
    """Declare the gateway in front of the environment of one location."""
    address = _address(scope, context)
    send_to_logs(scope, origin.logs, "address-diagnostics", address.id)
    names = _private_zone(scope, context, origin)
    reader = _certificate_reader(scope, context)
    gateway = _gateway(scope, context, origin, address, reader, names)
    # not the name of Front Door's setting, which belongs to another resource
    send_to_logs(scope, origin.logs, "gateway-diagnostics", gateway.id)
    domain = context.spec.ingress.domain
    if domain is None:
        return AzureGatewayEntry(url=pulumi.Output.from_input(f"http://{gateway_host(context)}"), gateway_id=gateway.id)
    # the host name does not imply that the gateway answers at it
    place = domain_zone(scope, context)
    create_domain_record(scope, context, place, gateway_host(context), address.id, after=[gateway])
    return AzureGatewayEntry(url=pulumi.Output.from_input(f"https://{domain}"), gateway_id=gateway.id)


def _address(scope: Scope, context: AzureContext) -> azure_native.network.PublicIPAddress:
    """Public address with a host name, which the record of the domain refers to."""
    network = azure_native.network
    return network.PublicIPAddress(
        scope.named("address"),
        resource_group_name=context.group,
        sku=network.PublicIPAddressSkuArgs(name="Standard"),
        public_ip_allocation_method="Static",
        idle_timeout_in_minutes=idle_timeout_minutes(context.spec),
        dns_settings=network.PublicIPAddressDnsSettingsArgs(domain_name_label=gateway_label(context)),
        zones=list(ZONES) if context.zonal else None,
        tags=dict(scope.tags),
        opts=scope.opts(delete_before_replace=True),
    )


def _private_zone(scope: Scope, context: AzureContext, origin: AzureOrigin) -> list[pulumi.Resource]:
    """Private zone of the environment's domain, its link to the network, and the record of all apps."""
    privatedns = azure_native.privatedns
    zone = privatedns.PrivateZone(
        scope.named("zone"),
        resource_group_name=context.group,
        private_zone_name=origin.host,
        location=GLOBAL,
        tags=dict(scope.tags),
        opts=scope.opts(delete_before_replace=True),
    )
    link = privatedns.VirtualNetworkLink(
        scope.named("zone-link"),
        resource_group_name=context.group,
        private_zone_name=zone.name,
        location=GLOBAL,
        registration_enabled=False,
        virtual_network=privatedns.SubResourceArgs(id=origin.vnet_id),
        tags=dict(scope.tags),
        opts=scope.opts(),
    )
    record = privatedns.PrivateRecordSet(
        scope.named("zone-apps"),
        resource_group_name=context.group,
        private_zone_name=zone.name,
        record_type="A",
        relative_record_set_name="*",
        ttl=RECORD_TTL_SECONDS,
        a_records=[privatedns.ARecordArgs(ipv4_address=origin.static_ip)],
        opts=scope.opts(delete_before_replace=True),
    )
    return [link, record]


@dataclass(frozen=True)
class _CertificateReader:
    """Identity that reads the certificate, and its role."""

    id: pulumi.Output[str]
    role: pulumi.Resource


def _certificate_reader(scope: Scope, context: AzureContext) -> _CertificateReader | None:
    """Identity with access to one certificate of an existing vault; None without a certificate."""
    parts = certificate_parts(context.spec)
    if parts is None:
        return None
    group, vault, name = parts
    identity = azure_native.managedidentity.UserAssignedIdentity(
        scope.named("identity"), resource_group_name=context.group, tags=dict(scope.tags), opts=scope.opts()
    )
    vault_id = (
        f"/subscriptions/{context.subscription_id}/resourceGroups/{group}/providers/Microsoft.KeyVault/vaults/{vault}"
    )
    # the key of a certificate is a secret with the same name
    target = f"{vault_id}/secrets/{name}"
    role = grant_role(scope, context, "certificate-reader", SECRETS_USER, identity.principal_id, target)
    return _CertificateReader(identity.id, role)


def _gateway(
    scope: Scope,
    context: AzureContext,
    origin: AzureOrigin,
    address: azure_native.network.PublicIPAddress,
    reader: _CertificateReader | None,
    names: list[pulumi.Resource],
) -> "azure_native.network.ApplicationGateway":
    network, routing = azure_native.network, GatewayRouting(context, origin)
    firewall = create_gateway_firewall(scope, context)
    identity = network.ManagedServiceIdentityArgs(
        type=network.ResourceIdentityType.USER_ASSIGNED, user_assigned_identities=[reader.id] if reader else []
    )
    reference = network.SubResourceArgs
    return network.ApplicationGateway(
        scope.named("application-gateway"),
        resource_group_name=context.group,
        # fixed, because its parts refer to each other by ids below it, and log queries to its name
        application_gateway_name=gateway_name(context.stack),
        sku=network.ApplicationGatewaySkuArgs(name=SKU, tier=SKU),
        autoscale_configuration=network.ApplicationGatewayAutoscaleConfigurationArgs(
            min_capacity=min_instances(context.spec), max_capacity=MAX_INSTANCES
        ),
        zones=list(ZONES) if context.zonal else None,
        identity=identity if reader else None,
        firewall_policy=reference(id=firewall.id),
        force_firewall_policy_association=True,
        enable_http2=True,
        ssl_policy=network.ApplicationGatewaySslPolicyArgs(policy_type="Predefined", policy_name=TLS_POLICY),
        global_configuration=network.ApplicationGatewayGlobalConfigurationArgs(
            # the WAF reads a request before it is forwarded
            enable_request_buffering=True,
            enable_response_buffering=buffers_responses(context.spec),
        ),
        gateway_ip_configurations=[
            network.ApplicationGatewayIPConfigurationArgs(name="network", subnet=reference(id=origin.gateway_subnet_id))
        ],
        frontend_ip_configurations=[
            network.ApplicationGatewayFrontendIPConfigurationArgs(
                name=FRONTEND, public_ip_address=reference(id=address.id)
            )
        ],
        frontend_ports=routing.ports(),
        ssl_certificates=routing.certificates() or None,
        http_listeners=routing.listeners(),
        redirect_configurations=routing.redirects() or None,
        rewrite_rule_sets=routing.headers() or None,
        url_path_maps=routing.path_maps(),
        request_routing_rules=routing.rules(),
        backend_address_pools=routing.pools(),
        backend_http_settings_collection=routing.settings(),
        probes=routing.probes(),
        tags=dict(scope.tags),
        opts=scope.opts(
            # host names of apps must resolve, and the certificate be readable, when the gateway starts; no id implies it
            depends_on=[*names, *([reader.role] if reader else [])],
            delete_before_replace=True,
            protect=context.production,
        ),
    )
