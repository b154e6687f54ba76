"""PostgreSQL's parameters in the words of an RDS parameter group: text, units, when they apply. Pure.

RDS takes a plain number in the parameter's own unit (`shared_buffers` in pages of 8 kB, `work_mem` in kB, timeouts in
milliseconds), so a value with a unit is refused. A parameter that PostgreSQL reads only at its start waits for the next
restart; asking RDS to apply one at once is an error, and the other way round a difference that never goes away.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from providers.aws.sizes import database_memory_gib
from providers.contract.mistakes import Mistake, Refusal, Unsupported
from providers.contract.spec import Database, Platform
from providers.contract.spec.data import IN_MIB, Parameter


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PAGES_A_MIB = 128
"""Pages of 8 kB."""
BYTES_A_CONNECTION = 9531392
MOST_DEFAULT_CONNECTIONS = 5000
"""RDS's own default is LEAST({DBInstanceClassMemory/9531392}, 5000): RDS user guide, "Maximum number of connections"."""


DEFAULTS: Mapping[str, Parameter] = {
    "idle_in_transaction_session_timeout": 600_000,
    "log_connections": 1,
    "log_disconnections": 1,
    "log_min_duration_statement": 1000,
    "log_statement": "ddl",
    "shared_preload_libraries": "pg_stat_statements",
}
"""What an operator looks for in the log, slow statements from a second on, and no transaction idle for 10 minutes."""

FIXED: Mapping[str, Parameter] = {"rds.force_ssl": 1}
"""What users may not change: a connection without TLS is refused."""

AT_START = _words(
    """
    autovacuum_freeze_max_age autovacuum_multixact_freeze_max_age autovacuum_worker_slots commit_timestamp_buffers
    huge_pages io_max_concurrency io_method jit_provider max_active_replication_origins max_connections
    max_files_per_process max_locks_per_transaction max_logical_replication_workers max_notify_queue_pages
    max_pred_locks_per_transaction max_prepared_transactions max_replication_slots max_wal_senders
    max_worker_processes min_dynamic_shared_memory multixact_member_buffers multixact_offset_buffers notify_buffers
    old_snapshot_threshold pg_stat_statements.max rds.logical_replication rds.restrict_password_commands
    reserved_connections serializable_buffers shared_buffers shared_preload_libraries subtransaction_buffers
    superuser_reserved_connections track_activity_query_size track_commit_timestamp transaction_buffers wal_buffers
    """
)
"""Context `postmaster` in PostgreSQL's pg_settings, type `static` at RDS. Those of pg_cron are added by their prefix."""
AT_START_UNTIL_17 = _words("autovacuum_max_workers")
"""Read at the start only, until PostgreSQL 18 gave it slots to grow in."""

ON_OFF = _words(
    """
    backslash_quote compute_query_id constraint_exclusion huge_pages recovery_prefetch synchronous_commit
    wal_compression
    """
)
"""Lists of words that contain on and off; every other switch takes 1 and 0 at RDS."""

RDS_KEEPS = {
    "RDS keeps address, files and logs of the server to itself": """
        bonjour cluster_name config_file data_directory dynamic_library_path event_source external_pid_file hba_file
        ident_file krb_server_keyfile listen_addresses log_directory log_file_mode logging_collector port
        unix_socket_directories unix_socket_group unix_socket_permissions
    """,
    "TLS is always on, under certificates of RDS's own": """
        rds.force_ssl ssl ssl_ca_file ssl_cert_file ssl_crl_dir ssl_crl_file ssl_dh_params_file ssl_key_file
        ssl_passphrase_command
    """,
    "RDS keeps backups and standby to itself": """
        allow_system_table_mods archive_cleanup_command archive_command archive_library archive_mode archive_timeout
        fsync full_page_writes hot_standby primary_conninfo primary_slot_name recovery_end_command recovery_target
        recovery_target_lsn recovery_target_name recovery_target_time recovery_target_timeline restore_command
        synchronous_standby_names wal_level wal_log_hints
    """,
}
"""Parameters that nobody may set, by the reason."""

WITH_UNIT = re.compile(r"\d+(\.\d+)?\s*(B|kB|MB|GB|TB|us|ms|s|min|h|d)")


@dataclass(frozen=True)
class ServerParameter:
    """One line of a parameter group."""

    name: str
    value: str
    apply_method: str
    """`immediate` or `pending-reboot`."""


def server_parameters(database: Database) -> list[ServerParameter]:
    """Every declared parameter by name: the platform's defaults, the user's in their place, what cannot be changed."""
    chosen = {**DEFAULTS, "max_connections": max_connections(database)}
    chosen |= {IN_MIB.get(name, name): _in_own_unit(name, value) for name, value in database.parameters.items()}
    return [
        ServerParameter(name, _text(name, value), _apply_method(name, database.version))
        for name, value in sorted({**chosen, **FIXED}.items())
    ]


def max_connections(database: Database) -> int:
    """Connections the server accepts: the user's number, or as many as RDS would allow a server of this memory."""
    asked = database.parameters.get("max_connections")
    if asked is not None:
        return int(asked)
    memory_bytes = database_memory_gib(database.size) * 2**30
    return min(memory_bytes // BYTES_A_CONNECTION, MOST_DEFAULT_CONNECTIONS)


def parameter_refusals(spec: Platform, _stack: str) -> list[Refusal]:
    """Parameters that RDS keeps to itself, values it does not read, buffers larger than the server."""
    if spec.database is None:
        return []
    kept = {name: reason for reason, names in RDS_KEEPS.items() for name in names.split()}
    refusals: list[Refusal] = []
    for name, value in spec.database.parameters.items():
        path = f"database.parameters.{name}"
        if name in kept:
            refusals.append(Unsupported("aws", path, value, f"{kept[name]}; drop the key"))
        elif isinstance(value, str) and WITH_UNIT.fullmatch(value):
            refusals.append(Mistake(path, value, _unit_advice(name)))
    return [*refusals, *_too_large(spec.database)]


def _too_large(database: Database) -> Iterator[Mistake]:
    asked = database.parameters.get("max_connections")
    if asked is not None and not str(asked).isdecimal():
        yield Mistake("database.parameters.max_connections", asked, "must be a whole number of connections")
    buffers_mib, memory_mib = database.parameters.get("shared_buffers_mib"), database.size.memory_gib * 1024
    if isinstance(buffers_mib, int) and buffers_mib >= memory_mib:
        advice = f"leaves nothing of the server's {memory_mib:g} MiB, and it would not start; a quarter is usual"
        yield Mistake("database.parameters.shared_buffers_mib", buffers_mib, advice)


def _unit_advice(name: str) -> str:
    in_mib = next((ours for ours, theirs in IN_MIB.items() if theirs == name), None)
    other = f", or use {in_mib}" if in_mib else ""
    return f"has a unit, which RDS does not read; write a plain number in PostgreSQL's own unit of {name}{other}"


def _in_own_unit(name: str, value: Parameter) -> Parameter:
    return int(value) * PAGES_A_MIB if name in IN_MIB else value


def _text(name: str, value: Parameter) -> str:
    if isinstance(value, bool):
        return ("off", "on")[value] if name in ON_OFF else str(int(value))
    return str(value)


def _apply_method(name: str, version: str) -> str:
    at_start = name in AT_START or name.startswith("cron.") or (name in AT_START_UNTIL_17 and int(version) < 18)
    return "pending-reboot" if at_start else "immediate"
