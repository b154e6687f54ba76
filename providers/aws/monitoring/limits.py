"""What monitoring decides before it declares: its numbers, what AWS refuses, what AWS honours in its own way. Pure."""

from collections.abc import Iterator

from providers.contract.alarms import Signal, alarm_rules
from providers.contract.dashboard import dashboard_rows
from providers.contract.diagnostics import Adjustment, Diagnostic, legacy_adjustment, legacy_unsupported
from providers.contract.spec import BudgetSpec, DatabaseSpec, Platform

BYTES_PER_GIB = 2**30
MOST_WIDGETS = 500
"""Widgets that CloudWatch allows on a dashboard."""
TOP_WIDGETS = 7
"""The title, and lists of a hundred alarms each, as many as a full dashboard can need."""
ANOMALY_PERCENT = 10
"""An anomaly is told when it costs at least this share of the monthly budget."""
NO_CHAT = ("cn-", "us-gov-")
"""Regions of the partitions in which Amazon Q Developer in chat applications does not exist."""


def database_sizes(database: DatabaseSpec, max_connections: int) -> dict[str, int]:
    """What percentages of the database are percentages of: its first disk in bytes, its connections."""
    return {"storage_bytes": database.storage_gib * BYTES_PER_GIB, "max_connections": max_connections}


def dollars(amount: float) -> str:
    """`800.00`, as AWS's cost services write it."""
    return f"{amount:.2f}"


def anomaly_usd(budget: BudgetSpec) -> str:
    """Smallest impact of an anomaly that is told, in dollars."""
    return dollars(budget.monthly_usd * ANOMALY_PERCENT / 100)


def monitoring_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Slack where AWS does not reach it, and a dashboard with more graphs than CloudWatch draws."""
    return [*_slack_refusals(spec), *_dashboard_refusals(spec)]


def monitoring_adjustments(spec: Platform) -> list[Adjustment]:
    """Where CloudWatch, Prometheus or the budget sees less, or more, than was asked."""
    return [*_entry_notes(spec), *_disk_notes(spec), *_prometheus_notes(spec), *_budget_notes(spec)]


def _slack_refusals(spec: Platform) -> Iterator[Diagnostic]:
    region = spec.aws.region if spec.aws else ""
    if spec.monitoring.slack is not None and region.startswith(NO_CHAT):
        advice = f"AWS does not speak to Slack from {region}; leave it out and use `monitoring.emails`"
        yield legacy_unsupported("aws", "monitoring.slack", spec.monitoring.slack.model_dump(), advice)


def _dashboard_refusals(spec: Platform) -> Iterator[Diagnostic]:
    widgets = TOP_WIDGETS + sum(1 + len(row.panels) for row in dashboard_rows(spec, alarm_rules(spec)))
    if spec.monitoring.dashboards and widgets > MOST_WIDGETS:
        advice = (
            f"{len(spec.services)} services need {widgets} widgets and CloudWatch allows {MOST_WIDGETS}; "
            "set it to false or spread the services over more stacks"
        )
        yield legacy_unsupported("aws", "monitoring.dashboards", True, advice)


def _entry_notes(spec: Platform) -> Iterator[Adjustment]:
    if spec.monitoring.slo is not None and not spec.public:
        asked = spec.monitoring.slo.model_dump()
        yield legacy_adjustment("monitoring.slo", asked, "nothing: no service has a `path`, so no request is counted")
    if len(spec.public) > 1:
        percent = spec.monitoring.alerts.error_percent
        given = (
            "the share of a service's own 5xx answers and those the load balancer gave in the place of any service: "
            "AWS counts the latter for all together"
        )
        yield legacy_adjustment("monitoring.alerts.error_percent", percent, given)


def _disk_notes(spec: Platform) -> Iterator[Adjustment]:
    database = spec.database
    if database is not None and database.max_storage_gib > database.storage_gib:
        rule = next(rule for rule in alarm_rules(spec) if rule.signal is Signal.DATABASE_STORAGE_PERCENT)
        free_percent = 100 - rule.threshold
        given = (
            f"an alarm when less than {database.storage_gib * free_percent / 100:g} GiB are free ({free_percent:g} % of "
            "storage_gib), however far the disk has grown: CloudWatch tells free space and not size"
        )
        yield legacy_adjustment("database.max_storage_gib", database.max_storage_gib, given)


def _prometheus_notes(spec: Platform) -> Iterator[Adjustment]:
    parts = [name for name, part in (("database", spec.database), ("cache", spec.cache)) if part is not None]
    if spec.monitoring.prometheus and parts:
        given = f"a Prometheus of the services; {' and '.join(parts)} are watched by CloudWatch alone"
        yield legacy_adjustment("monitoring.prometheus", True, given)


def _budget_notes(spec: Platform) -> Iterator[Adjustment]:
    if spec.budget is not None:
        given = (
            f"a budget of the whole account, and a watch for anomalies of {anomaly_usd(spec.budget)} dollars and more "
            "once the tag `stack` is activated for cost allocation"
        )
        yield legacy_adjustment("budget.monthly_usd", spec.budget.monthly_usd, given)
