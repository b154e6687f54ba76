"""Rules over the keys of services: names, replicas, ports, health, variables, images, paths, and what they use and call."""

from collections.abc import Iterator, Sequence

from providers.contract.diagnostics import ConfigError, did_you_mean, listed
from providers.contract.existing_registry import written_image
from providers.contract.images import parse_image
from providers.contract.spec import UNBUILT_TAG, KubernetesBlock, Metrics, Platform, Service
from providers.contract.variables import CACHES, generated_names

COPIES = "copies"
"""Name of the alarms on copies in the standby region."""
PART_NAMES = ("database", "cache", "storage", "money", "platform")
"""Parts of the platform that alarms and dashboard rows are named after."""
COST_NAMES = ("models", "tokens")
"""Names of the alarms on the cost of models, where there are prices."""


def check_service_names(spec: Platform) -> Iterator[ConfigError]:
    """Refuse the name of a part of the platform, which would share its alarms' names."""
    taken = (*PART_NAMES, COPIES) if spec.recovery.mode != "none" else PART_NAMES
    taken = (*taken, *COST_NAMES) if spec.cost.models else taken
    taken = (*taken, *cache_names(spec))
    for name in spec.services:
        if name in taken:
            problem = f"the platform uses this name itself ({listed(taken, 'and')} are taken)"
            yield ConfigError(f"services.{name}", problem, "rename the service")


def cache_names(spec: Platform) -> tuple[str, ...]:
    """Return the names of alarms and servers of additional caches."""
    return tuple(cache.part for cache in spec.all_caches if cache.name)


def check_used_parts(spec: Platform) -> Iterator[ConfigError]:
    """Require the parts that services use."""
    for name, service in spec.services.items():
        key = f"services.{name}.uses"
        yield from _repeated(key, service.uses)
        for part in service.uses:
            if part.startswith(CACHES):
                yield from _unknown_cache(spec, key, part)
            elif part != "models" and getattr(spec, part) is None:
                settings = "{eviction: noeviction}" if part == "cache" and service.app == "celery" else "{}"
                yield ConfigError(
                    key, f"the platform has no {part}", f"add `{part}: {settings}`, or remove {part} here"
                )
        # the missing block of a cloud is an error already
        if "models" in service.uses and not spec.models and spec.block is not None and not _has_identity(spec, name):
            yield ConfigError(key, *_no_models(spec))


def _unknown_cache(spec: Platform, key: str, part: str) -> Iterator[ConfigError]:
    name = part.removeprefix(CACHES)
    if name not in spec.caches:
        problem = f"there is no {part}{did_you_mean(name, spec.caches)}"
        yield ConfigError(key, problem, f"add `caches: {{{name}: {{}}}}`, or remove {part} here")


def _has_identity(spec: Platform, name: str) -> bool:
    """True for a service that reaches the models of a cloud by an identity of it, on a cluster."""
    block = spec.block
    return isinstance(block, KubernetesBlock) and bool(block.models_identity or block.identities.get(name))


def _no_models(spec: Platform) -> tuple[str, str]:
    if isinstance(spec.block, KubernetesBlock):
        return (
            "a cluster has no managed models",
            "set kubernetes.models_identity to an identity of the cloud that may call models, or remove models and call a "
            "hosted model with a key under `secrets`",
        )
    if not hasattr(spec.block, "models"):
        return (
            f"{spec.cloud} has no managed models",
            "remove models, and call a hosted model with a key under `secrets`",
        )
    return "no models are listed", f"list some under `{spec.cloud}.models`, or remove models here"


def check_called_services(spec: Platform) -> Iterator[ConfigError]:
    """Require that called services exist and accept connections."""
    for name, service in spec.services.items():
        key = f"services.{name}.calls"
        yield from _repeated(key, service.calls)
        for callee in service.calls:
            if callee == name:
                yield ConfigError(key, f"{callee} is the service itself", "remove it; a service calls others")
            elif callee not in spec.services:
                others = [other for other in spec.services if other != name]
                fix = f"use {listed(others)}" if others else "remove it; there is no other service"
                yield ConfigError(key, f"{callee} is not a service{did_you_mean(callee, others)}", fix)
            elif spec.services[callee].port is None:
                yield ConfigError(
                    key,
                    f"{callee} has no port, so nothing can call it",
                    f"set services.{callee}.port, or remove it here",
                )


def check_replicas(spec: Platform) -> Iterator[ConfigError]:
    """Require min <= max."""
    for name, service in spec.services.items():
        low, high = service.replicas.min, service.replicas.max
        if low > high:
            problem = f"min ({low}) is greater than max ({high})"
            yield ConfigError(f"services.{name}.replicas", problem, f"raise max to {low}, or lower min")


def check_ports(spec: Platform) -> Iterator[ConfigError]:
    """Require a port of a routed service, and an HTTP health check only where there is a port."""
    for name, service in spec.services.items():
        key = f"services.{name}"
        if service.port is None and service.path is not None:
            yield ConfigError(f"{key}.path", "a routed service needs a port", "set `port`, or remove the path")
        if service.port is None and service.health.path is not None:
            problem = "an HTTP health check needs a port"
            yield ConfigError(f"{key}.health.path", problem, "set `port`, or use `health.command` instead")
        if service.port is not None and service.path is not None and service.health.path is None:
            problem = "missing; a routed service must answer 200 on an HTTP path"
            yield ConfigError(f"{key}.health.path", problem, "set the path")


