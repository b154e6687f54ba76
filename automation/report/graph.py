"""Graph of a stack for its picture: nodes in tiers, one lane per region, and the connections between them. Pure.

Edges are the `calls` and `uses` of the stack file, the routes of the entry, outbound access and copies. Whether rules of the
cloud allow exactly these is a separate table of the report.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from html import escape

from automation.report.facts import ReportFacts
from providers.contract.authentication import authentication_of
from providers.contract.report import DATABASE, ENTRY, EVERY_SERVICE, INTERNET, MODELS, STORAGE, StoredData
from providers.contract.spec import Platform, Service

EGRESS = "outbound"
"""Node for connections that services open to the internet."""


class NodeTier(IntEnum):
    """Column of a node, from the left."""

    INTERNET = 0
    ENTRY = 1
    SERVICE = 2
    DATA = 3
    OUTSIDE = 4


@dataclass(frozen=True)
class Node:
    """Node: its key is unique in the graph, `lane` is its region, empty for what is in front of all regions."""

    key: str
    title: str
    lines: tuple[str, ...]
    tier: NodeTier
    lane: str
    public: bool = False


@dataclass(frozen=True)
class Edge:
    """Connection between two nodes, by their keys."""

    source: str
    target: str
    what: str


@dataclass(frozen=True)
class Graph:
    """Nodes and edges of a stack; `lanes` are titles by region, from the top."""

    title: str
    lanes: tuple[tuple[str, str], ...]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def node(self, key: str) -> Node:
        """Return a node; raises LookupError."""
        return next(each for each in self.nodes if each.key == key)


def graph_of(facts: ReportFacts) -> Graph:
    """Return the graph of a stack."""
    spec, region = facts.spec, facts.plan.region or "host"
    nodes, edges = [*_front(facts), *_lane(facts, region)], [*_edges(facts, region)]
    lanes = [(region, _lane_title(facts, region))]
    standby = spec.standby_region
    if standby is not None:
        warm = spec.recovery.mode == "warm"
        nodes += [*_lane(facts, standby)] if warm else [*_copies(facts, standby)]
        edges += [*_edges(facts, standby)] if warm else []
        edges += _replication(facts, region, standby)
        lanes.append((standby, f"Region {standby}: {'warm standby' if warm else 'copies, nothing runs'}"))
    return Graph(f"Architecture of {facts.title}", tuple(lanes), tuple(nodes), tuple(edges))


def _lane_title(facts: ReportFacts, region: str) -> str:
    spec = facts.spec
    alarms = sum(len(facts.site.of_type(each)) for each in facts.alarm_types) or len(facts.alarms)
    parts = {"dashboard": spec.monitoring.dashboards, "SLO": spec.monitoring.slo, "budget": spec.budget}
    watched = ", ".join([f"{alarms} alarms", *(name for name, part in parts.items() if part)])
    if spec.cloud == "docker":
        return f"This host: one network for each service; monitoring: {watched}"
    zones = f"{spec.network.zones} zones" if spec.network.zones > 1 else "1 zone"
    return f"Region {region}: private network over {zones}; monitoring: {watched}"


def _front(facts: ReportFacts) -> Iterator[Node]:
    spec = facts.spec
    if not spec.public:
        return
    clients = facts.summary.guards.clients
    shown = f"{len(clients)} client ranges" if clients else "any address"
    yield Node(INTERNET, "Internet", (shown,), NodeTier.INTERNET, "", public=True)
    tls = "TLS, port 443" if facts.summary.scheme == "https" else "not encrypted, port 80"
    waf = "WAF" if spec.ingress.waf_settings is not None else "no WAF"
    name = spec.ingress.domain or "generated name"
    limit = f"{waf}, {spec.ingress.requests_per_address} requests/min"
    yield Node(ENTRY, "Entry", (name, tls, limit), NodeTier.ENTRY, "", public=True)


def _lane(facts: ReportFacts, region: str) -> Iterator[Node]:
    spec = facts.spec
    for name in sorted(spec.services, key=lambda each: _order(spec, each)):
        service = spec.services[name]
        yield Node(
            f"{region}/{name}", name, _service_lines(spec, service), NodeTier.SERVICE, region, service.path is not None
        )
    yield from _data(facts, region)
    if spec.models and spec.users_of(MODELS):
        lines = (f"{len(spec.models)} managed", "by permission, TLS")
        yield Node(f"{region}/{MODELS}", "Models", lines, NodeTier.OUTSIDE, region)
    if _outbound(facts):
        lines = (facts.summary.gateways or "address of the host", _outbound_ports(facts))
        yield Node(f"{region}/{EGRESS}", "Outbound", lines, NodeTier.OUTSIDE, region, public=True)


def _order(spec: Platform, name: str) -> tuple[bool, int, str]:
    """Sort key of a service: public ones first, then by the longest chain of calls that leads to them."""
    return spec.services[name].path is None, call_depth(spec, name), name


def call_depth(spec: Platform, name: str) -> int:
    """Return the length of the longest chain of calls that leads to a service; 0 for one that only a cycle leads to."""
    depths: dict[str, int] = {}
    level, depth = {each for each in spec.services if not spec.callers_of(each)}, 0
    while level and depth <= len(spec.services):
        depths.update(dict.fromkeys(level, depth))
        level, depth = {callee for each in level for callee in spec.services[each].calls}, depth + 1
    return depths.get(name, 0)


def _service_lines(spec: Platform, service: Service) -> tuple[str, ...]:
    port = service.port or service.preset.port
    low, high = service.replicas.min, service.replicas.max
    replicas = f"{low}" if low == high else f"{low}-{high}"
    runs = f"{service.app}{f' :{port}' if port else ''}, {replicas} replica{'' if high == 1 else 's'}"
    if service.path is None:
        return runs, "private"
    return runs, f"public at {service.path}, {_clients(spec, service)}"


def _clients(spec: Platform, service: Service) -> str:
    """Short name of the authentication of a public service, which has to fit into a box."""
    known, auth = authentication_of(spec, service), spec.ingress.auth
    if known.at_entry and auth is not None:
        return {"jwt": "tokens", "oidc": "sign-in"}.get(auth.mode, "key auth")
    return "no auth" if service.auth == "none" else "key auth" if known.by and service.auth == "inherit" else "own auth"


def _data(facts: ReportFacts, region: str) -> Iterator[Node]:
    spec, known = facts.spec, {each.part: each for each in facts.data}
    database, storage = [DATABASE] if spec.database else [], [STORAGE] if spec.storage else []
    for part in (*database, *(cache.key for cache in spec.all_caches), *storage):
        lines = _data_lines(facts, known[part])
        yield Node(f"{region}/{part}", _data_title(spec, part), lines, NodeTier.DATA, region)


def _data_title(spec: Platform, part: str) -> str:
    return {
        DATABASE: f"PostgreSQL {spec.database.version}" if spec.database else "",
        **{cache.key: f"Redis {cache.name}".rstrip() for cache in spec.all_caches},
        STORAGE: "Objects",
    }[part]


def _data_lines(facts: ReportFacts, stored: StoredData) -> tuple[str, ...]:
    spec = facts.spec
    stores = {DATABASE: spec.database, **{cache.key: cache.settings for cache in spec.all_caches}}
    settings = stores.get(stored.part)
    ports = next((each.ports for each in facts.connections if each.target == stored.part and each.ports), "")
    reach = f"port {ports}" if ports else "by permission"
    zones = f", {_zones(settings.high_availability)}" if settings is not None else ""
    backup = "no backup" if stored.backup == "none" else stored.backup
    return f"{reach}, {stored.transit}{zones}", backup, stored.key


def _zones(high_availability: bool) -> str:
    return "2 zones" if high_availability else "1 zone"


def _copies(facts: ReportFacts, standby: str) -> Iterator[Node]:
    spec = facts.spec
    if spec.database is not None:
        lines = (f"kept {spec.recovery.retention_days} days", f"lock: {spec.recovery.lock}")
        yield Node(f"{standby}/{DATABASE}", "Database copies", lines, NodeTier.DATA, standby)
    if spec.storage is not None:
        yield Node(f"{standby}/{STORAGE}", "Object copies", ("one bucket",), NodeTier.DATA, standby)


def _outbound(facts: ReportFacts) -> tuple[str, ...]:
    """Return the services that may open connections to the internet, in the order of the file."""
    open_sources = {each.source for each in facts.connections if each.target == INTERNET and each.open}
    if EVERY_SERVICE in open_sources:
        return tuple(facts.spec.services)
    return tuple(name for name in facts.spec.services if name in open_sources)


def _outbound_ports(facts: ReportFacts) -> str:
    ports = {each.ports for each in facts.connections if each.target == INTERNET and each.open}
    return ", ".join(f"TCP {each}" if each[:1].isdigit() else each for each in sorted(ports))


def _edges(facts: ReportFacts, region: str) -> Iterator[Edge]:
    spec = facts.spec
    if spec.public and region == (facts.plan.region or "host"):
        yield Edge(INTERNET, ENTRY, "requests")
    for name in spec.public:
        yield Edge(ENTRY, f"{region}/{name}", "requests")
    for name, service in spec.services.items():
        for callee in service.calls:
            yield Edge(f"{region}/{name}", f"{region}/{callee}", "calls")
        for part in service.uses:
            if part != MODELS or spec.models:
                yield Edge(f"{region}/{name}", f"{region}/{part}", "uses")
    for name in _outbound(facts):
        yield Edge(f"{region}/{name}", f"{region}/{EGRESS}", "outbound")


def _replication(facts: ReportFacts, home: str, standby: str) -> list[Edge]:
    spec = facts.spec
    parts = {DATABASE: spec.database, STORAGE: spec.storage}
    return [Edge(f"{home}/{part}", f"{standby}/{part}", "copies") for part, each in parts.items() if each is not None]


def mermaid(graph: Graph) -> str:
    """Return the graph as a Mermaid flowchart, for Markdown."""
    names = {node.key: f"n{number}" for number, node in enumerate(graph.nodes)}
    lines = ["flowchart LR"]
    for node in graph.nodes:
        if not node.lane:
            lines.append(f"  {names[node.key]}{_box(node)}")
    for number, (lane, title) in enumerate(graph.lanes):
        lines.append(f'  subgraph lane{number}["{_text(title)}"]')
        lines += [f"    {names[node.key]}{_box(node)}" for node in graph.nodes if node.lane == lane]
        lines.append("  end")
    arrows = {"copies": "-.->"}
    lines += [f"  {names[edge.source]} {arrows.get(edge.what, '-->')} {names[edge.target]}" for edge in graph.edges]
    return "\n".join([*lines, ""])


def _box(node: Node) -> str:
    return '["' + "<br>".join(_text(line) for line in (node.title, *node.lines)) + '"]'


def _text(text: str) -> str:
    """Return text for a quoted label, in which HTML and Mermaid's own marks have no meaning."""
    return escape(text, quote=True).replace("#", "#35;").replace("&quot;", "#quot;").replace("`", "#96;")
