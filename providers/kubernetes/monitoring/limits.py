"""Settings of monitoring, budget and deployer that a cluster refuses or adjusts. Pure."""

from collections.abc import Iterator

from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported, listed
from providers.contract.limits import denied_flow_adjustments
from providers.contract.prometheus_alerts import channel_adjustments, objective_adjustment
from providers.contract.scrape_endpoints import scrape_endpoint
from providers.contract.spans import unprocessed_content
from providers.contract.spec import Platform
from providers.kubernetes.context import by_haproxy

UNLOGGED_FLOWS = "no alarm: a NetworkPolicy reports nothing; the network plugin of the cluster may count what it denies"


def monitoring_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Administrators by object ID, a budget, and a deployer."""
    return [*_administrators(spec), *_budget(spec), *_deployer(spec)]


def _administrators(spec: Platform) -> Iterator[Diagnostic]:
    if spec.monitoring.grafana_admins:
        yield Unsupported(
            "kubernetes",
            "monitoring.grafana_admins",
            problem="Grafana belongs to the cluster, and so do its users",
            fix="remove the key, and add the users in that Grafana",
        )


def _budget(spec: Platform) -> Iterator[Diagnostic]:
    if spec.budget is not None:
        yield Unsupported(
            "kubernetes",
            "budget",
            problem="a cluster has no bill of its own",
            fix="remove the key, and set a budget in the account of the nodes, or use OpenCost",
        )


def _deployer(spec: Platform) -> Iterator[Diagnostic]:
    if spec.deployer is not None:
        yield Unsupported(
            "kubernetes",
            "deployer",
            problem=(
                "which tokens of GitHub a cluster trusts is a setting of its API server, or of the cloud that runs it"
            ),
            fix="remove the key, and bind a Role of the namespace to the workflow there",
        )


def monitoring_adjustments(spec: Platform) -> list[Adjustment]:
    """Logs, channels, Prometheus, SLO, traces, and alarms of services without metrics."""
    return [
        *_logs(spec),
        *channel_adjustments(spec, "the cluster's Alertmanager"),
        *_prometheus_and_slo(spec),
        *_dashboards(spec),
        *_traces(spec),
        *unprocessed_content(spec),
        *_unscraped(spec),
        *_security(spec),
        *denied_flow_adjustments(spec, Effect.IGNORED, UNLOGGED_FLOWS),
    ]


def _logs(spec: Platform) -> Iterator[Adjustment]:
    yield Adjustment(
        "monitoring.log_retention_days",
        requested=spec.monitoring.log_retention_days,
        effect=Effect.IGNORED,
        reason="containers write to their output; what collects it and for how long it is kept is the cluster's",
    )


def _prometheus_and_slo(spec: Platform) -> Iterator[Adjustment]:
    yield Adjustment(
        "monitoring.prometheus",
        requested=spec.monitoring.prometheus,
        effect=Effect.ADJUSTED,
        reason="every alarm is a rule of the cluster's Prometheus, which must select the monitors and rules of this namespace",
    )
    yield from objective_adjustment(spec)


def _dashboards(spec: Platform) -> Iterator[Adjustment]:
    if spec.monitoring.dashboards:
        yield Adjustment(
            "monitoring.dashboards",
            requested=True,
            effect=Effect.ADJUSTED,
            reason=(
                "a ConfigMap with the label grafana_dashboard, which the sidecar of Grafana's Helm chart loads; its address "
                "is the cluster's"
            ),
        )


def _traces(spec: Platform) -> Iterator[Adjustment]:
    if spec.monitoring.tracing is not None:
        yield Adjustment(
            "monitoring.tracing",
            requested=spec.monitoring.tracing.model_dump(),
            effect=Effect.ADJUSTED,
            reason="Grafana Tempo in one pod with a volume keeps the spans; it is not replicated",
        )


def _unscraped(spec: Platform) -> Iterator[Adjustment]:
    unscraped = [name for name in spec.public if scrape_endpoint(spec.services[name]) is None]
    if unscraped:
        yield Adjustment(
            "monitoring.alerts",
            requested=spec.monitoring.alerts.model_dump(),
            effect=Effect.PARTIAL,
            reason=(
                "alarms on errors and latency need a metrics endpoint, which these services do not have; those on CPU, "
                f"memory and replicas do not: {listed(unscraped, 'and')}"
            ),
        )


def _security(spec: Platform) -> Iterator[Adjustment]:
    """Limits of the alarms on blocked requests and on changes of permissions."""
    alerts = spec.monitoring.alerts
    if spec.public:
        haproxy = by_haproxy(spec)
        yield Adjustment(
            "monitoring.alerts.blocked_percent",
            requested=alerts.blocked_percent,
            effect=Effect.ADJUSTED if haproxy else Effect.IGNORED,
            reason=(
                "counts what HAProxy denies with 403: its WAF rules and addresses that are not allowed; not rate limits (429), "
                "missing keys (401) and closed paths (404)"
                if haproxy
                else "a Gateway has no firewall rules; with kubernetes.entry haproxy this counts what HAProxy denies"
            ),
        )
    if alerts.permission_changes:
        yield Adjustment(
            "monitoring.alerts.permission_changes",
            requested=True,
            effect=Effect.IGNORED,
            reason="changes of roles are in the audit log of the API server, which only the cluster's owner can read",
        )
