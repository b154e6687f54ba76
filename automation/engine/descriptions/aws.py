"""Existing VPC and repositories as the AWS CLI describes them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from pydantic import BaseModel

from automation.engine.descriptions import Reader
from automation.stack.document import Stack
from providers.aws.base.existing_registry import used_repositories
from providers.aws.network.cidr import Tier
from providers.aws.network.existing_checks import AwsSubnetFacts, AwsVpcFacts, check_found, only_vpc, vpc_errors
from providers.aws.network.existing_limits import existing_vpc, subnet_ids, subnet_tags, used_tiers
from providers.aws.network.flows import ANY_IPV4
from providers.contract.diagnostics import ConfigError
from providers.contract.spec import ExistingAwsNetwork


class _Tag(BaseModel):
    Key: str
    Value: str


class _Vpc(BaseModel):
    VpcId: str


class _Vpcs(BaseModel):
    Vpcs: list[_Vpc] = []


class _Switch(BaseModel):
    Value: bool = False


class _Attribute(BaseModel):
    EnableDnsSupport: _Switch = _Switch()
    EnableDnsHostnames: _Switch = _Switch()


class _Ec2Subnet(BaseModel):
    SubnetId: str
    AvailabilityZone: str = ""
    CidrBlock: str = ""
    AvailableIpAddressCount: int = 0
    Ipv6Native: bool = False
    Tags: list[_Tag] = []


class _Ec2Subnets(BaseModel):
    Subnets: list[_Ec2Subnet] = []


class _Route(BaseModel):
    DestinationCidrBlock: str = ""
    GatewayId: str = ""
    NatGatewayId: str = ""
    TransitGatewayId: str = ""
    NetworkInterfaceId: str = ""
    InstanceId: str = ""
    VpcPeeringConnectionId: str = ""
    LocalGatewayId: str = ""
    CoreNetworkArn: str = ""
    CarrierGatewayId: str = ""

    @property
    def target(self) -> str:
        targets = (
            self.GatewayId, self.NatGatewayId, self.TransitGatewayId, self.NetworkInterfaceId, self.InstanceId,
            self.VpcPeeringConnectionId, self.LocalGatewayId, self.CoreNetworkArn, self.CarrierGatewayId,
        )  # fmt: skip
        return next(filter(None, targets), "")


class _Association(BaseModel):
    SubnetId: str = ""
    Main: bool = False


class _RouteTable(BaseModel):
    RouteTableId: str
    Associations: list[_Association] = []
    Routes: list[_Route] = []

    @property
    def default_target(self) -> str:
        return next((route.target for route in self.Routes if route.DestinationCidrBlock == ANY_IPV4), "")


class _RouteTables(BaseModel):
    RouteTables: list[_RouteTable] = []


class _Interface(BaseModel):
    SubnetId: str = ""


class _Interfaces(BaseModel):
    NetworkInterfaces: list[_Interface] = []


class _Endpoint(BaseModel):
    RouteTableIds: list[str] = []


class _Endpoints(BaseModel):
    VpcEndpoints: list[_Endpoint] = []


class _SecurityGroup(BaseModel):
    GroupId: str


class _SecurityGroups(BaseModel):
    SecurityGroups: list[_SecurityGroup] = []


class _EcrRepository(BaseModel):
    repositoryArn: str


class _EcrRepositories(BaseModel):
    repositories: list[_EcrRepository] = []


class _VpcDescription:
    """Commands about one VPC."""

    def __init__(self, reader: Reader, stack: Stack, block: ExistingAwsNetwork) -> None:
        self.reader, self.spec, self.block, self.region = reader, stack.spec, block, stack.spec.home_region
        self.own_groups = f"{stack.name}-network-*"

    def command(self, name: str, **filters: str) -> tuple[str, ...]:
        words = [f"Name={key.replace('_', '-')},Values={value}" for key, value in filters.items()]
        listed = ("--filters", *words) if words else ()
        return ("aws", "ec2", name, *listed, "--region", self.region, "--output", "json")

    def found_id(self) -> str:
        tags = {f"tag:{key}": value for key, value in self.block.vpc_tags.items()}
        filters = {"vpc-id": self.block.vpc_id} if self.block.vpc_id is not None else tags
        found = self.reader.read(_Vpcs, *self.command("describe-vpcs", **filters))
        return only_vpc(self.spec, [vpc.VpcId for vpc in found.Vpcs])

    def attribute(self, vpc_id: str, name: str) -> _Attribute:
        command = ("aws", "ec2", "describe-vpc-attribute", "--vpc-id", vpc_id, "--attribute", name)
        return self.reader.read(_Attribute, *command, "--region", self.region, "--output", "json")

    def facts(self) -> AwsVpcFacts:
        vpc_id = self.found_id()
        every = self.reader.read(_Ec2Subnets, *self.command("describe-subnets", vpc_id=vpc_id)).Subnets
        by_tier = {tier: _in_tier(self.block, tier, every) for tier in used_tiers(self.spec)}
        check_found(self.spec, vpc_id, {tier: [each.SubnetId for each in found] for tier, found in by_tier.items()})
        tables = self.reader.read(_RouteTables, *self.command("describe-route-tables", vpc_id=vpc_id)).RouteTables
        own = self.reader.read(
            _Interfaces, *self.command("describe-network-interfaces", vpc_id=vpc_id, group_name=self.own_groups)
        ).NetworkInterfaces
        subnets = {tier: tuple(_facts(each, tables, own) for each in found) for tier, found in by_tier.items()}
        return AwsVpcFacts(
            id=vpc_id,
            dns_support=self.attribute(vpc_id, "enableDnsSupport").EnableDnsSupport.Value,
            dns_hostnames=self.attribute(vpc_id, "enableDnsHostnames").EnableDnsHostnames.Value,
            subnets=cast("Mapping[Tier, tuple[AwsSubnetFacts, ...]]", subnets),
            s3_prefix_list="",
            groups=self.groups(vpc_id),
            s3_tables=self.s3_tables(vpc_id),
        )

    def groups(self, vpc_id: str) -> frozenset[str]:
        group = self.block.endpoint_security_group_id
        if group is None:
            return frozenset()
        found = self.reader.read(
            _SecurityGroups, *self.command("describe-security-groups", vpc_id=vpc_id, group_id=group)
        )
        return frozenset(each.GroupId for each in found.SecurityGroups)

    def s3_tables(self, vpc_id: str) -> frozenset[str]:
        if self.spec.network.egress != "none":
            return frozenset()
        service = f"com.amazonaws.{self.region}.s3"
        filters = {"vpc_id": vpc_id, "service_name": service, "vpc_endpoint_type": "Gateway"}
        found = self.reader.read(_Endpoints, *self.command("describe-vpc-endpoints", **filters))
        return frozenset(table for each in found.VpcEndpoints for table in each.RouteTableIds)


def network_errors(reader: Reader, stack: Stack) -> Iterator[ConfigError]:
    """Yield an error for each property of the existing VPC that does not fit; raises NotRead and InvalidConfiguration."""
    block = existing_vpc(stack.spec)
    if block is not None:
        yield from vpc_errors(stack.spec, _VpcDescription(reader, stack, block).facts())


def registry_errors(reader: Reader, stack: Stack) -> Iterator[ConfigError]:
    """Read each existing repository; raises NotRead for one that does not exist, or that the login may not describe."""
    for each in used_repositories(stack.spec):
        command = (
            "aws",
            "ecr",
            "describe-repositories",
            "--registry-id",
            each.account,
            "--repository-names",
            each.name,
        )
        reader.read(_EcrRepositories, *command, "--region", each.region, "--output", "json")
    yield from ()


def _in_tier(block: ExistingAwsNetwork, tier: Tier, subnets: Sequence[_Ec2Subnet]) -> list[_Ec2Subnet]:
    """Return the subnets of a tier, as they are listed, or by zone where tags name them."""
    listed, tags = subnet_ids(block, tier), subnet_tags(block, tier)
    if listed:
        return sorted(
            (each for each in subnets if each.SubnetId in listed), key=lambda each: listed.index(each.SubnetId)
        )
    tagged = [each for each in subnets if tags.items() <= {tag.Key: tag.Value for tag in each.Tags}.items()]
    return sorted(tagged, key=lambda each: each.AvailabilityZone)


def _facts(subnet: _Ec2Subnet, tables: Sequence[_RouteTable], own: Sequence[_Interface]) -> AwsSubnetFacts:
    named = [table for table in tables if any(each.SubnetId == subnet.SubnetId for each in table.Associations)]
    main = [table for table in tables if any(each.Main for each in table.Associations)]
    table = next(iter(named or main), None)
    return AwsSubnetFacts(
        id=subnet.SubnetId,
        zone=subnet.AvailabilityZone,
        cidr=subnet.CidrBlock,
        free=subnet.AvailableIpAddressCount,
        own=sum(each.SubnetId == subnet.SubnetId for each in own),
        ipv6_only=subnet.Ipv6Native,
        table=table.RouteTableId if table is not None else "",
        default_target=table.default_target if table is not None else "",
    )
