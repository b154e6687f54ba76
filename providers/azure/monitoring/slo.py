"""The promise to users: alarms on how fast the error budget burns, over all public services together.

A pair of windows fires when both burn too fast: one question to Front Door's log answers for both.
"""

from providers.azure.monitoring.alert_rules import AzureAlarm, Question, log_alert
from providers.azure.monitoring.metrics import burn_query, front_log
from providers.azure.monitoring.targets import AzureTargets
from providers.contract.alarms import BURN_RATES, BurnRate
from providers.contract.component import Scope
from providers.contract.spec import Slo

HOUR_SECONDS = 3600
FREQUENCY_SECONDS = 300


def create_slo(scope: Scope, targets: AzureTargets, slo: Slo) -> None:
    """An alarm for each pair of windows, and one for the promised latency over an hour."""
    for pair in BURN_RATES:
        _burn_rate(scope, targets, slo, pair)
    base = targets.base
    summary = f"one request in twenty took longer than the promised {slo.latency_p95_seconds:g} s over an hour"
    query = f"{front_log(base.context.stack)} | where isnotempty(route) | summarize value = percentile(seconds, 95)"
    question = Question(query, slo.latency_p95_seconds, HOUR_SECONDS, FREQUENCY_SECONDS)
    alarm = AzureAlarm("slo-latency-p95", "warning", summary)
    log_alert(scope, base.context, base.channels, alarm, question, base.logs.workspace_id)


def _burn_rate(scope: Scope, targets: AzureTargets, slo: Slo, pair: BurnRate) -> None:
    base, percent = targets.base, pair.error_percent(slo.availability_percent)
    summary = (
        f"requests fail {pair.factor:g} times as fast as {slo.availability_percent:g} % allows, "
        f"more than {percent:g} % of them"
    )
    query = burn_query(base.context.stack, percent, pair.short_seconds)
    alarm = AzureAlarm(f"slo-{pair.long_seconds // HOUR_SECONDS}h", pair.severity, summary)
    # the question itself leaves out what is below, for a share that is capped at 100 percent could not be above it
    question = Question(query, 0, pair.long_seconds, FREQUENCY_SECONDS)
    log_alert(scope, base.context, base.channels, alarm, question, base.logs.workspace_id)
