"""Isolation and the way in."""

from ipaddress import IPv4Network
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from providers.contract.spec.base import PositiveInt, SpecModel


def _cidr(value: str) -> str:
    try:
        IPv4Network(value)
    except ValueError as error:
        raise ValueError(f"is not an IPv4 block ({error}); write it like 10.20.0.0/16") from error
    return value


Cidr = Annotated[str, AfterValidator(_cidr)]
"""IPv4 block in CIDR notation with no host bits set."""
DomainName = Annotated[str, Field(pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}$", max_length=253)]
"""Lower-case DNS name."""


class NetworkSpec(SpecModel):
    """The private network and its ways out."""

    cidr: Cidr = "10.20.0.0/16"
    """IPv4 range of the network; every subnet is cut from it and adding a zone renumbers none."""
    zones: Annotated[int, Field(ge=1, le=4)] = 3
    """Number of availability zones the network spans (1 to 4); production refuses a single one."""
    egress: Literal["per_zone", "single", "none"] = "per_zone"
    """Way to the internet: a NAT per zone, a single shared NAT, or none, which closes it and needs private endpoints."""
    private_endpoints: bool = True
    """Reach the cloud's own services (registry, secrets, logs, models) without leaving the private network."""
    flow_logs: bool = True
    """Record accepted and refused connections of the whole network, kept as long as the logs."""


class IngressSpec(SpecModel):
    """The public entry: name, admission and protection."""

    domain: DomainName | None = None
    """Public name of the platform; absent: the cloud's own name."""
    dns_zone: DomainName | None = None
    """Existing DNS zone in the same account that holds `domain`; absent: the part of `domain` after its first dot."""
    allowed_cidrs: Annotated[tuple[Cidr, ...], Field(min_length=1)] = ("0.0.0.0/0",)
    """Client address ranges that may connect."""
    rate_limit_per_minute: Annotated[int, Field(ge=10, le=1_000_000)] = 60
    """Requests a minute that one client address may make before it is refused."""
    idle_timeout_seconds: Annotated[int, Field(ge=1, le=3600)] = 120
    """Seconds without a byte after which a connection is closed; agents stream, so longer than the longest pause."""
    waf: bool = True
    """Inspect requests with the cloud's managed rule sets; the rate limit stands either way."""

    @property
    def zone(self) -> str | None:
        """DNS zone that holds the domain: `dns_zone`, or the part of the domain after its first dot."""
        if self.domain is None:
            return None
        return self.dns_zone or self.domain.partition(".")[2]


class Replicas(SpecModel):
    """How many copies of a service run."""

    min: PositiveInt = 2
    """Copies that always run."""
    max: PositiveInt = 4
    """Copies that autoscaling may reach; equal to `min` switches autoscaling off."""
