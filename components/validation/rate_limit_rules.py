"""Rules over the paths of the entry that have a separate limit, or take prompts."""

from collections.abc import Iterator

from providers.contract.closed_paths import Routes, is_below
from providers.contract.diagnostics import ConfigError, displayed
from providers.contract.spec import PathRateLimit, Platform


def check_rate_limits(spec: Platform) -> Iterator[ConfigError]:
    """Refuse both forms at once, and limits of paths that overlap, have no route, or are not lower than that of an address."""
    ingress = spec.ingress
    if ingress.rate_limit_per_minute is not None and "per_address" in ingress.rate_limit.model_fields_set:
        problem = "`ingress.rate_limit.per_address` is set too"
        yield ConfigError("ingress.rate_limit_per_minute", problem, "keep one of the two")
    routes, earlier = Routes(spec), list[PathRateLimit]()
    for limit in ingress.rate_limit.paths:
        yield from _mistakes(spec, routes, limit, earlier)
        earlier.append(limit)


def _mistakes(
    spec: Platform, routes: Routes, limit: PathRateLimit, earlier: list[PathRateLimit]
) -> Iterator[ConfigError]:
    key, (other_key, limit_of_address) = "ingress.rate_limit.paths", spec.ingress.per_address_setting
    prefix, shown = limit.prefix, displayed(limit.prefix)
    if limit.per_address >= limit_of_address:
        problem = f"{limit.per_address} for {shown} is not less than {limit_of_address}, which is reached first"
        yield ConfigError(key, problem, f"lower it, or raise {other_key}")
    if spec.public and routes.service_at(prefix) is None and not routes.services_below(prefix):
        yield ConfigError(key, f"no route leads to {shown}", "write the path as clients request it, or remove it")
    for other in earlier:
        if is_below(prefix, other.prefix) or is_below(other.prefix, prefix):
            problem = f"{shown} and {displayed(other.prefix)} are parts of each other"
            yield ConfigError(key, problem, "keep one of the two")


def check_prompts(spec: Platform) -> Iterator[ConfigError]:
    """Refuse a path of prompts that no route leads to."""
    waf = spec.ingress.waf_settings
    routes = [service.path or "/" for service in spec.public.values()]
    for path in (waf.prompts or ()) if waf else ():
        fixed = path.partition("*")[0].rstrip("/")
        if routes and not any(is_below(fixed, route) or is_below(route, fixed or "/") for route in routes):
            fix = "write the path as clients request it, or remove it"
            yield ConfigError("ingress.waf.prompts", f"no route leads to {displayed(path)}", fix)
