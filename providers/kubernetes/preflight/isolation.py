"""Check that the network plugin of the cluster enforces network policies, which the API server accepts in any case. Pure."""

from providers.contract.diagnostics import ConfigError
from providers.contract.preflight import ISOLATION, CheckResult
from providers.contract.spec import Platform
from providers.kubernetes.preflight.cluster import Cluster

SUBJECT = "network policies"
TRIAL = "docs/kubernetes.md has a trial that shows it"


def check_isolation(cluster: Cluster, spec: Platform) -> CheckResult:
    """Refuse in production a cluster whose network plugin is not known to enforce policies, unless the risk is accepted."""
    if cluster.policy_engine:
        return CheckResult(SUBJECT, f"enforced by {cluster.policy_engine}")
    observed = (
        "the network plugin cannot be read"
        if cluster.policy_engine is None
        else "no network plugin that enforces them was recognized"
    )
    if spec.profile != "production" or ISOLATION in spec.accept_risk:
        return CheckResult(SUBJECT, observed, fix=f"use Calico, Cilium or another one that enforces them; {TRIAL}")
    fix = (
        "use Calico, Cilium or another one that enforces them; where one does and is not recognized, accept it by "
        f'`accept_risk: {{"{ISOLATION}": "<reason>"}}`; {TRIAL}'
    )
    return CheckResult(SUBJECT, "", (ConfigError(ISOLATION, observed, fix),))
