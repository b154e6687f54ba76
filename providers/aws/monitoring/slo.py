"""The promise to users: alarms on how fast the error budget burns, over all public services together.

A pair of windows fires when both burn too fast: the long one says that it matters, the short one that it still goes
on. CloudWatch compares one period at a time, so each window is an alarm of its own, silent, and a composite alarm
over the two speaks.
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from providers.aws.monitoring.alarms import Limit, composite_alarm, firing, metric_alarm
from providers.aws.monitoring.metrics import BALANCER, AwsAlarmTarget, errors, latency
from providers.aws.observability.channels import AwsChannels
from providers.contract.alarms import BURN_RATES, BurnRate
from providers.contract.component import Scope
from providers.contract.spec import Slo

LATENCY_KEY = "slo-latency-p95"
HOUR_SECONDS = 3600


@dataclass(frozen=True)
class Promise:
    """The alarms that speak for the SLO: one a pair of windows, and one for latency."""

    burn_rates: tuple[aws.cloudwatch.CompositeAlarm, ...]
    latency: aws.cloudwatch.MetricAlarm


def create_slo(scope: Scope, slo: Slo, target: AwsAlarmTarget, channels: AwsChannels) -> Promise:
    """Burn-rate alarms on the load balancer's counts, and one on the promised latency over an hour."""
    burning = tuple(_burn_rate(scope, slo, pair, target, channels) for pair in BURN_RATES)
    summary = f"one request in twenty took longer than the promised {slo.latency_p95_seconds:g} s over an hour"
    limit = Limit(slo.latency_p95_seconds, HOUR_SECONDS)
    slow = metric_alarm(scope, LATENCY_KEY, summary, latency(*BALANCER), target, limit, [channels.topic("warning")])
    return Promise(burning, slow)


def burn_key(pair: BurnRate) -> str:
    """`slo-1h`: the alarm of a pair, by its long window."""
    return f"slo-{pair.long_seconds // HOUR_SECONDS}h"


def _burn_rate(
    scope: Scope, slo: Slo, pair: BurnRate, target: AwsAlarmTarget, channels: AwsChannels
) -> aws.cloudwatch.CompositeAlarm:
    key, percent = burn_key(pair), pair.error_percent(slo.availability_percent)
    long = _window(scope, f"{key}-long", percent, pair.long_seconds, target)
    short = _window(scope, f"{key}-short", percent, pair.short_seconds, target)
    rule = pulumi.Output.concat(firing(long), " AND ", firing(short))
    summary = (
        f"requests fail {pair.factor:g} times as fast as {slo.availability_percent:g} % allows, "
        f"more than {percent:g} % of them"
    )
    return composite_alarm(scope, target.stack, key, summary, rule, channels, pair.severity)


def _window(scope: Scope, key: str, percent: float, seconds: int, target: AwsAlarmTarget) -> aws.cloudwatch.MetricAlarm:
    # At or above: a pair whose share is capped at 100 percent could not fire above it.
    limit = Limit(percent, seconds, comparison="GreaterThanOrEqualToThreshold")
    summary = f"{percent:g} % of requests failed within {seconds} s; part of a burn-rate alarm"
    return metric_alarm(scope, key, summary, errors(*BALANCER), target, limit, [])
