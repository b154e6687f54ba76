"""Monitoring settings that a Docker host adjusts, and the secrets that notifications need. Pure."""

from collections.abc import Iterator

from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported, listed
from providers.contract.limits import denied_flow_adjustments
from providers.contract.prometheus import scrape_endpoint
from providers.contract.prometheus_alerts import channel_adjustments, objective_adjustment
from providers.contract.spans import unprocessed_content
from providers.contract.spec import Platform

LOG_STORE_GIB = 10
"""Disk space of the log store, above which it deletes its oldest days."""
LOG_FILE_MIB = 10
MAX_LOG_FILES = 100


def has_log_store(spec: Platform) -> bool:
    """Return whether a store takes the lines of services and the entry; it is searched in the dashboards."""
    return spec.monitoring.dashboards


def log_files(spec: Platform) -> int:
    """Number of log files that each container keeps: one for each day of retention, limited for the disk."""
    return min(spec.monitoring.log_retention_days, MAX_LOG_FILES)


def monitoring_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Administrators by object ID, which only the managed Grafana of Azure has."""
    if not spec.monitoring.grafana_admins:
        return []
    return [
        Unsupported(
            "docker",
            "monitoring.grafana_admins",
            problem="Grafana on this host has one user, admin, and no sign-in with Microsoft Entra ID",
            fix="remove it, and sign in as admin with the password in the stack's state",
        )
    ]


def monitoring_adjustments(spec: Platform) -> list[Adjustment]:
    """Log retention, notification channels, Prometheus, SLO and alarms of services without metrics."""
    return [
        *_logs(spec),
        *channel_adjustments(spec, "Alertmanager"),
        *_prometheus_and_slo(spec),
        *_unscraped(spec),
        *_security(spec),
        *unprocessed_content(spec),
        *denied_flow_adjustments(spec, Effect.IGNORED, "no alarm: Docker networks record no connections"),
    ]


def _logs(spec: Platform) -> Iterator[Adjustment]:
    files = f"{log_files(spec)} files of {LOG_FILE_MIB} MiB per container; Docker rotates logs by size, not by age"
    stored = (
        f"the log store keeps the lines of services, jobs and the entry for these days, but at most {LOG_STORE_GIB} GiB of "
        f"them, and deletes the oldest days first; other containers have {files}"
    )
    yield Adjustment(
        "monitoring.log_retention_days",
        requested=spec.monitoring.log_retention_days,
        effect=Effect.PARTIAL if has_log_store(spec) else Effect.ADJUSTED,
        reason=stored
        if has_log_store(spec)
        else f"{files}; without `monitoring.dashboards` no log store searches them",
    )


def _prometheus_and_slo(spec: Platform) -> Iterator[Adjustment]:
    if spec.monitoring.prometheus:
        yield Adjustment(
            "monitoring.prometheus",
            requested=True,
            effect=Effect.ADJUSTED,
            reason="Prometheus runs on this host even when this is false; every alarm is one of its rules",
        )
    yield from objective_adjustment(spec)


def _unscraped(spec: Platform) -> Iterator[Adjustment]:
    """Every alarm of a service on Docker is a rule on its metrics."""
    unscraped = [name for name, service in spec.services.items() if scrape_endpoint(service) is None]
    if unscraped:
        yield Adjustment(
            "monitoring.alerts",
            requested=spec.monitoring.alerts.model_dump(),
            effect=Effect.PARTIAL,
            reason=(
                "services without a metrics endpoint (`metrics: none`, its default for agentos, or no port) have no alarms; Docker restarts a "
                f"replica that ends, and the entry stops using one that fails its check: {listed(unscraped, 'and')}"
            ),
        )


def _security(spec: Platform) -> Iterator[Adjustment]:
    """Limits of the alarms on blocked requests and on changes of permissions."""
    alerts = spec.monitoring.alerts
    if spec.public:
        yield Adjustment(
            "monitoring.alerts.blocked_percent",
            requested=alerts.blocked_percent,
            effect=Effect.ADJUSTED,
            reason=(
                "counts what HAProxy denies with 403: its WAF rules and addresses that are not allowed; not rate limits (429), "
                "missing keys (401) and closed paths (404)"
            ),
        )
    if alerts.permission_changes:
        yield Adjustment(
            "monitoring.alerts.permission_changes",
            requested=True,
            effect=Effect.IGNORED,
            reason="a Docker host has no service of permissions: who may use the Docker socket may do everything; watch it with auditd",
        )
