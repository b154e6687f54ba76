"""VPC endpoints: AWS services that are reached without leaving the VPC, and the actions allowed through them.

In a VPC of the platform S3 has a gateway endpoint: it is free and keeps image layers off the NAT gateway. The others are
interface endpoints in the private tier, declared when `private_endpoints` is set.

An endpoint policy grants nothing; it limits what passes. Each names the actions that tasks need and this account, so
that stolen credentials of another account cannot send data out through it. There is no endpoint of CloudWatch metrics:
Container Insights reports from outside the VPC, and no task role may put metrics.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from providers.aws.base.iam_policies import Statement, allow, document
from providers.aws.context import AwsContext
from providers.aws.network.existing_limits import shares_endpoints
from providers.aws.network.flows import private_services
from providers.aws.observability.collector import WRITE_SPANS
from providers.contract.component import Scope

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
class InterfaceEndpoint:
    """Interface endpoint: the suffix of its service name, and the statements of its policy."""

    service: str
    statements: tuple[Statement, ...]

    @property
    def part(self) -> str:
        """Part of its logical name: `ecr-api`."""
        return self.service.replace(".", "-")


def create_s3_endpoint(
    scope: Scope, context: AwsContext, vpc: aws.ec2.Vpc, tables: Sequence[aws.ec2.RouteTable]
) -> aws.ec2.VpcEndpoint:
    """Gateway endpoint of S3 in the route tables of the private tier."""
    return aws.ec2.VpcEndpoint(
        scope.named("s3"),
        vpc_id=vpc.id,
        service_name=f"com.amazonaws.{context.region}.s3",
        vpc_endpoint_type="Gateway",
        route_table_ids=[table.id for table in tables],
        policy=document(*object_statements(context)),
        opts=scope.opts(),
    )


def create_interface_endpoints(
    scope: Scope,
    context: AwsContext,
    vpc_id: pulumi.Output[str],
    subnet_ids: Sequence[pulumi.Output[str]],
    group_id: pulumi.Output[str] | None,
) -> tuple[pulumi.Resource, ...]:
    """Interface endpoints in the private tier; none where an existing VPC has them."""
    if group_id is None or shares_endpoints(context.spec):
        return ()
    return tuple(
        aws.ec2.VpcEndpoint(
            scope.named(endpoint.part),
            vpc_id=vpc_id,
            service_name=f"com.amazonaws.{context.region}.{endpoint.service}",
            vpc_endpoint_type="Interface",
            private_dns_enabled=True,
            subnet_ids=list(subnet_ids),
            security_group_ids=[group_id],
            policy=document(*endpoint.statements),
            opts=scope.opts(),
        )
        for endpoint in interface_endpoints(context)
    )


def interface_endpoints(context: AwsContext) -> tuple[InterfaceEndpoint, ...]:
    """Interface endpoints of a stack; empty without `private_endpoints`."""
    statements = _statements_by_service(context)
    return tuple(InterfaceEndpoint(service, statements[service]) for service in private_services(context.spec))


def _statements_by_service(context: AwsContext) -> Mapping[str, tuple[Statement, ...]]:
    # a token is for the whole registry: the action supports no resources
    pull = (
        _allow_account(context, "ecr:GetAuthorizationToken", "*"),
        _allow_account(context, ECR_PULL, f"arn:{context.partition}:ecr:{context.region}:*:repository/*"),
    )
    log_groups = context.arn("logs", f"log-group:{context.log_group('*')}")
    return {
        "ecr.api": pull,
        "ecr.dkr": pull,
        "logs": (_allow_account(context, ("logs:CreateLogStream", "logs:PutLogEvents"), log_groups),),
        "secretsmanager": (
            _allow_account(context, "secretsmanager:GetSecretValue", context.arn("secretsmanager", "secret:*")),
        ),
        "bedrock-runtime": (_allow_account(context, MODEL_INVOKE, f"arn:{context.partition}:bedrock:*"),),
        # the actions support no resources
        "xray": (_allow_account(context, WRITE_SPANS, "*"),),
        "aps-workspaces": (_allow_account(context, "aps:RemoteWrite", context.arn("aps", "workspace/*")),),
    }


def object_statements(context: AwsContext) -> tuple[Statement, ...]:
    """Statements of the S3 endpoint: the account's buckets, image layers, and reading public objects.

    ECR stores image layers in its own bucket of each region: Amazon ECR user guide, "Minimum Amazon S3 bucket
    permissions". Downloads from other sites may come from S3, so reading is allowed unless egress is none.
    """
    every_bucket = f"arn:{context.partition}:s3:::*"
    layers = f"arn:{context.partition}:s3:::prod-{context.region}-starport-layer-bucket/*"
    readable = layers if context.spec.network.egress == "none" else every_bucket
    own_account = {"StringEquals": {"aws:ResourceAccount": context.account_id}}
    return (
        {"Principal": "*", **allow(OBJECT_USE, every_bucket, own_account)},
        {"Principal": "*", **allow("s3:GetObject", readable)},
    )


def _allow_account(context: AwsContext, actions: str | tuple[str, ...], resource: str) -> Statement:
    own_account = {"StringEquals": {"aws:PrincipalAccount": context.account_id}}
    return {"Principal": "*", **allow(actions, resource, own_account)}
