"""Network settings that AWS refuses or adjusts. Pure."""

from collections.abc import Iterator
from math import ceil

from providers.aws.network.allowed_names import allowed_names
from providers.aws.network.cidr import address_plan, cidr_problem, usable_addresses
from providers.aws.network.existing_limits import existing_adjustments, existing_refusals, existing_vpc
from providers.aws.network.flows import client_cidrs, client_ports, internet_ports, pulled_from_internet
from providers.contract.diagnostics import Adjustment, ConfigError, Diagnostic, Effect, Unsupported, displayed, listed
from providers.contract.egress import HTTPS_PORT, checks_names, listed_hosts, open_port_adjustments, other_ports
from providers.contract.spec import Platform, Service

TASKS_PER_REPLICA = 2
"""A deployment starts every new task before it stops the old one."""
TASKS_PER_REPLICA_IN_STEPS = 3
"""At the end of a rollout in steps the stable tasks are deployed anew while those of the new revision serve."""
RESERVED_INTERFACES = 10
"""Reserve for interfaces of endpoints and NAT gateways in each zone."""
RULES_PER_GROUP = 60
"""Inbound rules of a security group: Amazon VPC user guide, "Amazon VPC quotas"."""
RULES_PER_NETWORK_ACL, OWN_OUTBOUND_RULES = 20, 4
"""Rules of a network ACL in one direction (same page), and those of the public tier for every stack."""


