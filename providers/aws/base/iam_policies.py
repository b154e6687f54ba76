"""IAM policy documents, and the conditions that prevent the confused deputy problem.

AWS services act for every customer, so a role or bucket that trusts one also names this account and the kind of
resource the service acts for (`aws:SourceAccount`, `aws:SourceArn`).
"""

import json
from collections.abc import Mapping, Sequence

import pulumi

from providers.aws.context import AwsContext

Statement = Mapping[str, object]
"""Statement with AWS's keys; values may be Outputs."""


def document(*statements: Statement) -> pulumi.Output[str]:
    """Policy document of the statements, as JSON."""
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(
    actions: str | Sequence[str],
    resources: pulumi.Input[str] | Sequence[pulumi.Input[str]],
    condition: Mapping[str, object] | None = None,
) -> Statement:
    """Statement that allows actions on resources, with an optional condition."""
    statement = {"Effect": "Allow", "Action": actions, "Resource": resources}
    return {**statement, "Condition": condition} if condition else statement


def source_condition(context: AwsContext, source_arn: pulumi.Input[str]) -> dict[str, object]:
    """Condition that the calling service acts for this account and for resources that match `source_arn`."""
    return {
        "StringEquals": {"aws:SourceAccount": context.account_id},
        "ArnLike": {"aws:SourceArn": source_arn},
    }


def key_usage_condition(context: AwsContext, *services: str) -> dict[str, object]:
    """Condition that a key is only used through these services of this region."""
    hosts = [f"{service}.{context.region}.amazonaws.com" for service in services]
    return {"StringEquals": {"kms:ViaService": hosts[0] if len(hosts) == 1 else hosts}}


def trust(context: AwsContext, principal: str, source_arn: str) -> str:
    """Trust policy of a role that `principal` assumes for this account's resources that match `source_arn`."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": principal},
        "Action": "sts:AssumeRole",
        "Condition": source_condition(context, source_arn),
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
