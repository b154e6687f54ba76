"""Which path leads to which backend, proved by tests that the API runs before it takes the map."""

from collections.abc import Mapping

import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.gcp.context import GcpContext
from providers.gcp.entry import routes

HSTS = "max-age=31536000; includeSubDomains"
"""Browsers keep to HTTPS for a year."""
MATCHER = "services"
NOT_FOUND = 404

Backends = Mapping[str, gcp.compute.BackendService]


def create_url_map(scope: Scope, context: GcpContext, backends: Backends) -> gcp.compute.URLMap:
    """The map of the domain (of every host name, where there is no domain); other hosts are answered 404.

    A map cannot answer by itself, so 404 is an injected fault before a backend that no request reaches.
    """
    domain = context.spec.ingress.domain
    return gcp.compute.URLMap(
        scope.named("urls"),
        project=context.project,
        default_service=next(iter(backends.values())).id,
        default_route_action=gcp.compute.URLMapDefaultRouteActionArgs(
            fault_injection_policy=gcp.compute.URLMapDefaultRouteActionFaultInjectionPolicyArgs(
                abort=gcp.compute.URLMapDefaultRouteActionFaultInjectionPolicyAbortArgs(
                    http_status=NOT_FOUND, percentage=100
                )
            )
        ),
        header_action=_hsts() if domain else None,
        host_rules=[gcp.compute.URLMapHostRuleArgs(hosts=[domain or "*"], path_matcher=MATCHER)],
        path_matchers=[_paths(context, backends)],
        tests=[
            gcp.compute.URLMapTestArgs(host=domain or "any.example", path=path, service=backends[name].id)
            for path, name in routes.proofs(context.spec).items()
        ],
        opts=scope.opts(),
    )


def _paths(context: GcpContext, backends: Backends) -> gcp.compute.URLMapPathMatcherArgs:
    fallback = routes.fallback(context.spec)
    return gcp.compute.URLMapPathMatcherArgs(
        name=MATCHER,
        default_service=backends[fallback or next(iter(backends))].id,
        default_route_action=None if fallback else _not_found(),
        path_rules=[
            gcp.compute.URLMapPathMatcherPathRuleArgs(
                paths=routes.patterns(service.path or ""), service=backends[name].id
            )
            for name, service in context.spec.public.items()
            if name != fallback
        ],
    )


def _not_found() -> gcp.compute.URLMapPathMatcherDefaultRouteActionArgs:
    return gcp.compute.URLMapPathMatcherDefaultRouteActionArgs(
        fault_injection_policy=gcp.compute.URLMapPathMatcherDefaultRouteActionFaultInjectionPolicyArgs(
            abort=gcp.compute.URLMapPathMatcherDefaultRouteActionFaultInjectionPolicyAbortArgs(
                http_status=NOT_FOUND, percentage=100
            )
        )
    )


def _hsts() -> gcp.compute.URLMapHeaderActionArgs:
    header = gcp.compute.URLMapHeaderActionResponseHeadersToAddArgs(
        header_name="Strict-Transport-Security", header_value=HSTS, replace=True
    )
    return gcp.compute.URLMapHeaderActionArgs(response_headers_to_adds=[header])
