"""Signals that a cloud reports: without those of copies and drills where it refuses their keys."""

from functools import cache

from providers.contract.alarms import COPY_SIGNALS, FLOW_CLOUDS, Signal
from providers.contract.capabilities import WARM_STANDBY
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.spec import CloudName
from tests.planning import plan, production

COPIES = frozenset(signal for signal in Signal if signal.name.startswith("COPIES_"))
DRILLS = frozenset({Signal.DATABASE_BACKUP_AGE_SECONDS, Signal.DATABASE_DRILL_LEFTOVERS})
REPLICAS = frozenset({Signal.DATABASE_REPLICA_LAG_SECONDS})
DRILL = {"recovery.drill": {"query": "select count(*) from agno_sessions"}}


@cache
def reported_signals(cloud: CloudName) -> frozenset[Signal]:
    """Return the signals of the rules that a stack can have on a cloud."""
    signals = frozenset(Signal) - (COPIES - COPY_SIGNALS.get(cloud, frozenset()))
    signals -= {Signal.TOKENS_WITHOUT_PRICE}  # Prometheus alone knows the models that services use
    signals -= {Signal.DENIED_FLOWS} if cloud not in FLOW_CLOUDS else frozenset[Signal]()
    signals -= REPLICAS if cloud not in WARM_STANDBY else frozenset()
    return signals - DRILLS if refuses_drills(cloud) else signals


def refuses_drills(cloud: CloudName) -> bool:
    """Return whether production with a drill is refused."""
    try:
        plan(production(DRILL, cloud=cloud))
    except InvalidConfiguration as refused:
        return {diagnostic.key for diagnostic in refused.diagnostics} == {"recovery.drill"}
    return False
