"""Metrics of the database that RDS lacks: finished backups and failed connections.

Backups: RDS publishes events when a daily backup begins and finishes (RDS-EVENT-0001 and -0002), but neither event nor
metric for a failed one, and AWS Backup's metrics do not cover RDS's own backups. Finished backups are written to a log
group, where an auditor finds them, and an alarm fires when none arrived for more than a day. Events are delivered on a
best-effort basis: a lost event causes a false alarm, a missed backup never stays unnoticed.

Connections: both ends are read. The server's log contains what it rejected (passwords, no free slot); the services'
logs contain what never reached the server (wrong address, closed network), in the format of libpq and psycopg.
"""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from providers.aws.base.iam_policies import Statement, allow, document
from providers.aws.base.keys import AwsKeys
from providers.aws.context import AwsContext
from providers.aws.monitoring.metrics import FAILED_CONNECTIONS, LOG_NAMESPACE
from providers.aws.observability.logs import create_log_group
from providers.contract.component import Scope

BACKUP_FINISHED = "RDS-EVENT-0002"
WRITERS = ["events.amazonaws.com", "delivery.logs.amazonaws.com"]
"""EventBridge, and the delivery service through which it writes."""
REJECTED_BY_SERVER = (
    "password authentication failed",
    "remaining connection slots are reserved",
    "too many clients already",
    "no pg_hba.conf entry",
)
"""Messages (FATAL) of PostgreSQL about a rejected connection."""
SERVER_UNREACHABLE = ("connection to server at", "could not connect to server", "couldn't get a connection after")
"""Messages of clients: libpq from version 14, libpq before, and psycopg's pool after its timeout."""


def log_backups(scope: Scope, context: AwsContext, keys: AwsKeys, identifier: pulumi.Input[str]) -> pulumi.Output[str]:
    """Log every finished backup of the instance `identifier`; returns the name of the event rule."""
    description = f"finished backups of the database of {context.stack}"
    return log_events(scope, "backups", description, context, keys, finished_backups(identifier))


def log_events(
    scope: Scope, part: str, description: str, context: AwsContext, keys: AwsKeys, pattern: pulumi.Output[str]
) -> pulumi.Output[str]:
    """Log every event that matches a pattern; returns the name of the event rule, whose metric counts the events."""
    rule = aws.cloudwatch.EventRule(
        scope.named(part),
        description=description,
        event_pattern=pattern,
        state="ENABLED",
        opts=scope.opts(),
    )
    log_group = create_log_group(scope, part, context, keys.telemetry, context.log_group(part))
    writable = aws.cloudwatch.LogResourcePolicy(
        scope.named(part),
        # resource policy of the group; an account has only ten policies per region for all groups together
        resource_arn=log_group.arn,
        policy_document=document(*_written_by(rule, log_group)),
        opts=scope.opts(),
    )
    aws.cloudwatch.EventTarget(
        scope.named(part),
        rule=rule.name,
        arn=log_group.arn,
        # a generated ID is in no answer that was lost, and a second target would get every event again; a deployed one keeps its own
        target_id="log-group",
        # no Output expresses that the rule may write before the first event
        opts=scope.opts(depends_on=[writable], ignore_changes=["targetId"]),
    )
    return rule.name


def finished_backups(identifier: pulumi.Input[str]) -> pulumi.Output[str]:
    """Event pattern of the instance's finished backups."""
    return pulumi.Output.json_dumps(
        {
            "source": ["aws.rds"],
            "detail-type": ["RDS DB Instance Event"],
            "detail": {"EventID": [BACKUP_FINISHED], "SourceIdentifier": [identifier]},
        }
    )


def _written_by(rule: aws.cloudwatch.EventRule, log_group: aws.cloudwatch.LogGroup) -> list[Statement]:
    streams, principal = pulumi.Output.concat(log_group.arn, ":*"), {"Service": WRITERS}
    this_rule = {"ArnEquals": {"aws:SourceArn": rule.arn}}
    return [
        {**allow("logs:CreateLogStream", streams), "Principal": principal},
        {**allow("logs:PutLogEvents", streams, this_rule), "Principal": principal},
    ]


def create_failed_connections_metric(
    scope: Scope, stack: str, server_log: pulumi.Input[str], client_logs: Mapping[str, pulumi.Input[str]]
) -> None:
    """Declare one counter over the server's log group and those of the services that use the database, by name."""
    sources = {
        "": (server_log, REJECTED_BY_SERVER),
        **{f"-{name}": (log, SERVER_UNREACHABLE) for name, log in client_logs.items()},
    }
    for suffix, (log_group, phrases) in sources.items():
        count_lines(scope, f"failed-connections{suffix}", stack, FAILED_CONNECTIONS, log_group, any_of(phrases))


def count_lines(
    scope: Scope, part: str, stack: str, metric: str, log_group: pulumi.Input[str], pattern: pulumi.Input[str]
) -> aws.cloudwatch.LogMetricFilter:
    """Declare a metric of the stack's namespace that counts the lines of a log group that match a filter pattern."""
    return aws.cloudwatch.LogMetricFilter(
        scope.named(part),
        log_group_name=log_group,
        pattern=pattern,
        metric_transformation=aws.cloudwatch.LogMetricFilterMetricTransformationArgs(
            namespace=LOG_NAMESPACE.format(stack=stack), name=metric, value="1", default_value="0", unit="Count"
        ),
        opts=scope.opts(),
    )


def any_of(phrases: tuple[str, ...]) -> str:
    """Filter pattern of lines that contain at least one of the phrases."""
    return " ".join(f'?"{phrase}"' for phrase in phrases)
