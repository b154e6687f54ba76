"""Seeing, paying, deploying, recovering."""

from typing import Annotated, Literal

from pydantic import Field

from providers.contract.spec.base import Percent, SpecModel

LogRetentionDays = Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731]
Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]


class Slack(SpecModel):
    """The channel that receives alarms."""

    workspace: Annotated[str, Field(pattern=r"^T[A-Z0-9]{6,}$")]
    """Workspace (team) id, starting with T."""
    channel: Annotated[str, Field(pattern=r"^[CG][A-Z0-9]{6,}$")]
    """Channel id, starting with C or G."""


class Alerts(SpecModel):
    """Thresholds of the alarm rules; the rules themselves are the same on every cloud."""

    cpu_percent: Percent = 80
    """CPU of a service or the database, in percent, over 5 minutes: warning."""
    memory_percent: Percent = 85
    """Memory of a service, in percent, over 3 minutes: critical."""
    error_percent: Percent = 10
    """Share of answers with a 5xx status, in percent, over 2 minutes: critical."""
    latency_p95_seconds: Annotated[float, Field(gt=0, le=600)] = 5
    """95th percentile of the response time, in seconds, over 5 minutes: warning."""


class Slo(SpecModel):
    """The promise to users; alarms fire on how fast its error budget burns."""

    availability_percent: Annotated[float, Field(ge=90, lt=100)] = 99.9
    """Share of requests that must not fail, in percent, over 30 days."""
    latency_p95_seconds: Annotated[float, Field(gt=0, le=600)] = 2
    """95th percentile of the response time that is promised, in seconds."""


class MonitoringSpec(SpecModel):
    """Logs, alarms, dashboards and who is told."""

    log_retention_days: LogRetentionDays = 365
    """Days that logs are kept."""
    emails: tuple[Email, ...] = ()
    """Addresses that receive alarms."""
    slack: Slack | None = None
    """Slack channel that receives alarms; absent: none."""
    dashboards: bool = True
    """Draw a dashboard with a row for each service, the database, the cache and money."""
    prometheus: bool = False
    """Keep a managed Prometheus with the same alert rules and send it what the services expose at /metrics."""
    alerts: Alerts = Alerts()
    """Thresholds of the alarm rules."""
    slo: Slo | None = None
    """Promise to users; absent: no burn-rate alarms."""


class BudgetSpec(SpecModel):
    """Money."""

    monthly_usd: Annotated[float, Field(gt=0)]
    """Spending a month, in US dollars, at which the alarm channels are told (80 and 100 percent, and the forecast)."""


class Deployer(SpecModel):
    """Keyless deployment from GitHub Actions by OpenID Connect."""

    github: Annotated[str, Field(pattern=r"^[\w.-]+/[\w.-]+$")]
    """Repository as owner/name."""
    environment: Annotated[str, Field(pattern=r"^[\w.-]+$")] = "production"
    """GitHub environment whose jobs may deploy."""


class RecoverySpec(SpecModel):
    """What stands ready when a region is lost."""

    standby_region: str | None = None
    """Region of the standby."""
    mode: Literal["none", "backup", "warm"] = "none"
    """none, backup (copies of the data elsewhere) or warm (a small copy of the platform elsewhere)."""
