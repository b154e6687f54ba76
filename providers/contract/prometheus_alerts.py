"""Alerting of Prometheus beside the rule table: burn rates of objectives, and receivers of Alertmanager. Pure."""

from collections.abc import Iterator
from dataclasses import replace

from providers.contract.alarms import AlarmRule, AlarmRules, Severity, Signal
from providers.contract.burn_rates import BURN_RATES, BurnRate
from providers.contract.diagnostics import Adjustment, Effect
from providers.contract.prometheus import OWN_SERVER, Series, expression
from providers.contract.spec import Platform, Slo

RuleDocument = dict[str, object]
"""Rule in the format of a Prometheus rules file."""
SLACK_SECRET = "SLACK_WEBHOOK_URL"  # noqa: S105  # a name, not a value
SMTP_SMARTHOST, SMTP_FROM, SMTP_USERNAME = "SMTP_SMARTHOST", "SMTP_FROM", "SMTP_USERNAME"
SMTP_PASSWORD = "SMTP_PASSWORD"  # noqa: S105  # a name, not a value
MAIL_SECRETS = (SMTP_SMARTHOST, SMTP_FROM, SMTP_USERNAME, SMTP_PASSWORD)
"""Mail relay (`host:port`), sender address and credentials; a relay without authentication ignores the last two."""


def slo_rules(spec: Platform, rules: AlarmRules, series: Series = OWN_SERVER) -> Iterator[RuleDocument]:
    """Rules on the error budget and the latency of each public service; none without `monitoring.slo`."""
    slo = spec.monitoring.slo
    if slo is None:
        return
    for name in spec.public:
        for rate in BURN_RATES:
            yield _availability_rule(spec, slo, rules.rule(name, Signal.ERROR_PERCENT), rate, series)
        yield _latency_rule(spec, slo, rules.rule(name, Signal.LATENCY_P95_SECONDS), series)


def _availability_rule(spec: Platform, slo: Slo, rule: AlarmRule, rate: BurnRate, series: Series) -> RuleDocument:
    return alert(
        name=f"{rule.name}-availability-burn-{rate.long_seconds // 3600}h",
        expr=_in_both_windows(spec, rule, rate, rate.error_percent(slo.availability_percent), series),
        for_seconds=0,
        severity=rate.severity,
        subject=rule.name,
        summary=f"{rule.name} burns its error budget {rate.factor:g} times too fast",
    )


def _latency_rule(spec: Platform, slo: Slo, rule: AlarmRule, series: Series) -> RuleDocument:
    return alert(
        name=f"{rule.name}-speed-burn-1h",
        expr=_in_both_windows(spec, rule, BURN_RATES[0], slo.latency_p95_seconds, series),
        for_seconds=0,
        severity="warning",
        subject=rule.name,
        summary=(f"the 95th percentile latency of {rule.name} is above the objective of {slo.latency_p95_seconds:g} s"),
    )


def _in_both_windows(spec: Platform, rule: AlarmRule, rate: BurnRate, limit: float, series: Series) -> str:
    """Expression above the limit in the long window and in the short one, so that the alarm ends with the fault."""
    windows = (rate.long_seconds, rate.short_seconds)
    parts = [f"({expression(spec, replace(rule, period_seconds=window), series)}) > {limit:g}" for window in windows]
    return " and ".join(parts)


def alert(*, name: str, expr: str, for_seconds: int, severity: Severity, subject: str, summary: str) -> RuleDocument:
    """Alerting rule with the labels that notifications use."""
    return {
        "alert": name,
        "expr": expr,
        "for": f"{for_seconds}s",
        "labels": {"severity": severity, "service": subject},
        "annotations": {"summary": summary},
    }


def receiver_secrets(spec: Platform) -> tuple[str, ...]:
    """Return the stack secrets that the receivers of alarms need."""
    monitoring = spec.monitoring
    return (*(MAIL_SECRETS if monitoring.emails else ()), *((SLACK_SECRET,) if monitoring.slack is not None else ()))


def objective_adjustment(spec: Platform) -> Iterator[Adjustment]:
    """Yield what service level objectives become in rules of Prometheus."""
    if spec.monitoring.slo is not None and spec.public:
        yield Adjustment(
            "monitoring.slo",
            requested=spec.monitoring.slo.model_dump(),
            effect=Effect.ADJUSTED,
            reason=(
                "burn-rate rules on failed requests, and a rule that fires while the 95th percentile latency is above the "
                "objective in both windows"
            ),
        )


def channel_adjustments(spec: Platform, sender: str) -> Iterator[Adjustment]:
    """Yield how alarms reach people through an Alertmanager, which is named by `sender`."""
    monitoring = spec.monitoring
    if monitoring.emails:
        yield Adjustment(
            "monitoring.emails",
            requested=list(monitoring.emails),
            effect=Effect.ADJUSTED,
            reason=f"{sender} sends mail through the relay in the secrets {', '.join(MAIL_SECRETS)}",
        )
    if monitoring.slack is not None:
        channel, workspace = monitoring.slack.channel, monitoring.slack.workspace
        yield Adjustment(
            "monitoring.slack",
            requested=monitoring.slack.model_dump(),
            effect=Effect.ADJUSTED,
            reason=(
                f"{sender} posts to the webhook in the secret agent-platform:{SLACK_SECRET}; create it in Slack for "
                f"channel {channel} of workspace {workspace}"
            ),
        )
