"""What the network hands to the other rooms."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws


@dataclass(frozen=True)
class SecurityGroups:
    """One group per kind of peer; rules between them name groups, never addresses."""

    load_balancer: aws.ec2.SecurityGroup
    services: Mapping[str, aws.ec2.SecurityGroup]
    database: aws.ec2.SecurityGroup | None
    cache: aws.ec2.SecurityGroup | None
    endpoints: aws.ec2.SecurityGroup | None


@dataclass(frozen=True)
class AwsNetwork:
    """Subnets by tier (one per zone, in zone order) and what services must wait for before they start.

    A tier that nothing needs has no subnets: `public` without routed services and without egress, `database` without
    database and cache.
    """

    vpc_id: pulumi.Output[str]
    public_subnet_ids: tuple[pulumi.Output[str], ...]
    private_subnet_ids: tuple[pulumi.Output[str], ...]
    database_subnet_ids: tuple[pulumi.Output[str], ...]
    groups: SecurityGroups
    ready: tuple[pulumi.Resource, ...]
    """Routes, endpoints and rules a task needs to pull its image and secrets; no Output says so."""
