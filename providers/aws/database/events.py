"""What RDS says about the database by itself, sent to the alarm channels: what no metric shows."""

import pulumi
import pulumi_aws as aws

from providers.aws.observability.channels import AwsChannels
from providers.contract.component import Scope

CRITICAL = ("availability", "deletion", "failover", "failure", "low storage")
WARNING = ("configuration change", "maintenance", "notification", "recovery", "restoration")


def tell_channels(
    scope: Scope, channels: AwsChannels, instance: aws.rds.Instance, parameters: aws.rds.ParameterGroup
) -> None:
    """Subscribe both channels to the instance, and the warnings to its parameters."""
    _subscribe(scope, "critical-events", channels.critical, CRITICAL, instance.identifier)
    _subscribe(scope, "warning-events", channels.warning, WARNING, instance.identifier)
    _subscribe(
        scope, "parameter-events", channels.warning, ("configuration change",), parameters.name, "db-parameter-group"
    )


def _subscribe(
    scope: Scope,
    part: str,
    topic: pulumi.Output[str],
    categories: tuple[str, ...],
    source: pulumi.Output[str],
    source_type: str = "db-instance",
) -> None:
    aws.rds.EventSubscription(
        scope.named(part),
        sns_topic=topic,
        source_type=source_type,
        source_ids=[source],
        event_categories=list(categories),
        opts=scope.opts(),
    )
