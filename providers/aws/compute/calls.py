"""In which order services start, so that each finds those it calls. Pure.

A task of Service Connect learns the endpoints that exist when its deployment begins and no later ones ("Amazon ECS
Service Connect components", developer guide). A callee therefore stands before its callers, and two services that call
each other, directly or around a corner, have no order at all.
"""

from providers.aws.base.resources import AwsBaseResources
from providers.contract.diagnostics import Diagnostic, legacy_unsupported
from providers.contract.spec import Platform


def connected(spec: Platform, name: str) -> bool:
    """True when a service calls or is called: only those join the namespace and carry its proxy."""
    return bool(spec.services[name].calls or spec.callers_of(name))


def start_order(spec: Platform) -> tuple[str, ...]:
    """Every service once, callees before callers, else in the order of the file; a cycle is cut where it closes."""
    order: dict[str, None] = {}

    def visit(name: str, above: tuple[str, ...]) -> None:
        for callee in spec.services[name].calls:
            if callee not in above and callee not in order:
                visit(callee, (*above, callee))
        order.setdefault(name)

    for name in spec.services:
        visit(name, (name,))
    return tuple(order)


def call_refusals(spec: Platform) -> list[Diagnostic]:
    """Calls that lead back to the caller."""
    position = {name: place for place, name in enumerate(start_order(spec))}
    return [
        legacy_unsupported(
            "aws",
            f"services.{name}.calls",
            callee,
            f"{callee} leads back to {name}, and a service must start before those that call it; let one of them answer "
            "through the database, the cache or its public path",
        )
        for name, service in spec.services.items()
        for callee in service.calls
        if position[callee] > position[name]
    ]


def service_address(base: AwsBaseResources, service: str) -> str:
    """`http://<service>:<port>`; empty for a worker, which accepts no connection."""
    port = base.spec.services[service].port
    return f"http://{service}:{port}" if port else ""
