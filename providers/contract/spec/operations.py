"""Monitoring, budget, cost of models, deployment and recovery."""

from typing import Annotated, Literal

from pydantic import Field

from providers.contract.spec.base import Cron, Guid, Percent, Slug, SpecModel

LogRetentionDays = Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731]
Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]


MAX_AGE_DAYS = 60
"""Results of drills are read back for at least 90 days on every cloud, and a schedule may have pauses of a month."""


class Slack(SpecModel):
    """Slack channel that receives alarms."""

    workspace: Annotated[str, Field(pattern=r"^T[A-Z0-9]{6,}$")]
    """Workspace (team) ID, starting with T."""
    channel: Annotated[str, Field(pattern=r"^[CG][A-Z0-9]{6,}$")]
    """Channel ID, starting with C or G."""


class Alerts(SpecModel):
    """Thresholds of the alarm rules, which are the same on every cloud."""

    cpu_percent: Percent = 80
    """CPU of a service or the database, in percent, over 5 minutes: warning."""
    memory_percent: Percent = 85
    """Memory of a service, in percent, over 3 minutes: critical."""
    error_percent: Percent = 10
    """Share of answers with a 5xx status, in percent, over 2 minutes: critical."""
    latency_p95_seconds: Annotated[float, Field(gt=0, le=600)] = 5
    """95th percentile of the response time, in seconds, over 5 minutes: warning."""
    blocked_percent: Percent = 25
    """Share of requests that the firewall of the entry blocks, in percent of at least 100 in 5 minutes, over 10 minutes: warning."""
    permission_changes: bool = True
    """Fire on every change of permissions in the account, those of deployments too: warning. false outside production."""
    denied_flows: Annotated[int, Field(ge=0, le=1_000_000)] = 20
    """Connections from inside the network that its rules deny, in 10 minutes, from the flow logs: warning."""


class Slo(SpecModel):
    """Service level objective; alarms fire on the burn rate of its error budget."""

    availability_percent: Annotated[float, Field(ge=90, lt=100)] = 99.9
    """Share of requests that must not fail, in percent, over 30 days."""
    latency_p95_seconds: Annotated[float, Field(gt=0, le=600)] = 2
    """Objective for the 95th percentile of the response time, in seconds."""


class Tracing(SpecModel):
    """Traces: spans that the services send with OpenTelemetry, and where they are kept."""

    sample_percent: Annotated[float, Field(gt=0, le=100)] = 10
    """Share of requests that are traced, in percent; a request that a caller traces is traced in every service."""
    content: bool = False
    """Keep prompts and answers in the spans of OpenInference; otherwise they are hidden, and counts of tokens stay."""
    retention_days: Annotated[int, Field(ge=4, le=730)] = 30
    """Days that traces are kept."""


class MonitoringSpec(SpecModel):
    """Logs, alarms, dashboards and notification channels."""

    log_retention_days: LogRetentionDays = 365
    """Days that logs are kept."""
    emails: tuple[Email, ...] = ()
    """Addresses that receive alarms."""
    slack: Slack | None = None
    """Slack channel that receives alarms; absent: none."""
    dashboards: bool = True
    """Create a dashboard with a row for each service, the database, the cache and cost."""
    prometheus: bool = False
    """Create a managed Prometheus with the same alert rules that collects the /metrics of the services."""
    grafana_admins: tuple[Guid, ...] = ()
    """Object IDs of the Microsoft Entra users or groups that administer the managed Grafana; absent: nobody can sign in."""
    tracing: Tracing | None = None
    """Receive spans of the services and keep them; absent: none."""
    alerts: Alerts = Alerts()
    """Thresholds of the alarm rules."""
    slo: Slo | None = None
    """Service level objective; absent: no burn-rate alarms."""


class BudgetSpec(SpecModel):
    """Budget of a month."""

    monthly_usd: Annotated[float, Field(gt=0)]
    """Monthly cost in US dollars; the notification channels receive 80 and 100 percent of it, and the forecast."""


ModelName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/@-]*$", max_length=200)]
"""Name of a model as requests have it; the characters need no escaping in queries."""
UsdPerMillion = Annotated[float, Field(ge=0, le=100_000)]
Usd = Annotated[float, Field(gt=0)]
# the summary of an alarm contains both, which is a template of Alertmanager and part of a text in JSON
PlainText = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 .,:;/_?=&%#@()+-]*$", max_length=200)]