def network_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Blocks that cannot be divided or are too small, too few zones, unreachable images and too many client ranges."""
    own = () if existing_vpc(spec) is not None else (*_cidr(spec), *_zone_names(spec), *_listed_ports(spec))
    return [*own, *existing_refusals(spec), *_zones(spec), *_images(spec), *_clients(spec)]


def network_adjustments(spec: Platform) -> list[Adjustment]:
    """Services without access to the internet, the ports that are open to others, and how names are checked."""
    existing = existing_adjustments(spec)
    if spec.network.egress == "none":
        return existing
    return [*existing, _egress(spec), *open_port_adjustments(spec), *_names(spec)]


def _egress(spec: Platform) -> Adjustment:
    region = spec.aws.region if spec.aws else ""
    closed = [name for name in spec.services if HTTPS_PORT not in internet_ports(spec, name, region)]
    allowed = [name for name in spec.services if name not in closed]
    subject = f"only {listed(allowed, 'and')}" if closed and allowed else "every service" if allowed else "no service"
    opening = "a host" if checks_names(spec) else "a secret or a host"
    advice = f"; to allow {listed(closed)} port 443, list {opening} for it" if closed else ""
    reason = (
        f"{subject} may open connections to the internet, on TCP port 443; other ports, such as 5432 and 6543 of a "
        f"hosted PostgreSQL or 587 of a mail server, are closed unless `services.<name>.egress` lists a host{advice}"
    )
    return Adjustment("network.egress", requested=spec.network.egress, effect=Effect.PARTIAL, reason=reason)


def _names(spec: Platform) -> Iterator[Adjustment]:
    if checks_names(spec):
        region = spec.aws.region if spec.aws else ""
        own = listed([name for name in allowed_names(spec, region) if name not in listed_hosts(spec)], "and")
        reason = (
            "DNS Firewall resolves the listed hosts for every service of the VPC, whichever lists them, and also "
            f"{own}; a connection to an address that no name was resolved for is not blocked on an open port"
        )
        yield Adjustment("network.egress_control", requested="names", effect=Effect.PARTIAL, reason=reason)


def _cidr(spec: Platform) -> Iterator[Diagnostic]:
    cidr, zones = spec.network.cidr, spec.network.zones
    invalid = cidr_problem(cidr)
    if invalid:
        yield Unsupported("aws", "network.cidr", invalid.problem, invalid.fix)
        return
    available = usable_addresses(address_plan(cidr).subnet("private", 0)) - RESERVED_INTERFACES
    tasks = tasks_at_peak(spec)
    if ceil(tasks / zones) > available:
        problem = (
            f"a deployment at maximum scale runs {tasks} tasks, {ceil(tasks / zones)} in each of {zones} zones, and a "
            f"private subnet of {cidr} has addresses for {available}"
        )
        yield Unsupported("aws", "network.cidr", problem, fix="use a larger block, up to /16, or lower replicas.max")


def tasks_at_peak(spec: Platform) -> int:
    """Return the tasks that run while a deployment replaces the maximum number of replicas."""
    return sum(_tasks_per_replica(service) * service.replicas.max for service in spec.services.values())


def _tasks_per_replica(service: Service) -> int:
    return TASKS_PER_REPLICA_IN_STEPS if service.rollout.in_steps else TASKS_PER_REPLICA


def _zones(spec: Platform) -> Iterator[Diagnostic]:
    spread = {
        "the load balancer": bool(spec.public),
        "the database": spec.database is not None,
        **{f"{cache.title} with its replica": cache.settings.high_availability for cache in spec.all_caches},
    }
    parts = [part for part, present in spread.items() if present]
    if spec.network.zones == 1 and parts:
        problem = f"AWS requires subnets in two zones for {listed(parts, 'and')}"
        yield Unsupported("aws", "network.zones", problem, fix="use 2 or more")


def _zone_names(spec: Platform) -> Iterator[Diagnostic]:
    block = spec.aws
    if block is None or not block.zone_names:
        return
    elsewhere = [name for name in block.zone_names if name[:-1] != block.region]
    if elsewhere:
        yield ConfigError("aws.zone_names", f"{listed(elsewhere, 'and')} is not in {block.region}", "name its zones")
    if len(set(block.zone_names)) != len(block.zone_names):
        yield ConfigError("aws.zone_names", "a zone is named twice", "name each zone once")
    elif len(block.zone_names) != spec.network.zones:
        problem = f"{len(block.zone_names)} zones are named, and network.zones is {spec.network.zones}"
        yield ConfigError("aws.zone_names", problem, f"name {spec.network.zones} zones")


def _images(spec: Platform) -> Iterator[Diagnostic]:
    region = spec.aws.region if spec.aws else ""
    for name, service in spec.services.items():
        if not pulled_from_internet(service.image, region):
            continue
        key, problem = f"services.{name}.image", f"{displayed(service.image)} is not in ECR of {region}, and"
        if spec.network.egress == "none":
            fix = f"push the image to ECR of {region}, or set network.egress to per_zone or single"
            yield Unsupported("aws", key, f"{problem} `network.egress: none` blocks the internet", fix)
        elif checks_names(spec):
            fix = f"push the image to ECR of {region}, or remove network.egress_control"
            yield Unsupported("aws", key, f"{problem} the names of its registry do not resolve with `names`", fix)


def _clients(spec: Platform) -> Iterator[Diagnostic]:
    ranges, ports = len(client_cidrs(spec)), len(client_ports(spec))
    if ranges * ports > RULES_PER_GROUP:
        yield Unsupported(
            "aws",
            "ingress.allowed_cidrs",
            problem=f"{ranges} ranges on {ports} ports exceed the {RULES_PER_GROUP} rules of a security group",
            fix=f"merge them into {RULES_PER_GROUP // ports} ranges or fewer",
        )


def _listed_ports(spec: Platform) -> Iterator[Diagnostic]:
    """Refuse more ports of hosts outside than a network ACL has rules for; the first service over the limit is named."""
    ports, limit = other_ports(spec), RULES_PER_NETWORK_ACL - OWN_OUTBOUND_RULES
    if len(ports) > limit:
        name = next(
            name for name in spec.services if any(rule.port == ports[limit] for rule in spec.services[name].egress)
        )
        problem = f"the services list {len(ports)} ports besides 443, and a network ACL has rules for {limit}"
        yield Unsupported("aws", f"services.{name}.egress", problem, fix="list fewer ports")
