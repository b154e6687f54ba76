"""Alarms that are disabled in a location for its role in a warm standby. Pure.

The log of Front Door is in the workspaces of both locations, so that alarms on requests are complete after the loss of one;
only those of the location that serves notify. A location that does not serve runs no jobs and no restore drills, and a
service without replicas there has no probes. A replica reports its delay, a server that writes has none.
"""

from providers.contract.alarms import AlarmRule, Signal
from providers.contract.region_specs import is_passive
from providers.contract.spec import Platform

OF_REQUESTS = frozenset({Signal.BLOCKED_PERCENT, Signal.ERROR_PERCENT, Signal.LATENCY_P95_SECONDS})
OF_WORK = frozenset({Signal.JOB_MISSED, Signal.DATABASE_BACKUP_AGE_SECONDS})


def is_enabled(spec: Platform, rule: AlarmRule) -> bool:
    """Return whether the alarm of a rule is evaluated in the location that a spec is for."""
    if rule.signal is Signal.DATABASE_REPLICA_LAG_SECONDS:
        return is_passive(spec)
    if not is_passive(spec):
        return True
    stopped = rule.signal is Signal.UNHEALTHY_REPLICAS and spec.services[rule.name].replicas.min == 0
    return rule.signal not in OF_REQUESTS | OF_WORK and not stopped
