"""Properties of an existing VPC that do not fit the platform, each with its sentence."""

from dataclasses import replace

import pytest

from providers.aws.network.existing_checks import AwsSubnetFacts, AwsVpcFacts, addresses_needed, vpc_errors
from tests.aws.plans import changed, spec_of
from tests.aws.test_existing_network import BY_ID, GROUP, KEY, SUBNETS, VPC, existing

NAT, INTERNET = "nat-0123456789abcdef0", "igw-0123456789abcdef0"
TARGETS = {"public": INTERNET, "private": NAT, "database": ""}


def subnet(tier: str, place: int, /, **changes: object) -> AwsSubnetFacts:
    base = AwsSubnetFacts(
        id=SUBNETS[tier][place], zone=f"us-west-2{'abc'[place]}", cidr="10.0.0.0/20", free=4000, own=0, ipv6_only=False,
        table=f"rtb-{tier}", default_target=TARGETS[tier],
    )  # fmt: skip
    return replace(base, **changes)  # type: ignore[arg-type]


def facts(tier: str = "", place: int = 0, /, **changes: object) -> AwsVpcFacts:
    """VPC that fits production, with changes of one subnet, or of the VPC."""
    tiers = {name: tuple(subnet(name, each) for each in range(3)) for name in SUBNETS}
    vpc = AwsVpcFacts(VPC, dns_support=True, dns_hostnames=True, subnets=tiers, s3_prefix_list="pl-1")  # type: ignore[arg-type]
    if not tier:
        return replace(vpc, **changes)  # type: ignore[arg-type]
    changed_tier = tuple(subnet(tier, each, **(changes if each == place else {})) for each in range(3))
    return replace(vpc, subnets={**tiers, tier: changed_tier})  # type: ignore[arg-type]


