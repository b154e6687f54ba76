"""Checks of the network and the entry on Azure. Pure."""

from collections.abc import Iterator

from providers.contract.audit import (
    AuditSite,
    CheckEvidence,
    equals,
    is_false,
    is_set,
    is_true,
    require,
    require_one,
    state,
)
from providers.contract.declaration import DeclaredResource
from providers.contract.json_data import is_mapping, mappings

ANYWHERE = ("*", "Internet", "0.0.0.0/0")
TLS = ("TLS12", "TLS13")
TLS_POLICIES = ("AppGwSslPolicy20220101", "AppGwSslPolicy20220101S")
"""Predefined policies of Application Gateway without TLS 1.0 and 1.1."""
CLIENT_PORTS = ["80", "443"]
DISABLED = equals("Disabled")
NOT_FILTERED = "requests are not filtered"


def only_the_entry_is_open(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the public access of the apps' environment, and rules that accept connections."""
    why = "reachable around the entry and its firewall"
    yield from require(site.of_type("app:ManagedEnvironment"), "publicNetworkAccess", DISABLED, why)
    for group in site.of_type("network:NetworkSecurityGroup"):
        wide = [
            str(rule.get("name"))
            for rule in group.items("securityRules")
            if rule.get("access") == "Allow"
            and rule.get("direction") == "Inbound"
            and rule.get("sourceAddressPrefix") in ANYWHERE
            and not (_guards_gateway(group) and rule.get("destinationPortRanges") == CLIENT_PORTS)
        ]
        yield state(group, "securityRules", wide or "none is open", not wide, "open to the internet")


def _guards_gateway(group: DeclaredResource) -> bool:
    """Return whether a security group is that of an Application Gateway, which clients connect to."""
    return group.name.endswith("-gateway-rules")


def plain_http_only_redirects(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield what the entry does with plain HTTP."""
    why = "answers without encryption"
    yield from require(site.of_type("cdn:Route"), "httpsRedirect", equals("Enabled"), why)
    for gateway in site.of_type("network:ApplicationGateway"):
        plain = {each.get("name") for each in gateway.items("httpListeners") if each.get("protocol") == "Http"}
        forwarded = [
            str(rule.get("name"))
            for rule in gateway.items("requestRoutingRules")
            if rule.get("urlPathMap") and _part(rule.get("httpListener")) in plain
        ]
        yield state(gateway, "requestRoutingRules", forwarded or "redirected", not forwarded, why)


def _part(reference: object) -> str:
    """Return the name of the part of a gateway that a reference leads to."""
    return str(reference.get("id")).rpartition("/")[2] if is_mapping(reference) else ""


def tls_of_today(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the TLS version of each domain."""
    domains = site.of_type("cdn:AFDCustomDomain")
    why = "accepts versions before TLS 1.2"
    yield from require(domains, "tlsSettings.minimumTlsVersion", equals(*TLS), why)
    gateways = site.of_type("network:ApplicationGateway")
    yield from require(gateways, "sslPolicy.policyName", equals(*TLS_POLICIES), why)


def inside_is_encrypted(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the encryption between the entry, apps, and each other."""
    why = "requests and answers are readable inside the network"
    for app in site.of_type("app:ContainerApp"):
        if app.value("configuration", "ingress"):
            insecure = app.value("configuration", "ingress", "allowInsecure")
            yield state(app, "configuration.ingress.allowInsecure", insecure, not insecure, why)
    yield from require(
        site.of_type("app:ManagedEnvironment"), "peerTrafficConfiguration.encryption.enabled", is_true, why
    )
    yield from require(site.of_type("cdn:Route"), "forwardingProtocol", equals("HttpsOnly"), why)
    for gateway in site.of_type("network:ApplicationGateway"):
        plain = [
            str(each.get("name"))
            for each in gateway.items("backendHttpSettingsCollection")
            if each.get("protocol") != "Https"
        ]
        yield state(gateway, "backendHttpSettingsCollection.protocol", plain or "Https", not plain, why)


def filters_and_defaults_are_closed(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the security group of each subnet, and its rules that refuse everything else."""
    yield from require(site.of_type("network:Subnet"), "networkSecurityGroup", is_set, "has no rules")
    for group in site.of_type("network:NetworkSecurityGroup"):
        denied = {
            rule.get("direction")
            for rule in group.items("securityRules")
            if rule.get("access") == "Deny" and rule.get("protocol") == "*"
        }
        yield state(
            group,
            "securityRules.Deny",
            sorted(map(str, denied)),
            # Application Gateway does not work with a denied outbound connection
            ({"Inbound"} if _guards_gateway(group) else {"Inbound", "Outbound"}) <= denied,
            "what no rule names is allowed",
        )


def data_stores_are_private(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the public access of every store; logs of flows reach their account from Azure's own addresses."""
    why = "has a public address"
    yield from require(site.of_type("dbforpostgresql:Server"), "network.delegatedSubnetResourceId", is_set, why)
    yield from require(
        site.of_type("redisenterprise:RedisEnterprise", "containerregistry:Registry"),
        "publicNetworkAccess",
        DISABLED,
        why,
    )
    yield from require(
        site.of_type("keyvault:Vault", "cognitiveservices:Account"), "properties.publicNetworkAccess", DISABLED, why
    )
    for account in site.of_type("storage:StorageAccount"):
        access, default = account.value("publicNetworkAccess"), account.value("networkRuleSet", "defaultAction")
        yield state(
            account, "publicNetworkAccess", f"{access}, {default}", access == "Disabled" or default == "Deny", why
        )


def data_has_no_way_out(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the gateway of the subnets of data and endpoints, which have none."""
    for subnet in site.of_type("network:Subnet"):
        if subnet.name.endswith(("-database", "-endpoints")):
            gateway = subnet.value("natGateway")
            yield state(subnet, "natGateway", gateway, not gateway, "the subnet of the data reaches the internet")
    yield from require(
        site.of_type("network:Subnet"), "defaultOutboundAccess", is_false, "reaches the internet without a gateway"
    )


def flow_is_logged(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the flow log of the network."""
    yield from require_one(site.of_type("network:FlowLog"), "network:FlowLog", "connections leave no record")
    yield from require(site.of_type("network:FlowLog"), "enabled", is_true, "connections leave no record")


def attacks_are_filtered_and_logged(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the firewall of the entry, its association and its log."""
    if site.of_type("network:ApplicationGateway"):
        yield from _gateway_firewall(site)
    if not site.of_type("cdn:Profile"):
        return
    yield from require_one(site.of_type("cdn:SecurityPolicy"), "cdn:SecurityPolicy", NOT_FILTERED)
    yield from require(
        site.of_type("frontdoor:Policy"), "policySettings.mode", equals("Prevention"), "attacks are only counted"
    )
    yield from require_one(site.of_type("frontdoor:Policy"), "frontdoor:Policy", NOT_FILTERED)
    yield from require_one(
        _logs_of(site, "cdn:Profile"), "monitor:DiagnosticSetting of Front Door", "requests leave no record"
    )


def _gateway_firewall(site: AuditSite) -> Iterator[CheckEvidence]:
    gateways, policies = (
        site.of_type("network:ApplicationGateway"),
        site.of_type("network:WebApplicationFirewallPolicy"),
    )
    yield from require(gateways, "firewallPolicy", is_set, NOT_FILTERED)
    yield from require(policies, "policySettings.mode", equals("Prevention"), "attacks are only counted")
    for policy in policies:
        disabled = [
            str(override.get("ruleGroupName"))
            for rules in policy.items("managedRules", "managedRuleSets")
            for override in mappings(rules.get("ruleGroupOverrides"))
            if not override.get("rules")
        ]
        yield state(policy, "managedRules", disabled or "every group", not disabled, NOT_FILTERED)
    yield from require_one(
        _logs_of(site, "network:ApplicationGateway"),
        "monitor:DiagnosticSetting of Application Gateway",
        "requests leave no record",
    )


def _logs_of(site: AuditSite, kind: str) -> list[DeclaredResource]:
    settings = site.of_type("monitor:DiagnosticSetting")
    return [each for each in settings if f"<{kind}" in str(each.value("resourceUri"))]


def odd_traffic_is_watched(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield alarms on requests that the firewall blocks."""
    if site.of_type("frontdoor:Policy", "network:WebApplicationFirewallPolicy"):
        rules = site.of_type("monitor:ScheduledQueryRule", "monitor:MetricAlert")
        alarms = [
            each
            for each in rules
            if any(word in str(each.value("criteria")) for word in ("FirewallLog", "WebApplicationFirewall"))
        ]
        yield from require_one(alarms, "alert on the firewall's log", "blocked requests notify no one")


def denied_flows_are_watched(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield alarms on the denied flows of traffic analytics."""
    rules = site.of_type("monitor:ScheduledQueryRule")
    alarms = [each for each in rules if "NTANetAnalytics" in str(each.value("criteria"))]
    yield from require_one(alarms, "alert on NTANetAnalytics", "denied connections notify no one")
