"""What one key names must stand elsewhere: the cloud's block, parts that services use, services that others call."""

from collections.abc import Iterator, Sequence

from providers import AVAILABLE
from providers.contract.diagnostics import ConfigError, did_you_mean, legacy_error, listed
from providers.contract.spec import Platform

RESERVED_TAGS = ("project", "stack", "managed-by")


def cloud_is_available(spec: Platform) -> Iterator[ConfigError]:
    """The chosen cloud has an adapter, and its block is there."""
    if spec.cloud not in AVAILABLE:
        yield legacy_error("cloud", spec.cloud, f"has no adapter yet; use {listed(AVAILABLE)}")
    elif spec.block is None:
        yield legacy_error("cloud", spec.cloud, f"needs the block `{spec.cloud}` beside it; add its account and region")


def used_parts_exist(spec: Platform) -> Iterator[ConfigError]:
    """`uses` names parts that the platform has."""
    for name, service in spec.services.items():
        path = f"services.{name}.uses"
        yield from _repeated(path, service.uses)
        for part in service.uses:
            if part != "models" and getattr(spec, part) is None:
                yield legacy_error(
                    path, part, f"names a part the platform does not have; add `{part}: {{}}` or drop it here"
                )
        if "models" in service.uses and not spec.models:
            yield legacy_error(path, "models", _no_models(spec))


def _no_models(spec: Platform) -> str:
    if not hasattr(spec.block, "models"):
        return (
            f"means managed models, of which {spec.cloud} has none; drop it, and call a model hosted elsewhere by a key "
            "under `secrets`"
        )
    return f"names no model; list some under `{spec.cloud}.models` or drop `models` here"


def called_services_exist(spec: Platform) -> Iterator[ConfigError]:
    """`calls` names other services that accept connections."""
    for name, service in spec.services.items():
        path = f"services.{name}.calls"
        yield from _repeated(path, service.calls)
        for callee in service.calls:
            if callee == name:
                yield legacy_error(path, callee, "is the service itself; a service calls others, so drop it")
            elif callee not in spec.services:
                known = [other for other in spec.services if other != name]
                hint = f"use {listed(known)}" if known else "there is no other service"
                yield legacy_error(path, callee, f"is not a service{did_you_mean(callee, known)}; {hint}")
            elif spec.services[callee].port is None:
                yield legacy_error(path, callee, "has no port, so nothing can call it; give it a port or drop it here")


def tags_are_free(spec: Platform) -> Iterator[ConfigError]:
    """The platform writes its own tags; a user's tag of the same name would be lost."""
    for key in spec.tags:
        if key.lower() in RESERVED_TAGS:
            yield legacy_error(
                f"tags.{key}", spec.tags[key], f"is the platform's own tag; {listed(RESERVED_TAGS)} are taken"
            )


def _repeated(path: str, names: Sequence[str]) -> Iterator[ConfigError]:
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield legacy_error(path, name, "is listed twice; list it once")


reference_rules = (cloud_is_available, used_parts_exist, called_services_exist, tags_are_free)
