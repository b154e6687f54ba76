"""Preflight checks of a cluster before an update: what must exist, what this user may do, and what production relies on.

Nothing is installed or changed: operators, GatewayClasses, issuers and storage classes belong to the owner of the cluster.
"""

import re
from collections.abc import Callable, Sequence

from providers.contract.diagnostics import ConfigError, Diagnostic, listed
from providers.contract.preflight import ISOLATION, CheckResult, Environment, HostChecks
from providers.contract.spec import Platform
from providers.kubernetes.context import block_of
from providers.kubernetes.naming import namespace_name
from providers.kubernetes.preflight.apis import check_database, check_gateway, check_metrics, check_monitoring
from providers.kubernetes.preflight.capacity import check_quota, check_room, check_storage, check_zones
from providers.kubernetes.preflight.cluster import ClusterFacts
from providers.kubernetes.preflight.deployer import deployer_objects
from providers.kubernetes.preflight.diagnosis import explain
from providers.kubernetes.preflight.inspection import inspect_cluster
from providers.kubernetes.preflight.kubectl import check_objects
from providers.kubernetes.preflight.stack_objects import list_objects, list_prepared

MIN_VERSION = (1, 33)
"""First version with native sidecars, and with the sleep before a stop on by default."""
NO_CONTEXT = re.compile(r"context .*does not exist|context was not found|no context exists")
SHOWN_RIGHTS = 6
TRIAL = "docs/kubernetes.md has a trial that shows it"


def preflight(spec: Platform, stack: str, environment: Environment) -> Sequence[CheckResult]:
    """Inspect the cluster and check that it can run a stack."""
    return check_cluster(inspect_cluster(spec, stack, environment), spec, stack)


def check_cluster(cluster: ClusterFacts, spec: Platform, stack: str) -> Sequence[CheckResult]:
    """Check a cluster for a stack; only its answer, version and identity when one of these fails."""
    first = (check_answer(cluster), check_version(cluster), check_identity(cluster, spec))
    failed = [result for result in first if result.diagnostics]
    if failed:
        return (failed[0],)
    checks: tuple[Callable[[ClusterFacts, Platform], CheckResult], ...] = (
        check_gateway, check_database, check_monitoring, check_metrics, check_storage, check_zones, check_room,
        check_isolation, check_quota,
    )  # fmt: skip
    return (
        *first,
        check_rights(cluster, namespace_name(spec, stack)),
        check_namespace(cluster, namespace_name(spec, stack)),
        *(check(cluster, spec) for check in checks),
    )


def check_answer(cluster: ClusterFacts) -> CheckResult:
    """Check that the API server of the context answers."""
    if not cluster.no_answer:
        return CheckResult("cluster", f"the API server of the context {cluster.context} answers")
    key, reason = "kubernetes.context", cluster.no_answer
    if "not installed" in reason:
        problem, fix = reason, "install kubectl (https://kubernetes.io/docs/tasks/tools/)"
    elif NO_CONTEXT.search(reason):
        problem = f"the kubeconfig has no context {cluster.context}"
        fix = "use a name that `kubectl config get-contexts` prints, or set KUBECONFIG to the file that has it"
    else:
        problem = f"the API server of the context {cluster.context} does not answer ({reason})"
        fix = f"run `kubectl --context {cluster.context} version` to see why, and log in to the cluster again"
    return CheckResult("cluster", "", (ConfigError(key, problem, fix),))


def check_version(cluster: ClusterFacts) -> CheckResult:
    """Check the minor version of the API server."""
    numbers = re.match(r"v(\d+)\.(\d+)", cluster.version)
    least = ".".join(map(str, MIN_VERSION))
    if numbers is None or (int(numbers[1]), int(numbers[2])) >= MIN_VERSION:
        return CheckResult("version", f"Kubernetes {cluster.version or 'of an unknown version'}")
    problem = f"kubernetes needs version {least} or later, and the cluster has {cluster.version.removeprefix('v')}"
    return CheckResult("version", "", (ConfigError("cloud", problem, "upgrade the cluster, or use another one"),))