class ModelPrice(SpecModel):
    """Price of the tokens of one model, in US dollars for a million."""

    input: UsdPerMillion
    """US dollars for a million tokens of input."""
    output: UsdPerMillion
    """US dollars for a million tokens of output."""
    cached: UsdPerMillion | None = None
    """US dollars for a million tokens of input that are read from the provider's cache; absent: the price of input."""
    source: PlainText | None = None
    """Page or contract that has the price; the alarm names it."""
    region: PlainText | None = None
    """Region or endpoint for which the price is; the alarm names it."""


class ServiceCost(SpecModel):
    """Limits of what the models of one service may cost before an alarm fires."""

    per_hour_usd: Usd | None = None
    """US dollars an hour; absent: no alarm for this service alone."""
    per_day_usd: Usd | None = None
    """US dollars in 24 hours; absent: no alarm for this service alone."""


class CostSpec(SpecModel):
    """Cost of model tokens: prices, and the limits above which alarms fire."""

    models: dict[ModelName, ModelPrice] = {}
    """Prices by the name of the model in requests: a Bedrock ID, the last part of a Vertex AI model, a deployment of Azure OpenAI, or another provider's name."""
    prices_as_of: Annotated[str, Field(pattern=r"^20\d\d-[01]\d-[0-3]\d$")] | None = None
    """Day on which the prices were read (YYYY-MM-DD); required with `models`."""
    per_hour_usd: Usd = 10
    """US dollars an hour of all models together, above which an alarm fires."""
    per_day_usd: Usd | None = None
    """US dollars in 24 hours of all models together, above which an alarm fires; absent: no such alarm."""
    services: dict[Slug, ServiceCost] = {}
    """Limits by service; its metrics must be scraped by Prometheus."""


class Deployer(SpecModel):
    """Keyless deployment from GitHub Actions by OpenID Connect."""

    github: Annotated[str, Field(pattern=r"^[\w.-]+/[\w.-]+$")]
    """Repository as `owner/name`."""
    environment: Annotated[str, Field(pattern=r"^[\w.-]+$")] = "production"
    """GitHub environment whose jobs may deploy."""


class Drill(SpecModel):
    """Restore drill: the newest backup of the database is restored regularly, queried, and the restored copy deleted."""

    schedule: Cron = "0 4 * * 0"
    """Schedule of the drills in the five fields of cron (minute, hour, day of month, month, day of week), in UTC."""
    query: Annotated[str, Field(pattern=r"^([Ss][Ee][Ll][Ee][Cc][Tt]|[Ww][Ii][Tt][Hh])\s", max_length=2000)]
    """SQL query, SELECT or WITH, on the restored database; it must return one row with one number above 0."""
    max_age_days: Annotated[int, Field(ge=1, le=MAX_AGE_DAYS)] = 8
    """Age in days of the newest backup that was restored, above which an alarm fires; at least the longest pause of the schedule."""


class Acceptance(SpecModel):
    """Accepted failure of a security check."""

    reason: str
    """Reason for which the failure is accepted, in a few words; `audit` shows it."""
    until: Annotated[str, Field(pattern=r"^20\d\d-[01]\d-[0-3]\d$")] | None = None
    """Last day of the acceptance (YYYY-MM-DD), after which the check fails; absent: no end."""


class RecoverySpec(SpecModel):
    """Recovery from the loss of a region."""

    standby_region: str | None = None
    """Region that receives the copies; that of the cloud's block is used instead where both are set."""
    mode: Literal["none", "backup", "warm"] = "none"
    """`none`: no copies; `backup`: copies of the data in a second region, where nothing runs; `warm`: services run there too."""
    active_region: str | None = None
    """Region that serves and writes with `mode: warm`: the home region, which is the default, or the standby region."""
    standby_replicas: Annotated[int, Field(ge=0, le=100)] = 1
    """Replicas of each service with a port in the region that does not serve, with `mode: warm`; services without one have none."""
    failover_timeout_minutes: Annotated[int, Field(ge=10, le=1440)] | None = None
    """Minutes that `failover --when-unreachable` may take, from its first failed check; absent: it moves nothing by itself."""
    retention_days: Annotated[int, Field(ge=1, le=35)] = 35
    """Days that copies of database backups are kept."""
    lock: Literal["none", "governance", "compliance"] = "none"
    """Lock of the copied database backups until `retention_days` have passed; `compliance` can never be removed."""
    drill: Drill | None = None
    """Restore drill of the backups of the database; absent: none, except on Docker, which restores every backup."""
