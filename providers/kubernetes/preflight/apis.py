"""Checks of the APIs that operators add to a cluster: routes, certificates, databases, monitoring, metrics. Pure."""

from collections.abc import Iterable, Iterator

from providers.contract.diagnostics import ConfigError, Diagnostic, listed
from providers.contract.preflight import CheckResult
from providers.contract.spec import Platform
from providers.kubernetes.context import block_of
from providers.kubernetes.preflight.cluster import ClusterFacts
from providers.kubernetes.preflight.rights import (
    BACKUP_RESOURCES,
    CERTIFICATES,
    DATABASE_RESOURCES,
    METRICS,
    MONITORING_RESOURCES,
    ROUTE_RESOURCES,
    SCALED_OBJECTS,
    asks_keda,
    backs_up,
    routes,
    runs_database,
)


def check_gateway(cluster: ClusterFacts, spec: Platform) -> CheckResult:
    """Check the Gateway API, its class or Gateway, and the issuer of the certificate."""
    subject = "entry"
    if not spec.public:
        return CheckResult(subject, "no service has a path")
    refusals = tuple(_entry_refusals(cluster, spec))
    return CheckResult(subject, "the cluster serves what the entry needs", refusals)


def _entry_refusals(cluster: ClusterFacts, spec: Platform) -> Iterator[Diagnostic]:
    block = block_of(spec)
    if routes(spec):
        missing = _missing(cluster, ROUTE_RESOURCES)
        if missing:
            fix = "install a controller of the Gateway API 1.2 or later, or set kubernetes.entry to haproxy"
            yield ConfigError("kubernetes.entry", f"the cluster does not serve {listed(missing, 'and')}", fix)
            return
        yield from _gateway_refusals(cluster, spec)
    if block.issuer is not None and _missing(cluster, (CERTIFICATES,)):
        fix = "install cert-manager, or set kubernetes.tls_secret to the name of a Secret with a certificate"
        yield ConfigError("kubernetes.issuer", f"the cluster does not serve {CERTIFICATES}", fix)
    elif block.issuer is not None and not cluster.issuer_ready and "ClusterIssuers" not in cluster.unread:
        state = "does not exist" if cluster.issuer_ready is None else "is not Ready"
        fix = f"run `kubectl --context {cluster.context} describe clusterissuer {block.issuer}`"
        yield ConfigError("kubernetes.issuer", f"the ClusterIssuer {block.issuer} {state}", fix)
    if cluster.tls_secret_exists is False and cluster.namespace_labels is not None:
        problem = f"the Secret {block.tls_secret} does not exist in the namespace"
        fix = f"create it with `kubectl create secret tls {block.tls_secret} --cert FILE --key FILE`"
        yield ConfigError("kubernetes.tls_secret", problem, fix)


def _gateway_refusals(cluster: ClusterFacts, spec: Platform) -> Iterator[Diagnostic]:
    block = block_of(spec)
    if block.gateway is not None and cluster.gateway_exists is False:
        problem = f"the Gateway {block.gateway.name} does not exist in the namespace {block.gateway.namespace}"
        fix = f"use one that `kubectl --context {cluster.context} get gateways -A` prints"
        yield ConfigError("kubernetes.gateway", problem, fix)
    named = block.gateway_class is not None and "GatewayClasses" not in cluster.unread
    if named and not cluster.gateway_class_accepted:
        state = "does not exist" if cluster.gateway_class_accepted is None else "was not accepted by a controller"
        fix = f"use one that `kubectl --context {cluster.context} get gatewayclasses` prints with ACCEPTED True"
        yield ConfigError("kubernetes.gateway_class", f"the GatewayClass {block.gateway_class} {state}", fix)


def check_database(cluster: ClusterFacts, spec: Platform) -> CheckResult:
    """Check the operator of the database, and the plugin of its backups."""
    subject = "database"
    if not runs_database(spec):
        return CheckResult(subject, "needs no operator")
    missing = _missing(cluster, DATABASE_RESOURCES)
    if missing:
        problem = f"the cluster does not serve {listed(missing, 'and')}"
        fix = "install CloudNativePG 1.29 or later, or set kubernetes.database.external"
        return CheckResult(subject, "", (ConfigError("database", problem, fix),))
    missing = _missing(cluster, BACKUP_RESOURCES) if backs_up(spec) else []
    if missing:
        problem = f"the cluster does not serve {listed(missing, 'and')}"
        fix = "install the Barman Cloud plugin of CloudNativePG"
        return CheckResult(subject, "", (ConfigError("database.backup", problem, fix),))
    return CheckResult(subject, "CloudNativePG is installed")


def check_monitoring(cluster: ClusterFacts, spec: Platform) -> CheckResult:
    """Check the operator of Prometheus, without which no alarm would be sent."""
    missing = _missing(cluster, MONITORING_RESOURCES)
    if not missing:
        return CheckResult("monitoring", "the operator of Prometheus is installed")
    problem = f"the cluster does not serve {listed(missing, 'and')}, so no rule would be evaluated"
    fix = "install the operator of Prometheus, such as with kube-prometheus-stack"
    return CheckResult("monitoring", "", (ConfigError("monitoring", problem, fix),))


def check_metrics(cluster: ClusterFacts, spec: Platform) -> CheckResult:
    """Check the metrics of pods, without which no service is scaled."""
    scaled = [name for name, service in spec.services.items() if service.replicas.min < service.replicas.max]
    if not scaled:
        return CheckResult("autoscaling", "no service is scaled")
    if asks_keda(spec) and SCALED_OBJECTS not in cluster.served:
        problem, fix = f"the cluster does not serve {SCALED_OBJECTS}", "install KEDA, or remove it"
        return CheckResult("autoscaling", "", (ConfigError("kubernetes.keda_prometheus_url", problem, fix),))
    if METRICS in cluster.served:
        return CheckResult("autoscaling", "the cluster serves the metrics of pods")
    problem = "the cluster does not serve metrics.k8s.io, so the number of replicas would not change"
    fix = "install metrics-server, or set replicas.max to replicas.min"
    return CheckResult("autoscaling", "", (ConfigError(f"services.{scaled[0]}.replicas", problem, fix),))


def _missing(cluster: ClusterFacts, resources: Iterable[str]) -> list[str]:
    return [resource for resource in resources if resource not in cluster.served]
