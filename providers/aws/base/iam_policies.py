"""IAM policy documents: statements in AWS's own words, and the two conditions that keep a confused deputy out.

AWS services act for every customer, so a role or bucket that trusts one also names this account and the kind of
resource the service acts for (`aws:SourceAccount`, `aws:SourceArn`).
"""

import json
from collections.abc import Mapping, Sequence

import pulumi

from providers.aws.context import AwsContext

Statement = Mapping[str, object]
"""One statement with AWS's keys; values may be Outputs."""


def document(*statements: Statement) -> pulumi.Output[str]:
    """A policy document over statements, as JSON."""
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(
    actions: str | Sequence[str],
    resources: pulumi.Input[str] | Sequence[pulumi.Input[str]],
    condition: Mapping[str, object] | None = None,
) -> Statement:
    """Allow actions on resources, under a condition where there is one."""
    statement = {"Effect": "Allow", "Action": actions, "Resource": resources}
    return {**statement, "Condition": condition} if condition else statement


def sent_by(context: AwsContext, source_arn: pulumi.Input[str]) -> dict[str, object]:
    """Condition: the service acts for this account, and for resources like `source_arn`."""
    return {
        "StringEquals": {"aws:SourceAccount": context.account_id},
        "ArnLike": {"aws:SourceArn": source_arn},
    }


def through(context: AwsContext, *services: str) -> dict[str, object]:
    """Condition on the use of a key: only through these services of this region."""
    hosts = [f"{service}.{context.region}.amazonaws.com" for service in services]
    return {"StringEquals": {"kms:ViaService": hosts[0] if len(hosts) == 1 else hosts}}


def trust(context: AwsContext, principal: str, source_arn: str) -> str:
    """Trust of a role that the service `principal` assumes for this account's resources like `source_arn`."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": principal},
        "Action": "sts:AssumeRole",
        "Condition": sent_by(context, source_arn),
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
