"""Encryption keys: one for data at rest, one for telemetry.

Two keys, because their users differ: data is decrypted by roles of this account through RDS, S3, ECR, ElastiCache
and Secrets Manager; telemetry is encrypted by AWS services (CloudWatch Logs, alarms, budgets) that need a statement in
the key policy. IAM policies only take effect on a key whose policy delegates to IAM with a statement for the account.
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from providers.aws.base.iam_policies import Statement, allow, document
from providers.aws.context import AwsContext
from providers.aws.naming import cluster_log_group, cluster_name, database_log_group, waf_log_group
from providers.contract.component import Scope
from providers.contract.region_specs import is_warm
from providers.contract.spec import Platform

DELETION_WINDOW_DAYS = {"production": 30, "staging": 7, "development": 7}
"""Days during which a key deletion can be cancelled; KMS accepts 7 to 30. Deleting a key makes its data and backups
unreadable.
"""
THIS_KEY = "*"
"""`*` in a key policy is the key itself: AWS KMS developer guide, "Resource element in key policies"."""
LOG_ACTIONS = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*")
PUBLISH_ACTIONS = ("kms:Decrypt", "kms:GenerateDataKey*")


@dataclass(frozen=True)
class AwsKeys:
    """Key ARNs: `data` for database, cache, objects, images and secrets, `telemetry` for logs, topics and metrics."""

    data: pulumi.Output[str]
    telemetry: pulumi.Output[str]


def create_keys(scope: Scope, context: AwsContext) -> AwsKeys:
    """Declare two customer-managed keys with yearly rotation and exact policies."""
    data = _key(scope, context, "data", "database, cache, objects, images and secrets", _tasks(context))
    return AwsKeys(data=data.arn, telemetry=create_telemetry_key(scope, context))


def create_standby_key(scope: Scope, context: AwsContext) -> pulumi.Output[str]:
    """Declare the data key of the standby region and return its ARN.

    Only IAM policies of this account grant its use, and where services run there, the disks of tasks use it.
    """
    statements = _tasks(context) if is_warm(context.spec) else ()
    return _key(scope, context, "data", "copies of backups, objects, images and secrets", statements).arn


def create_telemetry_key(scope: Scope, context: AwsContext) -> pulumi.Output[str]:
    """Declare the key of logs, alarm topics and metrics and return its ARN."""
    statements = (_logs(context), _publishers(context))
    return _key(scope, context, "telemetry", "logs, alarm topics and metrics", statements).arn


def _key(scope: Scope, context: AwsContext, part: str, contents: str, statements: tuple[Statement, ...]) -> aws.kms.Key:
    key = aws.kms.Key(
        scope.named(part),
        description=f"Encrypts {contents} of the stack {context.stack}",
        enable_key_rotation=True,
        deletion_window_in_days=DELETION_WINDOW_DAYS[context.spec.profile],
        policy=document(_account(context), *statements),
        opts=scope.opts(),
    )
    aws.kms.Alias(
        scope.named(f"{part}-alias"),
        name=f"alias/agent-platform/{context.stack}/{part}",
        target_key_id=key.key_id,
        opts=scope.opts(),
    )
    return key


def _account(context: AwsContext) -> Statement:
    """Delegation to IAM; without it only the key policy could grant access, and an error in it would be permanent."""
    principal = {"AWS": context.arn("iam", "root", region=False)}
    return {"Sid": "LetIamGrant", "Principal": principal, **allow("kms:*", THIS_KEY)}


def _logs(context: AwsContext) -> Statement:
    """Permission of CloudWatch Logs for this stack's log groups; by name, because their ARNs depend on this key."""
    groups = [context.arn("logs", f"log-group:{name}") for name in log_group_names(context)]
    condition = {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}}
    principal = {"Service": f"logs.{context.region}.amazonaws.com"}
    return {"Sid": "EncryptLogs", "Principal": principal, **allow(LOG_ACTIONS, THIS_KEY, condition)}


def log_group_names(context: AwsContext) -> list[str]:
    """Every log group of the stack: its own prefix, and three names that AWS prescribes."""
    return [
        context.log_group("*"),
        cluster_log_group(context.stack),
        waf_log_group(context.stack),
        database_log_group(context.stack, "*"),
    ]


def _publishers(context: AwsContext) -> Statement:
    """Permission of the services that publish to the encrypted alarm topics."""
    condition = {"StringEquals": {"aws:SourceAccount": context.account_id}}
    principal = {"Service": publishing_services(context.spec)}
    return {"Sid": "EncryptAlarms", "Principal": principal, **allow(PUBLISH_ACTIONS, THIS_KEY, condition)}


def publishing_services(spec: Platform) -> list[str]:
    """CloudWatch, and the services of the capabilities that the spec has."""
    services = {
        "cloudwatch.amazonaws.com": True,
        "events.rds.amazonaws.com": spec.database is not None,
        "budgets.amazonaws.com": spec.budget is not None,
        "aps.amazonaws.com": spec.monitoring.prometheus,
    }
    return [service for service, publishes in services.items() if publishes]


def _tasks(context: AwsContext) -> tuple[Statement, ...]:
    """Permissions of Fargate for disks of this cluster: Amazon ECS developer guide, "Fargate ephemeral storage"."""
    cluster = {
        "kms:EncryptionContext:aws:ecs:clusterAccount": context.account_id,
        "kms:EncryptionContext:aws:ecs:clusterName": cluster_name(context.stack),
    }
    only_decrypt = {"ForAllValues:StringEquals": {"kms:GrantOperations": ["Decrypt"]}}
    fargate = {"Principal": {"Service": "fargate.amazonaws.com"}}
    generate = allow("kms:GenerateDataKeyWithoutPlaintext", THIS_KEY, {"StringEquals": cluster})
    grant = allow("kms:CreateGrant", THIS_KEY, {"StringEquals": cluster, **only_decrypt})
    return ({"Sid": "EncryptDisks", **fargate, **generate}, {"Sid": "ReadDisks", **fargate, **grant})
