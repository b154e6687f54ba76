"""What is kept and told on this machine in its own way, and what the stack must hold for it. Pure."""

from collections.abc import Iterator

from providers.contract.diagnostics import Adjustment, legacy_adjustment, listed
from providers.contract.spec import Platform

SLACK_SECRET = "SLACK_WEBHOOK_URL"  # noqa: S105  # a name, not a value
SMTP_HOST, SMTP_FROM, SMTP_USERNAME = "SMTP_SMARTHOST", "SMTP_FROM", "SMTP_USERNAME"
SMTP_SECRET = "SMTP_PASSWORD"  # noqa: S105  # a name, not a value
MAIL = (SMTP_HOST, SMTP_FROM, SMTP_USERNAME, SMTP_SECRET)
"""The relay (`host:port`), the sender's address, and who signs in there; a relay that asks for nobody ignores the last two."""
LOG_FILE_MIB = 10
MOST_LOG_FILES = 100


def stack_secrets(spec: Platform) -> tuple[str, ...]:
    """Secrets that the stack must hold beside those that services list."""
    monitoring = spec.monitoring
    return (*(MAIL if monitoring.emails else ()), *((SLACK_SECRET,) if monitoring.slack is not None else ()))


def log_files(spec: Platform) -> int:
    """Files of each container's log: one a day that logs are kept, as many as the disk can be asked for."""
    return min(spec.monitoring.log_retention_days, MOST_LOG_FILES)


def monitoring_adjustments(spec: Platform) -> list[Adjustment]:
    """Days, receivers and promises that this machine honours in its own way."""
    return [*_logs(spec), *_receivers(spec), *_promises(spec), *_unwatched(spec)]


def _logs(spec: Platform) -> Iterator[Adjustment]:
    days, files = spec.monitoring.log_retention_days, log_files(spec)
    given = f"{files} files of {LOG_FILE_MIB} MiB for each container: Docker drops logs by their size, not by their age"
    yield legacy_adjustment("monitoring.log_retention_days", days, given)


def _receivers(spec: Platform) -> Iterator[Adjustment]:
    monitoring = spec.monitoring
    if monitoring.emails:
        given = f"mail of Alertmanager by the relay in the secrets {', '.join(MAIL)}"
        yield legacy_adjustment("monitoring.emails", list(monitoring.emails), given)
    if monitoring.slack is not None:
        channel, workspace = monitoring.slack.channel, monitoring.slack.workspace
        given = (
            f"messages of Alertmanager to the webhook in the secret agent-platform:{SLACK_SECRET}, which Slack makes for "
            f"channel {channel} of workspace {workspace}"
        )
        yield legacy_adjustment("monitoring.slack", monitoring.slack.model_dump(), given)


def _unwatched(spec: Platform) -> Iterator[Adjustment]:
    workers = [name for name, service in spec.services.items() if service.port is None]
    if workers:
        given = f"rules on the services with a port; nothing can be asked of {listed(workers, 'and')}"
        yield legacy_adjustment("monitoring.alerts", spec.monitoring.alerts.model_dump(), given)


def _promises(spec: Platform) -> Iterator[Adjustment]:
    if spec.monitoring.prometheus:
        given = "the Prometheus of this machine, which stands either way: every alarm here is one of its rules"
        yield legacy_adjustment("monitoring.prometheus", True, given)
    if spec.monitoring.slo is not None and spec.public:
        given = "burn-rate rules on failing answers, and on a 95th percentile that is above the promise in both windows"
        yield legacy_adjustment("monitoring.slo", spec.monitoring.slo.model_dump(), given)
