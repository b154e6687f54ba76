"""Platforms on Kubernetes for tests: production, staging, and variants that declare other objects."""

import json
from collections.abc import Mapping
from functools import cache

from automation.plan.inventory import Inventory
from automation.plan.kubernetes_keys import IN_CLUSTER
from automation.stack.document import stack_of, with_values
from components.settings import PLATFORM_KEY
from providers.contract.spec import Platform
from providers.contract.spec.defaults import Raw, complete
from tests.planning import DRILL, DROP, JOBS, ROOT, plan, production, raw_of

REGISTRY = "ghcr.io/acme"
BUCKET: Mapping[str, object] = {
    "name": "acme-agents",
    "endpoint_url": "https://s3.eu-central-1.amazonaws.com",
    "region": "eu-central-1",
}
BLOCK: Mapping[str, object] = {
    "context": "acme-prod",
    "cluster_uid": "3f0c1f6e-2b5a-4c0e-9d0a-0f1e2d3c4b5a",
    "entry": "haproxy",
    "issuer": "letsencrypt",
    "storage_class": "fast",
    "bucket": BUCKET,
    "cache": {"external": True},
    "monitoring_labels": {"release": "kube-prometheus-stack"},
}


def on_cluster(raw: Raw, changes: Mapping[str, object] | None = None, block: Mapping[str, object] | None = None) -> Raw:
    """Return a shipped platform on a cluster, which has no models, no budget and no registry."""
    services = raw["services"]
    assert isinstance(services, dict)
    images = {
        f"services.{name}.image": f"{REGISTRY}/{service['image'].rpartition('/')[2]}"
        for name, service in services.items()
    }
    settings: dict[str, object] = {
        "cloud": "kubernetes",
        "kubernetes": {**BLOCK, **(block or {})},
        **images,
        "services.gateway.uses": ["database", "cache", "storage"],
        "network.cidr": DROP,
        "storage": {},
        "budget": DROP,
        "deployer": DROP,
        "cost": DROP,
        "recovery": DROP,
        **(changes or {}),
    }
    return with_values(raw, settings)


@cache
def _staging() -> Raw:
    return raw_of(ROOT / "Pulumi.staging.yaml")


OWN_CACHE: Mapping[str, object] = {"cache": {"external": False}}
EXTERNAL: Mapping[str, object] = {"database": {"external": True, "port": 6432}, "cache": {"external": True}}
GATEWAY: Mapping[str, object] = {
    **OWN_CACHE,
    "entry": "gateway",
    "gateway_class": "eg",
    "gateway_namespace": "envoy-gateway-system",
}
SIMPLE_INGRESS: Mapping[str, object] = {"ingress.waf": False, "ingress.rate_limit": DROP}


def spec_of(raw: Raw, *, check: bool = True) -> Platform:
    """Return the spec of a platform; without `check`, also of one that the cluster refuses."""
    return (
        stack_of("prod", {PLATFORM_KEY: raw}).spec if check else Platform.model_validate_json(json.dumps(complete(raw)))
    )


def staging(changes: Mapping[str, object] | None = None, block: Mapping[str, object] | None = None) -> Raw:
    """Return staging on a cluster, with its Valkey inside."""
    own = {**OWN_CACHE, **(block or {})}
    return on_cluster(_staging(), {"cache.high_availability": False, **(changes or {})}, own)


def small() -> Raw:
    """Return a platform with one service behind HAProxy, scaled by its load, and a Valkey."""
    return {
        "cloud": "kubernetes",
        "kubernetes": dict(IN_CLUSTER),
        "profile": "development",
        "network": {"zones": 2},
        "services": {
            "web": {
                "app": "fastapi",
                "image": f"{REGISTRY}/web:1.0",
                "path": "/",
                "uses": ["cache"],
                "replicas": {"min": 1, "max": 4},
            }
        },
        "ingress": {"domain": "agents.example.com"},
        "cache": {"high_availability": False},
        "monitoring": {"dashboards": False},
    }


def prod(changes: Mapping[str, object] | None = None, block: Mapping[str, object] | None = None) -> Raw:
    """Return production on a cluster, with an external cache."""
    external: dict[str, object] = {"cache": {"eviction": "volatile-lru"}}
    return on_cluster(production(), {**external, **(changes or {})}, block)


@cache
def prod_plan() -> Inventory:
    """Return what production declares."""
    return plan(prod())


@cache
def staging_plan() -> Inventory:
    """Return what staging declares."""
    return plan(staging(), stack="staging")


TRACING: Mapping[str, object] = {"sample_percent": 10}
MAIL = {"monitoring.emails": ["oncall@example.com"]}
VARIANTS: Mapping[str, tuple[Mapping[str, object], Mapping[str, object]]] = {
    "external data stores": ({"database": {}, "cache": {"eviction": "volatile-lru"}}, EXTERNAL),
    "own cache": ({}, {}),
    "gateway": (SIMPLE_INGRESS, GATEWAY),
    "restore drill": ({"recovery": {"drill": DRILL}}, {}),
    "jobs": ({"jobs": JOBS}, {}),
    "traces": ({"monitoring.tracing": TRACING}, {}),
    "one database instance": ({"database.high_availability": False, "database.version": "16"}, {}),
    "identities on EKS": (
        {},
        {"flavour": "eks", "identities": {"gateway": "arn:aws:iam::111122223333:role/gateway"}},
    ),
    "identities on AKS": (
        {},
        {"flavour": "aks", "identities": {"gateway": "00000000-0000-0000-0000-000000000009"}},
    ),
    "requests per replica": (
        {"services.gateway.autoscaling": {"requests_per_replica_per_minute": 600}},
        {"keda_prometheus_url": "http://prometheus.monitoring.svc:9090"},
    ),
    "without outbound access": ({"network.egress": "none"}, {}),
}
"""Changes of staging and of its block, by what they add."""
CASES = ("production", "staging", *VARIANTS)


def raw_of_case(case: str) -> Raw:
    """Return production, staging or a variant of staging."""
    if case == "production":
        return prod()
    return staging() if case == "staging" else staging(*VARIANTS[case])


def plan_of_case(case: str) -> Inventory:
    """Return what production, staging or a variant of staging declares."""
    if case == "production":
        return prod_plan()
    return staging_plan() if case == "staging" else plan(raw_of_case(case), stack="staging")
