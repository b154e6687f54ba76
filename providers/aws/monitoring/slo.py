"""Alarms of the service level objective: error budget burn rates and latency over all public services together.

A pair of windows fires when both exceed the burn rate: the long one shows significance, the short one that the problem
persists. CloudWatch evaluates one period per alarm, so each window is an alarm without actions, and a composite alarm
over the two notifies.
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from providers.aws.monitoring.alarms import AlarmCondition, composite_alarm, firing, metric_alarm
from providers.aws.monitoring.metrics import BALANCER, AwsAlarmTarget, errors, latency
from providers.aws.observability.channels import AwsChannels
from providers.contract.burn_rates import BURN_RATES, BurnRate
from providers.contract.component import Scope
from providers.contract.spec import Slo

LATENCY_KEY = "slo-latency-p95"
HOUR_SECONDS = 3600


@dataclass(frozen=True)
class SloAlarms:
    """Alarms of the SLO: one per pair of windows, and one for latency."""

    burn_rates: tuple[aws.cloudwatch.CompositeAlarm, ...]
    latency: aws.cloudwatch.MetricAlarm


def create_slo(scope: Scope, slo: Slo, target: AwsAlarmTarget, channels: AwsChannels) -> SloAlarms:
    """Declare burn-rate alarms on the load balancer's metrics, and one on the latency objective over an hour."""
    burning = tuple(_burn_rate(scope, slo, pair, target, channels) for pair in BURN_RATES)
    summary = f"the 95th percentile latency of an hour is above the objective of {slo.latency_p95_seconds:g} s"
    condition = AlarmCondition(slo.latency_p95_seconds, HOUR_SECONDS)
    slow = metric_alarm(scope, LATENCY_KEY, summary, latency(*BALANCER), target, condition, [channels.topic("warning")])
    return SloAlarms(burning, slow)


def burn_key(pair: BurnRate) -> str:
    """Key of a pair's alarm, by its long window: `slo-1h`."""
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
    # at or above: a pair whose threshold is limited to 100 percent could not exceed it
    condition = AlarmCondition(percent, seconds, comparison="GreaterThanOrEqualToThreshold")
    summary = f"{percent:g} % of requests failed within {seconds} s; part of a burn-rate alarm"
    return metric_alarm(scope, key, summary, errors(*BALANCER), target, condition, [])
