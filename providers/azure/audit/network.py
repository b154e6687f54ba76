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

ANYWHERE = ("*", "Internet", "0.0.0.0/0")
TLS = ("TLS12", "TLS13")
DISABLED = equals("Disabled")


def only_the_entry_is_open(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the public access of the apps' environment, and rules that accept connections."""
    why = "reachable around Front Door and its firewall"
    yield from require(site.of_type("app:ManagedEnvironment"), "publicNetworkAccess", DISABLED, why)
    for group in site.of_type("network:NetworkSecurityGroup"):
        wide = [
            str(rule.get("name"))
            for rule in group.items("securityRules")
            if rule.get("access") == "Allow"
            and rule.get("direction") == "Inbound"
            and rule.get("sourceAddressPrefix") in ANYWHERE
        ]
        yield state(group, "securityRules", wide or "none is open", not wide, "open to the internet")


def plain_http_only_redirects(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield what Front Door does with plain HTTP."""
    yield from require(site.of_type("cdn:Route"), "httpsRedirect", equals("Enabled"), "answers without encryption")


def tls_of_today(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the TLS version of each domain."""
    domains = site.of_type("cdn:AFDCustomDomain")
    yield from require(domains, "tlsSettings.minimumTlsVersion", equals(*TLS), "accepts versions before TLS 1.2")


def inside_is_encrypted(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the encryption between Front Door, apps, and each other."""
    why = "requests and answers are readable inside the network"
    for app in site.of_type("app:ContainerApp"):
        if app.value("configuration", "ingress"):
            insecure = app.value("configuration", "ingress", "allowInsecure")
            yield state(app, "configuration.ingress.allowInsecure", insecure, not insecure, why)
    yield from require(
        site.of_type("app:ManagedEnvironment"), "peerTrafficConfiguration.encryption.enabled", is_true, why
    )
    yield from require(site.of_type("cdn:Route"), "forwardingProtocol", equals("HttpsOnly"), why)


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
            {"Inbound", "Outbound"} <= denied,
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
    """Yield the firewall of Front Door, its association and its log."""
    if not site.of_type("cdn:Profile"):
        return
    yield from require_one(site.of_type("cdn:SecurityPolicy"), "cdn:SecurityPolicy", "requests are not filtered")
    yield from require(
        site.of_type("frontdoor:Policy"), "policySettings.mode", equals("Prevention"), "attacks are only counted"
    )
    yield from require_one(site.of_type("frontdoor:Policy"), "frontdoor:Policy", "requests are not filtered")
    logs = [
        each for each in site.of_type("monitor:DiagnosticSetting") if "<cdn:Profile" in str(each.value("resourceUri"))
    ]
    yield from require_one(logs, "monitor:DiagnosticSetting of Front Door", "requests leave no record")


def odd_traffic_is_watched(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield alarms on requests that the firewall blocks."""
    if site.of_type("frontdoor:Policy"):
        rules = site.of_type("monitor:ScheduledQueryRule", "monitor:MetricAlert")
        alarms = [
            each
            for each in rules
            if any(word in str(each.value("criteria")) for word in ("FirewallLog", "WebApplicationFirewall"))
        ]
        yield from require_one(alarms, "alert on the firewall's log", "blocked requests notify no one")
