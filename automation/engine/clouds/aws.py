"""AWS: caller identity, quotas that a first deployment can exceed, and objects by tag or by role name.

The provider is not restricted to the stack's account, unlike the provider of the platform: it must report which account
the credentials belong to.
"""

import re
from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from automation.engine.clouds import PLATFORM, Answer, Query, Search, SearchHit, stack_tags
from automation.engine.target import CloudTarget
from providers.aws.base.models import geography

QUOTAS = {
    "fargate_vcpus": ("fargate", "L-3032A538"),
    "vpcs": ("vpc", "L-F678F1CE"),
    "addresses": ("ec2", "L-0263D0A3"),
}
"""Service and quota code: Service Quotas, "Fargate On-Demand vCPU resource count", "VPCs per Region", "EC2-VPC Elastic IPs"."""
ZONE_SERVICE = "ecr.api"
"""Endpoint service whose zones represent those of all: a zone without endpoints lacks most services."""
GLOBAL_REGION = "us-east-1"
"""Region in which the Resource Groups Tagging API returns global resources: "GetResources"."""


def provider(target: CloudTarget) -> pulumi.ProviderResource:
    """Implement `CloudQueries.provider`."""
    return aws.Provider("doctor", region=target.region)


def queries(target: CloudTarget) -> Mapping[str, Query]:
    """Implement `CloudQueries.queries`; `used` excludes the resources of the stack."""
    tags = {"project": PLATFORM, "stack": target.stack}

    def identity(opts: pulumi.InvokeOptions) -> Answer:
        caller = aws.get_caller_identity(opts=opts)
        return {"account": caller.account_id, "principal": caller.arn}

    def vpcs(opts: pulumi.InvokeOptions) -> Answer:
        total, stack = aws.ec2.get_vpcs(opts=opts), aws.ec2.get_vpcs(tags=tags, opts=opts)
        return {"limit": _limit("vpcs", opts), "used": float(len(total.ids) - len(stack.ids))}

    def addresses(opts: pulumi.InvokeOptions) -> Answer:
        total, stack = aws.ec2.get_eips(opts=opts), aws.ec2.get_eips(tags=tags, opts=opts)
        used = len(total.allocation_ids) - len(stack.allocation_ids)
        return {"limit": _limit("addresses", opts), "used": float(used)}

    def zones(opts: pulumi.InvokeOptions) -> Answer:
        # the zones that the platform chooses from: providers/aws/network/subnets.py
        opted_in = aws.GetAvailabilityZonesFilterArgs(name="opt-in-status", values=["opt-in-not-required"])
        found = aws.get_availability_zones(state="available", filters=[opted_in], opts=opts)
        service = aws.ec2.get_vpc_endpoint_service(service=ZONE_SERVICE, service_type="Interface", opts=opts)
        endpoints = " ".join(service.availability_zones or ())
        return {"names": " ".join(found.names), "ids": " ".join(found.zone_ids), "endpoints": endpoints}

    def organization(opts: pulumi.InvokeOptions) -> Answer:
        found = aws.organizations.get_organization(return_organization_only=True, opts=opts)
        return {"values": found.master_account_id}

    def zone(opts: pulumi.InvokeOptions) -> Answer:
        found = aws.route53.get_zone(name=target.subjects["zone"], private_zone=False, opts=_zone_options(target, opts))
        return {"values": " ".join(found.name_servers or ())}

    def model(name: str) -> Query:
        return lambda opts: {"values": _model_state(name, target.region, opts)}

    return {
        "zones": zones,
        "organization": organization,
        **({"zone": zone} if "zone" in target.subjects else {}),
        **{f"model {name}": model(name) for name in target.subjects.get("models", "").split()},
        "identity": identity,
        "fargate_vcpus": lambda opts: {"limit": _limit("fargate_vcpus", opts)},
        "vpcs": vpcs,
        "addresses": addresses,
    }


def searches(target: CloudTarget) -> Mapping[str, Search]:
    """Implement `CloudQueries.searches`; the Tagging API does not return IAM roles, which are searched by name."""

    def tagged_in(region: str) -> Search:
        return lambda opts: _tagged(target, region, opts)

    def roles(opts: pulumi.InvokeOptions) -> list[SearchHit]:
        result = aws.iam.get_roles(name_regex=f"^{re.escape(target.stack)}-", opts=opts)
        return [SearchHit(arn) for arn in result.arns]

    regions = dict.fromkeys((*target.regions, GLOBAL_REGION))
    return {**{f"tagged resources in {region}": tagged_in(region) for region in regions}, "roles by name": roles}


def _zone_options(target: CloudTarget, opts: pulumi.InvokeOptions) -> pulumi.InvokeOptions:
    """Return the options of a question about the DNS zone, which a role of another account may have to ask."""
    role = target.subjects.get("dns_role")
    if role is None:
        return opts
    assumed = aws.ProviderAssumeRoleArgs(role_arn=role, session_name="doctor")
    return pulumi.InvokeOptions(provider=aws.Provider("doctor-zone", region=target.region, assume_roles=[assumed]))


def _limit(name: str, opts: pulumi.InvokeOptions) -> float:
    service, code = QUOTAS[name]
    return aws.servicequotas.get_service_quota(service_code=service, quota_code=code, opts=opts).value


def _model_state(name: str, region: str, opts: pulumi.InvokeOptions) -> str:
    """Return the supported inference types of a model, or the status of an inference profile."""
    if geography(name) is not None:
        return aws.bedrock.get_inference_profile(inference_profile_id=name, region=region, opts=opts).status
    model = aws.bedrockfoundation.get_model(model_id=name, region=region, opts=opts)
    return " ".join(model.inference_types_supporteds or ())


def _tagged(target: CloudTarget, region: str, opts: pulumi.InvokeOptions) -> list[SearchHit]:
    filters = [
        aws.resourcegroupstaggingapi.GetResourcesTagFilterArgs(key=key, values=[value])
        for key, value in stack_tags(target).items()
    ]
    result = aws.resourcegroupstaggingapi.get_resources(tag_filters=filters, region=region, opts=opts)
    return [SearchHit(item.resource_arn, tagged=True) for item in result.resource_tag_mapping_lists]
