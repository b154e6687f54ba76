"""Networks that exist already: one block for each cloud, with the IDs or tags of what the platform uses there."""

from typing import Annotated

from pydantic import Field

from providers.contract.spec.base import SpecModel

AwsId = r"[0-9a-f]{8}([0-9a-f]{9})?$"
"""IDs of EC2 have 8 digits, or 17 since 2016: Amazon EC2 User Guide, "Resource IDs"."""
VpcId = Annotated[str, Field(pattern=rf"^vpc-{AwsId}")]
SubnetIds = tuple[Annotated[str, Field(pattern=rf"^subnet-{AwsId}")], ...]
GcpName = Annotated[str, Field(pattern=r"^[a-z]([-a-z0-9]*[a-z0-9])?$", max_length=63)]
GcpProject = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$")]
AzureGroup = r"^/subscriptions/[0-9a-fA-F-]{36}/resourceGroups/[A-Za-z0-9._()-]+"
AzureGroupId = Annotated[str, Field(pattern=rf"{AzureGroup}$", max_length=150)]
AzureSubnetId = Annotated[
    str,
    Field(
        pattern=rf"{AzureGroup}/providers/Microsoft\.Network/virtualNetworks/[A-Za-z0-9._-]+/subnets/[A-Za-z0-9._-]+$",
        max_length=400,
    ),
]
SecurityGroupId = Annotated[str, Field(pattern=rf"^sg-{AwsId}")]


class ExistingAwsNetwork(SpecModel):
    """VPC and its subnets on AWS, each by ID or by tags; one subnet of a tier in each of `network.zones` zones."""

    vpc_id: VpcId | None = None
    """ID of the VPC; absent: the VPC with `vpc_tags`."""
    vpc_tags: dict[str, str] = {}
    """Tags that only one VPC of the region has, in place of `vpc_id`."""
    public_subnet_ids: SubnetIds = ()
    """Subnets of the load balancer, with a route to an internet gateway; needed when a service has a path."""
    public_subnet_tags: dict[str, str] = {}
    """Tags of these subnets in the VPC, in place of `public_subnet_ids`."""
    private_subnet_ids: SubnetIds = ()
    """Subnets of the services, which reach the internet by a NAT gateway or a transit gateway unless `network.egress` is none."""
    private_subnet_tags: dict[str, str] = {}
    """Tags of these subnets in the VPC, in place of `private_subnet_ids`."""
    database_subnet_ids: SubnetIds = ()
    """Subnets of database and cache, without a route to an internet gateway; needed with either."""
    database_subnet_tags: dict[str, str] = {}
    """Tags of these subnets in the VPC, in place of `database_subnet_ids`."""
    endpoint_security_group_id: SecurityGroupId | None = None
    """Security group of the VPC's interface endpoints, which the services then use; absent: the platform creates its own endpoints."""


class ExistingGcpNetwork(SpecModel):
    """VPC network on Google Cloud with the subnet of the services, by their names."""

    network: GcpName | None = None
    """Name of the VPC network."""
    subnetwork: GcpName | None = None
    """Name of the subnet in `gcp.region` that the services are in (Direct VPC egress)."""
    private_range: GcpName | None = None
    """Name of the allocated range of private services access for Cloud SQL and Memorystore; needed with database or cache."""
    project: GcpProject | None = None
    """Project of the network, the host project of a Shared VPC; absent: `gcp.project`."""


class ExistingAzureNetwork(SpecModel):
    """Subnets of one VNet on Azure by their IDs, each for one use."""

    container_apps_subnet_id: AzureSubnetId | None = None
    """Subnet of the apps, delegated to Microsoft.App/environments and without other use."""
    database_subnet_id: AzureSubnetId | None = None
    """Subnet delegated to Microsoft.DBforPostgreSQL/flexibleServers; needed with a database."""
    private_endpoint_subnet_id: AzureSubnetId | None = None
    """Subnet of the private endpoints; needed with `network.private_endpoints`."""
    gateway_subnet_id: AzureSubnetId | None = None
    """Subnet of the Application Gateway and nothing else; needed with `azure.entry: gateway`."""
    private_dns_group_id: AzureGroupId | None = None
    """Resource group with the privatelink zones that are linked to the VNet; absent: the platform creates and links them."""


class ExistingNetworkSpec(SpecModel):
    """Network that exists already, in the block of the chosen cloud; the platform adds no subnets, routes and gateways to it."""

    aws: ExistingAwsNetwork | None = None
    """VPC on AWS."""
    gcp: ExistingGcpNetwork | None = None
    """VPC network on Google Cloud."""
    azure: ExistingAzureNetwork | None = None
    """Subnets of a VNet on Azure."""
