"""PostgreSQL parameters: units, booleans, and which need a restart. Pure.

Managed servers take a plain number in the parameter's own unit (`shared_buffers` in pages of 8 kB, `work_mem` in kB,
timeouts in milliseconds), so a value with a unit is refused on every cloud. Each cloud knows which parameters it sets,
bounds or reserves.
"""

import re
from collections.abc import Mapping

from providers.contract.diagnostics import ConfigError, Diagnostic, Unsupported, displayed
from providers.contract.spec import DatabaseSpec
from providers.contract.spec.data import IN_MIB, Parameter


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PAGES_A_MIB = 128
"""Pages of 8 kB."""
WITH_UNIT = re.compile(r"\d+(\.\d+)?\s*(B|kB|MB|GB|TB|us|ms|s|min|h|d)")
AT_START = _words(
    """
    archive_mode autovacuum_freeze_max_age autovacuum_multixact_freeze_max_age autovacuum_worker_slots bonjour
    bonjour_name cluster_name commit_timestamp_buffers config_file data_directory data_sync_retry
    dynamic_shared_memory_type event_source external_pid_file hba_file hot_standby huge_page_size huge_pages ident_file
    io_max_combine_limit io_max_concurrency io_method jit_provider listen_addresses logging_collector
    max_active_replication_origins max_connections max_files_per_process max_locks_per_transaction
    max_logical_replication_workers max_notify_queue_pages max_pred_locks_per_transaction max_prepared_transactions
    max_replication_slots max_wal_senders max_worker_processes min_dynamic_shared_memory multixact_member_buffers
    multixact_offset_buffers notify_buffers old_snapshot_threshold pg_stat_statements.max port recovery_target
    recovery_target_action recovery_target_inclusive recovery_target_lsn recovery_target_name recovery_target_time
    recovery_target_timeline recovery_target_xid reserved_connections serializable_buffers shared_buffers
    shared_memory_type shared_preload_libraries subtransaction_buffers superuser_reserved_connections
    track_activity_query_size track_commit_timestamp transaction_buffers unix_socket_directories unix_socket_group
    unix_socket_permissions wal_buffers wal_decode_buffer_size wal_level wal_log_hints
    """
)
"""Context `postmaster` in pg_settings, PostgreSQL 14 to 18."""
AT_START_UNTIL_17 = _words("autovacuum_max_workers")
"""Read at server start only, until PostgreSQL 18 added `autovacuum_worker_slots`."""


def postgres_name(name: str) -> str:
    """PostgreSQL's name of a parameter that the stack file may give in MiB."""
    return IN_MIB.get(name, name)


def in_postgres_unit(name: str, value: Parameter) -> Parameter:
    """Value in the unit of the PostgreSQL parameter; MiB are converted to pages."""
    return int(value) * PAGES_A_MIB if name in IN_MIB else value


def on_or_off(value: Parameter) -> str:
    """Value as text; booleans as `on` or `off`."""
    return ("off", "on")[value] if isinstance(value, bool) else str(value)


def needs_restart(name: str, version: str) -> bool:
    """True for a parameter that this major version reads only at server start."""
    return name in AT_START or (name in AT_START_UNTIL_17 and int(version) < 18)


def declared_parameters(
    database: DatabaseSpec, defaults: Mapping[str, Parameter], fixed: Mapping[str, Parameter]
) -> list[tuple[str, Parameter]]:
    """Every parameter by PostgreSQL's name, sorted: defaults, then the user's values, then fixed values."""
    users = {postgres_name(name): in_postgres_unit(name, value) for name, value in database.parameters.items()}
    return sorted({**defaults, **users, **fixed}.items())


def refused_parameters(
    database: DatabaseSpec, *, cloud: str, brand: str, reserved: Mapping[str, str]
) -> list[Diagnostic]:
    """Refusals of parameters that the cloud reserves (`reserved`: names by the reason) and of values with a unit."""
    reasons = {name: reason for reason, names in reserved.items() for name in names.split()}
    refusals: list[Diagnostic] = []
    for name, value in database.parameters.items():
        path = f"database.parameters.{name}"
        if name in reasons:
            refusals.append(Unsupported(cloud, path, reasons[name], "remove the key"))
        elif isinstance(value, str) and WITH_UNIT.fullmatch(value):
            refusals.append(_unit_error(path, name, value, brand))
    return refusals


def _unit_error(path: str, name: str, value: str, brand: str) -> ConfigError:
    in_mib = next((key for key, parameter in IN_MIB.items() if parameter == name), None)
    other = f", or use {in_mib}" if in_mib else ""
    problem = f"{displayed(value)} has a unit, which {brand} does not accept"
    return ConfigError(path, problem, f"use a plain number in PostgreSQL's unit of {name}{other}")
