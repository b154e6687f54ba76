"""Hosts outside the platform that services list, and the ports that open for them. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from providers.contract.diagnostics import Adjustment, Effect, listed
from providers.contract.spec import Platform

HTTPS_PORT = 443


def checks_names(spec: Platform) -> bool:
    """True when services reach the listed hosts alone."""
    return spec.network.egress_control == "names"


def listed_hosts(spec: Platform) -> tuple[str, ...]:
    """Hosts that any service lists, each once, in alphabetical order."""
    return tuple(sorted({rule.host for service in spec.services.values() for rule in service.egress}))


def listed_ports(spec: Platform, name: str) -> tuple[int, ...]:
    """Ports of the hosts that a service lists, in ascending order."""
    return tuple(sorted({rule.port for rule in spec.services[name].egress}))


def services_by_port(spec: Platform) -> Mapping[int, tuple[str, ...]]:
    """Services that list a host with a port, by the port in ascending order."""
    ports = sorted({port for name in spec.services for port in listed_ports(spec, name)})
    return {port: tuple(name for name in spec.services if port in listed_ports(spec, name)) for port in ports}


def hosts_by_port(spec: Platform) -> Mapping[int, tuple[str, ...]]:
    """Hosts that any service lists with a port, in alphabetical order, by the port."""
    rules = [rule for service in spec.services.values() for rule in service.egress]
    ports = sorted({rule.port for rule in rules})
    return {port: tuple(sorted({rule.host for rule in rules if rule.port == port})) for port in ports}


def hosts_at(spec: Platform, name: str, port: int) -> frozenset[str]:
    """Hosts that a service lists with a port."""
    return frozenset(rule.host for rule in spec.services[name].egress if rule.port == port)


def other_ports(spec: Platform) -> tuple[int, ...]:
    """Listed ports besides 443 over all services, in ascending order."""
    return tuple(port for port in services_by_port(spec) if port != HTTPS_PORT)


def outside_ports(spec: Platform, name: str, *, https: bool) -> tuple[int, ...]:
    """Ports of the internet that open for a service: the listed ones, and 443 where the cloud opens it anyway."""
    return tuple(sorted({*listed_ports(spec, name), *((HTTPS_PORT,) if https else ())}))


def names_leave(spec: Platform) -> bool:
    """True when any host outside can be reached, whether or not a service lists it."""
    return spec.network.egress != "none" and not checks_names(spec)


def hosts_of(spec: Platform, name: str) -> tuple[str, ...]:
    """Hosts that a service lists, with their ports, such as `db.example.com:5432`."""
    return tuple(f"{rule.host}:{rule.port}" for rule in spec.services[name].egress)


def ports_by_service(spec: Platform, ports: Callable[[str], Iterable[int]]) -> Mapping[str, str]:
    """Return the ports of each service as text, such as `443, 5432`; a service without any is absent."""
    texts = {name: ", ".join(map(str, ports(name))) for name in spec.services}
    return {name: text for name, text in texts.items() if text}


def open_port_adjustments(spec: Platform) -> Iterator[Adjustment]:
    """Report that the ports of listed hosts open for every host, unless names are checked."""
    for name in spec.services if not checks_names(spec) else ():
        ports = listed_ports(spec, name)
        if ports:
            title = f"TCP port{'s' if len(ports) > 1 else ''} {listed(ports, 'and')}"
            reason = f"{title} {'open' if len(ports) > 1 else 'opens'} to every host, as a rule for a port names none"
            yield Adjustment(f"services.{name}.egress", list(hosts_of(spec, name)), Effect.PARTIAL, reason)
