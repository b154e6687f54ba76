"""Which of AWS's own services are reached without leaving the VPC, and what may be asked of them there.

S3 has a gateway endpoint always: it costs nothing and keeps image layers off the NAT. The others are interfaces in the
private tier, made when `private_endpoints` asks for them.

An endpoint's policy grants nothing; it bounds what passes. Each names the actions that tasks need and this account, so
that a stolen key of another account cannot carry data out through it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from providers.aws.base.iam_policies import Statement, allow, document
from providers.aws.context import AwsContext
from providers.aws.network.security_groups import SecurityGroups
from providers.contract.component import Scope
from providers.contract.spec import Platform

ECR_PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
MODEL_INVOKE = ("bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream")
OBJECT_USE = (
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:ListBucket",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
)


@dataclass(frozen=True)
class Endpoint:
    """An interface endpoint: the last words of its service name, and the statements of its policy."""

    service: str
    statements: tuple[Statement, ...]

    @property
    def part(self) -> str:
        """Part of its logical name: `ecr-api`."""
        return self.service.replace(".", "-")


def create_endpoints(
    scope: Scope,
    context: AwsContext,
    vpc: aws.ec2.Vpc,
    groups: SecurityGroups,
    subnets: Sequence[aws.ec2.Subnet],
    tables: Sequence[aws.ec2.RouteTable],
) -> tuple[aws.ec2.VpcEndpoint, tuple[pulumi.Resource, ...]]:
    """The gateway endpoint of S3, whose prefix list rules need; and every endpoint, S3's among them."""
    s3 = aws.ec2.VpcEndpoint(
        scope.named("s3"),
        vpc_id=vpc.id,
        service_name=f"com.amazonaws.{context.region}.s3",
        vpc_endpoint_type="Gateway",
        route_table_ids=[table.id for table in tables],
        policy=document(*object_statements(context)),
        opts=scope.opts(),
    )
    if groups.endpoints is None:
        return s3, (s3,)
    doors = [
        _interface(scope, context, vpc, groups.endpoints, subnets, offer) for offer in interface_endpoints(context)
    ]
    return s3, (s3, *doors)


def _interface(
    scope: Scope,
    context: AwsContext,
    vpc: aws.ec2.Vpc,
    group: aws.ec2.SecurityGroup,
    subnets: Sequence[aws.ec2.Subnet],
    endpoint: Endpoint,
) -> aws.ec2.VpcEndpoint:
    return aws.ec2.VpcEndpoint(
        scope.named(endpoint.part),
        vpc_id=vpc.id,
        service_name=f"com.amazonaws.{context.region}.{endpoint.service}",
        vpc_endpoint_type="Interface",
        private_dns_enabled=True,
        subnet_ids=[subnet.id for subnet in subnets],
        security_group_ids=[group.id],
        policy=document(*endpoint.statements),
        opts=scope.opts(),
    )


def interface_endpoints(context: AwsContext) -> tuple[Endpoint, ...]:
    """The endpoints of a stack: what every task needs, and more as the spec asks for it; none if it wants none."""
    if not context.spec.network.private_endpoints:
        return ()
    return tuple(
        Endpoint(service, statements)
        for service, statements in _offered(context).items()
        if _wanted(service, context.spec)
    )


def _wanted(service: str, spec: Platform) -> bool:
    """Each costs money by the hour and zone, so one that serves a feature comes with the feature."""
    features = {
        "secretsmanager": bool(spec.secrets or spec.users_of("database") or spec.users_of("cache")),
        "bedrock-runtime": bool(spec.users_of("models")),
        "aps-workspaces": spec.monitoring.prometheus,
    }
    return features.get(service, True)


def _offered(context: AwsContext) -> Mapping[str, tuple[Statement, ...]]:
    # a token is for a whole registry and a metric for a whole account: neither call has a resource to name
    pull = (
        _within(context, "ecr:GetAuthorizationToken", "*"),
        _within(context, ECR_PULL, f"arn:{context.partition}:ecr:{context.region}:*:repository/*"),
    )
    log_groups = context.arn("logs", f"log-group:{context.log_group('*')}")
    return {
        "ecr.api": pull,
        "ecr.dkr": pull,
        "logs": (_within(context, ("logs:CreateLogStream", "logs:PutLogEvents"), log_groups),),
        "monitoring": (_within(context, "cloudwatch:PutMetricData", "*"),),
        "secretsmanager": (
            _within(context, "secretsmanager:GetSecretValue", context.arn("secretsmanager", "secret:*")),
        ),
        "bedrock-runtime": (_within(context, MODEL_INVOKE, f"arn:{context.partition}:bedrock:*"),),
        "aps-workspaces": (_within(context, "aps:RemoteWrite", context.arn("aps", "workspace/*")),),
    }


def object_statements(context: AwsContext) -> tuple[Statement, ...]:
    """What may be asked of S3: the account's own buckets, image layers, and to read what the internet offers there.

    ECR keeps the layers of images in a bucket of its own in each region: Amazon ECR user guide, "Minimum Amazon S3
    bucket permissions". A download from any site may come from S3, so reading stays open unless the world is closed.
    """
    every_bucket = f"arn:{context.partition}:s3:::*"
    layers = f"arn:{context.partition}:s3:::prod-{context.region}-starport-layer-bucket/*"
    readable = layers if context.spec.network.egress == "none" else every_bucket
    own_account = {"StringEquals": {"aws:ResourceAccount": context.account_id}}
    return (
        {"Principal": "*", **allow(OBJECT_USE, every_bucket, own_account)},
        {"Principal": "*", **allow("s3:GetObject", readable)},
    )


def _within(context: AwsContext, actions: str | tuple[str, ...], resource: str) -> Statement:
    own_account = {"StringEquals": {"aws:PrincipalAccount": context.account_id}}
    return {"Principal": "*", **allow(actions, resource, own_account)}
