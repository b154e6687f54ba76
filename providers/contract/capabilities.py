"""Component kinds that each cloud can declare, and the module that declares each; tests compare them with plans.

A cloud without a capability has neither the component nor the module. A plan has a component only if the stack uses it.
"""

from collections.abc import Mapping

from providers.contract.presets import AuthMode, CloudName

CAPABILITIES: Mapping[CloudName, frozenset[str]] = {
    "aws": frozenset(
        {
            "Autoscaling", "Cache", "Channels", "Compute", "Database", "Drill", "Entry", "Identity", "Ingress", "Jobs", "Keys",
            "Monitoring", "Network", "Prometheus", "Recovery", "Registry", "Secrets", "Storage",
        }
    ),
    "gcp": frozenset(
        {
            "Account", "Cache", "Channels", "Compute", "Database", "Drill", "Entry", "Identity", "Ingress", "Jobs", "Keys",
            "Monitoring", "Network", "Recovery", "Registry", "Secrets", "Storage",
        }
    ),
    "azure": frozenset(
        {
            "Account", "Cache", "Channels", "Compute", "Database", "Drill", "Entry", "Environment", "Identity", "Jobs",
            "Logs", "Models", "Monitoring", "Network", "Prometheus", "Recovery", "Registry", "Secrets", "Storage", "Vault",
        }
    ),
    "docker": frozenset(
        {
            "Backup", "Cache", "Compute", "Database", "Entry", "Identity", "Jobs", "Keys", "Monitoring", "Network",
            "Registry", "Storage",
        }
    ),
    "kubernetes": frozenset(
        {
            "Cache", "Compute", "Database", "Drill", "Entry", "Identity", "Jobs", "Monitoring", "Network", "Registry",
            "Secrets", "Storage",
        }
    ),
}  # fmt: skip
"""Kinds as in the type token `agent-platform:index:<Kind>`; AgentPlatform and Region are declared on every cloud."""

WARM_STANDBY: frozenset[CloudName] = frozenset({"aws", "gcp", "azure"})
"""Clouds on which services can run in the standby region, too (`recovery.mode: warm`)."""

ENTRY_CHECKS: Mapping[CloudName, frozenset[AuthMode]] = {
    "aws": frozenset({"jwt", "oidc"}),
    "gcp": frozenset({"oidc"}),
    "azure": frozenset({"jwt", "oidc"}),
    "docker": frozenset({"api_key", "jwt"}),
    "kubernetes": frozenset({"api_key", "jwt"}),
}
"""Modes of `ingress.auth` that the entry of a cloud checks itself; a key in a load balancer's rule could be read there."""

MODULES: Mapping[str, str] = {
    "Account": "base/account.py",
    "Autoscaling": "compute/scaling.py",
    "Backup": "database/backup.py",
    "Cache": "cache/resources.py",
    "Channels": "observability/channels.py",
    "Compute": "compute/resources.py",
    "Database": "database/resources.py",
    "Drill": "drill/resources.py",
    "Entry": "entry/resources.py",
    "Environment": "compute/environment.py",
    "Identity": "base/identity.py",
    "Ingress": "entry/ingress.py",
    "Jobs": "jobs/resources.py",
    "Keys": "base/keys.py",
    "Logs": "observability/logs.py",
    "Models": "base/models.py",
    "Monitoring": "monitoring/resources.py",
    "Network": "network/resources.py",
    "Prometheus": "observability/metrics_collector.py",
    "Recovery": "recovery/resources.py",
    "Registry": "base/registry.py",
    "Secrets": "base/secrets.py",
    "Storage": "storage/resources.py",
    "Vault": "base/vault.py",
}
"""Module of each capability under `providers/<cloud>/`, the same on every cloud that has it."""
