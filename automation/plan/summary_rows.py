"""Rows of a plan's summary as text: a name and one or more lines, the same on a terminal and in Markdown. Pure."""

from collections.abc import Callable, Iterable, Sequence

from automation.cost.summary import rounded
from automation.plan.build import OverriddenInput
from automation.plan.summary import INTERNET, DataStore, PlanSummary, PublicRoute, ServiceConnections
from providers.contract.diagnostics import Effect, displayed, listed
from providers.contract.recovery_plan import Incident, Promise

Row = tuple[str, Sequence[str]]
MAX_LINES = 5
"""Lines of one row, so that all rows fit one screen; the JSON of a plan has all of them."""
MAX_NAMES = 6
EFFECT_ORDER = (Effect.IGNORED, Effect.PARTIAL, Effect.ADJUSTED)


def fact_rows(summary: PlanSummary) -> tuple[Row, ...]:
    """Return what the platform is: URL, guards, connections, data, images, jobs and release commands if any, and time."""
    rows = ((name, _limited(lines(summary))) for name, lines in FACTS)
    return tuple((name, lines) for name, lines in rows if lines)


def closing_rows(summary: PlanSummary) -> tuple[Row, ...]:
    """Return overridden inputs if any, accepted risks, missing secrets and next commands; the adjustments are printed before these."""
    rows = ((name, _limited(lines(summary))) for name, lines in CLOSING)
    return tuple((name, lines) for name, lines in rows if lines)


def adjustment_counts(summary: PlanSummary) -> str:
    """Return `1 ignored, 8 adjusted; 2 of default values`; `none` without adjustments."""
    written = [entry.adjustment.effect for entry in summary.written_adjustments]
    counts = [f"{written.count(effect)} {effect}" for effect in EFFECT_ORDER if effect in written]
    hidden = len(summary.adjustments) - len(written)
    defaults = f"{hidden} of default values" if hidden else ""
    return "; ".join(part for part in (", ".join(counts), defaults) if part) or "none"


def adjustment_lines(summary: PlanSummary) -> tuple[str, ...]:
    """Return one line for each adjusted setting of the stack file, ignored settings first."""
    entries = [entry.adjustment for entry in summary.written_adjustments]
    return tuple(str(each) for each in sorted(entries, key=lambda each: EFFECT_ORDER.index(each.effect)))


def _limited(lines: Iterable[str]) -> Sequence[str]:
    shown = list(lines)
    return shown if len(shown) <= MAX_LINES else [*shown[: MAX_LINES - 1], f"and {len(shown) - MAX_LINES + 1} more"]


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
    return f"{', '.join(names[:MAX_NAMES])}{more}"


def _url(summary: PlanSummary) -> list[str]:
    if not summary.public:
        return ["none; no service has a `path`"]
    address = summary.url if summary.url != f"{summary.scheme}://" else f"{summary.url}<assigned by {summary.cloud}>"
    if summary.scheme == "https":
        return [address]
    return [f"{address or 'assigned by the cloud'}  not encrypted: set ingress.domain for HTTPS"]


def _public(summary: PlanSummary) -> list[str]:
    return [_route(route) for route in summary.public] or ["nothing"]


def _route(route: PublicRoute) -> str:
    known = f"authentication by {route.authentication}" if route.authentication else "no authentication by the platform"
    # the platform cannot know what the code of an application checks
    unchecked = f", {route.unchecked_key} for the application to check" if route.unchecked_key else ""
    return f"{route.service} at {route.path}, {known}{unchecked}"


def _guards(summary: PlanSummary) -> list[str]:
    if not summary.public:
        return ["no entry"]
    guards = summary.guards
    clients = f"clients {_names(guards.clients)}" if guards.clients else "clients from any address"
    waf = "WAF" if guards.waf else "no WAF"
    key = f", {guards.requests_per_key} per key" if guards.requests_per_key else ""
    paths = f", on {_names(guards.limited_paths)}" if guards.limited_paths else ""
    return [f"{waf}; {guards.requests_per_minute} requests per minute and address{key}{paths}; {clients}"]


def _calls(summary: PlanSummary) -> list[str]:
    routed = [route.service for route in summary.public]
    entry = [f"{INTERNET} -> {_names(routed)}"] if routed else []
    return [*entry, *(_connections(each) for each in summary.connections)]


def _connections(connections: ServiceConnections) -> str:
    targets = (*connections.calls, *connections.uses)
    return f"{connections.service} -> {_names(targets) or 'no other part'}"


def _outbound(summary: PlanSummary) -> list[str]:
    by_reach: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for each in summary.connections:
        by_reach.setdefault((each.internet, each.hosts), []).append(each.service)
    closed = by_reach.pop(("", ()), [])
    through = f" through {summary.gateways}" if summary.gateways else ""
    alone = any(each.alone for each in summary.connections)
    lines = [
        f"{_names(names)}: {_ports(ports)}{through}{_hosts(hosts, alone)}" for (ports, hosts), names in by_reach.items()
    ]
    return [*lines, *([f"{_names(closed)}: none"] if closed else []), *_name_checks(summary)]


def _hosts(hosts: tuple[str, ...], alone: bool) -> str:
    return f", {'to' if alone else 'for'} {_names(hosts)}{' alone' if alone else ''}" if hosts else ""


