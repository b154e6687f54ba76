"""Network ACLs: what may cross the border of a tier at all, whatever a security group says. Pure.

ACLs know no connections, so each direction needs its own rule, and answers arrive on the ports that the other side
chose. They do not filter the VPC's own DNS, metadata and time (Amazon VPC user guide, "Network ACL basics"). The
number of a rule is fixed, so that a rule that comes or goes renumbers none.
"""

from dataclasses import dataclass

from providers.aws.network.cidr import AwsAddressPlan, Tier
from providers.aws.network.flows import client_ports
from providers.aws.ports import CACHE_PORT, DATABASE_PORT, HTTP_PORT, HTTPS_PORT
from providers.contract.spec import Platform

WORLD = "0.0.0.0/0"
Ports = tuple[int, int]
ANY_PORT = (0, 65535)
ANSWER_PORTS = (1024, 65535)
"""Ports that clients, load balancers and NAT gateways choose for themselves."""
LINUX_ANSWER_PORTS = (32768, 65535)
"""Ports that Linux chooses (net.ipv4.ip_local_port_range), so those on which a task gets its answers."""
REMOTE_DESKTOP_PORT = 3389
"""Never open to the world, not even as a port for answers: Security Hub EC2.21 looks at the rule, not at its use."""


@dataclass(frozen=True)
class FilterRule:
    """One rule that lets TCP through, or without `ports` the ICMP message that a packet was too large."""

    part: str
    number: int
    egress: bool
    cidr: str
    ports: Ports | None


def filter_rules(spec: Platform, layout: AwsAddressPlan) -> dict[Tier, tuple[FilterRule, ...]]:
    """The rules of each tier; what none lets through is dropped."""
    return {
        "public": _public(spec, str(layout.vpc)),
        "private": _private(str(layout.vpc)),
        "database": _database(spec, str(layout.block("private")), str(layout.block("database"))),
    }


def _public(spec: Platform, vpc: str) -> tuple[FilterRule, ...]:
    """Clients come in to the load balancer; what the private tier asks of the world goes out through NAT."""
    clients = client_ports(spec)
    through_nat = spec.network.egress != "none"
    rules = {
        FilterRule("in-from-vpc", 100, False, vpc, ANY_PORT): True,
        FilterRule("in-https", 110, False, WORLD, (HTTPS_PORT, HTTPS_PORT)): HTTPS_PORT in clients,
        FilterRule("in-http", 120, False, WORLD, (HTTP_PORT, HTTP_PORT)): HTTP_PORT in clients,
        FilterRule("in-low-answers", 130, False, WORLD, (1024, REMOTE_DESKTOP_PORT - 1)): through_nat,
        FilterRule("in-high-answers", 140, False, WORLD, (REMOTE_DESKTOP_PORT + 1, 65535)): through_nat,
        FilterRule("in-too-large", 150, False, WORLD, None): True,
        FilterRule("out-to-vpc", 100, True, vpc, ANY_PORT): True,
        FilterRule("out-https", 110, True, WORLD, (HTTPS_PORT, HTTPS_PORT)): through_nat,
        FilterRule("out-answers", 120, True, WORLD, ANSWER_PORTS): bool(clients),
        FilterRule("out-too-large", 130, True, WORLD, None): True,
    }
    return tuple(rule for rule, wanted in rules.items() if wanted)


def _private(vpc: str) -> tuple[FilterRule, ...]:
    """S3 answers from public addresses even over its gateway endpoint, so the world's answers always come in."""
    return (
        FilterRule("in-from-vpc", 100, False, vpc, ANY_PORT),
        FilterRule("in-answers", 110, False, WORLD, LINUX_ANSWER_PORTS),
        FilterRule("in-too-large", 120, False, WORLD, None),
        FilterRule("out-to-vpc", 100, True, vpc, ANY_PORT),
        FilterRule("out-https", 110, True, WORLD, (HTTPS_PORT, HTTPS_PORT)),
    )


def _database(spec: Platform, private: str, database: str) -> tuple[FilterRule, ...]:
    """Only the private tier asks, and replicas copy from their primary inside the tier."""
    rules = {
        FilterRule("in-database", 100, False, private, (DATABASE_PORT, DATABASE_PORT)): spec.database is not None,
        FilterRule("in-cache", 110, False, private, (CACHE_PORT, CACHE_PORT)): spec.cache is not None,
        FilterRule("in-replication", 120, False, database, ANSWER_PORTS): True,
        FilterRule("out-answers", 100, True, private, ANSWER_PORTS): True,
        FilterRule("out-replication", 110, True, database, ANSWER_PORTS): True,
    }
    return tuple(rule for rule, wanted in rules.items() if wanted)
