"""First sections of a report: the summary in sentences, and the picture. Pure."""

from collections import Counter
from collections.abc import Iterator

from markupsafe import Markup

from automation.audit.evaluation import CheckVerdict
from automation.report.content import BulletList, Drawing, ReportSection, ReportTable, row, table
from automation.report.facts import ReportFacts
from automation.report.graph import Graph, graph_of
from automation.report.layout import picture_of
from automation.report.svg import anchor, svg
from providers.contract.recovery_plan import Incident
from providers.contract.variables import CACHES

STORES = ("database", "cache", "storage")
LOSSES = (
    (Incident.ZONE, "a zone"),
    (Incident.HOST, "the host"),
    (Incident.REGION, "the region"),
    (Incident.ACCOUNT, "the account"),
)


def summary(facts: ReportFacts) -> ReportSection:
    """Return the answers to the first questions of a review."""
    return ReportSection("summary", "Summary", (BulletList(tuple(_sentences(facts))),))


def _sentences(facts: ReportFacts) -> Iterator[str]:
    yield _public(facts)
    yield _readers(facts)
    yield _places(facts)
    yield _losses(facts)
    cost = facts.summary.cost
    yield f"Cost: {cost.text}" + (f"; {cost.budget_note}." if cost.budget_note else ".")
    yield _accepted(facts)


def _public(facts: ReportFacts) -> str:
    plan = facts.summary
    if not plan.public:
        return "Public: none. No service has a `path`, so there is no entry."
    routes = ", ".join(
        f"{each.service} at `{each.path}` ({f'authentication by {each.authentication}' if each.authentication else 'no authentication known to the platform'})"
        for each in plan.public
    )
    secure = "over HTTPS" if plan.scheme == "https" else "without encryption"
    guards = "a WAF" if plan.guards.waf else "no WAF"
    clients = f"clients {', '.join(plan.guards.clients)}" if plan.guards.clients else "clients from any address"
    return f"Public: {routes}; {secure}, behind {guards}, for {clients}. Everything else is private."


def _readers(facts: ReportFacts) -> str:
    readers = Counter(name for secret in facts.secrets for name in {each.name for each in secret.readers})
    if not facts.secrets:
        return "Secrets: none are stored."
    shares = ", ".join(f"{name} {count}" for name, count in sorted(readers.items())) or "none of them has a reader"
    return (
        f"Secrets: {len(facts.secrets)} are stored; readable by {shares}. Section 4 names each reader with its grant."
    )


def _places(facts: ReportFacts) -> str:
    stores = [each for each in facts.data if each.part in STORES or each.part.startswith(CACHES)]
    if not stores:
        return "Data: none is stored beside logs."
    places = dict.fromkeys(f"{each.what} in {each.region or 'this host'} ({each.key})" for each in stores)
    return f"Data: {', '.join(places)}."


def _losses(facts: ReportFacts) -> str:
    promises = facts.summary.recovery
    known = [(name, promises[failure]) for failure, name in LOSSES if failure in promises]
    numbers = "; ".join(f"with {name} RPO {each.rpo}, RTO {each.rto}" for name, each in known)
    return f"Lost at most: {numbers or 'not defined'}. Numbers are estimates until a drill has measured them."


def _accepted(facts: ReportFacts) -> str:
    risks = len(facts.summary.accepted_risks)
    if facts.audit is None:
        return f"Accepted: {risks} risks. There is no audit: {facts.audit_problem}."
    failed, accepted = (len(facts.audit.with_verdict(each)) for each in (CheckVerdict.FAIL, CheckVerdict.ACCEPTED))
    return f"Accepted: {risks} risks and {accepted} checks with a reason. {failed} of {len(facts.audit.results)} checks fail."


def architecture(facts: ReportFacts) -> ReportSection:
    """Return the picture, and the same as tables."""
    graph = graph_of(facts)
    picture = picture_of(graph)
    drawing = Markup(svg(picture, links=True))  # noqa: S704  # the renderer escapes every name
    caption = (
        "Each box leads to its row below. Arrows are the only connections that the stack file allows: orange are requests of "
        "clients, blue calls, green data and its copies, purple outbound; a dot joins arrows to one target, lines without a dot cross."
    )
    return ReportSection(
        "architecture",
        "Architecture",
        (Drawing(drawing, caption), _nodes(graph), _edges(graph)),
    )


def _nodes(graph: Graph) -> ReportTable:
    rows = (
        row(node.title, node.lane or "in front of all regions", *_details(node.lines), id=anchor(node.key))
        for node in graph.nodes
    )
    return table("Parts", ("part", "place", "details"), rows, "The stack declares no parts.")


def _details(lines: tuple[str, ...]) -> tuple[str]:
    return ("; ".join(line for line in lines if line),)


def _edges(graph: Graph) -> ReportTable:
    titles = {
        node.key: f"{node.title}{f' ({node.lane})' if len(graph.lanes) > 1 and node.lane else ''}"
        for node in graph.nodes
    }
    rows = (row(titles[edge.source], edge.what, titles[edge.target]) for edge in graph.edges)
    return table("Connections in the picture", ("from", "what", "to"), rows, "No part is connected to another one.")
