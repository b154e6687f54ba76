"""AWS: caller identity and the quotas that a first deployment can exceed.

The provider is not restricted to the stack's account, unlike the provider of the platform: it must report which account
the credentials belong to.
"""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from automation.engine.clouds import Answer, Query
from automation.engine.target import CloudTarget

QUOTAS = {
    "fargate_vcpus": ("fargate", "L-3032A538"),
    "vpcs": ("vpc", "L-F678F1CE"),
    "addresses": ("ec2", "L-0263D0A3"),
}
"""Service and quota code: Service Quotas, "Fargate On-Demand vCPU resource count", "VPCs per Region", "EC2-VPC Elastic IPs"."""


def provider(target: CloudTarget) -> pulumi.ProviderResource:
    """Implement `CloudQueries.provider`."""
    return aws.Provider("doctor", region=target.region)


def queries(target: CloudTarget) -> Mapping[str, Query]:
    """Implement `CloudQueries.queries`; `used` excludes the resources of the stack."""
    stack_tags = {"project": "agent-platform", "stack": target.stack}

    def identity(opts: pulumi.InvokeOptions) -> Answer:
        caller = aws.get_caller_identity(opts=opts)
        return {"account": caller.account_id, "principal": caller.arn}

    def vpcs(opts: pulumi.InvokeOptions) -> Answer:
        total, stack = aws.ec2.get_vpcs(opts=opts), aws.ec2.get_vpcs(tags=stack_tags, opts=opts)
        return {"limit": _limit("vpcs", opts), "used": float(len(total.ids) - len(stack.ids))}

    def addresses(opts: pulumi.InvokeOptions) -> Answer:
        total, stack = aws.ec2.get_eips(opts=opts), aws.ec2.get_eips(tags=stack_tags, opts=opts)
        used = len(total.allocation_ids) - len(stack.allocation_ids)
        return {"limit": _limit("addresses", opts), "used": float(used)}

    return {
        "identity": identity,
        "fargate_vcpus": lambda opts: {"limit": _limit("fargate_vcpus", opts)},
        "vpcs": vpcs,
        "addresses": addresses,
    }


def _limit(name: str, opts: pulumi.InvokeOptions) -> float:
    service, code = QUOTAS[name]
    return aws.servicequotas.get_service_quota(service_code=service, quota_code=code, opts=opts).value
