"""AWS: the index of tags, in the region and where global services have theirs, and roles by name, which it does not have."""

import re
from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from automation.engine.target import CloudTarget
from automation.recover.clouds.searches import Search, SearchHit, own_tags

GLOBAL = "us-east-1"
"""Where the index has what belongs to no region: Resource Groups Tagging API, "GetResources"."""


def searches(place: CloudTarget) -> Mapping[str, Search]:
    """See `Searched.searches`."""

    def tagged_in(region: str) -> Search:
        return lambda opts: _tagged(place, region, opts)

    def roles(opts: pulumi.InvokeOptions) -> list[SearchHit]:
        found = aws.iam.get_roles(name_regex=f"^{re.escape(place.stack)}-", opts=opts)
        return [{"address": arn, "kind": "", "name": "", "tagged": False} for arn in found.arns]

    regions = dict.fromkeys((place.region, GLOBAL))
    return {**{f"the index of tags in {region}": tagged_in(region) for region in regions}, "roles by name": roles}


def _tagged(place: CloudTarget, region: str, opts: pulumi.InvokeOptions) -> list[SearchHit]:
    filters = [
        aws.resourcegroupstaggingapi.GetResourcesTagFilterArgs(key=key, values=[value])
        for key, value in own_tags(place).items()
    ]
    found = aws.resourcegroupstaggingapi.get_resources(tag_filters=filters, region=region, opts=opts)
    return [
        {"address": one.resource_arn, "kind": "", "name": "", "tagged": True}
        for one in found.resource_tag_mapping_lists
    ]
