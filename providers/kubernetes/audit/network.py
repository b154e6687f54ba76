"""Checks of the network and the entry on Kubernetes. Pure."""

from collections.abc import Iterator

from providers.contract.audit import AuditSite, CheckEvidence, equals, require_one, state
from providers.contract.declaration import DeclaredResource
from providers.contract.json_data import is_mapping, mappings
from providers.kubernetes.naming import CACHE, DATABASE, ENTRY
from providers.kubernetes.network.policies import ANYWHERE
from providers.kubernetes.report import POLICY, part_of

SERVICE, ROUTE = "core:Service", "gateway.networking.k8s.io:HTTPRoute"
PRIVATE_TYPES = (None, "ClusterIP")
TLS_12 = "ssl-min-ver TLSv1.2"
NOT_FILTERED = "requests are not filtered"
BLOCKED_ALERT = "entry-firewall-blocked-percent"


def _policies(site: AuditSite) -> Iterator[tuple[DeclaredResource, str]]:
    """Yield each policy with the part whose pods it selects; empty for every pod."""
    for policy in site.of_type(POLICY):
        yield policy, part_of(policy.value("spec", "podSelector"))


def _open_rules(policy: DeclaredResource, direction: str, peers: str) -> list[str]:
    """Return the ports of rules for every address."""
    return [
        ", ".join(str(port.get("port")) for port in mappings(rule.get("ports"))) or "every port"
        for rule in policy.items("spec", direction)
        for peer in mappings(rule.get(peers))
        if is_mapping(block := peer.get("ipBlock")) and block.get("cidr") == ANYWHERE
    ]


def entry_configuration(site: AuditSite) -> Iterator[tuple[DeclaredResource, str]]:
    """Yield the configuration of HAProxy."""
    for files in site.of_type("core:ConfigMap"):
        if files.component == "Entry":
            yield files, str(files.value("data"))


def only_the_entry_is_open(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield pods that every address may connect to, and Services with an address outside the cluster."""
    for policy, part in _policies(site):
        wide = _open_rules(policy, "ingress", "from")
        passed = not wide or part == ENTRY
        yield state(policy, "spec.ingress", wide or "named peers", passed, "every address may connect to these pods")
    for service in site.of_type(SERVICE):
        kind = service.value("spec", "type")
        passed = kind in PRIVATE_TYPES or service.component == "Entry"
        yield state(service, "spec.type", kind or "ClusterIP", passed, "has an address outside the cluster")


def plain_http_only_redirects(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield what the entry does with plain HTTP."""
    why = "answers without encryption"
    for files, text in entry_configuration(site):
        redirects = "redirect code 308 location https://" in text or "redirect scheme https" in text
        yield state(files, "haproxy.cfg", "redirects" if redirects else "answers", redirects, why)
    redirecting = [each for each in site.of_type(ROUTE) if "RequestRedirect" in str(each.value("spec", "rules"))]
    if site.of_type(ROUTE):
        yield from require_one(redirecting, "HTTPRoute that redirects", why)


def tls_of_today(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the TLS version of HAProxy; that of a Gateway is a setting of its controller."""
    for files, text in entry_configuration(site):
        yield state(files, "haproxy.cfg", TLS_12, TLS_12 in text, "accepts versions before TLS 1.2")
    for gateway in site.of_type("gateway.networking.k8s.io:Gateway"):
        yield state(gateway, "TLS version", "the controller's", False, "the Gateway API has no setting for it")


def inside_is_encrypted(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the ports of services, which serve plain HTTP inside the cluster."""
    for service in site.of_type(SERVICE):
        if service.component == "Compute":
            why = "requests and answers are readable in the network of the cluster"
            yield state(service, "spec.ports", "http", False, why)


def filters_and_defaults_are_closed(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the policy that denies what no other one allows."""
    closed = [
        policy
        for policy, part in _policies(site)
        if not part
        and not policy.length("spec", "ingress")
        and not policy.length("spec", "egress")
        and str(policy.value("spec", "policyTypes")) == str(["Ingress", "Egress"])
    ]
    yield from require_one(closed, "NetworkPolicy that denies every connection", "what no rule names is allowed")


def data_stores_are_private(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the peers of database and cache."""
    for policy, part in _policies(site):
        if part.startswith((DATABASE, CACHE)):
            wide = _open_rules(policy, "ingress", "from")
            yield state(policy, "spec.ingress", wide or "pods of the platform", not wide, "every address may connect")


def data_has_no_way_out(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the outbound rules of database and cache; the database reaches its bucket and the API server."""
    for policy, part in _policies(site):
        if part.startswith((DATABASE, CACHE)):
            wide = _open_rules(policy, "egress", "to")
            why = "its pods reach every address on these ports; set kubernetes.api_server, and use a private endpoint of the bucket"
            yield state(policy, "spec.egress", wide or "no address", not wide, why)


def attacks_are_filtered_and_logged(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the rules of HAProxy; a Gateway has none."""
    for files, text in entry_configuration(site):
        filtered = site.spec.ingress.waf is not False and "http-request deny" in text
        yield state(files, "haproxy.cfg", "rules" if filtered else "no rules", filtered, NOT_FILTERED)
    for route in site.of_type(ROUTE):
        yield state(route, "firewall", "none", False, NOT_FILTERED)


def odd_traffic_is_watched(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the alarm on requests that HAProxy denies."""
    if site.spec.public:
        rules = [
            each
            for each in site.of_type("monitoring.coreos.com:PrometheusRule")
            if BLOCKED_ALERT in str(each.value("spec", "groups"))
        ]
        yield from require_one(rules, f"alert {BLOCKED_ALERT}", "an attack goes unnoticed")


def zones_at_least_two(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the zones that replicas must be in, the instances of the database, and the cache."""
    why = "runs in one zone"
    for workload in site.of_type("apps:Deployment"):
        modes = [
            str(each.get("whenUnsatisfiable"))
            for each in workload.items("spec", "template", "spec", "topologySpreadConstraints")
            if each.get("topologyKey") == "topology.kubernetes.io/zone"
        ]
        yield state(workload, "topologySpreadConstraints", modes or "none", bool(modes), "may run in one zone")
    for cluster in site.of_type("postgresql.cnpg.io:Cluster"):
        instances = cluster.value("spec", "instances")
        yield state(cluster, "spec.instances", instances, not equals(1)(instances), why)
    for cache in site.of_type("apps:StatefulSet"):
        if cache.component == "Cache":
            yield state(cache, "spec.replicas", 1, False, why)
