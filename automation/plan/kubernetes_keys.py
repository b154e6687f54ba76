"""Keys of the Kubernetes block with other values, for the list of every key."""

from collections.abc import Mapping

IN_CLUSTER: Mapping[str, object] = {
    "context": "trial",
    "cluster_uid": "3f0c0000-0000-0000-0000-000000000002",
    "registry": "ghcr.io/acme",
    "entry": "haproxy",
    "tls_secret": "agents-tls",
    "bucket": {"name": "acme-agents", "endpoint_url": "https://s3.example.com"},
}
"""Block with which each key of the spec can be honoured."""
ROUTED: Mapping[str, object] = {"services.web.path": "/"}
GATEWAY: Mapping[str, object] = {
    **ROUTED,
    "ingress.domain": "agents.example.com",
    "kubernetes": {"context": "trial", "entry": "gateway", "gateway_class": "eg", "issuer": "letsencrypt"},
}
EXISTING: Mapping[str, object] = {
    **ROUTED,
    "ingress.domain": "agents.example.com",
    "kubernetes": {"context": "trial", "entry": "gateway", "gateway": {"name": "shared", "namespace": "gateways"}},
}
ON_EKS = {**IN_CLUSTER, "flavour": "eks"}
ROLE = "arn:aws:iam::111122223333:role/agents"
DATABASE: Mapping[str, object] = {"database": {}, "services.web.uses": ["database"]}
CACHE: Mapping[str, object] = {"cache": {}, "services.web.uses": ["cache"]}
STORAGE: Mapping[str, object] = {"storage": {}, "services.web.uses": ["storage"]}
KUBERNETES_KEYS: tuple[tuple[str, object, Mapping[str, object]], ...] = (
    ("context", "production", {}),
    ("cluster_uid", "3f0c0000-0000-0000-0000-000000000001", {}),
    ("namespace", "agents", {}),
    ("flavour", "gke", {"kubernetes": {**ON_EKS, "identities": {"web": ROLE}}}),
    ("entry", "gateway", {**GATEWAY, "kubernetes.entry": "haproxy"}),
    ("gateway_class", "istio", GATEWAY),
    ("gateway", {"name": "shared", "namespace": "gateways"}, GATEWAY),
    ("gateway.name", "other", EXISTING),
    ("gateway.namespace", "other", EXISTING),
    ("gateway_namespace", "envoy-gateway-system", GATEWAY),
    ("issuer", "internal", GATEWAY),
    ("tls_secret", "other-tls", ROUTED),
    ("storage_class", "fast", {**CACHE, "cache.high_availability": False}),
    ("api_server", ["10.0.0.1/32"], DATABASE),
    ("monitoring_namespace", "observability", ROUTED),
    ("monitoring_labels", {"release": "prometheus"}, {}),
    ("grafana_url", "https://grafana.example.com", {"monitoring.dashboards": True}),
    ("keda_prometheus_url", "http://prometheus.monitoring.svc:9090", ROUTED),
    ("bucket", {"name": "other", "endpoint_url": "https://s3.example.com"}, STORAGE),
    ("bucket.name", "other", STORAGE),
    ("bucket.endpoint_url", "https://objects.example.com", STORAGE),
    ("bucket.region", "eu-central-1", STORAGE),
    ("database.external", True, DATABASE),
    ("database.port", 6432, {**DATABASE, "kubernetes.database": {"external": True}}),
    ("cache.external", True, CACHE),
    ("cache.port", 6380, {**CACHE, "kubernetes.cache": {"external": True}}),
    ("identities", {"web": ROLE}, {"kubernetes": ON_EKS}),
    (
        "models_identity",
        "arn:aws:iam::111122223333:role/models",
        {"kubernetes": {**ON_EKS, "models_identity": ROLE}, "services.web.uses": ["models"]},
    ),
    ("registry", "ghcr.io/other", {"services.web.image": "web:1.0"}),
    ("images", {"proxy": "registry.example.com/haproxy:3.2"}, ROUTED),
)
"""Key in the block, another value for it, and the values that it depends on."""
