"""Notification channels: one SNS topic for warnings and one for critical alarms.

A topic's policy lets the AWS services that the platform uses publish for this account's resources, and requires TLS.
The topics are encrypted with the telemetry key, because CloudWatch may not use the key that SNS owns. Slack is reached
through Amazon Q Developer in chat applications (formerly AWS Chatbot), whose API exists in a few regions while its
channels serve all regions; the workspace must be authorised once in the console.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from providers.aws.base.iam_policies import Statement, allow, document, source_condition
from providers.aws.base.keys import AwsKeys
from providers.aws.context import AwsContext
from providers.contract.alarms import Severity
from providers.contract.component import Scope
from providers.contract.spec import Slack

CHATBOT_REGION = "us-west-2"
"""The chat API is served from us-east-2, us-west-2, eu-west-1 and ap-southeast-1 only."""

SEVERITIES: tuple[Severity, ...] = ("warning", "critical")
READ_ALARMS = ("cloudwatch:DescribeAlarms", "cloudwatch:DescribeAlarmHistory")
READ_METRICS = ("cloudwatch:GetMetricData", "cloudwatch:GetMetricStatistics", "cloudwatch:GetMetricWidgetImage")
"""Actions that a channel needs to render an alarm. Metrics support no resource-level permissions, and DescribeAlarms needs `*`
to return composite alarms (CloudWatch API reference, `DescribeAlarms`).
"""


@dataclass(frozen=True)
class AwsChannels:
    """Topic ARNs by severity."""

    warning: pulumi.Output[str]
    critical: pulumi.Output[str]

    def topic(self, severity: Severity) -> pulumi.Output[str]:
        """ARN of the topic of a severity."""
        return self.critical if severity == "critical" else self.warning


@dataclass(frozen=True)
class Publisher:
    """AWS service that may publish, and the ARN pattern of its source."""

    service: str
    source: str
    actions: Sequence[str] = ("sns:Publish",)


def create_channels(scope: Scope, context: AwsContext, keys: AwsKeys) -> AwsChannels:
    """Declare two encrypted topics with e-mail and Slack subscribers."""
    warning, critical = (_topic(scope, context, keys, severity) for severity in SEVERITIES)
    slack = context.spec.monitoring.slack
    if slack is not None:
        _slack(scope, context, slack, (warning, critical))
    return AwsChannels(warning.arn, critical.arn)


def publishers(context: AwsContext) -> Iterator[Publisher]:
    """AWS services that publish alarms for this platform."""
    yield Publisher("cloudwatch.amazonaws.com", context.arn("cloudwatch", "alarm:*"))
    if context.spec.database is not None:
        yield Publisher("events.rds.amazonaws.com", context.arn("rds", "*"))
    if context.spec.budget is not None:
        yield Publisher("budgets.amazonaws.com", context.arn("budgets", "*", region=False))
    if context.spec.monitoring.prometheus:
        actions = ("sns:Publish", "sns:GetTopicAttributes")
        yield Publisher("aps.amazonaws.com", context.arn("aps", "workspace/*"), actions)


def _topic(scope: Scope, context: AwsContext, keys: AwsKeys, severity: Severity) -> aws.sns.Topic:
    name = scope.named(severity)
    topic = aws.sns.Topic(
        name, display_name=f"{context.stack} {severity}", kms_master_key_id=keys.telemetry, opts=scope.opts()
    )
    statements = [_publish(context, topic, publisher) for publisher in publishers(context)]
    policy = document(*statements, _only_tls(topic))
    aws.sns.TopicPolicy(f"{name}-policy", arn=topic.arn, policy=policy, opts=scope.opts())
    # named by address, not by number: removing one address leaves the others confirmed
    for email in dict.fromkeys(context.spec.monitoring.emails):
        aws.sns.TopicSubscription(
            f"{name}-{email}", topic=topic.arn, protocol="email", endpoint=email, opts=scope.opts()
        )
    return topic


def _publish(context: AwsContext, topic: aws.sns.Topic, publisher: Publisher) -> Statement:
    condition = source_condition(context, publisher.source)
    principal = {"Service": publisher.service}
    return {**allow(publisher.actions, topic.arn, condition), "Principal": principal}


def _same_account(context: AwsContext) -> dict[str, object]:
    return {"StringEquals": {"aws:SourceAccount": context.account_id}}


def _only_tls(topic: aws.sns.Topic) -> Statement:
    condition = {"Bool": {"aws:SecureTransport": "false"}}
    return {**allow("sns:Publish", topic.arn, condition), "Effect": "Deny", "Principal": "*"}


def _slack(scope: Scope, context: AwsContext, slack: Slack, topics: Sequence[aws.sns.Topic]) -> None:
    """Slack channel, a role that reads alarms and metrics, and the same policy as guardrail.

    The default guardrail is AdministratorAccess, which would give every member of the channel full control of the
    account.
    """
    policy = aws.iam.Policy(
        scope.named("slack"),
        description=f"Slack reads alarms and metrics of {context.stack}",
        policy=document(allow((*READ_ALARMS, *READ_METRICS), "*")),
        opts=scope.opts(),
    )
    role = aws.iam.Role(scope.named("slack"), assume_role_policy=_trust_chat(context), opts=scope.opts())
    attached = aws.iam.RolePolicyAttachment(
        scope.named("slack"), role=role.name, policy_arn=policy.arn, opts=scope.opts()
    )
    aws.chatbot.SlackChannelConfiguration(
        scope.named("slack"),
        configuration_name=scope.named("slack"),
        iam_role_arn=role.arn,
        slack_team_id=slack.workspace,
        slack_channel_id=slack.channel,
        sns_topic_arns=[topic.arn for topic in topics],
        guardrail_policy_arns=[policy.arn],
        user_authorization_required=True,
        logging_level="ERROR",
        region=CHATBOT_REGION,
        # no Output expresses that the policy is attached before the channel uses the role
        opts=scope.opts(depends_on=[attached]),
    )


def _trust_chat(context: AwsContext) -> pulumi.Output[str]:
    return document(
        {
            "Effect": "Allow",
            "Principal": {"Service": "chatbot.amazonaws.com"},
            "Action": "sts:AssumeRole",
            # the chat service documents no source ARN
            "Condition": _same_account(context),
        }
    )
