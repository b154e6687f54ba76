"""Certificate of the entry: an existing Secret, or one that cert-manager signs and renews."""

from typing import TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from providers.contract.component import Scope
from providers.kubernetes.base.objects import WAIT_FOR, metadata
from providers.kubernetes.base.resources import KubernetesBaseResources
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
