"""Signals of the alarm rules, and the clouds that report them."""

from collections.abc import Mapping
from enum import StrEnum

from providers.contract.spec import CloudName


class Signal(StrEnum):
    """Measured signal; names end with the unit where there is one."""

    CPU_PERCENT = "cpu-percent"
    MEMORY_PERCENT = "memory-percent"
    ERROR_PERCENT = "error-percent"
    LATENCY_P95_SECONDS = "latency-p95-seconds"
    UNHEALTHY_REPLICAS = "unhealthy-replicas"
    MISSING_REPLICAS = "missing-replicas"
    DATABASE_FAILED_CONNECTIONS = "failed-connections"
    DATABASE_CPU_PERCENT = "database-cpu-percent"
    DATABASE_STORAGE_PERCENT = "storage-percent"
    DATABASE_CONNECTIONS_PERCENT = "connections-percent"
    DATABASE_BACKUP_FAILED = "backup-failed"
    DATABASE_BACKUP_AGE_SECONDS = "backup-verified-age-seconds"
    DATABASE_DRILL_LEFTOVERS = "drill-leftovers"
    DATABASE_REPLICA_LAG_SECONDS = "replica-lag-seconds"
    CACHE_MEMORY_PERCENT = "cache-memory-percent"
    CACHE_EVICTIONS = "evictions"
    COPIES_DATABASE_FAILED = "database-failed"
    COPIES_DATABASE_MISSING = "database-missing"
    COPIES_OBJECTS_FAILED = "objects-failed"
    COPIES_OBJECTS_LAG_SECONDS = "objects-lag-seconds"
    BLOCKED_PERCENT = "blocked-percent"
    PERMISSION_CHANGES = "account-permissions-changes"
    DENIED_FLOWS = "network-flows-denied"
    JOB_FAILED = "job-failed"
    JOB_MISSED = "job-missed"
    COST_USD_PER_HOUR = "cost-usd-per-hour"
    COST_USD_PER_DAY = "cost-usd-per-day"
    TOKENS_WITHOUT_PRICE = "tokens-without-price"


COPIES = frozenset(signal for signal in Signal if signal.name.startswith("COPIES_"))
"""Signals about copies in a standby region."""
BETWEEN_REGIONS = COPIES | {Signal.DATABASE_REPLICA_LAG_SECONDS}
"""Signals that only the cloud reports: no exporter sees what it copies between two of its regions."""
ONLY_IN_CLOUDS = BETWEEN_REGIONS | {Signal.PERMISSION_CHANGES, Signal.DENIED_FLOWS}
"""Signals that no exporter sees."""
COPY_SIGNALS: Mapping[CloudName, frozenset[Signal]] = {
    "aws": COPIES - {Signal.COPIES_DATABASE_FAILED},
    "azure": frozenset({Signal.COPIES_DATABASE_FAILED}),
    # Storage Transfer Service compares buckets every hour, and reports no delay
    "gcp": COPIES - {Signal.COPIES_OBJECTS_LAG_SECONDS},
}
"""Signals by which a cloud reports copies."""
FLOW_CLOUDS: frozenset[CloudName] = frozenset({"aws", "azure"})
"""Clouds whose flow logs have denied connections of services. On Google Cloud, Direct VPC egress of Cloud Run has no firewall
rules logging (Cloud Run documentation, "Direct VPC with a VPC network", limitations), and VPC Flow Logs have no denied flows."""
