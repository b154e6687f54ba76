"""Questions of the audit to an AWS account, through the AWS CLI. Pure.

Sources: AWS CLI reference, `cloudtrail describe-trails`, `guardduty list-detectors`, `configservice
describe-configuration-recorder-status`, `securityhub describe-hub`, `rds describe-db-instances` and `s3api
get-public-access-block`.
"""

from collections.abc import Iterator

from providers.aws.cli import aws, context_of
from providers.contract.audit import BACKUP_DAYS, is_false, is_true, minimum_of
from providers.contract.cli import CliCommand, DeployedResource, DeployedStack
from providers.contract.json_data import is_list, is_mapping
from providers.contract.live_audit import (
    CloudLiveAudit,
    LiveEvidence,
    LiveQuery,
    deployed,
    first,
    in_account,
    items,
    of_resource,
)

DATABASE, BUCKET = "aws:rds/instance:Instance", "aws:s3/bucket:Bucket"
BLOCKS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


def _queries(stack: DeployedStack) -> Iterator[LiveQuery]:
    yield LiveQuery(_json(stack, "cloudtrail", "describe-trails"), _trails)
    yield LiveQuery(_json(stack, "guardduty", "list-detectors"), _detectors)
    yield LiveQuery(_json(stack, "configservice", "describe-configuration-recorder-status"), _recorders)
    yield LiveQuery(_json(stack, "securityhub", "describe-hub"), _hub, absent="not subscribed to AWS Security Hub")
    for database in deployed(stack, DATABASE):
        name = str(database.outputs.get("identifier"))
        command = _json(stack, "rds", "describe-db-instances", "--db-instance-identifier", name)
        yield LiveQuery(command, lambda answer, each=database: _database(each, answer))
    for bucket in deployed(stack, BUCKET):
        command = _json(stack, "s3api", "get-public-access-block", "--bucket", str(bucket.outputs.get("bucket")))
        yield LiveQuery(
            command, lambda answer, each=bucket: _bucket(each, answer), absent="NoSuchPublicAccessBlockConfiguration"
        )


def _json(stack: DeployedStack, *arguments: str) -> CliCommand:
    return aws(context_of(stack.spec, stack.name), *arguments, "--output", "json")


def _trails(answer: object) -> Iterator[LiveEvidence]:
    names = [each.get("Name") for each in items(answer, "trailList") if each.get("IsMultiRegionTrail") is True]
    yield in_account("CloudTrail trails of every region", names or "none", bool(names), "changes leave no record")


def _detectors(answer: object) -> Iterator[LiveEvidence]:
    found = answer.get("DetectorIds") if is_mapping(answer) else None
    number = len(found) if is_list(found) else 0
    yield in_account("GuardDuty detectors", number, number > 0, "nothing searches the account for threats")


def _recorders(answer: object) -> Iterator[LiveEvidence]:
    recording = [each for each in items(answer, "ConfigurationRecordersStatus") if each.get("recording") is True]
    yield in_account("recorders of AWS Config", len(recording), bool(recording), "configurations have no history")


def _hub(answer: object) -> Iterator[LiveEvidence]:
    arn = answer.get("HubArn") if is_mapping(answer) else None
    yield in_account("Security Hub", "enabled" if arn else "none", bool(arn), "findings are in no one place")


def _database(database: DeployedResource, answer: object) -> Iterator[LiveEvidence]:
    instance = first(answer, "DBInstances")
    for check, path, test, why in (
        ("data-stores-are-private", "PubliclyAccessible", is_false, "has a public address"),
        ("stored-data-has-our-key", "StorageEncrypted", is_true, "is not encrypted"),
        ("backups-are-kept", "BackupRetentionPeriod", minimum_of(BACKUP_DAYS), "backups end too early"),
        ("deletion-is-guarded", "DeletionProtection", is_true, "one command deletes the data"),
        ("minor-updates-are-taken", "AutoMinorVersionUpgrade", is_true, "known faults are not fixed"),
    ):
        yield of_resource(check, database, "rds:Instance", instance, path, test, why)


def _bucket(bucket: DeployedResource, answer: object) -> Iterator[LiveEvidence]:
    block = answer.get("PublicAccessBlockConfiguration") if is_mapping(answer) else None
    for name in BLOCKS:
        why = "objects can be made public"
        yield of_resource("objects-are-private", bucket, "s3:Bucket", block, name, is_true, why)


LIVE = CloudLiveAudit(
    key="aws.account_id",
    account=lambda stack: aws(
        context_of(stack.spec, stack.name), "sts", "get-caller-identity", "--query", "Account", "--output", "text"
    ),
    expected=lambda stack: context_of(stack.spec, stack.name).account_id,
    queries=_queries,
)
