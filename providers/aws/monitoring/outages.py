"""One page for a public service that is down, whatever its single alarms say.

Down is: copies fail their health check, or requests fail and are slow at once. Either of the latter alone may be one
caller's doing. The single alarms keep their own severities.
"""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from providers.aws.naming import alarm_name
from providers.aws.observability.channels import AwsChannels
from providers.contract.alarms import Severity, Signal
from providers.contract.component import Scope


def create_outage_alarm(
    scope: Scope, stack: str, service: str, alarms: Mapping[Signal, aws.cloudwatch.MetricAlarm], channels: AwsChannels
) -> aws.cloudwatch.CompositeAlarm:
    """`<service>-down` over the alarms of one public service."""
    unhealthy = firing(alarms[Signal.UNHEALTHY_REPLICAS])
    failing, slow = firing(alarms[Signal.ERROR_PERCENT]), firing(alarms[Signal.LATENCY_P95_SECONDS])
    rule = pulumi.Output.concat(unhealthy, " OR (", failing, " AND ", slow, ")")
    return composite_alarm(scope, stack, f"{service}-down", f"{service} is down", rule, channels, "critical")


def composite_alarm(
    scope: Scope,
    stack: str,
    key: str,
    summary: str,
    rule: pulumi.Output[str],
    channels: AwsChannels,
    severity: Severity,
) -> aws.cloudwatch.CompositeAlarm:
    """An alarm over other alarms, telling the topic of its severity when it fires and when it is over."""
    topic = channels.topic(severity)
    return aws.cloudwatch.CompositeAlarm(
        scope.named(key),
        alarm_name=alarm_name(stack, key),
        alarm_description=summary,
        alarm_rule=rule,
        alarm_actions=[topic],
        ok_actions=[topic],
        opts=scope.opts(),
    )


def firing(alarm: aws.cloudwatch.MetricAlarm) -> pulumi.Output[str]:
    """The term of a composite rule that is true while `alarm` fires."""
    return pulumi.Output.concat('ALARM("', alarm.name, '")')
