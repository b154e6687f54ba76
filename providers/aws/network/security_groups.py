"""Security groups, one per peer, with rules for the declared flows only.

All groups are declared first and without rules, so that two groups can refer to each other. A group without an egress
rule allows no outbound traffic: the provider removes the rule that AWS adds to a new group. Every flow is two rules, an
egress rule of its source and an ingress rule of its target.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from providers.aws.context import AwsContext
from providers.aws.network.existing_limits import existing_vpc
from providers.aws.network.flows import (
    ANY_IPV4,
    DATABASE,
    ENDPOINTS,
    HTTPS_PORT,
    LOAD_BALANCER,
    AwsFlow,
    calls_identity_provider,
    client_cidrs,
    client_ports,
    flows,
    internet_ports,
    peers,
    service_peer,
)
from providers.contract.component import Scope
from providers.contract.spec import Platform


@dataclass(frozen=True)
class SecurityGroups:
    """Security groups by kind of peer; rules between them refer to groups, not addresses."""

    load_balancer: aws.ec2.SecurityGroup
    services: Mapping[str, aws.ec2.SecurityGroup]
    database: aws.ec2.SecurityGroup | None
    caches: Mapping[str, aws.ec2.SecurityGroup]
    """Groups of caches by the word of `uses`."""
    endpoints: pulumi.Output[str] | None
    """ID of the group of interface endpoints, which in an existing VPC may be that of its owner."""


def create_groups(scope: Scope, spec: Platform, vpc_id: pulumi.Output[str]) -> SecurityGroups:
    """Declare a group without rules for every peer."""
    groups = {peer: _group(scope, vpc_id, peer) for peer in peers(spec)}
    return SecurityGroups(
        load_balancer=groups[LOAD_BALANCER],
        services={name: groups[service_peer(name)] for name in spec.services},
        database=groups.get(DATABASE),
        caches={cache.key: groups[cache.part] for cache in spec.all_caches},
        endpoints=_endpoints_group(spec, groups.get(ENDPOINTS)),
    )


def _endpoints_group(spec: Platform, own: aws.ec2.SecurityGroup | None) -> pulumi.Output[str] | None:
    block = existing_vpc(spec)
    if block is not None and block.endpoint_security_group_id is not None:
        return pulumi.Output.from_input(block.endpoint_security_group_id)
    return own.id if own is not None else None


def create_rules(
    scope: Scope, context: AwsContext, groups: SecurityGroups, s3_prefix_list: pulumi.Output[str]
) -> dict[str, tuple[pulumi.Resource, ...]]:
    """Declare the rules of every flow, of clients to the load balancer, and of services to S3 and to the internet.

    Returned are the rules that each service needs, by its name: those of its own flows, in either direction.
    """
    by_peer = _ids_by_peer(context.spec, groups)
    _clients(scope, context.spec, groups.load_balancer)
    if calls_identity_provider(context.spec):
        _to_world(scope, LOAD_BALANCER, groups.load_balancer.id, "to the identity provider of clients")
    rules: dict[str, list[pulumi.Resource]] = {peer: [] for peer in by_peer}
    for flow in flows(context.spec):
        declared = tuple(_flow(scope, flow, by_peer))
        rules[flow.source] += declared
        rules[flow.target] += declared
    return {
        name: (*rules[service_peer(name)], *_outbound(scope, context, name, group.id, s3_prefix_list))
        for name, group in groups.services.items()
    }


def _ids_by_peer(spec: Platform, groups: SecurityGroups) -> dict[str, pulumi.Output[str]]:
    return {
        LOAD_BALANCER: groups.load_balancer.id,
        **({DATABASE: groups.database.id} if groups.database is not None else {}),
        **{cache.part: groups.caches[cache.key].id for cache in spec.all_caches},
        **({ENDPOINTS: groups.endpoints} if groups.endpoints is not None else {}),
        **{service_peer(name): group.id for name, group in groups.services.items()},
    }


def _group(scope: Scope, vpc_id: pulumi.Output[str], peer: str) -> aws.ec2.SecurityGroup:
    # AWS cannot change a description, so it only contains the name
    return aws.ec2.SecurityGroup(scope.named(peer), vpc_id=vpc_id, description=scope.named(peer), opts=scope.opts())


def _clients(scope: Scope, spec: Platform, group: aws.ec2.SecurityGroup) -> None:
    """Declare the rules for clients, named by range, so that removing one changes no other."""
    for port in client_ports(spec):
        for cidr in client_cidrs(spec):
            aws.vpc.SecurityGroupIngressRule(
                scope.named(f"clients-{port}-from-{cidr.replace('/', '-')}"),
                security_group_id=group.id,
                description=f"clients in {cidr}",
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
                cidr_ipv4=cidr,
                opts=scope.opts(),
            )


def _flow(scope: Scope, flow: AwsFlow, by_peer: dict[str, pulumi.Output[str]]) -> Iterator[pulumi.Resource]:
    source, target = by_peer[flow.source], by_peer[flow.target]
    yield aws.vpc.SecurityGroupEgressRule(
        scope.named(f"{flow.part}-out"),
        security_group_id=source,
        description=f"to {flow.target}",
        ip_protocol="tcp",
        from_port=flow.port,
        to_port=flow.port,
        referenced_security_group_id=target,
        opts=scope.opts(),
    )
    yield aws.vpc.SecurityGroupIngressRule(
        scope.named(f"{flow.part}-in"),
        security_group_id=target,
        description=f"from {flow.source}",
        ip_protocol="tcp",
        from_port=flow.port,
        to_port=flow.port,
        referenced_security_group_id=source,
        opts=scope.opts(),
    )


def _outbound(
    scope: Scope, context: AwsContext, name: str, group_id: pulumi.Output[str], s3_prefix_list: pulumi.Output[str]
) -> Iterator[pulumi.Resource]:
    """Egress to S3, where ECR stores image layers, and to the internet for services that need it."""
    peer = service_peer(name)
    yield aws.vpc.SecurityGroupEgressRule(
        scope.named(f"{peer}-to-s3"),
        security_group_id=group_id,
        description="to S3",
        ip_protocol="tcp",
        from_port=HTTPS_PORT,
        to_port=HTTPS_PORT,
        prefix_list_id=s3_prefix_list,
        opts=scope.opts(),
    )
    for port in internet_ports(context.spec, name, context.region):
        https = port == HTTPS_PORT
        yield _to_world(scope, peer, group_id, f"to {'APIs and registries' if https else 'hosts'} outside AWS", port)


def _to_world(
    scope: Scope, peer: str, group_id: pulumi.Output[str], description: str, port: int = HTTPS_PORT
) -> aws.vpc.SecurityGroupEgressRule:
    # one rule for each port, so that a port that is added or removed changes no other
    suffix = "" if port == HTTPS_PORT else f"-{port}"
    return aws.vpc.SecurityGroupEgressRule(
        scope.named(f"{peer}-to-world{suffix}"),
        security_group_id=group_id,
        description=description,
        ip_protocol="tcp",
        from_port=port,
        to_port=port,
        cidr_ipv4=ANY_IPV4,
        opts=scope.opts(),
    )
