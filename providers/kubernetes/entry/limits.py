"""Settings of the entry that a cluster refuses or adjusts. Pure.

HAProxy keeps every promise of `ingress`. A Gateway routes and terminates TLS; the Gateway API has no limits, no inspection
and no authentication of clients in its standard channel (https://gateway-api.sigs.k8s.io/concepts/versioning/).
"""

from collections.abc import Iterator

from providers.contract.closed_paths import closed_paths
from providers.contract.diagnostics import Adjustment, ConfigError, Diagnostic, Effect, Unsupported
from providers.contract.haproxy.admission import ANY_ADDRESS, haproxy_refusals, waf_adjustments
from providers.contract.spec import Platform
from providers.kubernetes.context import block_of, by_haproxy

TO_HAPROXY = "set kubernetes.entry to haproxy"


def entry_replicas(spec: Platform) -> int:
    """Replicas of HAProxy: one for each zone in production, at least two; one in development."""
    if spec.profile == "development":
        return 1
    return max(2, spec.network.zones) if spec.profile == "production" else 2


def entry_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Refuse an entry that lacks what it needs, and promises that it cannot keep."""
    rules = [*_certificate(spec)]
    if not spec.public:
        return [*rules]
    if by_haproxy(spec):
        return [*rules, *haproxy_refusals(spec)]
    return [*rules, *_gateway(spec), *_limits(spec), *_authentication(spec), *_affinity(spec)]


def entry_adjustments(spec: Platform) -> list[Adjustment]:
    """Rate limits, WAF, DNS and idle connections of a platform with a public service."""
    if not spec.public:
        return []
    own = _haproxy_adjustments(spec) if by_haproxy(spec) else _gateway_adjustments(spec)
    return [*own, *_names(spec), *_unused(spec)]


def _certificate(spec: Platform) -> Iterator[Diagnostic]:
    block, domain = block_of(spec), spec.ingress.domain
    if spec.ingress.certificate is not None:
        fix = "remove it, and set kubernetes.tls_secret or kubernetes.issuer"
        yield Unsupported("kubernetes", "ingress.certificate", "it names a certificate of a cloud", fix)
    if not spec.public or (block.entry == "gateway" and block.gateway is not None):
        return
    if block.issuer is not None and block.tls_secret is not None:
        problem = "both are set, and the entry has one certificate"
        yield ConfigError("kubernetes.issuer", problem, "keep kubernetes.issuer or kubernetes.tls_secret")
    elif block.issuer is None and block.tls_secret is None:
        problem = "missing; the entry needs a certificate"
        fix = "set it to a ClusterIssuer of cert-manager, or set kubernetes.tls_secret to a Secret of type kubernetes.io/tls"
        yield ConfigError("kubernetes.issuer", problem, fix)
    elif block.issuer is not None and domain is None:
        problem = "missing; an issuer signs for a name"
        yield ConfigError("ingress.domain", problem, "set it, or use kubernetes.tls_secret")


def _unused(spec: Platform) -> Iterator[Adjustment]:
    """Keys of a Gateway beside HAProxy, and those of an own Gateway beside an existing one."""
    block = block_of(spec)
    keys: tuple[str, ...] = ()
    reason = "kubernetes.entry: haproxy has a load balancer of its own"
    if block.entry == "haproxy":
        keys = ("gateway_class", "gateway", "gateway_namespace")
    elif block.gateway is not None:
        keys = ("gateway_class", "issuer", "tls_secret")
        reason = f"the existing Gateway {block.gateway.name} has its listeners and certificates"
    for key in keys:
        value = getattr(block, key)
        if value is not None:
            shown = value if isinstance(value, str) else value.model_dump()
            yield Adjustment(f"kubernetes.{key}", shown, Effect.IGNORED, reason)


def _gateway(spec: Platform) -> Iterator[Diagnostic]:
    block = block_of(spec)
    if block.gateway is None and block.gateway_class is None:
        fix = "set it, or kubernetes.gateway, or set kubernetes.entry to haproxy"
        yield ConfigError("kubernetes.gateway_class", "missing; public services need a Gateway", fix)
    if spec.ingress.domain is None:
        problem = "missing; routes of a Gateway are found by their host name"
        yield ConfigError("ingress.domain", problem, f"set it, or {TO_HAPROXY}")


def _limits(spec: Platform) -> Iterator[Diagnostic]:
    """Limits that a Gateway does not have; their defaults are refused in production alone."""
    ingress, production = spec.ingress, spec.profile == "production"
    key, value = ingress.per_address_setting
    if production or ingress.rate_limit_per_minute is not None or "per_address" in ingress.rate_limit.model_fields_set:
        problem = f"{value}: the Gateway API has no limit per client"
        yield Unsupported("kubernetes", key, problem, TO_HAPROXY)
    for name in ("per_key", "paths"):
        if getattr(ingress.rate_limit, name):
            problem = "the Gateway API has no rate limit"
            yield Unsupported("kubernetes", f"ingress.rate_limit.{name}", problem, TO_HAPROXY)
    if ingress.waf_settings is not None and (production or "waf" in ingress.model_fields_set):
        problem = "true: no standard object inspects requests"
        yield Unsupported("kubernetes", "ingress.waf", problem, f"{TO_HAPROXY}, or set ingress.waf to false")
    if ANY_ADDRESS not in ingress.allowed_cidrs:
        problem = "the Gateway API has no list of client addresses"
        yield Unsupported("kubernetes", "ingress.allowed_cidrs", problem, f"{TO_HAPROXY}, or remove it")


def _authentication(spec: Platform) -> Iterator[Diagnostic]:
    auth = spec.ingress.auth
    if auth is not None and auth.mode in ("jwt", "oidc"):
        problem = f"{auth.mode}: the Gateway API checks no clients"
        fix = (
            f"{TO_HAPROXY}, or use api_key" if auth.mode == "jwt" else "use api_key, or set auth of the services to app"
        )
        yield Unsupported("kubernetes", "ingress.auth.mode", problem, fix)


def _affinity(spec: Platform) -> Iterator[Diagnostic]:
    for name, service in spec.public.items():
        if service.app == "streamlit" and service.replicas.max > 1:
            problem = (
                "streamlit keeps sessions in one replica, and session persistence is an experiment of the Gateway API"
            )
            fix = f"set it to 1, or {TO_HAPROXY}"
            yield Unsupported("kubernetes", f"services.{name}.replicas.max", problem, fix)


def _haproxy_adjustments(spec: Platform) -> Iterator[Adjustment]:
    replicas = entry_replicas(spec)
    yield from waf_adjustments(spec)
    if replicas > 1:
        key, value = spec.ingress.per_address_setting
        reason = (
            f"each of the {replicas} replicas of HAProxy counts on its own, so an address may send up to {replicas * value} "
            "requests per minute"
        )
        yield Adjustment(key, value, Effect.ADJUSTED, reason)


def _gateway_adjustments(spec: Platform) -> Iterator[Adjustment]:
    ingress = spec.ingress
    key, value = ingress.per_address_setting
    yield Adjustment(
        key, value, Effect.IGNORED, "the Gateway API has no limit per client; kubernetes.entry: haproxy has"
    )
    if ingress.waf_settings is not None:
        reason = "no standard object inspects requests; kubernetes.entry: haproxy does"
        yield Adjustment("ingress.waf", True, Effect.IGNORED, reason)
    reason = (
        "the controller of the Gateway decides when an idle connection is closed; a replica that ends waits this long"
    )
    yield Adjustment("ingress.idle_timeout_seconds", ingress.idle_timeout_seconds, Effect.PARTIAL, reason)
    closed: dict[str, list[str]] = {}
    for each in closed_paths(spec):
        closed.setdefault(each.service, []).append(each.path)
    for name, paths in closed.items():
        reason = "a Gateway answers 500 in place of 404, and only to the path as it is written"
        yield Adjustment(f"services.{name}.closed_paths", paths, Effect.ADJUSTED, reason)


def _names(spec: Platform) -> Iterator[Adjustment]:
    domain = spec.ingress.domain
    if domain is not None:
        reason = "no DNS record is created; let it resolve to the address of the entry, which `kubectl get` shows"
        yield Adjustment("ingress.domain", domain, Effect.PARTIAL, reason)
    if spec.ingress.dns_zone is not None:
        reason = "no DNS record is created on kubernetes"
        yield Adjustment("ingress.dns_zone", spec.ingress.dns_zone, Effect.IGNORED, reason)
