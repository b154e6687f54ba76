"""AWS: Resource Groups Tagging API, and IAM roles by name, which that API does not return."""

import re
from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from automation.engine.target import CloudTarget
from automation.recover.clouds import Search, SearchHit, stack_tags

GLOBAL_REGION = "us-east-1"
"""Region in which the API returns global resources: Resource Groups Tagging API, "GetResources"."""


def searches(target: CloudTarget) -> Mapping[str, Search]:
    """Implement `CloudSearch.searches`."""

    def tagged_in(region: str) -> Search:
        return lambda opts: _tagged(target, region, opts)

    def roles(opts: pulumi.InvokeOptions) -> list[SearchHit]:
        result = aws.iam.get_roles(name_regex=f"^{re.escape(target.stack)}-", opts=opts)
        return [SearchHit(arn) for arn in result.arns]

    regions = dict.fromkeys((target.region, GLOBAL_REGION))
    return {**{f"tagged resources in {region}": tagged_in(region) for region in regions}, "roles by name": roles}


def _tagged(target: CloudTarget, region: str, opts: pulumi.InvokeOptions) -> list[SearchHit]:
    filters = [
        aws.resourcegroupstaggingapi.GetResourcesTagFilterArgs(key=key, values=[value])
        for key, value in stack_tags(target).items()
    ]
    result = aws.resourcegroupstaggingapi.get_resources(tag_filters=filters, region=region, opts=opts)
    return [SearchHit(item.resource_arn, tagged=True) for item in result.resource_tag_mapping_lists]
