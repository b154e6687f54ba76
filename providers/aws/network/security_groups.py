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
from providers.aws.network.flows import (
    ANY_IPV4,
    CACHE,
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
    cache: aws.ec2.SecurityGroup | None
    endpoints: aws.ec2.SecurityGroup | None


def create_groups(scope: Scope, spec: Platform, vpc: aws.ec2.Vpc) -> SecurityGroups:
    """Declare a group without rules for every peer."""
    groups = {peer: _group(scope, vpc, peer) for peer in peers(spec)}
    return SecurityGroups(
        load_balancer=groups[LOAD_BALANCER],
        services={name: groups[service_peer(name)] for name in spec.services},
        database=groups.get(DATABASE),
        cache=groups.get(CACHE),
        endpoints=groups.get(ENDPOINTS),
    )


def create_rules(
    scope: Scope, context: AwsContext, groups: SecurityGroups, s3: aws.ec2.VpcEndpoint
) -> dict[str, tuple[pulumi.Resource, ...]]:
    """Declare the rules of every flow, of clients to the load balancer, and of services to S3 and to the internet.

    Returned are the rules that each service needs, by its name: those of its own flows, in either direction.
    """
    by_peer = _by_peer(groups)
    _clients(scope, context.spec, groups.load_balancer)
    if calls_identity_provider(context.spec):
        _to_world(scope, LOAD_BALANCER, groups.load_balancer, "to the identity provider of clients")
    rules: dict[str, list[pulumi.Resource]] = {peer: [] for peer in by_peer}
    for flow in flows(context.spec):
        declared = tuple(_flow(scope, flow, by_peer))
        rules[flow.source] += declared
        rules[flow.target] += declared
    return {
        name: (*rules[service_peer(name)], *_outbound(scope, context, name, group, s3))
        for name, group in groups.services.items()
    }


def _by_peer(groups: SecurityGroups) -> dict[str, aws.ec2.SecurityGroup]:
    optional = {DATABASE: groups.database, CACHE: groups.cache, ENDPOINTS: groups.endpoints}
    return {
        LOAD_BALANCER: groups.load_balancer,
        **{peer: group for peer, group in optional.items() if group is not None},
        **{service_peer(name): group for name, group in groups.services.items()},
    }


def _group(scope: Scope, vpc: aws.ec2.Vpc, peer: str) -> aws.ec2.SecurityGroup:
    # AWS cannot change a description, so it only contains the name
    return aws.ec2.SecurityGroup(scope.named(peer), vpc_id=vpc.id, description=scope.named(peer), opts=scope.opts())


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


def _flow(scope: Scope, flow: AwsFlow, by_peer: dict[str, aws.ec2.SecurityGroup]) -> Iterator[pulumi.Resource]:
    source, target = by_peer[flow.source], by_peer[flow.target]
    yield aws.vpc.SecurityGroupEgressRule(
        scope.named(f"{flow.part}-out"),
        security_group_id=source.id,
        description=f"to {flow.target}",
        ip_protocol="tcp",
        from_port=flow.port,
        to_port=flow.port,
        referenced_security_group_id=target.id,
        opts=scope.opts(),
    )
    yield aws.vpc.SecurityGroupIngressRule(
        scope.named(f"{flow.part}-in"),
        security_group_id=target.id,
        description=f"from {flow.source}",
        ip_protocol="tcp",
        from_port=flow.port,
        to_port=flow.port,
        referenced_security_group_id=source.id,
        opts=scope.opts(),
    )


def _outbound(
    scope: Scope, context: AwsContext, name: str, group: aws.ec2.SecurityGroup, s3: aws.ec2.VpcEndpoint
) -> Iterator[pulumi.Resource]:
    """Egress to S3, where ECR stores image layers, and to the internet for services that need it."""
    peer = service_peer(name)
    yield aws.vpc.SecurityGroupEgressRule(
        scope.named(f"{peer}-to-s3"),
        security_group_id=group.id,
        description="to S3",
        ip_protocol="tcp",
        from_port=HTTPS_PORT,
        to_port=HTTPS_PORT,
        prefix_list_id=s3.prefix_list_id,
        opts=scope.opts(),
    )
    for port in internet_ports(context.spec, name, context.region):
        https = port == HTTPS_PORT
        yield _to_world(scope, peer, group, f"to {'APIs and registries' if https else 'hosts'} outside AWS", port)


def _to_world(
    scope: Scope, peer: str, group: aws.ec2.SecurityGroup, description: str, port: int = HTTPS_PORT
) -> aws.vpc.SecurityGroupEgressRule:
    # one rule for each port, so that a port that is added or removed changes no other
    suffix = "" if port == HTTPS_PORT else f"-{port}"
    return aws.vpc.SecurityGroupEgressRule(
        scope.named(f"{peer}-to-world{suffix}"),
        security_group_id=group.id,
        description=description,
        ip_protocol="tcp",
        from_port=port,
        to_port=port,
        cidr_ipv4=ANY_IPV4,
        opts=scope.opts(),
    )