def check_identity(cluster: ClusterFacts, spec: Platform) -> CheckResult:
    """Check that the context leads to the cluster of the stack: contexts are names of one machine."""
    subject, key, expected = "cluster identity", "kubernetes.cluster_uid", block_of(spec).cluster_uid
    if cluster.uid is None:
        advice = "allow `get` on the namespace kube-system to this user, so that another cluster is not updated"
        if expected is None:
            return CheckResult(subject, "cannot be read", fix=advice)
        return CheckResult(subject, "", (ConfigError(key, "the identity of the cluster cannot be read", advice),))
    if expected is None:
        return CheckResult(subject, "not compared", fix=f"set {key} to {cluster.uid}")
    if str(expected) == cluster.uid:
        return CheckResult(subject, f"{cluster.uid}, as in the stack file")
    problem = f"the context {cluster.context} leads to the cluster {cluster.uid}, and the stack belongs to {expected}"
    return CheckResult(
        subject, "", (ConfigError(key, problem, "set kubernetes.context to that of the stack's cluster"),)
    )


def check_rights(cluster: ClusterFacts, namespace: str) -> CheckResult:
    """Check that this user may create, change and delete every kind of object in the namespace."""
    missing = cluster.missing_rights
    if not missing:
        fix = f"for `destroy`, allow this user to {listed(cluster.missing_to_destroy, 'and')} too"
        observed = f"this user may deploy to the namespace {namespace}"
        return CheckResult("rights", observed, fix=fix if cluster.missing_to_destroy else "")
    more = f" and {len(missing) - SHOWN_RIGHTS} more" if len(missing) > SHOWN_RIGHTS else ""
    problem = f"this user may not {', '.join(missing[:SHOWN_RIGHTS])}{more} in the namespace {namespace}"
    fix = f"bind a role with these rights to it in the namespace {namespace}"
    return CheckResult("rights", "", (ConfigError("kubernetes.context", problem, fix),))


def check_namespace(cluster: ClusterFacts, namespace: str) -> CheckResult:
    """Check that an existing namespace was created by the platform, and not for something else."""
    labels = cluster.namespace_labels
    if labels is None:
        return CheckResult("namespace", f"{namespace} does not exist yet")
    if labels.get("app.kubernetes.io/part-of") == "agent-platform":
        return CheckResult("namespace", f"{namespace} exists")
    refused: Diagnostic = ConfigError(
        "kubernetes.namespace",
        f"{namespace} exists and was not created by the platform, which would not take it over",
        "use a name that does not exist, or import it with `pulumi import`",
    )
    return CheckResult("namespace", "", (refused,))


def check_isolation(cluster: ClusterFacts, spec: Platform) -> CheckResult:
    """Refuse in production a cluster whose network plugin is not known to enforce policies, unless the risk is accepted."""
    subject = "network policies"
    if cluster.policy_engine:
        return CheckResult(subject, f"enforced by {cluster.policy_engine}")
    observed = (
        "the network plugin cannot be read"
        if cluster.policy_engine is None
        else "no network plugin that enforces them was recognized"
    )
    if spec.profile != "production" or ISOLATION in spec.accept_risk:
        return CheckResult(subject, observed, fix=f"use Calico, Cilium or another one that enforces them; {TRIAL}")
    fix = (
        "use Calico, Cilium or another one that enforces them; where one does and is not recognized, accept it by "
        f'`accept_risk: {{"{ISOLATION}": "<reason>"}}`; {TRIAL}'
    )
    return CheckResult(subject, "", (ConfigError(ISOLATION, observed, fix),))


HOST_CHECKS = HostChecks(
    preflight, explain, check_objects=check_objects, list_objects=list_objects, deployer_objects=deployer_objects,
    list_prepared=list_prepared,
)  # fmt: skip
