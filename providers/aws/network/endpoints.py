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
from providers.aws.network.results import SecurityGroups
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
    room: Scope,
    site: AwsContext,
    vpc: aws.ec2.Vpc,
    groups: SecurityGroups,
    subnets: Sequence[aws.ec2.Subnet],
    tables: Sequence[aws.ec2.RouteTable],
) -> tuple[aws.ec2.VpcEndpoint, tuple[pulumi.Resource, ...]]:
    """The gateway endpoint of S3, whose prefix list rules need; and every endpoint, S3's among them."""
    s3 = aws.ec2.VpcEndpoint(
        room.named("s3"),
        vpc_id=vpc.id,
        service_name=f"com.amazonaws.{site.region}.s3",
        vpc_endpoint_type="Gateway",
        route_table_ids=[table.id for table in tables],
        policy=document(*object_statements(site)),
        opts=room.opts(),
    )
    if groups.endpoints is None:
        return s3, (s3,)
    doors = [_interface(room, site, vpc, groups.endpoints, subnets, offer) for offer in interface_endpoints(site)]
    return s3, (s3, *doors)


def _interface(
    room: Scope,
    site: AwsContext,
    vpc: aws.ec2.Vpc,
    group: aws.ec2.SecurityGroup,
    subnets: Sequence[aws.ec2.Subnet],
    endpoint: Endpoint,
) -> aws.ec2.VpcEndpoint:
    return aws.ec2.VpcEndpoint(
        room.named(endpoint.part),
        vpc_id=vpc.id,
        service_name=f"com.amazonaws.{site.region}.{endpoint.service}",
        vpc_endpoint_type="Interface",
        private_dns_enabled=True,
        subnet_ids=[subnet.id for subnet in subnets],
        security_group_ids=[group.id],
        policy=document(*endpoint.statements),
        opts=room.opts(),
    )


def interface_endpoints(site: AwsContext) -> tuple[Endpoint, ...]:
    """The endpoints of a stack: what every task needs, and more as the spec asks for it; none if it wants none."""
    if not site.spec.network.private_endpoints:
        return ()
    return tuple(
        Endpoint(service, statements) for service, statements in _offered(site).items() if _wanted(service, site.spec)
    )


def _wanted(service: str, spec: Platform) -> bool:
    """Each costs money by the hour and zone, so one that serves a feature comes with the feature."""
    features = {
        "secretsmanager": bool(spec.secrets or spec.users_of("database") or spec.users_of("cache")),
        "bedrock-runtime": bool(spec.users_of("models")),
        "aps-workspaces": spec.monitoring.prometheus,
    }
    return features.get(service, True)


def _offered(site: AwsContext) -> Mapping[str, tuple[Statement, ...]]:
    # a token is for a whole registry and a metric for a whole account: neither call has a resource to name
    pull = (
        _within(site, "ecr:GetAuthorizationToken", "*"),
        _within(site, ECR_PULL, f"arn:{site.partition}:ecr:{site.region}:*:repository/*"),
    )
    log_groups = site.arn("logs", f"log-group:{site.log_group('*')}")
    return {
        "ecr.api": pull,
        "ecr.dkr": pull,
        "logs": (_within(site, ("logs:CreateLogStream", "logs:PutLogEvents"), log_groups),),
        "monitoring": (_within(site, "cloudwatch:PutMetricData", "*"),),
        "secretsmanager": (_within(site, "secretsmanager:GetSecretValue", site.arn("secretsmanager", "secret:*")),),
        "bedrock-runtime": (_within(site, MODEL_INVOKE, f"arn:{site.partition}:bedrock:*"),),
        "aps-workspaces": (_within(site, "aps:RemoteWrite", site.arn("aps", "workspace/*")),),
    }


def object_statements(site: AwsContext) -> tuple[Statement, ...]:
    """What may be asked of S3: the account's own buckets, image layers, and to read what the internet offers there.

    ECR keeps the layers of images in a bucket of its own in each region: Amazon ECR user guide, "Minimum Amazon S3
    bucket permissions". A download from any site may come from S3, so reading stays open unless the world is closed.
    """
    every_bucket = f"arn:{site.partition}:s3:::*"
    layers = f"arn:{site.partition}:s3:::prod-{site.region}-starport-layer-bucket/*"
    readable = layers if site.spec.network.egress == "none" else every_bucket
    own_account = {"StringEquals": {"aws:ResourceAccount": site.account_id}}
    return (
        {"Principal": "*", **allow(OBJECT_USE, every_bucket, own_account)},
        {"Principal": "*", **allow("s3:GetObject", readable)},
    )


def _within(site: AwsContext, actions: str | tuple[str, ...], resource: str) -> Statement:
    own_account = {"StringEquals": {"aws:PrincipalAccount": site.account_id}}
    return {"Principal": "*", **allow(actions, resource, own_account)}