def check_health(spec: Platform) -> Iterator[ConfigError]:
    """Require that a check ends before the next begins, and that a command says how it is run."""
    for name, service in spec.services.items():
        health, key = service.health, f"services.{name}.health"
        if health.timeout_seconds >= health.interval_seconds:
            problem = f"{health.timeout_seconds} is not less than interval_seconds ({health.interval_seconds})"
            yield ConfigError(f"{key}.timeout_seconds", problem, "lower it, or raise interval_seconds")
        if health.command and health.command[0] not in ("CMD", "CMD-SHELL"):
            problem = "the first word must be CMD or CMD-SHELL"
            yield ConfigError(f"{key}.command", problem, "write it as [CMD, program, argument] or [CMD-SHELL, line]")


def check_variables(spec: Platform) -> Iterator[ConfigError]:
    """Refuse a variable that is both plain and secret, and one that the platform sets itself."""
    for name, service in spec.services.items():
        generated = generated_names(service)
        for variable in service.environment:
            if variable in generated:
                yield _taken(f"services.{name}.environment.{variable}", variable)
        key = f"services.{name}.secrets"
        yield from _repeated(key, service.secrets)
        for variable in service.secrets:
            if variable in generated:
                yield _taken(key, variable)
            if variable in service.environment:
                yield ConfigError(key, f"{variable} is also a plain variable in `environment`", "keep one of the two")


def _taken(key: str, variable: str) -> ConfigError:
    return ConfigError(key, f"the platform sets {variable} itself", "use another name")


def check_image_credentials(spec: Platform) -> Iterator[ConfigError]:
    """Refuse credentials of the platform's own registry, which the cloud's identities read, and ones that a container gets.

    A secret that is also listed under `secrets` would give the password of the registry to the code of the image.
    """
    for name, service in spec.services.items():
        key, secret = f"services.{name}.image_credentials", service.image_credentials
        if secret is None:
            continue
        if parse_image(service.image).registry is None:
            problem = f'no effect: "{service.image}" is in the platform\'s own registry, which needs no credentials'
            yield ConfigError(key, problem, "remove it, or name the registry in `image`")
        readers = spec.readers_of(secret)
        if readers:
            problem = f"{secret} is also listed under services.{readers[0]}.secrets, so containers could read it"
            yield ConfigError(key, problem, "use a secret of its own")


def check_builds(spec: Platform) -> Iterator[ConfigError]:
    """Require that a built image belongs to the platform's own registry, the only one that `images push` logs in to."""
    for name, service in spec.services.items():
        registry = parse_image(written_image(spec, name)).registry
        if service.build is not None and registry is not None:
            problem = f"images are pushed to the platform's own registry, and `image` names {registry}"
            fix = f"remove `image`, or build and push with your own tools and remove services.{name}.build"
            yield ConfigError(f"services.{name}.build", problem, fix)


def check_metrics(spec: Platform) -> Iterator[ConfigError]:
    """Require a port for the metrics of a service that has none itself."""
    for name, service in spec.services.items():
        metrics = service.metrics
        if isinstance(metrics, Metrics) and metrics.port is None and service.port is None:
            problem = "missing; the service has no port of its own"
            yield ConfigError(f"services.{name}.metrics.port", problem, "set it, or set metrics to none")


def check_images(spec: Platform) -> Iterator[ConfigError]:
    """Refuse the tag `latest`, named or implied, which changes its image without a change here."""
    for name, service in spec.services.items():
        image = parse_image(service.image)
        if not service.built and service.build is None:
            problem = f"the tag `{UNBUILT_TAG}` stands for an image that is still to be built, and `build` is missing"
            yield ConfigError(f"services.{name}.image", problem, "set `build`, or use a digest")
        if image.digest is None and image.tag in (None, "latest"):
            written = written_image(spec, name)
            repository = written.partition(":")[0]
            digest = f"a digest ({repository}@sha256:...)"
            fix = f"use {digest}" if spec.profile == "production" else f"use a tag ({repository}:1.0) or a digest"
            problem = f'"{written}" means the tag `latest`, which changes over time'
            yield ConfigError(f"services.{name}.image", problem, fix)


def check_paths(spec: Platform) -> Iterator[ConfigError]:
    """Refuse a path that two services have."""
    taken: dict[str, str] = {}
    for name, service in spec.services.items():
        path = plain_path(service)
        if path and path in taken:
            problem = f'"{service.path}" is the path of {taken[path]} too'
            yield ConfigError(f"services.{name}.path", problem, "give each service its own path")
        if path:
            taken.setdefault(path, name)


def plain_path(service: Service) -> str:
    """Return the service's path without a trailing slash; empty for a private service."""
    return (service.path.rstrip("/") or "/") if service.path is not None else ""


def _repeated(key: str, names: Sequence[str]) -> Iterator[ConfigError]:
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield ConfigError(key, f"{name} is listed twice", "list it once")
