"""Server parameters in the format of an RDS parameter group: text, units and apply method. Pure.

A parameter that PostgreSQL only reads at start waits for the next restart. Requesting immediate application of such a
parameter is an error, and the opposite causes a permanent difference. Switches are 1 or 0, except for enumerations.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from providers.aws.database.sizes import database_memory_gib, database_size_refusals
from providers.contract.connections import (
    REVISIONS_WHILE_REPLACED,
    SUPERUSER_CONNECTIONS,
    ConnectionBudget,
    connection_budget,
    connection_refusals,
    is_number,
)
from providers.contract.diagnostics import ConfigError, Diagnostic, displayed
from providers.contract.postgres import declared_parameters, needs_restart, on_or_off, refused_parameters
from providers.contract.spec import DatabaseSpec, Platform
from providers.contract.spec.data import Parameter


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


BYTES_PER_CONNECTION = 9531392
MAX_DEFAULT_CONNECTIONS = 5000
RESERVED_CONNECTIONS = SUPERUSER_CONNECTIONS + 2
"""Beside those of PostgreSQL the two of `rds.rds_superuser_reserved_connections`: RDS user guide, parameters."""
"""Default of RDS: LEAST({DBInstanceClassMemory/9531392}, 5000): RDS user guide, "Maximum number of connections"."""


DEFAULTS: Mapping[str, Parameter] = {
    "idle_in_transaction_session_timeout": 600_000,
    "log_connections": 1,
    "log_disconnections": 1,
    "log_min_duration_statement": 1000,
    "log_statement": "ddl",
    "shared_preload_libraries": "pg_stat_statements",
}
"""Platform defaults: connections and slow statements (above 1 s) are logged, idle transactions end after 10 minutes."""

FIXED: Mapping[str, Parameter] = {"rds.force_ssl": 1}
"""Parameters that users cannot change: connections without TLS are refused."""

STATIC_PARAMETERS = _words("rds.logical_replication rds.restrict_password_commands")
"""Parameters of type `static` on RDS that PostgreSQL does not have; those of pg_cron are recognised by their prefix."""

ENUMERATIONS = _words(
    """
    backslash_quote compute_query_id constraint_exclusion huge_pages recovery_prefetch synchronous_commit
    wal_compression
    """
)
"""Enumerations that contain on and off; every other switch takes 1 and 0 on RDS."""

CONTROLLED_BY_RDS = {
    "RDS controls addresses, files and logs of the server": """
        bonjour cluster_name config_file data_directory dynamic_library_path event_source external_pid_file hba_file
        ident_file krb_server_keyfile listen_addresses log_directory log_file_mode logging_collector port
        unix_socket_directories unix_socket_group unix_socket_permissions
    """,
    "TLS is always on, with certificates of RDS": """
        rds.force_ssl ssl ssl_ca_file ssl_cert_file ssl_crl_dir ssl_crl_file ssl_dh_params_file ssl_key_file
        ssl_passphrase_command
    """,
    "RDS controls backups and replication": """
        allow_system_table_mods archive_cleanup_command archive_command archive_library archive_mode archive_timeout
        fsync full_page_writes hot_standby primary_conninfo primary_slot_name recovery_end_command recovery_target
        recovery_target_lsn recovery_target_name recovery_target_time recovery_target_timeline restore_command
        synchronous_standby_names wal_level wal_log_hints
    """,
}
"""Parameters that users cannot set, by the reason."""


@dataclass(frozen=True)
class AwsServerParameter:
    """One entry of a parameter group."""

    name: str
    value: str
    apply_method: str
    """`immediate` or `pending-reboot`."""


def server_parameters(database: DatabaseSpec) -> list[AwsServerParameter]:
    """Every declared parameter by name: platform defaults, overridden by the user's, overridden by the fixed ones."""
    defaults = {**DEFAULTS, "max_connections": max_connections(database)}
    return [
        AwsServerParameter(name, _text(name, value), _apply_method(name, database.version))
        for name, value in declared_parameters(database, defaults, FIXED)
    ]


def max_connections(database: DatabaseSpec) -> int:
    """Connections that the server accepts: the user's number, or the default of RDS for the memory of the class."""
    requested = database.parameters.get("max_connections")
    if requested is not None:
        return int(requested)
    memory_bytes = database_memory_gib(database.size) * 2**30
    return min(memory_bytes // BYTES_PER_CONNECTION, MAX_DEFAULT_CONNECTIONS)


def parameter_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Parameters that RDS controls, values that it does not accept, and buffers larger than the server's memory."""
    if spec.database is None:
        return []
    refused = refused_parameters(spec.database, cloud="aws", brand="RDS", reserved=CONTROLLED_BY_RDS)
    budget = rollout_connections(spec)
    return [*refused, *_too_large(spec.database), *(connection_refusals(spec, budget) if budget else [])]


def rollout_connections(spec: Platform) -> ConnectionBudget | None:
    """Connections of the database during a rollout; None without a database, or with a number or size that is refused."""
    database = spec.database
    if database is None or not is_number(database) or database_size_refusals(spec, ""):
        return None
    return connection_budget(
        spec, max_connections(database), RESERVED_CONNECTIONS, revisions_in_steps=REVISIONS_WHILE_REPLACED
    )


def _too_large(database: DatabaseSpec) -> Iterator[ConfigError]:
    connections = database.parameters.get("max_connections")
    if connections is not None and not str(connections).isdecimal():
        problem = f"{displayed(connections)} is not a whole number of connections"
        yield ConfigError("database.parameters.max_connections", problem, fix="use digits only")
    buffers_mib, memory_mib = database.parameters.get("shared_buffers_mib"), database.size.memory_gib * 1024
    if isinstance(buffers_mib, int) and buffers_mib >= memory_mib:
        problem = f"{buffers_mib} MiB is all of the server's memory ({memory_mib:g} MiB) or more, so it would not start"
        yield ConfigError("database.parameters.shared_buffers_mib", problem, fix="use about a quarter of the memory")


def _text(name: str, value: Parameter) -> str:
    return str(int(value)) if isinstance(value, bool) and name not in ENUMERATIONS else on_or_off(value)


def _apply_method(name: str, version: str) -> str:
    at_start = name in STATIC_PARAMETERS or name.startswith("cron.") or needs_restart(name, version)
    return "pending-reboot" if at_start else "immediate"
