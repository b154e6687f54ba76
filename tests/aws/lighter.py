"""Development on AWS: the other side of most switches of the rooms that hold data, images and rights."""

import json
from functools import cache
from typing import cast

from automation.plan.inventory import Declared, Inventory
from tests.planning import DROP, plan, production

Statement = dict[str, object]
DIGEST = "sha256:" + "5" * 64
PROFILE = "us.anthropic.claude-sonnet-4-20250514-v1:0"
WORLDWIDE = "global.anthropic.claude-sonnet-4-5-20250929-v1:0"

CHANGES: dict[str, object] = {
    "profile": "development",
    "aws.models": [PROFILE, WORLDWIDE],
    "services.gateway.image": f"444455556666.dkr.ecr.eu-west-1.amazonaws.com/team/gateway@{DIGEST}",
    "services.worker.image": f"chat@{DIGEST}",
    "database.version": "16",
    "database.high_availability": False,
    "database.deletion_protection": False,
    "database.backup.retention_days": 0,
    "database.maintenance": {"day": "sunday", "window_start": "23:30"},
    "database.max_storage_gib": 100,
    "database.parameters": {"shared_buffers_mib": 4096, "log_statement": "all"},
    "cache": {"memory_gib": 1, "high_availability": False, "eviction": "noeviction"},
    "storage": {"versioning": False, "noncurrent_days": 5},
    "monitoring.log_retention_days": 30,
    "deployer": DROP,
}


@cache
def lighter() -> Inventory:
    """Production changed by `CHANGES`."""
    return plan(production(CHANGES, cloud="aws"), stack="dev")


def statements(resource: Declared, key: str = "policy") -> list[Statement]:
    """Statements of the policy document that stands in an input."""
    return cast("list[Statement]", json.loads(cast("str", resource.inputs[key]))["Statement"])
