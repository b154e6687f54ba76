"""Network, public entry and replica counts."""

import re
from ipaddress import ip_network
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from providers.contract.spec.authentication import Auth
from providers.contract.spec.base import Port, PositiveInt, SpecModel
from providers.contract.spec.existing_network import AzureGroupId, ExistingNetworkSpec


def _cidr(value: str) -> str:
    try:
        network = ip_network(value)
    except ValueError as error:
        # the standard library's message begins with the value, which the diagnostic already shows
        reason = "has host bits set" if "host bits" in str(error) else "is not an IPv4 range in CIDR notation"
        raise ValueError(f"{reason}; write it like 10.20.0.0/16") from error
    if network.version != 4:
        raise ValueError("is an IPv6 range, and the platform uses IPv4 only; remove it")
    return value


Cidr = Annotated[str, AfterValidator(_cidr)]
"""IPv4 block in CIDR notation with no host bits set."""
HOST_NAME = r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}$"
DomainName = Annotated[str, Field(pattern=HOST_NAME, max_length=253)]
"""Lower-case DNS name."""


SMTP_PORT = 25


def _host(value: str) -> str:
    """Return the name of a host outside; a value that is more than a name has its own message."""
    problems = (
        ("://" in value, "has a scheme", "write the host alone, like db.example.com, and the port beside it"),
        ("*" in value, "is a wildcard", "list each host by its full name"),
        ("/" in value, "has a path", "write the host alone, like db.example.com"),
        (":" in value, "has a port", "write the host alone, and the port under `port`"),
        (re.fullmatch(r"[\d.]+", value) is not None, "is an address", "use the DNS name of the host"),
        (re.fullmatch(HOST_NAME, value) is None, "is not a DNS name", "write it in lower case, like db.example.com"),
    )
    for present, problem, fix in problems:
        if present:
            raise ValueError(f"{problem}; {fix}")
    return value


def _outside_port(value: int) -> int:
    if value == SMTP_PORT:
        raise ValueError("is blocked by the clouds, which deliver no mail directly; use 587 of a mail service")
    return value


HostName = Annotated[str, AfterValidator(_host), Field(max_length=253)]
"""DNS name of a host outside."""


class EgressRule(SpecModel):
    """Host outside the platform to which a service opens connections."""

    host: HostName
    """DNS name of the host in lower case, without scheme, port or wildcard."""
    port: Annotated[Port, AfterValidator(_outside_port)] = 443
    """TCP port of the host; 25 is refused."""


class NetworkSpec(SpecModel):
    """Private network and its outbound access."""

    cidr: Cidr = "10.20.0.0/16"
    """IPv4 range of the network; subnets are allocated from it, and adding a zone renumbers none of them."""
    standby_cidr: Cidr | None = None
    """IPv4 range of the network in the standby region with `recovery.mode: warm`; absent: the next range of the same size."""
    zones: Annotated[int, Field(ge=1, le=4)] = 3
    """Number of availability zones (1 to 4); production refuses 1."""
    egress: Literal["per_zone", "single", "none"] = "per_zone"
    """Outbound internet access: one NAT gateway per zone, a single shared one, or none, which needs private endpoints."""
    egress_control: Literal["ports", "names"] = "ports"
    """Hosts that services reach outside: `ports` opens the ports of `services.<name>.egress` to every host, `names` allows the listed hosts alone."""
    private_endpoints: bool = True
    """Connect to the services of the cloud (registry, secrets, logs, models) over private endpoints."""
    flow_logs: bool = True
    """Log accepted and rejected connections of the network; retention is that of the logs."""
    existing: ExistingNetworkSpec | None = None
    """Network that exists already and that the platform uses; absent: the platform creates its own."""


RequestsPerMinute = Annotated[int, Field(ge=10, le=1_000_000)]
"""Number of requests in a minute; 10 is the lowest that every cloud counts."""


class PathRateLimit(SpecModel):
    """Lower rate limit of expensive paths."""

    prefix: Annotated[str, Field(pattern=r"^(/[A-Za-z0-9._~-]+)+$", max_length=120)]
    """Path, with all paths below it, as clients request it."""
    per_address: RequestsPerMinute
    """Requests per minute that one client address may send to these paths; less than `rate_limit.per_address`."""


class RateLimit(SpecModel):
    """Requests per minute; further ones are rejected with status 429."""

    per_address: RequestsPerMinute = 600
    """Requests per minute of one client address; a browser page, or an office behind one address, sends tens at once."""
    per_key: RequestsPerMinute | None = None
    """Requests per minute with one value of the header `Authorization`; absent: not counted, as one key may serve many users."""
    paths: tuple[PathRateLimit, ...] = ()
    """Lower limits of paths, each counted on its own."""


