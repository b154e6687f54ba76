"""Recovery settings that AWS refuses or adjusts. Pure."""

import re
from collections.abc import Iterator
from dataclasses import replace

from providers.aws.base.models import model_refusals
from providers.aws.monitoring.limits import monitoring_refusals
from providers.aws.network.limits import network_refusals
from providers.contract.copies import image_copies, locked_copies
from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported, displayed, listed
from providers.contract.recovery_plan import EntryProblem
from providers.contract.region_specs import is_warm, standby_spec
from providers.contract.spec import Platform

REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
PARTITIONS = {"cn-": "China", "us-gov-": "AWS GovCloud (US)"}
"""Partitions other than the commercial one by the prefix of their regions; nothing is copied between two of them."""
KEYS_THERE = {"network.cidr": "network.standby_cidr"}
"""Keys with another one for the standby region."""
DNS_REGION = "us-east-1"
LOCK_DAYS = 3
"""Days after which a new compliance lock is permanent, the fewest that AWS Backup accepts."""


def recovery_refusals(spec: Platform, stack: str) -> list[Diagnostic]:
    """Standby regions that AWS does not have, or of another partition, and what services cannot have there."""
    refused = list(_refused_regions(spec))
    return refused or _refused_there(spec, stack)


def _refused_there(spec: Platform, stack: str) -> list[Diagnostic]:
    """Refusals of the network, the models and the channels of the standby region that the home region does not have."""
    if not is_warm(spec) or spec.aws is None:
        return []
    try:
        there = standby_spec(spec)
    except ValueError:  # no range is left, which is refused on every cloud
        return []
    rules = (network_refusals, model_refusals, monitoring_refusals)
    at_home = {str(refusal) for rule in rules for refusal in rule(spec, stack)}
    refused = [refusal for rule in rules for refusal in rule(there, stack) if str(refusal) not in at_home]
    return [_there(refusal) for refusal in refused]


def _there(refusal: Diagnostic) -> Diagnostic:
    """Return a refusal of the standby region with its key and a fix for both regions."""
    if refusal.key == "aws.models":
        model = refusal.fix.removeprefix("use ").partition(".")[2]
        return replace(refusal, fix=f"use one that both regions can call, such as global.{model}")
    return replace(refusal, key=KEYS_THERE.get(refusal.key, refusal.key))


def _refused_regions(spec: Platform) -> Iterator[Diagnostic]:
    standby, home = spec.standby_region, spec.aws.region if spec.aws else ""
    if standby is None:
        return
    if not REGION.fullmatch(standby):
        fix = "set aws.standby_region to one, for example us-east-1"
        yield Unsupported("aws", spec.standby_key, f"{displayed(standby)} is no region of AWS", fix)
    elif _partition(standby) != _partition(home):
        problem = f"{standby} is in the partition {_partition(standby)} and {home} in {_partition(home)}"
        yield Unsupported("aws", spec.standby_key, problem, "use a region of the same partition")


def _partition(region: str) -> str:
    return next((name for prefix, name in PARTITIONS.items() if region.startswith(prefix)), "commercial")


def recovery_adjustments(spec: Platform) -> list[Adjustment]:
    """Data that is copied in part, locks that outlive the stack, and what differs in a region that does not serve."""
    if spec.standby_region is None:
        return []
    return [*_copied_in_part(spec), *_locks(spec), *(_differences(spec) if is_warm(spec) else ())]


def _differences(spec: Platform) -> Iterator[Adjustment]:
    """Yield what services in the standby region have otherwise."""
    region, mode = spec.standby_region, spec.recovery.mode
    alone = [name for name, service in spec.services.items() if service.port is None]
    if alone:
        reason = f"{listed(alone, 'and')} and jobs do not run in the region that does not serve"
        yield Adjustment("recovery.standby_replicas", spec.recovery.standby_replicas, Effect.PARTIAL, reason)
    if spec.database is not None:
        reason = (
            f"services in {region} read a replica, on which every write fails; set standby_replicas to 0 if a service cannot "
            "start without writing"
        )
        yield Adjustment("recovery.mode", mode, Effect.PARTIAL, reason)
        if spec.database.high_availability:
            reason = "a promoted replica has its standby after the next maintenance window"
            yield Adjustment("database.high_availability", True, Effect.PARTIAL, reason)
    for cache in spec.all_caches:
        reason = f"{cache.title} of {region} is another one, without its data"
        yield Adjustment("recovery.mode", mode, Effect.PARTIAL, reason)
    if spec.network.egress == "per_zone":
        reason = f"{region} has one NAT gateway, whichever region serves"
        yield Adjustment("network.egress", spec.network.egress, Effect.PARTIAL, reason)
    if spec.deployer is not None:
        reason = "the role deploys to the services of the home region; `agent-platform up` deploys to both"
        yield Adjustment("deployer.github", spec.deployer.github, Effect.PARTIAL, reason)
    if dns_problem(spec):
        yield Adjustment("ingress.domain", spec.ingress.domain, Effect.PARTIAL, dns_problem(spec))
    if spec.public and spec.ingress.domain is None:
        reason = "without ingress.domain the address changes when the other region serves"
        yield Adjustment("recovery.mode", mode, Effect.PARTIAL, reason)


def dns_problem(spec: Platform) -> str:
    """Return why the domain cannot follow a failover from one of the two regions, as a sentence; empty where it can.

    Source: Route 53 Developer Guide, "Resilience in Amazon Route 53": only us-east-1 has the control plane.
    """
    if not spec.public or spec.ingress.domain is None or DNS_REGION not in (spec.home_region, spec.standby_region):
        return ""
    return (
        f"Route 53 changes records in {DNS_REGION} only, so while {DNS_REGION} is lost {spec.ingress.domain} keeps leading to it; "
        "requests move when Route 53 accepts changes again"
    )


def entry_problem(spec: Platform) -> EntryProblem | None:
    """Return the region that the domain cannot leave while it is lost; None where it can leave each of both."""
    problem = dns_problem(spec)
    return EntryProblem(DNS_REGION, problem) if problem else None


def _copied_in_part(spec: Platform) -> Iterator[Adjustment]:
    mode, region = spec.recovery.mode, spec.standby_region
    if spec.storage is not None:
        reason = (
            f"objects are copied to {region} from the first update on; S3 Batch Replication copies those that the bucket "
            "had before"
        )
        yield Adjustment("recovery.mode", mode, Effect.PARTIAL, reason)
    yield from image_copies(spec)


def _locks(spec: Platform) -> Iterator[Adjustment]:
    days = spec.recovery.retention_days
    permanent = f"; {LOCK_DAYS} days after the update neither the lock nor its {days} days can change"
    return locked_copies(spec, "a copy", permanent=permanent)