def _name_checks(summary: PlanSummary) -> list[str]:
    usd = summary.cost.name_checks_usd
    return [f"the check of names costs about {rounded(usd)} USD a month"] if usd is not None else []


def _ports(ports: str) -> str:
    return f"TCP {ports}" if ports[:1].isdigit() else ports


def _stores(summary: PlanSummary) -> list[str]:
    logs = f"logs kept {summary.log_retention_days} days"
    return [*(_store(store) for store in summary.stores), logs]


def _store(store: DataStore) -> str:
    note = "adjusted" if store.adjusted else ""
    parts = (store.size, store.availability, store.backup, store.protection, store.connections, note)
    return f"{store.name}: {', '.join(part for part in parts if part)}"


def _images(summary: PlanSummary) -> list[str]:
    by_source: dict[str, list[str]] = {}
    for image in summary.images:
        by_source.setdefault(image.source, []).append(image.service)
    titles = {
        "to build": f"built and pushed by `up`, or before by `agent-platform images push {summary.stack}`",
        "own registry": f"pushed to the stack's registry; `agent-platform images list {summary.stack}` shows the addresses",
        "existing registry": f"in a registry that exists already; `agent-platform images list {summary.stack}` shows the addresses",
        "hosted": "pulled from another registry",
    }
    if summary.cloud == "docker":
        titles |= {"own registry": "on this host", "existing registry": "pulled from a registry that exists already"}
    return [f"{_names(by_source[source])}: {title}" for source, title in titles.items() if source in by_source]


def _jobs(summary: PlanSummary) -> list[str]:
    return [f"{each.job} in {each.service}: {each.schedule}; next {', '.join(each.next_runs)}" for each in summary.jobs]


def _releases(summary: PlanSummary) -> list[str]:
    return [
        f"{each.service}, before the rollout: {each.command}, at most {each.timeout_minutes} min"
        for each in summary.releases
    ]


def _time(summary: PlanSummary) -> list[str]:
    minutes = "less than a minute" if summary.minutes < 1 else f"about {summary.minutes:.0f} min"
    steps = ", ".join(f"{name} {step:g} min" for name, step in summary.slowest)
    return [f"{minutes}{f', of which {steps}' if steps else ''}"]


def _cost(summary: PlanSummary) -> list[str]:
    cost = summary.cost
    command = "" if cost.reason else f"agent-platform cost {summary.stack}"
    parts = (cost.text, cost.budget_note, command)
    # one line does not have room for all parts when some prices are unknown
    return ["; ".join(part for part in parts if part)] if not cost.unknown else [part for part in parts if part]


def _model_cost(summary: PlanSummary) -> list[str]:
    return [summary.model_cost] if summary.model_cost else []


def _risks(summary: PlanSummary) -> list[str]:
    return [f"{risk.key}: {risk.problem}; {risk.reason}" for risk in summary.accepted_risks] or ["none"]


def overridden_lines(inputs: Iterable[OverriddenInput]) -> list[str]:
    """Return one line for each overridden input: `rds:Instance prod-database instanceClass: "db.t4g.micro" -> "db.t4g.small"`."""
    return [f"{each.type} {each.name} {each.path}: {_value(each.before)} -> {_value(each.after)}" for each in inputs]


def _value(value: object) -> str:
    return "unset" if value is None else displayed(value)


def _secrets(summary: PlanSummary) -> list[str]:
    missing = summary.secrets_to_set
    generated = [f"{name}, which `up` generates" for name in summary.generated_secrets]
    return [listed([*missing, *generated], "and")] if missing or generated else ["none"]


def _next(summary: PlanSummary) -> list[str]:
    return list(summary.next_commands)


SUMMARY_FAILURES = (Incident.HOST, Incident.ZONE, Incident.REGION, Incident.DATABASE)
"""Failures whose promises the summary has; `recovery plan` has all of them."""


def _recovery(summary: PlanSummary) -> list[str]:
    shown = {failure: summary.recovery[failure] for failure in SUMMARY_FAILURES if failure in summary.recovery}
    numbers = (f"{failure} {_bounds(promise)}" for failure, promise in shown.items())
    return [f"RPO/RTO: {'; '.join(numbers)}; agent-platform recovery plan {summary.stack}"]


def _bounds(promise: Promise) -> str:
    point, time = str(promise.rpo), str(promise.rto)
    return point if point == time else f"{point}/{time}"


Lines = Callable[[PlanSummary], Iterable[str]]
FACTS: tuple[tuple[str, Lines], ...] = (
    ("URL", _url),
    ("Public", _public),
    ("Guarded by", _guards),
    ("Calls", _calls),
    ("Outbound", _outbound),
    ("Data", _stores),
    ("Images", _images),
    ("Jobs", _jobs),
    ("Release", _releases),
    ("Recovery", _recovery),
    ("Time", _time),
    ("Cost", _cost),
    ("Tokens", _model_cost),
)
CLOSING: tuple[tuple[str, Lines], ...] = (
    ("Overridden", lambda summary: overridden_lines(summary.overridden)),
    ("Risks", _risks),
    ("No value", _secrets),
    ("Next", _next),
)