class Waf(SpecModel):
    """Inspection of requests with the cloud's managed WAF rules."""

    mode: Literal["block", "count"] = "block"
    """`block` answers 403 to what a rule matches, `count` only records it; production refuses `count`."""
    prompts: tuple[Annotated[str, Field(pattern=r"^(/|(/([A-Za-z0-9._~-]+|\*))+)$", max_length=120)], ...] | None = None
    """Paths whose bodies are prompts, which are not inspected, `*` for one segment; absent: those of agentos and of services that call models."""
    exclude_rules: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$", max_length=120)], ...] = ()
    """Managed rules, by the cloud's own names, that match ordinary requests and block none."""


class DomainCertificate(SpecModel):
    """Existing TLS certificate of `ingress.domain`, by cloud."""

    azure: Annotated[
        str, Field(pattern=r"^[-\w.()]+/[A-Za-z][A-Za-z0-9-]{1,22}[A-Za-z0-9]/[A-Za-z0-9-]+$", max_length=243)
    ]
    """Certificate in a Key Vault of the subscription as <resource group>/<vault>/<certificate>, for `azure.entry: gateway`."""


class DnsAccount(SpecModel):
    """Account, project or resource group of the DNS zone, in the key of the chosen cloud."""

    aws: Annotated[
        str | None,
        Field(
            pattern=r"^arn:aws(-cn|-us-gov)?:iam::[0-9]{12}:role/([A-Za-z0-9_+=,.@-]+/)*[A-Za-z0-9_+=,.@-]+$",
            max_length=600,
        ),
    ] = None
    """Role in the account of the zone that the login of the update may assume, and that may change records of the zone."""
    gcp: Annotated[str | None, Field(pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$")] = None
    """Project of the zone."""
    azure: AzureGroupId | None = None
    """ID of the resource group of the zone, also of another subscription of the tenant; in place of `azure.dns_group`."""


class IngressSpec(SpecModel):
    """Public entry: domain, allowed clients, rate limit and WAF."""

    domain: DomainName | None = None
    """Domain name of the platform; absent: a name that the cloud generates."""
    dns_zone: DomainName | None = None
    """Existing DNS zone of `domain`; absent: `domain` without its first label."""
    dns_account: DnsAccount | None = None
    """Account, project or subscription of the DNS zone; absent: that of the stack."""
    certificate: DomainCertificate | None = None
    """Existing certificate of `domain`; absent: the cloud issues one and renews it."""
    allowed_cidrs: Annotated[tuple[Cidr, ...], Field(min_length=1)] = ("0.0.0.0/0",)
    """Client address ranges that may connect, in CIDR notation."""
    auth: Auth | None = None
    """Authentication of clients; absent: a generated key of every AgentOS in production and on Docker, else none."""
    rate_limit: RateLimit = RateLimit()
    """Requests per minute by client address, key and path."""
    rate_limit_per_minute: RequestsPerMinute | None = None
    """Short form of `rate_limit.per_address`; absent: that of `rate_limit`."""
    idle_timeout_seconds: Annotated[int, Field(ge=1, le=3600)] = 120
    """Seconds without data after which a connection is closed; for streaming agents longer than their longest pause."""
    waf: Waf | bool = True
    """Inspection with the cloud's managed WAF rules: true, false, or its settings; rate limits apply in any case."""

    @property
    def waf_settings(self) -> Waf | None:
        """Settings of the WAF; None without one."""
        return (Waf() if self.waf else None) if isinstance(self.waf, bool) else self.waf

    @property
    def per_address_setting(self) -> tuple[str, int]:
        """Key and value of the requests per minute of one client address."""
        if self.rate_limit_per_minute is not None:
            return "ingress.rate_limit_per_minute", self.rate_limit_per_minute
        return "ingress.rate_limit.per_address", self.rate_limit.per_address

    @property
    def requests_per_address(self) -> int:
        """Requests per minute of one client address."""
        return self.per_address_setting[1]

    @property
    def zone(self) -> str | None:
        """DNS zone of the domain: `dns_zone`, else the domain without its first label."""
        if self.domain is None:
            return None
        return self.dns_zone or self.domain.partition(".")[2]


class Replicas(SpecModel):
    """Number of replicas of a service."""

    min: PositiveInt = 2
    """Minimum number of replicas."""
    max: PositiveInt = 4
    """Maximum number of replicas; equal to `min` disables autoscaling."""
