"""PostgreSQL parameters as database flags of Cloud SQL: text values, units, reserved parameters. Pure.

Cloud SQL accepts a number in the parameter's unit; a switch is `on` or `off`. It rejects an unknown flag when the change is
applied, not earlier.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from providers.contract.connections import ConnectionBudget, connection_budget, connection_refusals
from providers.contract.diagnostics import ConfigError, Diagnostic, displayed
from providers.contract.postgres import declared_parameters, on_or_off, refused_parameters
from providers.contract.spec import DatabaseSpec, Platform
from providers.contract.spec.data import Parameter
from providers.gcp.database.sizes import Tier, database_size_refusals, database_tier, default_connections

DEFAULTS: Mapping[str, Parameter] = {
    "cloudsql.enable_pgaudit": True,
    "cloudsql.iam_authentication": True,
    "idle_in_transaction_session_timeout": 600_000,
    "log_checkpoints": True,
    "log_connections": True,
    "log_disconnections": True,
    "log_duration": True,
    "log_error_verbosity": "default",
    "log_executor_stats": False,
    "log_hostname": True,
    "log_lock_waits": True,
    "log_min_duration_statement": -1,
    "log_min_error_statement": "error",
    "log_min_messages": "warning",
    "log_parser_stats": False,
    "log_planner_stats": False,
    "log_statement": "ddl",
    "log_statement_stats": False,
    "log_temp_files": 0,
    "pgaudit.log": "ddl,role",
}
"""Log settings that CIS Google Cloud Foundations 6.2 and checkov require. Query Insights shows slow statements;
`log_min_duration_statement` would write the data in them to the log."""

RESERVED_PARAMETERS = {
    "Cloud SQL manages the server's addresses, files and logs": """
        bonjour config_file data_directory dynamic_library_path event_source external_pid_file hba_file ident_file
        listen_addresses log_destination log_directory log_file_mode log_filename logging_collector port
        unix_socket_directories unix_socket_group unix_socket_permissions
    """,
    "TLS is always on, with certificates that Cloud SQL manages": """
        ssl ssl_ca_file ssl_cert_file ssl_ciphers ssl_crl_dir ssl_crl_file ssl_dh_params_file ssl_key_file
        ssl_min_protocol_version ssl_passphrase_command
    """,
    "Cloud SQL manages backups and the standby": """
        archive_cleanup_command archive_command archive_library archive_mode archive_timeout fsync full_page_writes
        hot_standby primary_conninfo primary_slot_name recovery_target recovery_target_time restore_command
        synchronous_standby_names wal_level
    """,
    "Cloud SQL loads libraries with separate flags, such as cloudsql.enable_pgaudit": """
        local_preload_libraries session_preload_libraries shared_preload_libraries
    """,
}
"""Parameters that users cannot set, by reason: Cloud SQL documentation, "Configure database flags"."""

MIN_CONNECTIONS = 14
MAX_CONNECTIONS = 262_143


@dataclass(frozen=True)
class Flag:
    """Database flag; values are always text."""

    name: str
    value: str


def flags(database: DatabaseSpec, tier: Tier) -> list[Flag]:
    """Every declared flag by name: the platform's defaults, replaced by the user's values."""
    defaults = {**DEFAULTS, "max_connections": max_connections(database, tier)}
    return [Flag(name, on_or_off(value)) for name, value in declared_parameters(database, defaults, fixed={})]


def max_connections(database: DatabaseSpec, tier: Tier) -> int:
    """Maximum connections of the server: the user's number, or the default of Cloud SQL for its memory."""
    requested = database.parameters.get("max_connections")
    return int(requested) if requested is not None else default_connections(tier)


def parameter_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Refuse reserved parameters, values with a unit, and numbers out of range."""
    if spec.database is None:
        return []
    refusals = refused_parameters(spec.database, cloud="gcp", brand="Cloud SQL", reserved=RESERVED_PARAMETERS)
    budget = rollout_connections(spec)
    return [*refusals, *_range_errors(spec.database), *(connection_refusals(spec, budget) if budget else [])]


def rollout_connections(spec: Platform) -> ConnectionBudget | None:
    """Connections of the database during a rollout; None without a database, or with a number or size that is refused."""
    database = spec.database
    if database is None or spec.gcp is None or any(_range_errors(database)) or database_size_refusals(spec, ""):
        return None
    return connection_budget(spec, max_connections(database, database_tier(database.size, spec.gcp.region)))


def _range_errors(database: DatabaseSpec) -> Iterator[ConfigError]:
    connections = database.parameters.get("max_connections")
    if connections is not None and not _is_connection_count(connections):
        problem = f"{displayed(connections)} is not a number of connections from {MIN_CONNECTIONS} to {MAX_CONNECTIONS}"
        yield ConfigError(
            "database.parameters.max_connections", problem=problem, fix="use a whole number in this range"
        )
    buffers_mib, memory_mib = database.parameters.get("shared_buffers_mib"), database.size.memory_gib * 1024
    if isinstance(buffers_mib, int) and buffers_mib >= memory_mib:
        problem = f"the server has {memory_mib:g} MiB of memory and would not start with {buffers_mib} MiB of buffers"
        yield ConfigError(
            "database.parameters.shared_buffers_mib", problem=problem, fix="use about a third of the memory"
        )


def _is_connection_count(value: Parameter) -> bool:
    return str(value).isdecimal() and MIN_CONNECTIONS <= int(value) <= MAX_CONNECTIONS
