"""Changes of a plan that make security checks fail, and those of production on Kubernetes."""

from collections.abc import Callable, Mapping

from automation.plan.inventory import Inventory
from tests.audits import unprotected, with_input, with_resource, without

Change = Callable[[Inventory], Inventory]
SECRET = {"name": "OPENAI_API_KEY", "value": "in plain"}


def put(subject: str, path: str, value: object) -> Change:
    return lambda inventory: with_input(inventory, subject, path, value)


def removed(*short_types: str) -> Change:
    return lambda inventory: without(inventory, *short_types)


def added(token: str, inputs: Mapping[str, object]) -> Change:
    return lambda inventory: with_resource(inventory, token, "prod-added", inputs)


API_ROLE = "kubernetes:rbac.authorization.k8s.io/v1:Role"
CLUSTER, CHAT = "postgresql.cnpg.io:Cluster prod-database", "apps:Deployment prod-compute-chat"
DATABASE_POLICY = "networking.k8s.io:NetworkPolicy prod-database-database"
PLAIN_PROXY = put("core:ConfigMap prod-entry-files", "data", {"haproxy.cfg": "frontend plain"})


def rule(verb: str, kind: str) -> Change:
    return added(API_ROLE, {"rules": [{"verbs": [verb], "resources": [kind]}]})


KUBERNETES: Mapping[str, Change] = {
    "rights-name-actions": rule("*", "services"),
    "rights-name-resources": rule("get", "secrets"),
    "pass-role-and-run": rule("create", "pods"),
    "own-identity-per-service": put(CHAT, "spec.template.spec.serviceAccountName", "gateway"),
    "only-the-entry-is-open": put("core:Service prod-compute-chat-service", "spec.type", "LoadBalancer"),
    "plain-http-only-redirects": PLAIN_PROXY,
    "tls-of-today": PLAIN_PROXY,
    "attacks-are-filtered-and-logged": PLAIN_PROXY,
    "filters-and-defaults-are-closed": put(
        "networking.k8s.io:NetworkPolicy prod-network-default-deny", "spec.policyTypes", ["Ingress"]
    ),
    "data-stores-are-private": put(DATABASE_POLICY, "spec.ingress.0.from.0", {"ipBlock": {"cidr": "0.0.0.0/0"}}),
    "odd-traffic-is-watched": put("monitoring.coreos.com:PrometheusRule prod-monitoring-rules", "spec.groups", []),
    "data-links-need-tls": put(CLUSTER, "spec.postgresql.pg_hba", []),
    "backups-are-kept": put("barmancloud.cnpg.io:ObjectStore prod-database-store", "spec.retentionPolicy", "6d"),
    "stores-are-hardened": put("core:Secret prod-database-url", "immutable", False),
    "services-are-hardened": put(CHAT, "spec.template.spec.hostNetwork", True),
    "deletion-is-guarded": lambda inventory: unprotected(inventory, "core:Namespace prod-network-namespace"),
    "access-is-logged": put(CLUSTER, "spec.postgresql.parameters.log_connections", "off"),
    "no-secret-in-plain": put(CHAT, "spec.template.spec.containers.0.env", [SECRET]),
    "containers-are-confined": put(CHAT, "spec.template.spec.containers.0.securityContext", {}),
    "zones-at-least-two": put(CLUSTER, "spec.instances", 1),
    "minor-updates-are-taken": put(CLUSTER, "spec.imageName", "ghcr.io/cloudnative-pg/postgresql:17.6-system-trixie"),
    "alarms-reach-people": put(
        "monitoring.coreos.com:AlertmanagerConfig prod-monitoring-channels", "spec.receivers", []
    ),
    "everything-is-tagged": put(CHAT, "metadata.labels.stack", None),
}
