"""Development on Google Cloud: the other side of most switches of the rooms that hold data, images and rights."""

from functools import cache

from automation.plan.inventory import Inventory
from tests.planning import DROP, plan, production

DIGEST = "sha256:" + "5" * 64

CHANGES: dict[str, object] = {
    "profile": "development",
    "gcp.region": "europe-west1",
    "network": {"cidr": "10.64.0.0/20", "zones": 2, "egress": "none", "private_endpoints": True, "flow_logs": False},
    "ingress": {},
    "services.gateway.image": f"docker.io/team/gateway@{DIGEST}",
    "services.gateway.secrets": ["SIGNING_KEY"],
    "services.gateway.uses": ["database", "cache", "storage"],
    "services.worker.image": f"europe-docker.pkg.dev/elsewhere/images/worker@{DIGEST}",
    "database.version": "16",
    "database.size": {"vcpu": 2, "memory_gib": 4},
    "database.high_availability": False,
    "database.deletion_protection": False,
    "database.backup": {"retention_days": 0},
    "database.maintenance": {"day": "monday", "window_start": "23:00"},
    "database.max_storage_gib": 100,
    "database.parameters": {"shared_buffers_mib": 1024, "log_statement": "all"},
    "cache": {"memory_gib": 1, "high_availability": False, "eviction": "noeviction"},
    "storage": {"versioning": False, "noncurrent_days": 5},
    "monitoring.prometheus": False,
    "budget": DROP,
    "deployer": DROP,
}


@cache
def lighter() -> Inventory:
    """Production changed by `CHANGES`."""
    return plan(production(CHANGES, cloud="gcp"), stack="dev")
