"""Specs of the two regions of a platform with `recovery.mode: warm`. Pure.

Both regions are declared by the same code, so what differs is in the spec: place, range of addresses, and the size of the
region that does not serve. The role of a region decides properties that change in place, never which resources exist, so that a
failover creates and replaces nothing.
"""

from collections.abc import Iterator
from ipaddress import IPv4Network

from providers.contract.diagnostics import ConfigError
from providers.contract.spec import AwsBlock, AzureBlock, GcpBlock, Platform, Service


def is_warm(spec: Platform) -> bool:
    """Return whether services run in the standby region, too."""
    return spec.recovery.mode == "warm" and spec.standby_region is not None


def is_passive(spec: Platform) -> bool:
    """Return whether the region that a spec is for does not serve now."""
    return spec.active_region != spec.home_region


def is_standby(spec: Platform) -> bool:
    """Return whether a spec is that of the standby region, as `standby_spec` returns it."""
    return is_warm(spec) and spec.home_region == spec.standby_region


def unused_range_errors(spec: Platform, owner: str) -> Iterator[ConfigError]:
    """Refuse a range of the network beside an existing one; `owner` is the clause about whose range applies."""
    # the spec of a standby region always has a range, and `recovery.mode: warm` is refused already
    if "cidr" in spec.network.model_fields_set and not is_standby(spec):
        yield ConfigError("network.cidr", f"no effect with `network.existing`, {owner}", "remove it")


def standby_cidr(spec: Platform) -> str:
    """Return the range of the network in the standby region: that of the file, else the next one of the same size.

    The spec of the standby region has that of the home region, so that each region has the range of the other one.
    Raises ValueError for the last range of all.
    """
    if spec.network.standby_cidr is not None:
        return spec.network.standby_cidr
    home = IPv4Network(spec.network.cidr)
    if int(home.broadcast_address) == 2**32 - 1:
        raise ValueError(f"no range follows {home}")
    return str(IPv4Network((int(home.network_address) + home.num_addresses, home.prefixlen)))


def home_spec(spec: Platform) -> Platform:
    """Return the spec of the home region: that of the file, smaller while the standby region serves."""
    return _passive(spec) if is_passive(spec) else spec


def standby_spec(spec: Platform) -> Platform:
    """Return the spec of the standby region: moved there, smaller while it does not serve, without what exists once.

    Budget and deployer are of the whole account or stack. The region has one NAT gateway in either role, because an address of
    each zone would only exist after a failover.
    """
    region = spec.standby_region
    if region is None:
        raise ValueError("the platform has no standby region")
    single = "single" if spec.network.egress == "per_zone" else spec.network.egress
    moved = spec.model_copy(
        update={
            spec.cloud: _moved(spec.block, region),
            "network": spec.network.model_copy(
                update={"cidr": standby_cidr(spec), "standby_cidr": spec.network.cidr, "egress": single}
            ),
            "recovery": spec.recovery.model_copy(update={"active_region": spec.active_region, "drill": None}),
            "budget": None,
            "deployer": None,
        }
    )
    return _passive(moved) if is_passive(moved) else moved


def _moved(block: object, region: str) -> object:
    match block:
        case AwsBlock():
            return block.model_copy(update={"region": region, "zone_names": ()})
        case GcpBlock():
            return block.model_copy(update={"region": region})
        case AzureBlock():
            # the watcher of the file is that of the home location
            return block.model_copy(update={"location": region, "network_watcher": None})
        case _:
            raise ValueError("the cloud has no regions")


def _passive(spec: Platform) -> Platform:
    """Return a spec with the replicas of a region that does not serve, and with its database and caches in one zone."""
    services = {name: _scaled_down(service, spec.recovery.standby_replicas) for name, service in spec.services.items()}
    parts = {
        "database": spec.database and spec.database.model_copy(update={"high_availability": False}),
        "cache": spec.cache and spec.cache.model_copy(update={"high_availability": False}),
        "caches": {name: each.model_copy(update={"high_availability": False}) for name, each in spec.caches.items()},
    }
    return spec.model_copy(update={"services": services, **parts})


def _scaled_down(service: Service, standby_replicas: int) -> Service:
    """Return a service with the replicas of a region that does not serve; a service without a port would do work twice."""
    count = min(standby_replicas, service.replicas.min) if service.port is not None else 0
    fixed = service.replicas.max <= service.replicas.min
    # a copy is not validated again, and may have no replica
    replicas = service.replicas.model_copy(update={"min": count, "max": count if fixed else service.replicas.max})
    return service.model_copy(update={"replicas": replicas})
