"""AWS: who is asking, and the quotas that a first deployment meets.

The provider is not tied to the stack's account, unlike the platform's own: it must be able to say which one it sees.
"""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from automation.engine.clouds.questions import Answer, QueryTarget, Question

QUOTAS = {
    "fargate_vcpus": ("fargate", "L-3032A538"),
    "vpcs": ("vpc", "L-F678F1CE"),
    "addresses": ("ec2", "L-0263D0A3"),
}
"""Service and quota code: Service Quotas, "Fargate On-Demand vCPU resource count", "VPCs per Region", "EC2-VPC Elastic IPs"."""


def provider(place: QueryTarget) -> pulumi.ProviderResource:
    """See `Asked.provider`."""
    return aws.Provider("doctor", region=place.region)


def questions(place: QueryTarget) -> Mapping[str, Question]:
    """See `Asked.questions`; `used` leaves out what the stack itself holds already."""
    own = {"project": "agent-platform", "stack": place.stack}

    def identity(opts: pulumi.InvokeOptions) -> Answer:
        found = aws.get_caller_identity(opts=opts)
        return {"account": found.account_id, "principal": found.arn}

    def vpcs(opts: pulumi.InvokeOptions) -> Answer:
        every, mine = aws.ec2.get_vpcs(opts=opts), aws.ec2.get_vpcs(tags=own, opts=opts)
        return {"limit": _limit("vpcs", opts), "used": float(len(every.ids) - len(mine.ids))}

    def addresses(opts: pulumi.InvokeOptions) -> Answer:
        every, mine = aws.ec2.get_eips(opts=opts), aws.ec2.get_eips(tags=own, opts=opts)
        used = len(every.allocation_ids) - len(mine.allocation_ids)
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
