"""How long a copy is waited for where three probes ask of it: what follows from the health numbers on any cloud. Pure.

Which bounds a probe has, and what it can ask, is each cloud's own knowledge.
"""

from providers.contract.spec import Health

PATIENCE = 2
"""A copy is restarted after this many times the failures that take it out of traffic: a pause must not kill it."""


def patience_seconds(health: Health) -> int:
    """How long a starting copy is waited for: the grace after start, and the failures that follow it."""
    return health.start_period_seconds + health.interval_seconds * health.unhealthy_threshold
