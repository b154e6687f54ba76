"""PostgreSQL's parameters in the words of an RDS parameter group: text, units, when they apply. Pure.

A parameter that PostgreSQL reads only at its start waits for the next restart; asking RDS to apply one at once is an
error, and the other way round a difference that never goes away. A switch is 1 or 0, but for lists of words.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from providers.aws.database.sizes import database_memory_gib
from providers.contract.diagnostics import ConfigError, Diagnostic, legacy_error
from providers.contract.postgres import declared, on_or_off, untaken, waits_for_restart
from providers.contract.spec import DatabaseSpec, Platform
from providers.contract.spec.data import Parameter


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


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

AT_START = _words("rds.logical_replication rds.restrict_password_commands")
"""Type `static` at RDS beside PostgreSQL's own; those of pg_cron are known by their prefix."""

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


@dataclass(frozen=True)
class AwsServerParameter:
    """One line of a parameter group."""

    name: str
    value: str
    apply_method: str
    """`immediate` or `pending-reboot`."""


def server_parameters(database: DatabaseSpec) -> list[AwsServerParameter]:
    """Every declared parameter by name: the platform's defaults, the user's in their place, what cannot be changed."""
    defaults = {**DEFAULTS, "max_connections": max_connections(database)}
    return [
        AwsServerParameter(name, _text(name, value), _apply_method(name, database.version))
        for name, value in declared(database, defaults, FIXED)
    ]


def max_connections(database: DatabaseSpec) -> int:
    """Connections the server accepts: the user's number, or as many as RDS would allow a server of this memory."""
    asked = database.parameters.get("max_connections")
    if asked is not None:
        return int(asked)
    memory_bytes = database_memory_gib(database.size) * 2**30
    return min(memory_bytes // BYTES_A_CONNECTION, MOST_DEFAULT_CONNECTIONS)


def parameter_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Parameters that RDS keeps to itself, values it does not read, buffers larger than the server."""
    if spec.database is None:
        return []
    refused = untaken(spec.database, cloud="aws", brand="RDS", keeps=RDS_KEEPS)
    return [*refused, *_too_large(spec.database)]


def _too_large(database: DatabaseSpec) -> Iterator[ConfigError]:
    asked = database.parameters.get("max_connections")
    if asked is not None and not str(asked).isdecimal():
        yield legacy_error("database.parameters.max_connections", asked, "must be a whole number of connections")
    buffers_mib, memory_mib = database.parameters.get("shared_buffers_mib"), database.size.memory_gib * 1024
    if isinstance(buffers_mib, int) and buffers_mib >= memory_mib:
        advice = f"leaves nothing of the server's {memory_mib:g} MiB, and it would not start; a quarter is usual"
        yield legacy_error("database.parameters.shared_buffers_mib", buffers_mib, advice)


def _text(name: str, value: Parameter) -> str:
    return str(int(value)) if isinstance(value, bool) and name not in ON_OFF else on_or_off(value)


def _apply_method(name: str, version: str) -> str:
    at_start = name in AT_START or name.startswith("cron.") or waits_for_restart(name, version)
    return "pending-reboot" if at_start else "immediate"
