"""Checks of the network and the entry on Google Cloud. Pure."""

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
from providers.gcp.audit.access import EVERYBODY

ANYWHERE = "0.0.0.0/0"
INTERNAL = ("INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER", "INGRESS_TRAFFIC_INTERNAL_ONLY")
TLS_VERSIONS = ("TLS_1_2", "TLS_1_3")


def only_the_entry_is_open(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the ingress of each service, firewall rules that accept connections, and callers that are everybody."""
    why = "reachable around the load balancer and its firewall"
    yield from require(site.of_type("cloudrunv2:Service"), "ingress", equals(*INTERNAL), why)
    for rule in site.of_type("compute:Firewall"):
        open_to_all = (
            rule.value("direction") == "INGRESS"
            and rule.length("allows") > 0
            and ANYWHERE in str(rule.value("sourceRanges"))
        )
        yield state(rule, "sourceRanges", rule.value("sourceRanges"), not open_to_all, "open to the internet")
    for member in site.of_type(
        "cloudrunv2:ServiceIamMember", "storage:BucketIAMMember", "secretmanager:SecretIamMember"
    ):
        yield state(
            member, "member", member.value("member"), member.value("member") not in EVERYBODY, "granted to everybody"
        )


def plain_http_only_redirects(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield what the proxy for plain HTTP does with requests."""
    redirects = {each.urn: each for each in site.of_type("compute:URLMap")}
    for proxy in site.of_type("compute:TargetHttpProxy"):
        maps = [redirects[urn] for urn in proxy.depends_on if urn in redirects]
        passed = bool(maps) and all(each.value("defaultUrlRedirect", "httpsRedirect") is True for each in maps)
        yield state(proxy, "urlMap.defaultUrlRedirect.httpsRedirect", passed, passed, "answers without encryption")


def tls_of_today(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the TLS policy of the entry."""
    yield from require(site.of_type("compute:TargetHttpsProxy"), "sslPolicy", is_set, "accepts TLS 1.0")
    yield from require(
        site.of_type("compute:SSLPolicy"), "minTlsVersion", equals(*TLS_VERSIONS), "accepts versions before TLS 1.2"
    )


def inside_is_encrypted(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the protocol from the load balancer to services; calls between services use their HTTPS addresses."""
    why = "requests and answers are readable inside the network"
    yield from require(site.of_type("compute:BackendService"), "protocol", equals("HTTPS", "HTTP2"), why)


def filters_and_defaults_are_closed(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the rules that refuse everything else, and their logs."""
    for direction in ("INGRESS", "EGRESS"):
        rules = [
            each
            for each in site.of_type("compute:Firewall")
            if each.length("denies") and each.value("direction") == direction
        ]
        yield from require_one(rules, f"compute:Firewall that denies {direction}", "what no rule names is allowed")
        yield from require(rules, "logConfig", is_set, "refused connections leave no record")
    yield from require(
        site.of_type("compute:Network"), "autoCreateSubnetworks", is_false, "has subnets in every region"
    )


def data_stores_are_private(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the addresses of database and cache."""
    databases = site.of_type("sql:DatabaseInstance")
    yield from require(databases, "settings.ipConfiguration.ipv4Enabled", is_false, "has a public address")
    caches = site.of_type("redis:Instance")
    yield from require(caches, "connectMode", equals("PRIVATE_SERVICE_ACCESS"), "not in the private network")


def flow_is_logged(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the flow log of each subnet."""
    yield from require(site.of_type("compute:Subnetwork"), "logConfig", is_set, "connections leave no record")


def attacks_are_filtered_and_logged(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the firewall of each backend, and its log."""
    backends = site.of_type("compute:BackendService")
    yield from require(backends, "securityPolicy", is_set, "requests are not filtered")
    yield from require(backends, "logConfig.enable", is_true, "requests leave no record")


def odd_traffic_is_watched(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield alarms on requests that Cloud Armor refuses; in a preview their filter is a reference to its policy."""
    if site.of_type("compute:SecurityPolicy"):
        words = ("networksecurity", "<compute:SecurityPolicy")
        alarms = [
            each
            for each in site.of_type("monitoring:AlertPolicy")
            if any(word in str(each.value("conditions")) for word in words)
        ]
        yield from require_one(alarms, "alert on networksecurity.googleapis.com", "blocked requests notify no one")
