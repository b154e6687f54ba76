"""Kubernetes block: the cluster, what its owner provides, and what the platform may use of it."""

from typing import Annotated, Literal

from pydantic import Field

from providers.contract.spec.base import Guid, Port, Slug, SpecModel
from providers.contract.spec.network import Cidr

ObjectName = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", max_length=253)]
"""Name of an object: a DNS subdomain (https://kubernetes.io/docs/concepts/overview/working-with-objects/names/)."""
NamespaceName = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", max_length=63)]
"""Name of a namespace: a DNS label."""
Url = Annotated[str, Field(pattern=r"^https?://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~/-]*)?$", max_length=400)]
"""Address that begins with http:// or https://, without a query."""


class GatewayReference(SpecModel):
    """Existing Gateway of the cluster."""

    name: ObjectName
    """Name of the Gateway; its listeners must admit routes of the platform's namespace."""
    namespace: NamespaceName
    """Namespace of the Gateway."""


class ClusterBucket(SpecModel):
    """Existing S3-compatible bucket; its keys are the stack secrets AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
    """Name of the bucket."""
    endpoint_url: Url
    """Address of the S3 API, for example https://s3.eu-central-1.amazonaws.com."""
    region: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$", max_length=64)] = "us-east-1"
    """Region that clients sign requests for."""


class ExternalDatabase(SpecModel):
    """PostgreSQL that runs elsewhere."""

    external: bool = False
    """Use the server of the stack secret DATABASE_URL in place of CloudNativePG."""
    port: Port = 5432
    """TCP port of the external server, which network policies open."""


class ExternalCache(SpecModel):
    """Redis-compatible cache that runs elsewhere."""

    external: bool = False
    """Use the server of the stack secret REDIS_URL in place of a Valkey of the platform's own."""
    port: Port = 6379
    """TCP port of the external server, which network policies open."""


class KubernetesBlock(SpecModel):
    """Existing Kubernetes cluster: which one, and what its owner provides."""

    context: Annotated[str, Field(pattern=r"^\S+$", max_length=253)]
    """Context of the kubeconfig; the current context is never used."""
    cluster_uid: Guid | None = None
    """UID of the namespace kube-system, by which the cluster is recognized; required in production."""
    namespace: NamespaceName | None = None
    """Namespace that the platform creates; absent: agent-platform-<stack>."""
    flavour: Literal["eks", "gke", "aks", "other"] = "other"
    """Kind of cluster, which decides how a service account obtains an identity of the cloud."""
    entry: Literal["gateway", "haproxy"] = "gateway"
    """Public entry: routes of the cluster's Gateway, or HAProxy behind a load balancer, which has rate limits, WAF rules and authentication."""
    gateway_class: ObjectName | None = None
    """GatewayClass of the Gateway that the platform creates with `entry: gateway`."""
    gateway: GatewayReference | None = None
    """Existing Gateway in place of an own one."""
    gateway_namespace: NamespaceName | None = None
    """Namespace in which the proxies of the Gateway run; absent: clients in every namespace and outside reach public services."""
    issuer: ObjectName | None = None
    """ClusterIssuer of cert-manager that signs the certificate of `ingress.domain`."""
    tls_secret: ObjectName | None = None
    """Existing Secret of type kubernetes.io/tls in the namespace, in place of an issuer."""
    storage_class: ObjectName | None = None
    """StorageClass of volumes; absent: the default class of the cluster."""
    api_server: tuple[Cidr, ...] = ()
    """Addresses of the API server, which the operator's database pods connect to; absent: every address on ports 443 and 6443."""
    monitoring_namespace: NamespaceName = "monitoring"
    """Namespace of the Prometheus that scrapes the services."""
    monitoring_labels: dict[str, str] = {}
    """Labels by which the Prometheus of the cluster selects monitors and rules."""
    grafana_url: Url | None = None
    """Address of the Grafana that shows the dashboard; absent: the stack has no link to it."""
    keda_prometheus_url: Url | None = None
    """Address of the Prometheus that KEDA asks for requests per replica; absent: services scale by CPU and memory alone."""
    bucket: ClusterBucket | None = None
    """Bucket for `storage` and for backups of the database; absent: none."""
    database: ExternalDatabase = ExternalDatabase()
    """Database of the operator CloudNativePG, or an external one."""
    cache: ExternalCache = ExternalCache()
    """Valkey of the platform, or an external cache."""
    identities: dict[Slug, Annotated[str, Field(pattern=r"^\S+$", max_length=255)]] = {}
    """Cloud identity by service: role ARN on eks, service account address on gke, client ID on aks."""
    models_identity: Annotated[str, Field(pattern=r"^\S+$", max_length=255)] | None = None
    """Cloud identity of services with `uses: [models]` that have none in `identities`."""
    registry: (
        Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*(:[0-9]+)?(/[a-z0-9._-]+)*$", max_length=255)] | None
    ) = None
    """Registry, with a path, of images that name none, for example ghcr.io/acme; absent: such images are refused."""
    images: dict[str, str] = {}
    """Replacement image by role (proxy, cache, ...), for clusters that cannot reach a public registry."""
