"""Routes of the cluster's Gateway, with its own listeners or at an existing one.

A Gateway has no rate limit, no WAF, no list of addresses and no authentication of clients; `limits.py` refuses them. The
most specific path decides among the rules of all routes (Gateway API 1.6, HTTPRouteRule), so their order does not matter.
"""

from collections.abc import Iterator, Mapping
from typing import NotRequired, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from providers.contract.closed_paths import closed_paths
from providers.contract.component import Scope
from providers.contract.rollout import RolloutPosition
from providers.kubernetes.base.resources import KubernetesBaseResources
from providers.kubernetes.base.secrets import WAIT_FOR, metadata
from providers.kubernetes.compute.rollout_limits import weights_of
from providers.kubernetes.naming import ENTRY

CERTIFICATE_SECRET = "entry-tls"  # noqa: S105  # a name


class IssuerReference(TypedDict):
    """Issuer of a Certificate."""

    name: str
    kind: str


class CertificateSpec(TypedDict):
    """Certificate of cert-manager.io/v1 (https://cert-manager.io/docs/reference/api-docs/)."""

    secretName: str
    dnsNames: list[str]
    issuerRef: IssuerReference


def create_certificate(scope: Scope, base: KubernetesBaseResources) -> tuple[str, list[pulumi.Resource]]:
    """Name of the Secret with the certificate, and what must exist before it has one."""
    block, domain = base.context.block, base.spec.ingress.domain
    if block.tls_secret is not None or domain is None:
        return block.tls_secret or CERTIFICATE_SECRET, []
    spec = CertificateSpec(
        secretName=CERTIFICATE_SECRET,
        dnsNames=[domain],
        issuerRef=IssuerReference(name=block.issuer or "", kind="ClusterIssuer"),
    )
    certificate = kubernetes.apiextensions.CustomResource(
        scope.named("certificate"),
        api_version="cert-manager.io/v1",
        kind="Certificate",
        metadata=metadata(scope, base.context, ENTRY, ENTRY, annotations={WAIT_FOR: "condition=Ready"}),
        spec=spec,
        # an object of a namespace cannot be created before it; no Output says so
        opts=scope.opts(depends_on=[base.network.namespace]),
    )
    return CERTIFICATE_SECRET, [certificate]


API_VERSION = "gateway.networking.k8s.io/v1"
HTTPS_LISTENER, HTTP_LISTENER = "https", "http"
NO_TIMEOUT = "0s"
"""The timeout of a request is for the whole exchange and would cut streams."""


class ParentReference(TypedDict):
    """Gateway of a route."""

    name: str
    namespace: NotRequired[str]
    sectionName: NotRequired[str]


class BackendReference(TypedDict):
    """Service of a rule, with its share of the requests."""

    name: str
    port: int
    weight: int


class PathMatch(TypedDict):
    """Path and the paths below it."""

    type: str
    value: str


class RouteRule(TypedDict, total=False):
    """Rule of an HTTPRoute; one without backends answers 500."""

    matches: list[dict[str, PathMatch]]
    filters: list[dict[str, object]]
    backendRefs: list[BackendReference]
    timeouts: dict[str, str]


class RouteSpec(TypedDict):
    """Spec of an HTTPRoute."""

    parentRefs: list[ParentReference]
    hostnames: list[str]
    rules: list[RouteRule]


def create_gateway_entry(scope: Scope, base: KubernetesBaseResources, positions: Mapping[str, RolloutPosition]) -> None:
    """Gateway, unless the block names one, and a route for each public service."""
    parents = [] if base.context.block.gateway is not None else [_gateway(scope, base)]
    for name in base.spec.public:
        rules = [_service_rule(base, name, positions.get(name)), *_closed_rules(base, name)]
        _route(scope, base, name, _parent(base, HTTPS_LISTENER), rules, parents)
    if base.context.block.gateway is None:
        redirect: dict[str, object] = {
            "type": "RequestRedirect",
            "requestRedirect": {"scheme": "https", "statusCode": 301},
        }
        _route(scope, base, "redirect", _parent(base, HTTP_LISTENER), [RouteRule(filters=[redirect])], parents)


def _gateway(scope: Scope, base: KubernetesBaseResources) -> pulumi.Resource:
    block, domain = base.context.block, base.spec.ingress.domain
    secret, ready = create_certificate(scope, base)
    admitted = {"namespaces": {"from": "Same"}}
    certificate = {"mode": "Terminate", "certificateRefs": [{"name": secret}]}
    listeners = [
        {
            "name": HTTPS_LISTENER,
            "port": 443,
            "protocol": "HTTPS",
            "hostname": domain,
            "tls": certificate,
            "allowedRoutes": admitted,
        },
        {"name": HTTP_LISTENER, "port": 80, "protocol": "HTTP", "hostname": domain, "allowedRoutes": admitted},
    ]
    return kubernetes.apiextensions.CustomResource(
        scope.named("gateway"),
        api_version=API_VERSION,
        kind="Gateway",
        metadata=metadata(scope, base.context, ENTRY, ENTRY, annotations={WAIT_FOR: "condition=Programmed"}),
        spec={"gatewayClassName": block.gateway_class, "listeners": listeners},
        # a listener without its certificate is not programmed; its Secret is named, which no Output expresses
        opts=scope.opts(depends_on=[base.network.namespace, *ready]),
    )


def _parent(base: KubernetesBaseResources, listener: str) -> ParentReference:
    gateway = base.context.block.gateway
    if gateway is not None:
        return ParentReference(name=gateway.name, namespace=gateway.namespace)
    return ParentReference(name=ENTRY, sectionName=listener)


def _route(
    scope: Scope,
    base: KubernetesBaseResources,
    name: str,
    parent: ParentReference,
    rules: list[RouteRule],
    parents: list[pulumi.Resource],
) -> None:
    spec = RouteSpec(parentRefs=[parent], hostnames=[base.spec.ingress.domain or ""], rules=rules)
    kubernetes.apiextensions.CustomResource(
        scope.named(f"route-{name}"),
        api_version=API_VERSION,
        kind="HTTPRoute",
        metadata=metadata(scope, base.context, ENTRY, f"route-{name}"),
        spec=spec,
        # the Gateway is named, which no Output expresses
        opts=scope.opts(depends_on=[base.network.namespace, *parents]),
    )


def _service_rule(base: KubernetesBaseResources, name: str, position: RolloutPosition | None) -> RouteRule:
    service = base.spec.services[name]
    backends = [
        BackendReference(name=each.name, port=service.port or 0, weight=each.percent)
        for each in weights_of(name, position)
    ]
    return RouteRule(
        matches=[{"path": PathMatch(type="PathPrefix", value=service.path or "/")}],
        backendRefs=backends,
        timeouts={"request": NO_TIMEOUT},
    )


def _closed_rules(base: KubernetesBaseResources, name: str) -> Iterator[RouteRule]:
    """A rule without a backend for each closed path of a service: it is more specific than that of the service."""
    for closed in closed_paths(base.spec):
        if closed.service == name:
            yield RouteRule(matches=[{"path": PathMatch(type="PathPrefix", value=closed.path)}])
