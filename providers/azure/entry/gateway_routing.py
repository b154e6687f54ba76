"""Parts of an Application Gateway that lead a request to a service: listeners, path map, settings, probes and pools.

They refer to each other by ids below that of the gateway, which are known because its name is fixed.
"""

from dataclasses import dataclass

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.context import AzureContext
from providers.azure.entry.gateway_limits import certificate_parts, drain_seconds, request_timeout_seconds
from providers.azure.entry.limits import path_patterns
from providers.azure.entry.routes import HSTS, HTTP_PORT
from providers.azure.naming import gateway_name
from providers.azure.network.flows import HTTPS_PORT
from providers.azure.workloads import AzureOrigin

HTTP, HTTPS = "http", "https"
FRONTEND, CERTIFICATE, PATHS, HEADERS, REDIRECT = "public", "domain", "services", "headers", "to-https"
HEALTHY = "200"
"""The gateway of the platform expects what its other health checks do."""

Reference = azure_native.network.SubResourceArgs


@dataclass(frozen=True)
class GatewayRouting:
    """Parts of a gateway with `public` services behind it."""

    context: AzureContext
    origin: AzureOrigin

    @property
    def encrypted(self) -> bool:
        """True with a domain, whose certificate it needs."""
        return self.context.spec.ingress.domain is not None

    def reference(self, collection: str, name: str) -> Reference:
        """Return the reference to a part of the gateway."""
        path = f"Microsoft.Network/applicationGateways/{gateway_name(self.context.stack)}/{collection}/{name}"
        return Reference(id=f"{self.context.group_id}/providers/{path}")

    def ports(self) -> list[azure_native.network.ApplicationGatewayFrontendPortArgs]:
        """Return the ports of the listeners."""
        port = azure_native.network.ApplicationGatewayFrontendPortArgs
        return [port(name=HTTP, port=HTTP_PORT), *([port(name=HTTPS, port=HTTPS_PORT)] if self.encrypted else [])]

    def certificates(self) -> list[azure_native.network.ApplicationGatewaySslCertificateArgs]:
        """Return the certificate of the domain, without a version, so that a renewed one is used."""
        parts = certificate_parts(self.context.spec)
        if parts is None:
            return []
        _, vault, name = parts
        secret = f"https://{vault}.vault.azure.net/secrets/{name}"
        return [azure_native.network.ApplicationGatewaySslCertificateArgs(name=CERTIFICATE, key_vault_secret_id=secret)]

    def listeners(self) -> list[azure_native.network.ApplicationGatewayHttpListenerArgs]:
        """Return the listeners; with a domain they answer 404 to requests for another host."""
        listener = azure_native.network.ApplicationGatewayHttpListenerArgs
        frontend, domain = self.reference("frontendIPConfigurations", FRONTEND), self.context.spec.ingress.domain
        plain = listener(
            name=HTTP,
            protocol="Http",
            host_name=domain,
            frontend_ip_configuration=frontend,
            frontend_port=self.reference("frontendPorts", HTTP),
        )
        encrypted = listener(
            name=HTTPS,
            protocol="Https",
            host_name=domain,
            require_server_name_indication=True,
            frontend_ip_configuration=frontend,
            frontend_port=self.reference("frontendPorts", HTTPS),
            ssl_certificate=self.reference("sslCertificates", CERTIFICATE),
        )
        return [plain, *([encrypted] if self.encrypted else [])]

    def redirects(self) -> list[azure_native.network.ApplicationGatewayRedirectConfigurationArgs]:
        """Return the redirect of plain HTTP, with path and query."""
        redirect = azure_native.network.ApplicationGatewayRedirectConfigurationArgs(
            name=REDIRECT,
            redirect_type="Permanent",
            target_listener=self.reference("httpListeners", HTTPS),
            include_path=True,
            include_query_string=True,
        )
        return [redirect] if self.encrypted else []

    def rules(self) -> list[azure_native.network.ApplicationGatewayRequestRoutingRuleArgs]:
        """Return the rule that forwards by path, and that of the redirect."""
        rule = azure_native.network.ApplicationGatewayRequestRoutingRuleArgs
        forward = rule(
            name=PATHS,
            rule_type="PathBasedRouting",
            priority=10,
            http_listener=self.reference("httpListeners", HTTPS if self.encrypted else HTTP),
            url_path_map=self.reference("urlPathMaps", PATHS),
        )
        redirect = rule(
            name=REDIRECT,
            rule_type="Basic",
            priority=20,
            http_listener=self.reference("httpListeners", HTTP),
            redirect_configuration=self.reference("redirectConfigurations", REDIRECT),
        )
        return [forward, *([redirect] if self.encrypted else [])]

    def path_maps(self) -> list[azure_native.network.ApplicationGatewayUrlPathMapArgs]:
        """Return the map of paths, longest first; the WAF blocks what only its default would match."""
        network, names = azure_native.network, list(self.context.spec.public)
        headers = self.reference("rewriteRuleSets", HEADERS) if self.encrypted else None
        rules = [
            network.ApplicationGatewayPathRuleArgs(
                name=name,
                paths=path_patterns(self.context.spec.services[name].path or "/"),
                backend_address_pool=self.reference("backendAddressPools", name),
                backend_http_settings=self.reference("backendHttpSettingsCollection", name),
                rewrite_rule_set=headers,
            )
            for name in names
        ]
        # the shortest path, which is the root where a service has it
        default = names[-1]
        path_map = network.ApplicationGatewayUrlPathMapArgs(
            name=PATHS,
            default_backend_address_pool=self.reference("backendAddressPools", default),
            default_backend_http_settings=self.reference("backendHttpSettingsCollection", default),
            default_rewrite_rule_set=headers,
            path_rules=rules,
        )
        return [path_map]

    def headers(self) -> list[azure_native.network.ApplicationGatewayRewriteRuleSetArgs]:
        """Return the rule that adds the Strict-Transport-Security header."""
        network = azure_native.network
        header = network.ApplicationGatewayHeaderConfigurationArgs(
            header_name="Strict-Transport-Security", header_value=HSTS
        )
        rule = network.ApplicationGatewayRewriteRuleArgs(
            name="hsts",
            rule_sequence=1,
            action_set=network.ApplicationGatewayRewriteRuleActionSetArgs(response_header_configurations=[header]),
        )
        rules = network.ApplicationGatewayRewriteRuleSetArgs(name=HEADERS, rewrite_rules=[rule])
        return [rules] if self.encrypted else []

    def pools(self) -> list[azure_native.network.ApplicationGatewayBackendAddressPoolArgs]:
        """Return a pool for each service with the host name of its app, which the private zone resolves."""
        network = azure_native.network
        return [
            network.ApplicationGatewayBackendAddressPoolArgs(
                name=name, backend_addresses=[network.ApplicationGatewayBackendAddressArgs(fqdn=self.host(name))]
            )
            for name in self.context.spec.public
        ]

    def settings(self) -> list[azure_native.network.ApplicationGatewayBackendHttpSettingsArgs]:
        """Return the connection to each service: HTTPS with its host name, by which the environment selects the app."""
        network, spec = azure_native.network, self.context.spec
        return [
            network.ApplicationGatewayBackendHttpSettingsArgs(
                name=name,
                port=HTTPS_PORT,
                protocol="Https",
                host_name=self.host(name),
                cookie_based_affinity="Disabled",
                # without a byte for as long, a stream ends
                request_timeout=request_timeout_seconds(spec),
                # a change of the gateway ends connections after this time
                connection_draining=network.ApplicationGatewayConnectionDrainingArgs(
                    enabled=True, drain_timeout_in_sec=drain_seconds(spec)
                ),
                probe=self.reference("probes", name),
            )
            for name in spec.public
        ]

    def probes(self) -> list[azure_native.network.ApplicationGatewayProbeArgs]:
        """Return the health check of each service."""
        network = azure_native.network
        return [
            network.ApplicationGatewayProbeArgs(
                name=name,
                protocol="Https",
                host=self.host(name),
                path=service.health.path or "/",
                interval=service.health.interval_seconds,
                timeout=service.health.timeout_seconds,
                unhealthy_threshold=service.health.unhealthy_threshold,
                match=network.ApplicationGatewayProbeHealthResponseMatchArgs(status_codes=[HEALTHY]),
            )
            for name, service in self.context.spec.public.items()
        ]

    def host(self, service: str) -> pulumi.Output[str]:
        """Return the host name of a service's app."""
        return self.origin.hosts[service]
