"""One service at a time: bounds, ports, health, variables, image."""

from collections.abc import Iterator

from providers.contract.diagnostics import ConfigError, legacy_error, listed
from providers.contract.images import parse_image
from providers.contract.spec import Platform, Service
from providers.contract.variables import generated_names

OWN_NAMES = ("database", "cache", "storage", "money", "platform")
"""Parts of the platform by whose names alarms and dashboard rows are called."""


def names_are_free(spec: Platform) -> Iterator[ConfigError]:
    """A service named like a part of the platform would share its alarms' names."""
    for name in spec.services:
        if name in OWN_NAMES:
            advice = (
                f"stands under a name that the platform uses itself ({listed(OWN_NAMES, 'and')} are taken); rename it"
            )
            yield legacy_error(f"services.{name}", {"image": spec.services[name].image}, advice)


def replicas_are_ordered(spec: Platform) -> Iterator[ConfigError]:
    """min <= max."""
    for name, service in spec.services.items():
        low, high = service.replicas.min, service.replicas.max
        if low > high:
            found = {"min": low, "max": high}
            yield legacy_error(
                f"services.{name}.replicas", found, f"has min above max; raise max to {low} or lower min"
            )


def ports_match_roles(spec: Platform) -> Iterator[ConfigError]:
    """A service that is routed to listens; one that does not listen has no HTTP health check."""
    for name, service in spec.services.items():
        path = f"services.{name}"
        if service.port is None and service.path is not None:
            yield legacy_error(f"{path}.path", service.path, "needs a port to route to; set `port` or drop the path")
        if service.port is None and service.health.path is not None:
            yield legacy_error(
                f"{path}.health.path",
                service.health.path,
                "needs a port; a worker proves its health by `health.command`",
            )
        if service.port is not None and service.path is not None and service.health.path is None:
            yield legacy_error(
                f"{path}.health.path", None, "is set, and a routed service must answer 200 on some HTTP path; name it"
            )


def health_is_consistent(spec: Platform) -> Iterator[ConfigError]:
    """A check ends before the next begins; a command says how it is run."""
    for name, service in spec.services.items():
        health, path = service.health, f"services.{name}.health"
        if health.timeout_seconds >= health.interval_seconds:
            yield legacy_error(
                f"{path}.timeout_seconds",
                health.timeout_seconds,
                f"must be less than interval_seconds, which is {health.interval_seconds}",
            )
        if health.command and health.command[0] not in ("CMD", "CMD-SHELL"):
            yield legacy_error(
                f"{path}.command", health.command[0], "must begin with CMD or CMD-SHELL, then the command"
            )


def variables_are_distinct(spec: Platform) -> Iterator[ConfigError]:
    """No variable is both plain and secret, and none replaces one that the platform hands in."""
    for name, service in spec.services.items():
        generated = generated_names(service)
        for variable in service.environment:
            if variable in generated:
                yield _taken(f"services.{name}.environment.{variable}", variable)
        for variable in service.secrets:
            path = f"services.{name}.secrets"
            if variable in generated:
                yield _taken(path, variable)
            if variable in service.environment:
                yield legacy_error(path, variable, "is also a plain variable in `environment`; keep one of the two")
            if service.secrets.count(variable) > 1:
                yield legacy_error(path, variable, "is listed twice; list it once")


def _taken(path: str, variable: str) -> ConfigError:
    return legacy_error(path, variable, "is a variable the platform sets itself; choose another name")


def images_are_fixed(spec: Platform) -> Iterator[ConfigError]:
    """`latest`, named or implied, is another image tomorrow; refused on every profile."""
    for name, service in spec.services.items():
        image = parse_image(service.image)
        if image.digest is None and image.tag in (None, "latest"):
            yield legacy_error(
                f"services.{name}.image",
                service.image,
                f"means `latest`, which is another image tomorrow; name {_allowed(spec, service)}",
            )


def _allowed(spec: Platform, service: Service) -> str:
    name = service.image.partition(":")[0]
    return f"a digest ({name}@sha256:...)" if spec.profile == "production" else f"a tag ({name}:1.0) or a digest"


service_rules = (
    names_are_free,
    replicas_are_ordered,
    ports_match_roles,
    health_is_consistent,
    variables_are_distinct,
    images_are_fixed,
)
