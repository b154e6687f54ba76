"""Calls between services: addresses, start order, and calls that cannot be ordered. Pure.

A task of Service Connect only learns endpoints that exist when its deployment begins ("Amazon ECS Service Connect
components", developer guide). A callee therefore starts before its callers, and services that call each other, directly
or through others, have no valid order.
"""

from providers.contract.diagnostics import Diagnostic, Unsupported
from providers.contract.spec import Platform


def connected(spec: Platform, name: str) -> bool:
    """True when a service calls or is called: only those join the namespace and run its proxy."""
    return bool(spec.services[name].calls or spec.callers_of(name))


def start_order(spec: Platform) -> tuple[str, ...]:
    """Return every service once, callees before callers, otherwise in the order of the spec; cycles are cut."""
    order: dict[str, None] = {}

    def visit(name: str, path: tuple[str, ...]) -> None:
        for callee in spec.services[name].calls:
            if callee not in path and callee not in order:
                visit(callee, (*path, callee))
        order.setdefault(name)

    for name in spec.services:
        visit(name, (name,))
    return tuple(order)


def call_refusals(spec: Platform) -> list[Diagnostic]:
    """Calls that form a cycle."""
    position = {name: index for index, name in enumerate(start_order(spec))}
    return [
        Unsupported(
            "aws",
            f"services.{name}.calls",
            problem=f"{callee} calls {name}, directly or through other services, and a callee must start before its callers",
            fix="let one of them answer through the database, the cache or its public path",
        )
        for name, service in spec.services.items()
        for callee in service.calls
        if position[callee] > position[name]
    ]


def service_address(spec: Platform, service: str) -> str:
    """Return `http://<service>:<port>`, resolved by the caller's Service Connect proxy; empty for a worker."""
    port = spec.services[service].port
    return f"http://{service}:{port}" if port else ""
