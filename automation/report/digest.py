"""Digest of a plan: SHA-256 of its resources as JSON, secrets masked."""

import hashlib
import json

from automation.plan.build import Plan
from automation.plan.inventory import as_json


def inventory_text(plan: Plan) -> str:
    """Return the declared resources as JSON with its keys in order, which the digest is made of."""
    return json.dumps(as_json(plan.inventory), indent=1, sort_keys=True, default=str) + "\n"


def plan_digest(plan: Plan) -> str:
    """Return the digest of a plan; it changes with every declared input, and with no value of a secret."""
    return f"sha256:{hashlib.sha256(inventory_text(plan).encode()).hexdigest()}"
