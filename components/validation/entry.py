"""The way in and out: paths, domain, egress."""

from collections.abc import Iterator

from providers.contract.diagnostics import ConfigError, legacy_error
from providers.contract.spec import Platform, Service


def paths_are_distinct(spec: Platform) -> Iterator[ConfigError]:
    """A path leads to one service."""
    taken: dict[str, str] = {}
    for name, service in spec.services.items():
        path = plain_path(service)
        if path and path in taken:
            yield legacy_error(
                f"services.{name}.path", service.path, f"already leads to {taken[path]}; give each service its own path"
            )
        if path:
            taken.setdefault(path, name)


def plain_path(service: Service) -> str:
    """The service's path without the slash that makes no difference; empty for a private service."""
    return (service.path.rstrip("/") or "/") if service.path is not None else ""


def domain_lies_in_its_zone(spec: Platform) -> Iterator[ConfigError]:
    """The domain is the zone or a name in it."""
    ingress = spec.ingress
    if ingress.domain is None and ingress.dns_zone is not None:
        yield legacy_error(
            "ingress.dns_zone", ingress.dns_zone, "has no `ingress.domain` to hold; set the domain or drop the zone"
        )
    if ingress.domain is None or ingress.dns_zone is None:
        return
    if ingress.domain != ingress.dns_zone and not ingress.domain.endswith(f".{ingress.dns_zone}"):
        yield legacy_error(
            "ingress.domain",
            ingress.domain,
            f"lies outside the zone {ingress.dns_zone}; use a name that ends in .{ingress.dns_zone}",
        )


def domain_has_something_to_show(spec: Platform) -> Iterator[ConfigError]:
    """A name without a routed service would lead nowhere."""
    if spec.ingress.domain is not None and not spec.public:
        yield legacy_error(
            "ingress.domain", spec.ingress.domain, "leads nowhere; give a service a `path` or drop the domain"
        )


def closed_egress_has_endpoints(spec: Platform) -> Iterator[ConfigError]:
    """Without a way out, images, logs and secrets come through private endpoints only."""
    if spec.network.egress == "none" and not spec.network.private_endpoints:
        yield legacy_error(
            "network.egress",
            "none",
            "needs `network.private_endpoints: true`, or no image could be pulled and no secret read",
        )


entry_rules = (
    paths_are_distinct,
    domain_lies_in_its_zone,
    domain_has_something_to_show,
    closed_egress_has_endpoints,
)
