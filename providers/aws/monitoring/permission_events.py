"""Events of changed permissions, written to a log group, from the stack's region and from the region of IAM.

CloudTrail sends an event for each call of an API to EventBridge, where a trail records management events (Amazon EventBridge user
guide, "AWS service events delivered via AWS CloudTrail"). IAM is a global service whose events exist in one region, so a rule there
sends them to the default event bus of the stack's region. Failed calls change nothing and are not counted.
"""

import json

import pulumi
import pulumi_aws as aws

from providers.aws.base.iam_policies import allow, document, trust
from providers.aws.base.keys import AwsKeys
from providers.aws.context import AwsContext
from providers.aws.monitoring.database_metrics import log_events
from providers.contract.component import Scope

IAM_REGIONS = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
"""Region of the events of IAM, by partition: AWS General Reference, "Service endpoints" of IAM."""
IAM_CHANGES = (
    "AddUserToGroup", "AttachGroupPolicy", "AttachRolePolicy", "AttachUserPolicy", "CreateAccessKey", "CreateLoginProfile",
    "CreateOpenIDConnectProvider", "CreatePolicy", "CreatePolicyVersion", "CreateRole", "CreateSAMLProvider", "CreateUser",
    "DeleteGroupPolicy", "DeletePolicy", "DeletePolicyVersion", "DeleteRolePermissionsBoundary", "DeleteRolePolicy",
    "DeleteUserPermissionsBoundary", "DeleteUserPolicy", "DetachGroupPolicy", "DetachRolePolicy", "DetachUserPolicy",
    "PutGroupPolicy", "PutRolePermissionsBoundary", "PutRolePolicy", "PutUserPermissionsBoundary", "PutUserPolicy",
    "SetDefaultPolicyVersion", "UpdateAssumeRolePolicy", "UpdateOpenIDConnectProviderThumbprint", "UpdateSAMLProvider",
)  # fmt: skip
"""Calls that give or take a right: those of CIS AWS Foundations, "IAM policy changes", and new users, keys and trust."""
RESOURCE_CHANGES = (
    "DeleteBucketPolicy",
    "DeleteResourcePolicy",
    "PutBucketPolicy",
    "PutKeyPolicy",
    "PutResourcePolicy",
)
"""Calls of S3, KMS and Secrets Manager that change who may use a bucket, key or secret."""
SOURCES = ("aws.iam", "aws.kms", "aws.s3", "aws.secretsmanager")


def iam_region(partition: str) -> str:
    """Return the region that has the events of IAM."""
    return IAM_REGIONS[partition]


def log_permission_changes(scope: Scope, context: AwsContext, keys: AwsKeys) -> pulumi.Output[str]:
    """Log every change of permissions; returns the name of the event rule, whose metric counts them."""
    description = f"changed permissions in the account of {context.stack}"
    pattern = pulumi.Output.from_input(permission_changes(SOURCES, (*IAM_CHANGES, *RESOURCE_CHANGES)))
    rule = log_events(scope, "permission-changes", description, context, keys, pattern)
    if context.region != iam_region(context.partition):
        _forward_iam_events(scope, context)
    return rule


def permission_changes(sources: tuple[str, ...], calls: tuple[str, ...]) -> str:
    """Return the event pattern of successful calls."""
    return json.dumps(
        {
            "source": list(sources),
            "detail-type": ["AWS API Call via CloudTrail"],
            "detail": {"eventName": list(calls), "errorCode": [{"exists": False}]},
        }
    )


def _forward_iam_events(scope: Scope, context: AwsContext) -> None:
    """Send changes by IAM from its region to the stack's, with a role that may do nothing else."""
    region = iam_region(context.partition)
    rule = aws.cloudwatch.EventRule(
        scope.named("iam-changes"),
        region=region,
        description=f"changes by IAM, sent to {context.region} for {context.stack}",
        event_pattern=permission_changes(SOURCES[:1], IAM_CHANGES),
        state="ENABLED",
        opts=scope.opts(),
    )
    bus = context.arn("events", "event-bus/default")
    rules = f"arn:{context.partition}:events:{region}:{context.account_id}:rule/{scope.named('iam-changes')}-*"
    role = aws.iam.Role(
        scope.named("iam-changes"),
        description=f"Sends events of IAM to {context.region} for the stack {context.stack}",
        assume_role_policy=trust(context, "events.amazonaws.com", rules),
        opts=scope.opts(),
    )
    policy = aws.iam.RolePolicy(
        scope.named("iam-changes"), role=role.name, policy=document(allow("events:PutEvents", bus)), opts=scope.opts()
    )
    aws.cloudwatch.EventTarget(
        scope.named("iam-changes"),
        region=region,
        rule=rule.name,
        arn=bus,
        role_arn=role.arn,
        # a generated ID is in no answer that was lost, and a second target would get every event again; a deployed one keeps its own
        target_id="event-bus",
        # no Output expresses that the rule may send before the first event
        opts=scope.opts(depends_on=[policy], ignore_changes=["targetId"]),
    )