FIRST = {tier: ids[0] for tier, ids in SUBNETS.items()}
COMMAND = f"aws ec2 modify-vpc-attribute --region us-west-2 --vpc-id {VPC}"
UNFIT: dict[str, tuple[AwsVpcFacts, str]] = {
    "no DNS": (
        facts(dns_support=False),
        f"{KEY}.vpc_id: DNS support of {VPC} is off, so that no name resolves. Enable it with `{COMMAND} --enable-dns-support`.",
    ),
    "no host names": (
        facts(dns_hostnames=False),
        f"{KEY}.vpc_id: DNS hostnames of {VPC} are off, without which endpoints have no private names. "
        f"Enable them with `{COMMAND} --enable-dns-hostnames`, or set network.private_endpoints to false.",
    ),
    "a local zone": (
        facts("database", 2, zone="us-west-2-lax-1a"),
        f"{KEY}.database_subnet_ids: {SUBNETS['database'][2]} is in us-west-2-lax-1a, which is no availability zone of us-west-2. "
        "Use subnets in availability zones.",
    ),
    "two subnets in a zone": (
        facts("database", 1, zone="us-west-2a"),
        f"{KEY}.database_subnet_ids: {FIRST['database']} and {SUBNETS['database'][1]} are both in us-west-2a. "
        "Use one subnet in each zone.",
    ),
    "IPv6 alone": (
        facts("private", ipv6_only=True),
        f"{KEY}.private_subnet_ids: {FIRST['private']} has IPv6 addresses only. Use a subnet with IPv4, as the platform does.",
    ),
    "a small public subnet": (
        facts("public", cidr="10.0.0.0/28"),
        f"{KEY}.public_subnet_ids: {FIRST['public']} is 10.0.0.0/28, and a load balancer needs /27 or larger. Use a larger subnet.",
    ),
    "a full public subnet": (
        facts("public", free=7),
        f"{KEY}.public_subnet_ids: {FIRST['public']} has 7 free addresses, and the platform needs 8 at maximum scale. "
        "Use a larger subnet.",
    ),
    "a full private subnet": (
        facts("private", free=9, own=3),
        f"{KEY}.private_subnet_ids: {FIRST['private']} has 9 free addresses, besides 3 that the platform has, and the platform "
        "needs {needed} at maximum scale. Use a larger subnet, or lower replicas.max.",
    ),
    "a full database subnet": (
        facts("database", free=3),
        f"{KEY}.database_subnet_ids: {FIRST['database']} has 3 free addresses, and the platform needs 4 at maximum scale. "
        "Use a larger subnet.",
    ),
    "a public subnet without a gateway": (
        facts("public", default_target=""),
        f"{KEY}.public_subnet_ids: {FIRST['public']} has no route for 0.0.0.0/0 to an internet gateway, so that no client reaches "
        "it. Add the route, or use a public subnet.",
    ),
    "data with an internet gateway": (
        facts("database", default_target=INTERNET),
        f"{KEY}.database_subnet_ids: {FIRST['database']} has a route to an internet gateway. Use a subnet without it for data.",
    ),
    "services with an internet gateway": (
        facts("private", default_target=INTERNET),
        f"{KEY}.private_subnet_ids: {FIRST['private']} sends 0.0.0.0/0 to an internet gateway, which serves no task without a "
        "public address. Use a subnet with a route to a NAT gateway or a transit gateway.",
    ),
    "services without a route": (
        facts("private", default_target=""),
        f"{KEY}.private_subnet_ids: {FIRST['private']} has no route for 0.0.0.0/0, and services connect to the internet. "
        "Add a route to a NAT gateway or a transit gateway, or set network.egress to none.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("vpc", "sentence"), UNFIT.values(), ids=UNFIT)
def test_each_property_that_does_not_fit_has_one_sentence(vpc: AwsVpcFacts, sentence: str) -> None:
    spec = spec_of(existing())
    needed = addresses_needed(spec, "private")
    assert [str(error) for error in vpc_errors(spec, vpc)] == [sentence.replace("{needed}", str(needed))]


def test_a_vpc_that_fits_has_no_errors_and_own_interfaces_count_as_free() -> None:
    spec = spec_of(existing())
    needed = addresses_needed(spec, "private")
    assert list(vpc_errors(spec, facts())) == list(vpc_errors(spec, facts("private", free=needed - 5, own=5))) == []
    assert len(list(vpc_errors(spec, facts("private", free=needed - 6, own=5)))) == 1


def test_addresses_are_those_of_every_task_while_a_deployment_runs_and_of_the_endpoints() -> None:
    replicas = {f"services.{name}.replicas": {"min": 3, "max": 9} for name in ("gateway", "chat", "worker")}
    own = spec_of({**existing(), **replicas})
    shared = spec_of({**existing({**BY_ID, "endpoint_security_group_id": GROUP}), **replicas})
    # 3 services with 9 replicas, twice during a deployment, in 3 zones
    assert addresses_needed(shared, "private") == 18
    assert addresses_needed(own, "private") > 18


def test_zones_of_services_without_a_public_subnet_are_refused() -> None:
    vpc = facts("private", 2, zone="us-west-2d")
    (error,) = vpc_errors(spec_of(existing()), vpc)
    assert str(error) == (
        f"{KEY}.public_subnet_ids: none is in us-west-2d, where private subnets are. Use public and private subnets of the same zones."
    )


def test_without_egress_a_route_to_s3_is_required() -> None:
    closed = existing(
        network__egress="none", monitoring__prometheus=False, services__gateway__image="gateway@sha256:" + "1" * 64
    )
    spec = spec_of(closed)
    errors = [str(error) for error in vpc_errors(spec, facts())]
    assert len(errors) == 3
    assert errors[0] == (
        f"{KEY}.private_subnet_ids: {FIRST['private']} has no route to the gateway endpoint of S3, where ECR stores the layers of "
        "images. Associate the endpoint with rtb-private."
    )
    assert list(vpc_errors(spec, facts(s3_tables=frozenset(["rtb-private"])))) == []
    assert changed(closed).one("prod-network-service-chat")


def test_the_group_of_endpoints_must_be_in_the_vpc() -> None:
    spec = spec_of(existing({**BY_ID, "endpoint_security_group_id": GROUP}))
    (error,) = vpc_errors(spec, facts())
    assert str(error) == f"{KEY}.endpoint_security_group_id: {GROUP} is not in {VPC}. Use a group of this VPC."
    assert list(vpc_errors(spec, facts(groups=frozenset([GROUP])))) == []
